//! What the agent asks of a scanner.

use std::fmt;

use scan_model::subject::Subject;

/// A wish of the agent. Families that only send refuse all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Measure somebody.
    Start(StartScan),
    /// Give the running measurement up.
    Cancel,
    /// The record with this identity is on disk: the device may forget it.
    Stored(RecordId),
}

/// Who is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartScan {
    /// What the device must know about the person.
    pub subject: Subject,
}

/// The identity that the device gave a result: [`scan_model::Record::result_id`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordId(pub String);

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The protocol has no such command: the scanner is worked by its own keys.
    #[error("this protocol does not take the command")]
    NotSupported,
}

/// Bytes for the port, to be written in one piece. `Debug` prints their number alone: they may hold a person's data.
#[derive(Clone, PartialEq, Eq)]
pub struct Transmit(pub Vec<u8>);

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transmit({} bytes)", self.0.len())
    }
}
