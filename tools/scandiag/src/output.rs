//! The one place that prints.
#![expect(clippy::print_stderr, reason = "talking to people is this module's job")]

use std::{
    error::Error,
    io::{self, Write as _},
};

use err_report::Report;
use serde::Serialize;

/// Prints a line of an answer.
///
/// # Errors
/// If stdout is closed or its disk is full.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints one JSON document on a line of its own.
///
/// # Errors
/// If stdout is closed or its disk is full.
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, value)?;
    writeln!(stdout)
}

/// Whether `error` only says that nobody reads the answer any more.
pub(crate) fn is_closed(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Says something to the person.
pub(crate) fn note(text: &str) {
    eprintln!("scandiag: {text}");
}

/// Says what went wrong, with all causes.
pub(crate) fn error(error: &dyn Error) {
    note(&chain(error));
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    Report::new(error).to_string()
}
