//! A scanner that speaks scan-link: people step on, it shows its stages, and each result is sent until the bridge has stored it.
//!
//! It is the scanner of the example firmware on another board: the same link ([`firmware_protocol::Device`]) and the same course of
//! a scan ([`scan_link_scanner`]), a file where the firmware has flash, and published values where it has made-up ones.

mod people;
mod scanner;
mod store;

pub use people::{Person, published};
pub use scanner::{Happened, LinkError, LinkScanner, LinkSettings};
pub use store::{ROOM, StateError, Store};
