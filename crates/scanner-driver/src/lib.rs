//! The cable: finds, opens, reads and re-opens a serial port and drives one protocol session.
//!
//! A [`Driver`] owns one scanner. It looks for its port for ever, opens it exclusively, hands what arrives to a
//! [`scanner_protocol::Session`], writes what the session wants to send, and tells the agent what the session found.
//! The agent holds the other end, a [`Scanner`]. What bytes mean is not decided here, and nothing of them is ever
//! logged.
//!
//! [`list_ports`] shows the ports of this machine, for technicians.

mod backoff;
mod config;
mod conversation;
mod driver;
mod hearing;
mod link;
mod listen;
mod open;
mod os;
mod ports;
mod scanner;
mod search;
mod selector;
mod settings;
mod state;

pub use config::{Config, UnknownPerson};
pub use driver::Driver;
pub use listen::{Tap, listen};
pub use open::OpenError;
pub use ports::{Holder, ListError, PortInfo, PortKind, UsbIdentity, is_pseudo_terminal, list_ports};
pub use scanner::{CommandError, Commander, DriverEvent, Scanner};
pub use selector::{PortSelector, UsbMatch};
pub use settings::{BadSettings, DataBits, Parity, SerialSettings, StopBits};
pub use state::PortState;
