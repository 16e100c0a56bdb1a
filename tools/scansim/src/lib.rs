//! Scanners made of software: plays captured records on a pseudo-terminal or a TCP port at the pace of a serial line,
//! and misbehaves on request.
//!
//! A [`Capture`] holds records, a [`Line`] is the simulated cable, and a [`Player`] sends the one over the other:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use scansim::{Capture, Line, Pace, Player};
//!
//! let capture = Capture::load("tests/captures/tanita-tagged.txt")?;
//! let mut player = Player::new(Line::pty("/tmp/scanner-0")?, Pace::default());
//! for record in capture.records() {
//!     player.play(record).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! This crate uses no parser: a record of a capture is a line of bytes, a [`Scale`] writes its lines by the words of its manual, and
//! [`tanita_pc`] obeys a host by those of its own. So it cannot inherit a fault of the parsers that are tested with it. [`scan_link`]
//! is the scanner's end of our own protocol, as firmware has it.
//! `EmulatedScanner` is such firmware itself, on an emulated Cortex-M4.
//! Pseudo-terminals exist on Unix; on Windows only the TCP line does.

mod capture;
#[cfg(unix)]
mod emulated;
mod fault;
mod line;
mod player;
#[cfg(unix)]
mod pty;
mod scale;
pub mod scan_link;
pub mod tanita_pc;
mod tcp;

pub use capture::{Capture, CaptureError};
#[cfg(unix)]
pub use emulated::{EmulatedScanner, EmulatorError, Firmware, FirmwareError, Report};
pub use fault::{Fault, FaultPlan, UnknownFault};
pub use line::{Line, LineError};
pub use player::{Pace, Played, Player};
#[cfg(unix)]
pub use pty::Pty;
pub use scale::{Scale, Shown, UnknownScale, weighing};
