//! Exit codes: part of the interface, so that scripts can rely on them.

use std::process::ExitCode;

/// How a command ended. Wrong usage ends with 2 before any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Everything asked for was done; every unit was decoded. Who listens live takes what comes: broken units are a part of it.
    Ok = 0,
    /// Something was rejected, was not found, or could not be done.
    Failed = 1,
}

/// For `--help`.
pub(crate) const HELP: &str = "Exit codes: 0 done, every unit decoded (of sniff: listened as asked); 1 something was rejected or could not be done; 2 wrong usage.";

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}
