//! What the two sides say to each other. The bytes, and what may change in later versions, are in `SPEC.md`, sections 5 and 6.
//!
//! The encoding is postcard's, so the position of a variant in [`DeviceMessage`] and [`HostMessage`] is the number of its message, and
//! the fields stand on the wire in the order they have here: neither may ever be moved. New messages are appended.

use core::fmt;

use heapless::String;
use serde::{Deserialize, Serialize};

use crate::{BodyType, Decimal, Fault, LogLevel, Record, RecordError, Refusal, ScanKind, Sex, Stage, wire};

/// The longest encoded message other than a result, in bytes: what firmware needs to queue and receive one.
pub const MAX_MESSAGE: usize = 128;

/// The longest line of a scanner's log, in bytes.
pub const MAX_LOG: usize = 96;

/// The versions of the messages that this crate speaks.
pub const VERSIONS: VersionRange = VersionRange { oldest: 1, newest: 1 };

/// A range of protocol versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRange {
    /// Oldest version spoken.
    pub oldest: u8,
    /// Newest version spoken.
    pub newest: u8,
}

impl VersionRange {
    /// The newest version both sides speak.
    pub fn common(self, other: Self) -> Option<u8> {
        let newest = self.newest.min(other.newest);
        (newest >= self.oldest.max(other.oldest)).then_some(newest)
    }
}

/// Printed as `1 to 2`.
impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.oldest, self.newest)
    }
}

/// Which scanner, worldwide and for ever: the unique number of its chip, zeros behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeviceId(pub [u8; 16]);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

/// Which result of a scanner: the start it belongs to, and its number since then.
///
/// `boot` counts the scanner's starts in non-volatile memory, from a random number on where that memory was blank. A scanner
/// without such memory takes a random number at each start: the pair must never come twice in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResultNumber {
    /// The start.
    pub boot: u32,
    /// The result, counted from 1 at each start.
    pub number: u32,
}

/// Printed as `boot-number`.
impl fmt::Display for ResultNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.boot, self.number)
    }
}

/// Which result of all results: what a reading's identity is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultKey {
    /// The scanner.
    pub device: DeviceId,
    /// The result.
    pub result: ResultNumber,
}

/// Printed as `device-boot-number`: one text for logs, keys and derived identities.
impl fmt::Display for ResultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.device, self.result)
    }
}

/// What a scanner can do. Unknown bits are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Capabilities(pub u32);

impl Capabilities {
    /// Starts a scan when the bridge asks for it.
    pub const STARTS_SCANS: Self = Self(1);
    /// Stops a running scan when the bridge asks for it.
    pub const CANCELS: Self = Self(1 << 1);
    /// Reports stages while a scan runs.
    pub const LIVE_STAGES: Self = Self(1 << 2);
    /// Sends raw impedances.
    pub const IMPEDANCES: Self = Self(1 << 3);
    /// Sends girths and lengths.
    pub const SHAPE: Self = Self(1 << 4);
    /// Has a clock that can be set.
    pub const CLOCK: Self = Self(1 << 5);
    /// Keeps unconfirmed results through a loss of power.
    pub const KEEPS_RESULTS: Self = Self(1 << 6);
    /// Can be asked for [`ScanKind::Weight`]. Of a scanner that has none of this and the two below the other bits tell what to ask for.
    pub const STARTS_WEIGHT: Self = Self(1 << 7);
    /// Can be asked for [`ScanKind::BodyComposition`].
    pub const STARTS_BODY_COMPOSITION: Self = Self(1 << 8);
    /// Can be asked for [`ScanKind::Shape`].
    pub const STARTS_SHAPE: Self = Self(1 << 9);

    /// Whether all of `wanted` are there.
    pub const fn contains(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// Both together.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The first message of a scanner in every session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Which scanner.
    pub device: DeviceId,
    /// Which of its starts this is.
    pub boot: u32,
    /// Milliseconds since that start, at the moment of sending. With a record's own it gives the age of a result.
    pub uptime_ms: u32,
    /// Maker, for people.
    pub maker: String<16>,
    /// Model, for people.
    pub model: String<24>,
    /// Serial number as printed on the scanner.
    pub serial: String<24>,
    /// Version of the firmware.
    pub firmware: String<16>,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// Which scan: numbers of people who stepped on by themselves and of scans the bridge asked for do not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScanRef {
    /// Somebody stepped on; the scanner counts them from 1 at each start.
    WalkUp(u32),
    /// The bridge asked for it under this number.
    Asked(u32),
}

/// A date and time, and where on earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: u64,
    /// Minutes to add for local time.
    pub offset_minutes: i16,
}

/// The person, as far as the scanner was told or asked. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subject {
    /// The number typed, scanned or announced; empty if nobody was named.
    pub number: String<18>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Age in years.
    pub age: Option<u8>,
    /// Height in centimetres.
    pub height: Option<Decimal>,
    /// Estimation formula.
    pub body_type: Option<BodyType>,
    /// Weight of clothes in kilograms; in a record it has been deducted already.
    pub clothes_weight: Option<Decimal>,
    /// Activity level, 1 (low) to 3 (high).
    pub activity_level: Option<u8>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(..)")
    }
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The scan.
    pub scan: ScanRef,
    /// What happens.
    pub stage: Stage,
    /// How much of the stage is done, 0 to 100.
    pub percent: u8,
}

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// With this result, which the scanner sends until it is confirmed.
    Completed(ResultNumber),
    /// Without a result.
    Failed(Fault),
    /// Somebody stopped it.
    Cancelled,
    /// It never began.
    Refused(Refusal),
}

/// Announces a result; its record follows in the same message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultHead {
    /// Which result, as the scanner's memory has it.
    pub result: ResultNumber,
    /// Bytes of the record that follow, at most [`crate::MAX_RECORD`].
    pub length: u16,
}

impl ResultHead {
    /// Reads the record that stands behind the head, and gives the bytes to keep: those of the record, without what a newer version
    /// appended to the message. Of one that is shorter than announced, or cannot be read, everything is kept.
    pub(crate) fn read(self, behind: &[u8]) -> (&[u8], Result<Record<'_>, RecordError>) {
        let length = usize::from(self.length);
        if behind.len() == length {
            return (behind, Record::parse(behind));
        }
        match behind.get(..length).map(|record| (record, Record::parse(record))) {
            Some((record, Ok(read))) => (record, Ok(read)),
            _ => (behind, Err(RecordError::Malformed)),
        }
    }
}

/// What a scanner says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceMessage {
    /// 0: who it is. The endpoint sends it by itself, first in every session.
    Identity(Identity),
    /// 1: how far a scan is. May be lost: the next one replaces it.
    Progress(Progress),
    /// 2: a result, in as many parts as it needs. Sent until the bridge confirms it as stored.
    Result(ResultHead),
    /// 3: a scan is over, or was refused.
    Ended {
        /// The scan.
        scan: ScanRef,
        /// How.
        ending: Ending,
    },
    /// 4: something is wrong with the scanner, scan or no scan.
    Fault {
        /// What.
        fault: Fault,
        /// The maker's own number for it; 0 if it has none.
        detail: u32,
    },
    /// 5: a line of its log. Never a measured value, a name or a subject number.
    Log {
        /// Weight.
        level: LogLevel,
        /// Text, at most [`MAX_LOG`] bytes.
        text: String<MAX_LOG>,
    },
}

/// A scan that the bridge asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The bridge's number for it. A scanner that is asked for the same number again while that scan runs reports its
    /// progress and does not start anew.
    pub scan: u32,
    /// How much to measure.
    pub kind: ScanKind,
    /// Somebody asked the person about pacemakers and pregnancy. Without it no current may flow.
    pub screened: bool,
    /// The person.
    pub subject: Subject,
}

/// What the bridge says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostMessage {
    /// 0: this result is safe on the bridge's disk; the scanner may forget it.
    Stored(ResultNumber),
    /// 1: what time it is.
    SetClock(Clock),
    /// 2: start a scan. Answered by [`DeviceMessage::Progress`] or [`DeviceMessage::Ended`].
    Start(Start),
    /// 3: stop the scan the bridge asked for under this number. Answered by [`DeviceMessage::Ended`].
    Cancel(u32),
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A message of a newer version.
    #[error("message number {0} is of a newer version")]
    Unknown(u8),
    /// The fields do not fit the number.
    #[error("the fields do not fit the message number")]
    Malformed,
}

impl DeviceMessage {
    /// The number of [`Self::Progress`] on the wire.
    pub(crate) const PROGRESS: u8 = 1;
    /// The number of [`Self::Result`] on the wire.
    pub(crate) const RESULT: u8 = 2;
    /// The number of [`Self::Ended`] on the wire.
    const ENDED: u8 = 3;
    const COUNT: u8 = 6;

    /// Reads a message and returns the bytes behind it: of a [`Self::Result`] its record, else what a newer version appended.
    ///
    /// # Errors
    /// [`MessageError`] if the bytes are no message of this version.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), MessageError> {
        wire::decode(bytes, Self::COUNT)
    }

    /// Writes the message and returns its length.
    ///
    /// # Panics
    /// Never: [`MAX_MESSAGE`] bytes hold every message with every field at its longest, which a test shows.
    pub fn encode(&self, into: &mut [u8; MAX_MESSAGE]) -> usize {
        wire::encode(self, into)
    }
}

/// Whether an encoded message is the [`DeviceMessage::Ended`] that names this result. Reads no more than that: a scanner
/// needs no code to read what it says itself.
pub(crate) fn is_end_of(result: ResultNumber, message: &[u8]) -> bool {
    let Some((&DeviceMessage::ENDED, fields)) = message.split_first() else {
        return false;
    };
    let ended = postcard::from_bytes::<(ScanRef, Ending)>(fields);
    matches!(ended, Ok((_, Ending::Completed(named))) if named == result)
}

impl HostMessage {
    const COUNT: u8 = 4;

    /// Reads a message and returns the bytes behind it, which a newer version appended.
    ///
    /// # Errors
    /// [`MessageError`] if the bytes are no message of this version.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), MessageError> {
        wire::decode(bytes, Self::COUNT)
    }

    /// Writes the message and returns its length.
    ///
    /// # Panics
    /// Never: see [`DeviceMessage::encode`].
    pub fn encode(&self, into: &mut [u8; MAX_MESSAGE]) -> usize {
        wire::encode(self, into)
    }
}

/// `text`, cut at the last character that fits. For the names and log lines of firmware.
pub fn text<const N: usize>(text: &str) -> String<N> {
    let mut cut = String::new();
    for character in text.chars() {
        if cut.push(character).is_err() {
            break;
        }
    }
    cut
}
