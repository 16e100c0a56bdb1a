//! One process for one directory.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;
use std::process;

use crate::error::OpenError;

/// Holds the directory for this process until dropped; the system lets go of it when the process dies.
#[derive(Debug)]
pub(crate) struct DirLock(#[expect(dead_code, reason = "held for its lock")] File);

impl DirLock {
    pub(crate) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("outbox.lock");
        // In a file of its own: on Windows nobody else can read a locked file.
        let pid_path = dir.join("outbox.pid");
        let failed = |action, source| OpenError::Io {
            action,
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| failed("open", e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&pid_path)
                    .ok()
                    .and_then(|text| text.trim().parse().ok());
                return Err(OpenError::InUse {
                    dir: dir.to_owned(),
                    pid,
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", source)),
        }
        // Only for the message above: on a full disk the outbox opens without it.
        if let Err(error) = fs::write(&pid_path, format!("{}\n", process::id())) {
            tracing::warn!(path = %pid_path.display(), %error, "cannot note the process id");
        }
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_the_process_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirLock::take(dir.path()).unwrap();
        let refused = DirLock::take(dir.path()).unwrap_err();
        assert!(matches!(refused, OpenError::InUse { pid: Some(pid), .. } if pid == process::id()));
        assert!(refused.to_string().contains(&process::id().to_string()));
        drop(first);
        DirLock::take(dir.path()).unwrap();
    }
}
