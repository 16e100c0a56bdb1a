//! scan-link, the link of our own scanner firmware (`firmware-protocol/SPEC.md`).
//!
//! [`firmware_protocol::Host`] speaks it. Here its results become records and its stages become the one course of events that
//! every family has. What the scanner has not been told to be stored it sends again, after an outage of any length.

mod faults;
mod listen;
mod person;
mod record;
mod scan;
mod session;
mod uptime;

pub(crate) use listen::{Capture, Heard, hear};
pub(crate) use record::decode;
pub(crate) use session::ScanLink;
