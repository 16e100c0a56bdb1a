//! What the agent asks of a scanner.

use std::fmt;

use jiff::Zoned;
use scan_model::subject::Subject;

/// A wish of the agent. Families that only send refuse all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Measure somebody. The scan that this starts ends with exactly one of the events that end one (see [`Event`](crate::Event)),
    /// unless [`Self::Cancel`] or [`Self::Release`] ends it before, which is no event.
    Start(StartScan),
    /// Give the running measurement up. The scan has ended as far as the session is concerned: a result that comes nevertheless
    /// is one that nobody asked for.
    Cancel,
    /// The record with this identity is on disk: the device may forget it.
    Stored(RecordId),
    /// What time it is, and where: for the device's own clock.
    SetClock(Zoned),
    /// Give the scanner back to its own keys, before a shutdown or an update. Done when
    /// [`poll_timeout`](crate::Session::poll_timeout) is `None`. A measurement that is running is waited for, and not repeated; a scan
    /// whose measurement has not begun has ended.
    Release,
}

/// Who is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartScan {
    /// What the device must know about the person. Sex, age and height are needed for more than a weight.
    pub subject: Subject,
    /// What the result will be recognised by. Fresh for each scan, or a result of another person could pass for this one's.
    pub ticket: Ticket,
    /// Body fat that the person wants to reach, in per cent, 5 to 99.
    pub goal_body_fat: Option<u8>,
    /// Whether the person was asked about pacemakers and pregnancy, and may have a current sent through the body. Without it
    /// the scanner weighs alone, or refuses if it cannot.
    pub current_is_safe: bool,
}

/// A random number that goes to the device with the person's data and must come back with the result. `Debug` hides it: it leads
/// from a log to a stored result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

impl Ticket {
    /// Ten digits: what the shortest result number of any known device holds.
    const MOST: u64 = 9_999_999_999;

    /// The ticket that 64 random bits stand for; the randomness is the caller's.
    pub const fn from_random(bits: u64) -> Self {
        // Zero means that nobody was named.
        Self(bits % Self::MOST + 1)
    }

    /// The number, 1 to 9,999,999,999.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

/// The identity that the device gave a result: [`scan_model::Record::result_id`] or [`Rejected::result_id`](crate::Rejected).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordId(pub String);

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The protocol has no such command: the scanner is worked by its own keys.
    #[error("this protocol does not take the command")]
    NotSupported,
    /// No result of this protocol has such an identity.
    #[error("the result is not one of this protocol")]
    UnknownResult,
    /// The port is not open, or nobody answers there.
    #[error("the scanner is not connected")]
    Offline,
    /// Another scan is running.
    #[error("a scan is running")]
    Busy,
    /// There is nothing to cancel.
    #[error("no scan is running")]
    NoScan,
    /// The device needs to know more about the person, or cannot measure such a person.
    #[error("the scanner needs {0}")]
    Person(&'static str),
    /// The person was not asked about pacemakers and pregnancy, and this device cannot weigh alone.
    #[error(
        "the person was not asked about pacemakers and pregnancy, and this scanner cannot weigh without measuring impedance"
    )]
    NotAsked,
}

/// Bytes for the port, to be written in one piece. `Debug` prints their number alone: they may hold a person's data.
#[derive(Clone, PartialEq, Eq)]
pub struct Transmit(pub Vec<u8>);

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transmit({} bytes)", self.0.len())
    }
}
