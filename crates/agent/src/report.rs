//! What the program says at its end: an error once, with its causes and what to do next.

use std::{error::Error, fmt};

/// An error with its causes in one line.
#[derive(Debug)]
pub(crate) struct Chain<'a>(pub(crate) &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Prints an error for a person, on stderr.
#[expect(clippy::print_stderr, reason = "the one place where the program complains")]
pub(crate) fn complain(error: &dyn Error, next_step: &str) {
    eprintln!("scanbridge: {}", Chain(error));
    eprintln!("  next: {next_step}");
}
