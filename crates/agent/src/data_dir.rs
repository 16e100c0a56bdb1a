//! What lies where in the data directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The outbox: its store, and the lock that keeps a second agent out.
pub fn outbox(data_dir: &Path) -> PathBuf {
    data_dir.join("outbox")
}

/// The key that everything in the outbox is sealed with.
pub fn seal_key(data_dir: &Path) -> PathBuf {
    data_dir.join("seal.key")
}

/// Makes the data directory if it is missing, for its owner alone. On Windows the rights of its parent count, which the installer sets;
/// `scanbridge check` warns where everybody may read it.
pub(crate) fn make(data_dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data_dir)
}
