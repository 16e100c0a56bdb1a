//! What a session reports.

use std::fmt;

use scan_model::{Record, progress::Stage, record::Device};

/// Something that happened at the scanner.
///
/// A [`Stage`](Event::Stage) tells that a scan is under way, whoever started it; exactly one of [`Record`](Event::Record),
/// [`Rejected`](Event::Rejected), [`Repeated`](Event::Repeated), [`Cancelled`](Event::Cancelled) and
/// [`DeviceError`](Event::DeviceError) ends it. A scan that [`Command::Start`](crate::Command::Start) wants is under way from there on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The device entered a stage of the scan, or got on within it. A device that only sends has
    /// [`Stage::ReadingResults`] alone.
    Stage {
        /// The stage.
        stage: Stage,
        /// Per cent of the stage that are done, 0 to 99; a guess where the length of the result is not known.
        within: u8,
    },
    /// A result, decoded, its checksum and consistency checked. It may lack a weight ([`Record::is_measurement`]).
    Record(Box<Record>),
    /// Bytes that began like a result and must never become one.
    Rejected(Rejected),
    /// The device sent a result a second time; it was dropped and counted.
    Repeated,
    /// Something is wrong at the device: it said so, or it did not do what it was asked for. A running scan has ended with it.
    DeviceError(DeviceError),
    /// A result of an earlier scan, which the device has kept until now, or which was on its way when another scan was started. Nothing
    /// that is under way ends with it.
    Earlier(Result<Box<Record>, Rejected>),
    /// Somebody stopped the running scan at the device.
    Cancelled,
    /// A device that answers is there, and says who it is. A good moment for [`Command::SetClock`](crate::Command::SetClock).
    Connected(Device),
    /// What the person at the scanner should do now, while the scan goes on.
    Prompt(&'static str),
}

/// A frame that is not a result.
#[derive(Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The bytes of the frame, for the set-aside. `Debug` prints their number alone.
    pub raw: Vec<u8>,
    /// What is wrong.
    pub reason: RejectReason,
    /// Position in `raw` of the byte where it shows.
    pub offset: usize,
    /// What is wrong, for a technician. Holds no measured value and nothing about the person.
    pub detail: String,
    /// The identity of the result where the link tells it apart from its damaged bytes: as
    /// [`Record::result_id`](scan_model::Record::result_id), and to be confirmed like it once the bytes are stored.
    pub result_id: Option<String>,
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected")
            .field("reason", &self.reason)
            .field("offset", &self.offset)
            .field("detail", &self.detail)
            .field("raw_bytes", &self.raw.len())
            .finish()
    }
}

/// Something wrong at the device. Holds no measured value and nothing about the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceError {
    /// The device's own code, such as `E2`; [`name`](Self::name) again where the device sent none.
    pub code: String,
    /// Word for programs, such as `impedance_error`.
    pub name: &'static str,
    /// What the person at the scanner or the staff should do.
    pub advice: &'static str,
    /// The device is broken or badly set up: nothing will work until somebody looked after it.
    pub needs_service: bool,
}

macro_rules! reject_reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Why a frame is not a result. Printed as the error name that the tools, the alerts and the counters use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RejectReason { $($(#[$doc])* $name,)+ }

        impl RejectReason {
            /// Every reason, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The error name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

reject_reasons! {
    /// The bytes do not add up to the checksum that was sent.
    ChecksumMismatch = "checksum_mismatch",
    /// This model always sends a checksum, and there is none.
    ChecksumMissing = "checksum_missing",
    /// The checksum is not two hexadecimal digits at the end of the record.
    ChecksumMalformed = "checksum_malformed",
    /// The record stops before its end.
    Truncated = "truncated",
    /// A tag without a value.
    OddTokenCount = "odd_token_count",
    /// A quoted text without its end.
    UnterminatedQuote = "unterminated_quote",
    /// A byte that no record can hold.
    IllegalByte = "illegal_byte",
    /// A tag that is not two characters long.
    BadTag = "bad_tag",
    /// A value that must be a number and is not.
    BadNumber = "bad_number",
    /// The same tag twice.
    DuplicateTag = "duplicate_tag",
    /// A frame that begins like one of its family and is not built like one.
    BadFrame = "bad_frame",
    /// Not the number of fields that a record of this family has.
    WrongFieldCount = "wrong_field_count",
    /// The frame does not have the length that it states.
    LengthMismatch = "length_mismatch",
    /// No line end within the longest possible record.
    LineTooLong = "line_too_long",
    /// The record does not say in which units it is.
    UnknownUnits = "unknown_units",
    /// A parity or framing error on the line, in a record that no checksum vouches for.
    LineError = "line_error",
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
