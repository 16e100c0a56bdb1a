//! A body-composition scanner that speaks scan-link: the parts that need no board, and the board.
//!
//! `main` joins them: bytes from the UART to the link, events to the scanner ([`scan_link_scanner`]), its actions back to the link,
//! records to flash.
//! Everything but `board` runs and is tested on any machine.
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(target_os = "none")]
pub mod board;
pub mod console;
pub mod flash;
pub mod line_faults;
pub mod person;
