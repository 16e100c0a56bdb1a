//! The real binary, as technicians run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod decode;
mod identify;
#[cfg(unix)]
mod probe;
mod published;
mod sniff;
