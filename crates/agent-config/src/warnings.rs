//! What is allowed but should not stay so.

use std::path::Path;

use secret_ref::SecretRef;

use crate::Config;

/// Files with secrets that other users of this machine can read, each in a sentence.
pub(crate) fn readable_secrets(config: &Config) -> Vec<String> {
    let cloud = config
        .cloud
        .as_ref()
        .map(|cloud| ("cloud.client_secret", file(&cloud.client_secret)));
    let mqtt = config.mqtt.as_ref();
    let password = mqtt
        .and_then(|mqtt| mqtt.password.as_ref())
        .map(|secret| ("mqtt.password", file(secret)));
    let key = mqtt
        .and_then(|mqtt| mqtt.client_identity.as_ref())
        .map(|own| ("mqtt.client_key", Some(own.key.as_path())));
    [cloud, password, key]
        .into_iter()
        .flatten()
        .filter_map(|(name, path)| Some((name, path.filter(|path| others_can_read(path))?)))
        .map(|(name, path)| {
            let path = path.display();
            format!(
                "every user of this machine can read `{path}` (`{name}`): take the right away with `chmod o-r {path}`"
            )
        })
        .collect()
}

fn file(secret: &SecretRef) -> Option<&Path> {
    match secret {
        SecretRef::File(path) => Some(path),
        SecretRef::Credential(_) | SecretRef::Env(_) => None,
    }
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().is_ok_and(|meta| meta.mode() & 0o004 != 0)
}

/// Windows inherits the rights of the directory, which the installer restricts.
#[cfg(not(unix))]
fn others_can_read(_path: &Path) -> bool {
    false
}
