//! What the protocol promises, tried on two endpoints and a line between them, all in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on says so, and shows what it measured"
)]

mod by_hand;
mod damage;
#[cfg(unix)]
mod emulated;
mod exactly_once;
// One field a line, however short.
#[rustfmt::skip]
mod golden_v1;
mod goodput;
mod line;
mod listening;
mod progress;
mod results;
mod sample;
mod sessions;
mod talk;
mod vectors;
mod versions;
mod world;
