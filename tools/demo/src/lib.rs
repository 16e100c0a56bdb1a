//! A first look at the whole system: broker, hub, a scanner and the agent in one process. The scanner is a simulated one, or
//! the project's own firmware on an emulated processor.
//!
//! The program plays on this library's [`Stage`] and asks it for a [`Verdict`]; so does the test of the whole way of a reading.
//! Simulated scanners are pseudo-terminals, so all of it needs Linux or macOS.
#![cfg(unix)]

mod broker;
mod dashboard;
mod firmware;
mod playlist;
mod published;
mod show;
mod stage;
mod verdict;

pub use playlist::{Fate, Track, playlist};
pub use show::main;
pub use stage::{Attached, Stage, StageError};
pub use verdict::{Verdict, VerdictError};
