//! The types of the C interface.

use core::{
    ffi::{c_char, c_void},
    mem::offset_of,
};

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

/// The firmware's memory for results that the bridge has not confirmed. Its functions are called by `scan_link_poll_event`,
/// `scan_link_poll_transmit` and `scan_link_poll_timeout`, in their context, and must not call any function of the link themselves.
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
    /// The session, or the bridge that was Incompatible, is gone, because of `reason`. Scans go on; results are kept and sent later.
    Disconnected,
    /// The bridge speaks only `versions`, and none of ours: one of the two needs an update.
    Incompatible,
    /// Start the scan that `scan`, `scan_kind`, `screened` and `subject` tell of, and answer with progress or an ending.
    Start,
    /// Stop the scan of number `scan`, and answer with an ending; nothing answers if it does not run.
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
