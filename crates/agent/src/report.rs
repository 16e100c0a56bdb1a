//! What the program says at its end: an error once, with its causes and what to do next.

use std::error::Error;

use err_report::Report;

/// Prints an error for a person, on stderr.
#[expect(clippy::print_stderr, reason = "the one place where the program complains")]
pub(crate) fn complain(error: &dyn Error, next_step: &str) {
    eprintln!("scanbridge: {}", Report::new(error));
    eprintln!("  next: {next_step}");
}
