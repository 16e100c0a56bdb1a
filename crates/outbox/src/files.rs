//! Names and durability of the files of the outbox.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, tz::TimeZone};

/// A free name to put `path` away: `outbox.db.damaged-20250304T101522Z`.
pub(crate) fn beside(path: &Path, why: &str) -> PathBuf {
    let stamp = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
    let mut name = path.with_added_extension(format!("{why}-{stamp}"));
    let mut copy = 1;
    // Two in one second, or a clock that went back: what was kept before is never overwritten.
    while name.exists() {
        copy += 1;
        name = path.with_added_extension(format!("{why}-{stamp}-{copy}"));
    }
    name
}

/// The companion of a database file: its log (`-wal`) or the log's index (`-shm`).
pub(crate) fn companion(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Length of a file; a missing one has none.
pub(crate) fn length(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Renames a file if it is there.
pub(crate) fn rename_if_present(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Removes a file if it is there.
pub(crate) fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Makes the names in the directory of `path` durable, after a file was made or renamed there.
#[cfg(unix)]
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::File::open(dir)?.sync_all()
}

/// Windows keeps names durable by itself (the journal of NTFS) and does not open directories as files.
#[cfg(not(unix))]
pub(crate) fn sync_parent(_path: &Path) -> io::Result<()> {
    Ok(())
}
