//! What a path leads to where a port and a file of captured bytes are both welcome.

use std::path::{Path, PathBuf};

use scanner_driver::{OpenError, SerialSettings};

/// Why nothing can be heard of what a path names.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NothingThere {
    /// The path leads nowhere.
    #[error("`{}` ({settings}) does not exist, neither as a port nor as a file; is the cable plugged in?", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
        /// Settings asked for.
        settings: SerialSettings,
    },
    /// A folder, or a device of another kind.
    #[error("`{}` is neither a serial port nor a file of captured bytes", path.display())]
    Neither {
        /// The path.
        path: PathBuf,
    },
    /// It is a port.
    #[error(transparent)]
    Port(OpenError),
}

impl From<OpenError> for NothingThere {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotFound { path, settings } => Self::Missing { path, settings },
            OpenError::NotAPort { path, .. } => Self::Neither { path },
            other => Self::Port(other),
        }
    }
}

/// Whether `path` names captured bytes rather than a port: a file, or standard input.
pub(crate) fn is_captured(path: &Path) -> bool {
    is_standard_input(path) || path.is_file()
}

/// Whether `path` is the word for standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}
