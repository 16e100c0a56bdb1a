//! The two endpoints: [`Device`] in the scanner, [`Host`] in the bridge.
//!
//! Both are sans-IO. They own no port, no clock and no task: bytes and the time go in, frames, events and the next deadline
//! come out. After every `handle_*` call, drain `poll_event` and then `poll_transmit` until they give `None`, and call
//! `handle_timeout` when `poll_timeout` says so.

mod device;
mod host;
mod link;
mod queue;
mod session;
mod window;

pub use device::{Device, DeviceEvent};
pub use host::{Host, HostEvent, Received};
pub(crate) use window::{Incoming, Taken};

use crate::message::{VERSIONS, VersionRange};

/// What an endpoint has to know of its line.
#[derive(Debug, Clone, Copy)]
pub struct LineConfig {
    /// Bits per second: the waits are computed from it.
    pub baud: u32,
    /// A number that differs at each start: random, or the count of starts. Sessions are told apart by what is made of it.
    pub seed: u32,
    /// The versions to speak. Anything but [`VERSIONS`] is for tests of this policy.
    pub versions: VersionRange,
}

impl LineConfig {
    /// A line at the usual 115,200 bits per second, 8N1.
    pub const fn new(seed: u32) -> Self {
        Self {
            baud: 115_200,
            seed,
            versions: VERSIONS,
        }
    }
}

/// Why a session ended. The next one is being sought already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The port was closed.
    #[error("the port was closed")]
    LineDown,
    /// Nothing was heard for a few seconds: pulled cable, no power, a program that hangs.
    #[error("nothing was heard from the other side")]
    Silence,
    /// The other side started anew.
    #[error("the other side started anew")]
    PeerRestarted,
    /// The other side lives and does not confirm a message, however often it is sent.
    #[error("the other side does not confirm a message")]
    Unanswered,
}

/// Why a message was not taken for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// There is no session.
    #[error("there is no session with the other side")]
    NotConnected,
    /// Four messages wait already.
    #[error("too many messages wait to be sent")]
    Busy,
}

/// What went by on the line, for technicians. Each counts from the start of the endpoint and wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Good frames of the other side.
    pub frames: u32,
    /// Bytes between two zeros that were too long or no COBS.
    pub not_frames: u32,
    /// Frames with a wrong checksum.
    pub bad_checksums: u32,
    /// Frames with a right checksum that this version does not know.
    pub unknown_frames: u32,
    /// Frames this side sent itself: an echo on the line.
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
