//! What can be wrong with the file.

use std::{fmt, io, path::PathBuf};

/// The configuration could not be loaded. Nothing was opened.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such file, or it may not be read.
    #[error("cannot read the configuration file `{}`", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something it may not say.
    #[error("{}{fault}", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        fault: Fault,
    },
}

/// Something the file may not say. Printed as `:12: scanner[0].port: …`, to follow the name of the file. A value is repeated
/// only where it cannot be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1; `None` if something is missing altogether.
    pub line: Option<usize>,
    /// The key, such as `scanner[0].port` (counted from 0); `None` where the text is no TOML.
    pub key: Option<String>,
    /// What is wrong with it, and what is allowed.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match &self.key {
            Some(key) => write!(f, ": `{key}`: {}", self.problem),
            None => write!(f, ": {}", self.problem),
        }
    }
}
