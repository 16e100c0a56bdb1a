//! Who this installation is to the cloud.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// File in the data directory that holds the installation's id.
const FILE: &str = "installation.id";

/// The identity of an installation: an id that was made once, and the machine it is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    installation: Uuid,
    instance: String,
}

/// The installation's id could not be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} the installation's identity `{}`", path.display())]
pub struct IdentityError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Identity {
    /// Loads the id from `data_dir`, or makes it. A file that holds no id is put beside: the cloud then sees a new
    /// installation, which is better than none. The caller holds the directory's lock.
    ///
    /// # Errors
    /// The file can be neither read nor made.
    pub(crate) fn load_or_create(data_dir: &Path) -> Result<Self, IdentityError> {
        let path = data_dir.join(FILE);
        let failed = |action| {
            let path = path.clone();
            move |source| IdentityError { action, path, source }
        };
        let known = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
            Err(error) => return Err(failed("read")(error)),
        };
        if known.is_none() && path.exists() {
            let beside = path.with_added_extension(format!("damaged-{}", Timestamp::now().as_second()));
            tracing::error!(path = %path.display(), "the installation's identity is damaged; a new one is made, the cloud will see new performers");
            fs::rename(&path, beside).map_err(failed("put beside"))?;
        }
        let installation = match known {
            Some(installation) => installation,
            None => {
                let new = Uuid::now_v7();
                write_durably(&path, new).map_err(failed("make"))?;
                new
            }
        };
        let machine = machine_uid::get().unwrap_or_else(|error| {
            tracing::warn!(%error, "this machine has no id: a copy of its disk in another machine would not be noticed");
            String::new()
        });
        Ok(Self {
            installation,
            instance: instance(installation, &machine),
        })
    }

    /// The id: the same as long as the data directory lives. Performers are called after it.
    pub(crate) fn installation(&self) -> String {
        self.installation.to_string()
    }

    /// Digest of installation and machine: differs on a machine that was made from an image of this one.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }
}

fn instance(installation: Uuid, machine: &str) -> String {
    let digest = Sha256::new()
        .chain_update(installation.as_bytes())
        .chain_update(machine)
        .finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// After a crash the file is there whole or not at all.
fn write_durably(path: &Path, id: Uuid) -> io::Result<()> {
    let new = path.with_added_extension("new");
    let mut file = File::create(&new)?;
    writeln!(file, "{id}")?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_parent(path)
}

/// Makes the new name lasting.
#[cfg(unix)]
fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

/// Windows has no handle to sync a directory with: NTFS keeps names in its own journal.
#[cfg(not(unix))]
fn sync_parent(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_keeps_its_identity() {
        let dir = tempfile::tempdir().unwrap();
        let made = Identity::load_or_create(dir.path()).unwrap();
        assert_eq!(Identity::load_or_create(dir.path()).unwrap(), made);
    }

    #[test]
    fn a_damaged_identity_is_put_beside() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), [0xff, 0, 1]).unwrap();
        let made = Identity::load_or_create(dir.path()).unwrap();
        assert_eq!(Identity::load_or_create(dir.path()).unwrap(), made);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_same_disk_in_another_machine_is_another_instance() {
        let installation = Uuid::now_v7();
        assert_ne!(instance(installation, "one"), instance(installation, "two"));
        assert!(!instance(installation, "machine-id").contains("machine"));
    }
}
