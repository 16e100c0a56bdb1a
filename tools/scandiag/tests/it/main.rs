//! The real binary, as technicians run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod decode;
mod identify;
#[cfg(unix)]
mod probe;
mod published;
mod sniff;

/// For the scanner's end of a line, beside the program that is tried.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
