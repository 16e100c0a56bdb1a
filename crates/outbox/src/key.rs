//! The installation's seal key: made once, kept in a file, known to nobody else.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::entry::Lane;
use crate::error::KeyError;
use crate::files::{beside, sync_parent};

const KEY_LEN: usize = 32;

/// The key everything in the safe is sealed with. Prints nothing, is wiped from memory with its last clone.
#[derive(Clone)]
pub struct SealKey(Arc<Zeroizing<[u8; KEY_LEN]>>);

impl SealKey {
    /// Loads the key from `path`, or makes it: 32 random bytes, readable by the owner alone (mode 0600 on Unix;
    /// elsewhere the directory's access list governs), on the disk whole or not at all. Of two processes that make it
    /// at once, both end with the same key.
    ///
    /// A file of any other length cannot be a key. It is put beside (renamed) and a new key made; what was sealed with
    /// the lost one shows up as [`Reason::WrongKey`](crate::Reason::WrongKey) when the outbox opens.
    ///
    /// # Errors
    /// The file or its directory cannot be read or written.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        if let Some(key) = Self::load(path)? {
            return Ok(key);
        }
        let failed = |source| KeyError {
            action: "create",
            path: path.to_owned(),
            source,
        };
        create(path).map_err(failed)?;
        Self::load(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
    }

    /// A key from outside, for tests and tools.
    pub fn from_bytes(key: [u8; KEY_LEN]) -> Self {
        Self(Arc::new(Zeroizing::new(key)))
    }

    /// A key for another purpose, by HMAC-SHA256: knowing it tells nothing about this one or about those for other
    /// purposes.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        hmac(&self.0[..], purpose.as_bytes())
    }

    /// The lane of a person: a digest that only this installation can make.
    pub fn lane(&self, identity: &[u8]) -> Lane {
        let digest = hmac(&self.derive("lane"), identity);
        let mut lane = [0; 16];
        lane.copy_from_slice(&digest[..16]);
        Lane(lane)
    }

    /// A digest of content that only this installation can make: equal content has an equal one, and nobody finds out by trying
    /// what the content was.
    pub fn digest(&self, content: &[u8]) -> [u8; 32] {
        hmac(&self.derive("digest"), content)
    }
}

impl SealKey {
    /// The key at `path`, or `None` if there is none (any more).
    fn load(path: &Path) -> Result<Option<Self>, KeyError> {
        let failed = |action| {
            move |source| KeyError {
                action,
                path: path.to_owned(),
                source,
            }
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read")(error)),
        };
        if let Ok(key) = <[u8; KEY_LEN]>::try_from(bytes.as_slice()) {
            restrict_to_owner(path).map_err(failed("restrict access to"))?;
            return Ok(Some(Self::from_bytes(key)));
        }
        let beside = beside(path, "damaged");
        tracing::error!(
            path = %path.display(),
            beside = %beside.display(),
            "the seal key file is damaged; making a new key"
        );
        fs::rename(path, beside).map_err(failed("put beside"))?;
        Ok(None)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// Makes the key file, unless another process was faster. Either way it is there, whole and synced, afterwards.
fn create(path: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    getrandom::fill(&mut key[..]).map_err(io::Error::other)?;
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    // Temporary files are made with mode 0600 on Unix.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(&key[..])?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    sync_parent(path)
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(unix)]
fn restrict_to_owner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn restrict_to_owner(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_loaded_ever_after() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys").join("seal.key");
        let made = SealKey::load_or_create(&path).unwrap();
        let loaded = SealKey::load_or_create(&path).unwrap();
        assert_eq!(made.derive("test"), loaded.derive("test"));
        assert_ne!(made.derive("test"), made.derive("other"));
        assert_ne!(made.lane(b"one"), made.lane(b"two"));
        assert_eq!(made.digest(b"one"), loaded.digest(b"one"));
        assert_ne!(made.digest(b"one"), made.digest(b"two"));
        assert_ne!(made.digest(b"one"), SealKey::from_bytes([7; KEY_LEN]).digest(b"one"));
    }

    #[test]
    fn many_who_make_the_key_at_once_end_with_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| SealKey::load_or_create(&path).unwrap().derive("test")))
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_torn_key_file_is_put_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        fs::write(&path, b"torn").unwrap();
        SealKey::load_or_create(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap().len(), KEY_LEN);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_key_prints_nothing() {
        assert_eq!(format!("{:?}", SealKey::from_bytes([7; 32])), "SealKey(..)");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        SealKey::load_or_create(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        SealKey::load_or_create(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
