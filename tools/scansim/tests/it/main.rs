//! Simulated scanners as their readers see them.

mod link;
#[cfg(unix)]
mod player;
