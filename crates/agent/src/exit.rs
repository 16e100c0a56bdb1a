//! Exit codes, a documented interface: service managers and scripts act on them.
//!
//! Numbers above 63 are those of `sysexits.h`, so that they collide neither with a shell's nor with a signal's.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done: `run` was asked to stop and stopped, `check` found that all legs work.
    Ok = 0,
    /// `check` found a leg that does not work; its line says what to do.
    LegFailed = 1,
    /// The command line is wrong.
    Usage = 64,
    /// `run` stopped, but something did not end within the deadline; the log names it. Nothing stored is lost.
    Unfinished = 70,
    /// The system refuses what every program needs: threads, timers, signals.
    System = 71,
    /// The data directory cannot be used.
    DataDir = 73,
    /// Another agent works on the data directory; the message names its process.
    InUse = 75,
    /// The configuration is missing or wrong; nothing was opened. Starting again changes nothing.
    Config = 78,
}

/// The codes as `--help` shows them.
pub const HELP: &str = "\
Exit codes:
  0   done: stopped as asked, or every leg works
  1   check: a leg does not work; its line says what to do
  64  wrong usage
  70  run: stopped, but something did not end in time; the log names it
  71  the system refuses threads, timers or signals
  73  the data directory cannot be used
  75  another agent works on the data directory
  78  the configuration is missing or wrong";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        use Exit::{Config, DataDir, InUse, LegFailed, Ok, System, Unfinished, Usage};
        let listed: Vec<_> = HELP
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let codes =
            [Ok, LegFailed, Usage, Unfinished, System, DataDir, InUse, Config].map(|exit| (exit as u8).to_string());
        assert_eq!(listed, codes);
    }
}
