//! Time as the endpoints see it: handed in by the caller, in microseconds since any fixed start.

use core::ops::{Add, Sub};

use crate::frame::MAX_FRAME;

/// A moment: microseconds since an arbitrary start that stays the same for the life of an endpoint. For a scanner it must be
/// the moment it started, because its uptime is told to the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Instant(u64);

impl Instant {
    /// The start.
    pub const START: Self = Self(0);

    /// So many microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// So many milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1000)
    }

    /// Microseconds since the start.
    pub const fn micros(self) -> u64 {
        self.0
    }
}

impl Add<u64> for Instant {
    type Output = Self;

    /// `micros` later.
    fn add(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl Sub for Instant {
    type Output = u64;

    /// Microseconds from `earlier` to `self`; 0 if it is not earlier.
    fn sub(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

const MILLISECOND: u64 = 1000;
const SECOND: u64 = 1000 * MILLISECOND;

/// How long the endpoints wait for what, in microseconds. Depends on the speed of the line alone, so that both sides agree.
///
/// Repeats carry no jitter: two parties on a full-duplex line of their own do not contend for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// The first repeat of a message whose arrival is not confirmed. Allows for the longest frame in each direction, the 16 ms
    /// for which USB serial adapters collect bytes, and an operating system that is busy.
    pub(crate) resend: u64,
    /// Repeats come at doubled intervals up to this one.
    pub(crate) resend_at_most: u64,
    /// Silence of our own after which an "alive" goes out.
    pub(crate) alive: u64,
    /// Silence of the other side after which the session is lost: three "alive" and the time of a few frames.
    pub(crate) silence: u64,
}

impl Timing {
    /// Interval of hellos while there is no session.
    pub(crate) const HELLO: u64 = 250 * MILLISECOND;
    /// The same while the other side speaks no common version: until somebody updates one of them.
    pub(crate) const HELLO_INCOMPATIBLE: u64 = 5 * SECOND;
    /// A message that arrived nowhere after this many repeats (some 4.6 s at 115,200 baud) ends the session, although the other
    /// side is heard: a new one puts both sides in step again.
    pub(crate) const REPEATS: u8 = 16;
    /// So many of them are made at once if the other side asks for them: by then it is no longer a single disturbance.
    pub(crate) const REPEATS_AT_ONCE: u8 = 4;
    /// A result that has arrived and is not confirmed as stored is sent again after this time. The bridge may have lost it in
    /// a way the link does not see.
    pub(crate) const STORED: u64 = 30 * SECOND;

    /// The waits for a line of so many bits per second.
    pub(crate) const fn at_baud(baud: u32) -> Self {
        // Ten bits a byte. A line below 300 baud is taken for 300: nothing slower was ever built.
        let baud = if baud < 300 { 300 } else { baud as u64 };
        let frame = MAX_FRAME as u64 * 10 * SECOND / baud;
        Self {
            resend: 100 * MILLISECOND + 2 * frame,
            resend_at_most: 250 * MILLISECOND + 2 * frame,
            alive: SECOND,
            silence: 3500 * MILLISECOND + 4 * frame,
        }
    }

    /// The same as [`Self::silence`] of a side that speaks no common version: three of its hellos instead of three "alive".
    pub(crate) const fn silence_incompatible(&self) -> u64 {
        self.silence + 3 * (Self::HELLO_INCOMPATIBLE - self.alive)
    }
}

pub(crate) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
