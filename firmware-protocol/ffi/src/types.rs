//! The types of the C interface, and their way from and to those of the protocol.

use core::{
    ffi::{CStr, c_char, c_void},
    mem::offset_of,
};

use firmware_protocol as link;

/// Who the scanner is. The texts are for people: UTF-8, closed by a zero, cut to what a message holds (16 bytes of maker and
/// firmware, 24 of model and serial), empty if they are NULL or no UTF-8.
#[repr(C)]
pub struct Identity {
    /// Unique number of the chip, zeros behind it.
    pub device: [u8; 16],
    /// Count of starts in non-volatile memory, begun at a random number where that is blank; without such memory a random number.
    pub boot: u32,
    /// Maker, for people.
    pub maker: *const c_char,
    /// Model, for people.
    pub model: *const c_char,
    /// Serial number as printed on the scanner.
    pub serial: *const c_char,
    /// Version of the firmware.
    pub firmware: *const c_char,
    /// SCAN_LINK_CAPABILITY_* added up.
    pub capabilities: u32,
}

/// Which result: the start it belongs to, and its number since then, from 1.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ResultNumber {
    /// Count of starts.
    pub boot: u32,
    /// Result since that start.
    pub number: u32,
}

/// Which scan.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Scan {
    /// The bridge asked for it under this number; otherwise somebody stepped on, and the scanner counts.
    pub asked: bool,
    /// The number.
    pub number: u32,
}

/// `mantissa / 10^scale`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Decimal {
    /// Digits without the point.
    pub mantissa: i32,
    /// Digits after the point, at most 9.
    pub scale: u8,
    /// Whether there is a value at all.
    pub known: bool,
}

/// The person. What is not known is false or empty, and what stands beside it means nothing then.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Subject {
    /// The number typed, scanned or announced: at most 18 bytes of UTF-8, closed by a zero. It is taken whole or not at all.
    pub number: [c_char; 19],
    /// SCAN_LINK_SEX_*, if known.
    pub sex: u8,
    /// Whether the sex is known.
    pub sex_known: bool,
    /// Age in years, if known.
    pub age: u8,
    /// Whether the age is known.
    pub age_known: bool,
    /// Height in centimetres.
    pub height: Decimal,
    /// SCAN_LINK_BODY_TYPE_*, if known.
    pub body_type: u8,
    /// Whether the body type is known.
    pub body_type_known: bool,
    /// Weight of clothes in kilograms.
    pub clothes_weight: Decimal,
    /// Activity level 1 to 3, if known.
    pub activity_level: u8,
    /// Whether the activity level is known.
    pub activity_level_known: bool,
}

/// A date and time.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Clock {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: u64,
    /// Minutes to add for local time.
    pub offset_minutes: i16,
    /// Whether the clock was set at all.
    pub known: bool,
}

/// A record that waits in the firmware's memory.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Waiting {
    /// Which.
    pub result: ResultNumber,
    /// Bytes of the record.
    pub length: usize,
}

/// The firmware's memory for results that the bridge has not confirmed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Store {
    /// Handed to the functions.
    pub context: *mut c_void,
    /// Puts the oldest record that waits into `*oldest`; false if none does. Called often: it should not search.
    pub oldest: extern "C" fn(context: *mut c_void, oldest: *mut Waiting) -> bool,
    /// Copies `length` bytes of a record from `offset` on. Does nothing if it was just removed.
    pub read: extern "C" fn(context: *mut c_void, result: ResultNumber, offset: usize, into: *mut u8, length: usize),
    /// Forgets a record for ever. Returns whether it waited: the bridge may confirm a result twice.
    pub remove: extern "C" fn(context: *mut c_void, result: ResultNumber) -> bool,
}

/// How a scan ended.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum EndingKind {
    /// With the result in `result`.
    Completed,
    /// Without one, because of the SCAN_LINK_FAULT_* in `code`.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It never began, because of the SCAN_LINK_REFUSAL_* in `code`.
    Refused,
}

/// How a scan ended, with its particulars.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ending {
    /// SCAN_LINK_ENDING_KIND_*.
    pub kind: u8,
    /// Fault or refusal, if that is how.
    pub code: u8,
    /// Result, if that is how.
    pub result: ResultNumber,
}

/// What the link has to tell the firmware.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// Nothing.
    None,
    /// A session is open, in `version`: report the stage of a running scan.
    Connected,
    /// The session is gone, because of `reason`. Scans go on; results are kept and sent later.
    Disconnected,
    /// The bridge speaks only `versions`, and none of ours: one of the two needs an update.
    Incompatible,
    /// Start the scan in `start`, and answer with progress or an ending.
    Start,
    /// Stop the scan of number `scan`, and answer with an ending.
    Cancel,
    /// What time it is: `clock`.
    SetClock,
    /// The bridge has `result` on disk, and `remove` has just forgotten it.
    Stored,
}

/// Why a session ended. The next one is being sought already.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// The firmware said so.
    LineDown,
    /// Nothing was heard for a few seconds.
    Silence,
    /// The bridge started anew.
    PeerRestarted,
    /// The bridge lives and does not confirm a message.
    Unanswered,
}

/// Versions of the protocol, both ends included.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct VersionRange {
    /// Oldest.
    pub oldest: u8,
    /// Newest.
    pub newest: u8,
}

/// An event. Only the fields of its kind mean something.
#[repr(C)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Of Connected: the version both speak.
    pub version: u8,
    /// Of Disconnected.
    pub reason: CloseReason,
    /// Of Incompatible: what the bridge speaks.
    pub versions: VersionRange,
    /// Of Start: SCAN_LINK_SCAN_KIND_*.
    pub scan_kind: u8,
    /// Of Start: somebody asked about pacemakers and pregnancy. Without it no current may flow.
    pub screened: bool,
    /// Of Start and Cancel: the bridge's number of the scan.
    pub scan: u32,
    /// Of Stored.
    pub result: ResultNumber,
    /// Of SetClock.
    pub clock: Clock,
    /// Of Start: the person.
    pub subject: Subject,
}

// The header asserts the same of the firmware's compiler.
const _: () = assert!(size_of::<Clock>() == 16 && offset_of!(Clock, known) == 10);
const _: () = assert!(size_of::<Subject>() == 48 && offset_of!(Subject, height) == 24);
const _: () = assert!(offset_of!(Subject, clothes_weight) == 36 && offset_of!(Subject, activity_level_known) == 45);
const _: () = assert!(size_of::<Ending>() == 12 && offset_of!(Ending, result) == 4);
const _: () = assert!(size_of::<Event>() == 88 && offset_of!(Event, scan) == 8 && offset_of!(Event, result) == 12);
const _: () = assert!(offset_of!(Event, clock) == 24 && offset_of!(Event, subject) == 40);
const _: () = assert!(offset_of!(Waiting, length) == 8);

/// What went by on the line. Each counts from `scan_link_new` and wraps.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Counters {
    /// Good frames of the bridge.
    pub frames: u32,
    /// Bytes between two zeros that were too long or no COBS.
    pub not_frames: u32,
    /// Frames with a wrong checksum.
    pub bad_checksums: u32,
    /// Frames with a right checksum that this version does not know.
    pub unknown_frames: u32,
    /// Our own frames: an echo on the line.
    pub echoes: u32,
    /// Frames of another session.
    pub strangers: u32,
    /// Parts that were here before.
    pub repeats: u32,
    /// Messages this version does not know, or with fields it cannot read.
    pub unknown_messages: u32,
    /// Last parts sent again for want of an answer.
    pub resends: u32,
    /// Sessions that ended.
    pub sessions_lost: u32,
}

/// Whether a message was taken for sending.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// It was.
    Ok,
    /// There is no session.
    NotConnected,
    /// Too many messages wait: try again later.
    Busy,
    /// Never: a code has no meaning.
    Invalid,
}

impl From<Result<(), link::NotSent>> for Sent {
    fn from(result: Result<(), link::NotSent>) -> Self {
        match result {
            Ok(()) => Self::Ok,
            Err(link::NotSent::NotConnected) => Self::NotConnected,
            Err(link::NotSent::Busy) => Self::Busy,
        }
    }
}

impl From<ResultNumber> for link::ResultNumber {
    fn from(result: ResultNumber) -> Self {
        Self {
            boot: result.boot,
            number: result.number,
        }
    }
}

impl From<link::ResultNumber> for ResultNumber {
    fn from(result: link::ResultNumber) -> Self {
        Self {
            boot: result.boot,
            number: result.number,
        }
    }
}

impl From<Scan> for link::ScanRef {
    fn from(scan: Scan) -> Self {
        if scan.asked {
            Self::Asked(scan.number)
        } else {
            Self::WalkUp(scan.number)
        }
    }
}

impl Ending {
    /// The ending; `None` if its kind is none. C may hand in any number there: a Rust enumeration must not be read from it.
    pub(crate) fn to_link(self) -> Option<link::Ending> {
        const COMPLETED: u8 = EndingKind::Completed as u8;
        const FAILED: u8 = EndingKind::Failed as u8;
        const CANCELLED: u8 = EndingKind::Cancelled as u8;
        const REFUSED: u8 = EndingKind::Refused as u8;
        Some(match self.kind {
            COMPLETED => link::Ending::Completed(self.result.into()),
            FAILED => link::Ending::Failed(link::Fault::from_code(self.code)),
            CANCELLED => link::Ending::Cancelled,
            REFUSED => link::Ending::Refused(link::Refusal::from_code(self.code)),
            _ => return None,
        })
    }
}

impl From<link::CloseReason> for CloseReason {
    fn from(reason: link::CloseReason) -> Self {
        match reason {
            link::CloseReason::LineDown => Self::LineDown,
            link::CloseReason::Silence => Self::Silence,
            link::CloseReason::PeerRestarted => Self::PeerRestarted,
            link::CloseReason::Unanswered => Self::Unanswered,
        }
    }
}

impl From<link::VersionRange> for VersionRange {
    fn from(versions: link::VersionRange) -> Self {
        Self {
            oldest: versions.oldest,
            newest: versions.newest,
        }
    }
}

impl From<&link::Counters> for Counters {
    fn from(counters: &link::Counters) -> Self {
        let link::Counters {
            frames,
            not_frames,
            bad_checksums,
            unknown_frames,
            echoes,
            strangers,
            repeats,
            unknown_messages,
            resends,
            sessions_lost,
        } = *counters;
        Self {
            frames,
            not_frames,
            bad_checksums,
            unknown_frames,
            echoes,
            strangers,
            repeats,
            unknown_messages,
            resends,
            sessions_lost,
        }
    }
}

impl Decimal {
    /// The value, if it is known.
    ///
    /// # Errors
    /// If it has more decimals than any: dropped, it would stand for "not known".
    fn to_link(self) -> Result<Option<link::Decimal>, link::TooManyDecimals> {
        self.known
            .then(|| link::Decimal::try_new(self.mantissa, self.scale))
            .transpose()
    }
}

impl From<Option<link::Decimal>> for Decimal {
    fn from(value: Option<link::Decimal>) -> Self {
        value.map_or(Self::default(), |value| Self {
            mantissa: value.mantissa(),
            scale: value.scale(),
            known: true,
        })
    }
}

impl From<Clock> for Option<link::Clock> {
    fn from(clock: Clock) -> Self {
        let Clock {
            unix_seconds,
            offset_minutes,
            known,
        } = clock;
        known.then_some(link::Clock {
            unix_seconds,
            offset_minutes,
        })
    }
}

impl From<link::Clock> for Clock {
    fn from(clock: link::Clock) -> Self {
        Self {
            unix_seconds: clock.unix_seconds,
            offset_minutes: clock.offset_minutes,
            known: true,
        }
    }
}

impl Subject {
    /// The person; `None` if the number is not closed by a zero or is no UTF-8, or a value has more than nine decimals. Made to fit,
    /// the number could be that of somebody else.
    pub(crate) fn to_link(self) -> Option<link::Subject> {
        let number = self.number.map(|byte| byte as u8);
        let number = CStr::from_bytes_until_nul(&number).ok()?.to_str().ok()?;
        Some(link::Subject {
            number: number.try_into().ok()?,
            sex: self.sex_known.then(|| link::Sex::from_code(self.sex)),
            age: self.age_known.then_some(self.age),
            height: self.height.to_link().ok()?,
            body_type: self.body_type_known.then(|| link::BodyType::from_code(self.body_type)),
            clothes_weight: self.clothes_weight.to_link().ok()?,
            activity_level: self.activity_level_known.then_some(self.activity_level),
        })
    }
}

impl From<&link::Subject> for Subject {
    fn from(subject: &link::Subject) -> Self {
        let mut number = [0; 19];
        for (to, from) in number.iter_mut().zip(subject.number.bytes()) {
            *to = from as c_char;
        }
        Self {
            number,
            sex: subject.sex.map_or(0, link::Sex::code),
            sex_known: subject.sex.is_some(),
            age: subject.age.unwrap_or(0),
            age_known: subject.age.is_some(),
            height: subject.height.into(),
            body_type: subject.body_type.map_or(0, link::BodyType::code),
            body_type_known: subject.body_type.is_some(),
            clothes_weight: subject.clothes_weight.into(),
            activity_level: subject.activity_level.unwrap_or(0),
            activity_level_known: subject.activity_level.is_some(),
        }
    }
}

impl Identity {
    /// The identity with its texts.
    ///
    /// # Safety
    /// The texts are closed by a zero.
    pub(crate) unsafe fn to_link(&self) -> link::Identity {
        // SAFETY: as promised by the caller.
        unsafe {
            link::Identity {
                device: link::DeviceId(self.device),
                boot: self.boot,
                uptime_ms: 0,
                maker: link::text(text(self.maker)),
                model: link::text(text(self.model)),
                serial: link::text(text(self.serial)),
                firmware: link::text(text(self.firmware)),
                capabilities: link::Capabilities(self.capabilities),
            }
        }
    }
}

/// A text of C; nothing if it is NULL or no UTF-8.
///
/// # Safety
/// `text` is NULL or closed by a zero, and outlives the use.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> &'a str {
    if text.is_null() {
        return "";
    }
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_of_a_kind_that_is_none_is_refused() {
        let ending = |kind| Ending {
            kind,
            code: 4,
            result: ResultNumber { boot: 7, number: 1 },
        };
        let result = link::ResultNumber { boot: 7, number: 1 };
        let known = [
            link::Ending::Completed(result),
            link::Ending::Failed(link::Fault::PersonMoved),
            link::Ending::Cancelled,
            link::Ending::Refused(link::Refusal::SubjectOutOfRange),
        ];
        let read: Vec<_> = (0..=u8::MAX).map_while(|kind| ending(kind).to_link()).collect();
        assert_eq!(read, known);
        assert_eq!(ending(u8::MAX).to_link(), None);
    }
}
