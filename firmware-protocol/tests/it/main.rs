//! What the protocol promises, tried on two endpoints and a line between them, all in virtual time.

mod damage;
#[cfg(unix)]
mod emulated;
mod exactly_once;
mod goodput;
mod line;
mod sample;
mod sessions;
mod vectors;
