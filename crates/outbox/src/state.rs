//! Where entries stand, one by one and all together.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::error::Full;
use crate::open::Lost;

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be sent, now or after a pause.
    Waiting,
    /// Waits for a technician's word.
    Held,
    /// Not fit to be sent: refused by the server, rejected by the decoder, or damaged on the disk.
    SetAside,
    /// Perhaps sent: the answer was lost and nobody can be asked. Never sent again without a technician's word.
    Uncertain,
    /// Acknowledged; kept for a while to be looked at.
    Sent,
    /// Given up by a technician; kept for a while, in case that was a mistake.
    Discarded,
}

impl State {
    /// Every state, in the order of declaration.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Held,
        Self::SetAside,
        Self::Uncertain,
        Self::Sent,
        Self::Discarded,
    ];

    /// The state's name as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::SetAside => "set_aside",
            Self::Uncertain => "uncertain",
            Self::Sent => "sent",
            Self::Discarded => "discarded",
        }
    }

    /// On the disk states are numbers of even parity, so that one flipped bit cannot turn `waiting` into `sent`.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Waiting => 0b0011,
            Self::Held => 0b0101,
            Self::SetAside => 0b0110,
            Self::Uncertain => 0b1001,
            Self::Sent => 0b1010,
            Self::Discarded => 0b1100,
        }
    }

    pub(crate) fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The outbox in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Stats {
    /// Entries to be sent, those on their way included.
    pub waiting: u64,
    /// Entries that wait for a technician's word.
    pub held: u64,
    /// Entries not fit to be sent.
    pub set_aside: u64,
    /// Entries that were perhaps sent.
    pub uncertain: u64,
    /// Acknowledged entries that are still kept.
    pub sent: u64,
    /// Discarded entries that are still kept.
    pub discarded: u64,
    /// When the oldest waiting entry was stored.
    pub oldest_unsent: Option<Timestamp>,
    /// Bytes in use in the store.
    pub bytes: u64,
    /// Bytes the outbox could still take from the disk: its own free pages included.
    pub free: u64,
    /// The limit that keeps new entries out, if any.
    pub full: Option<Full>,
    /// Entries lost since the store was first made: their numbers are known, their rows are gone (or lie in a store put
    /// beside).
    pub lost: u64,
    /// Of these, what was found missing since the outbox was opened: the store is opened again after an error of the
    /// disk. What the first opening found is in the [`OpenReport`](crate::OpenReport).
    pub lost_since_opened: Lost,
    /// Stores put beside since the outbox was opened, because they could not be worked on any more.
    pub put_beside_since_opened: u32,
}

impl Stats {
    /// Counts an entry that came into a state.
    pub(crate) fn enter(&mut self, state: State) {
        *self.count_mut(state) += 1;
    }

    /// Counts an entry that left a state.
    pub(crate) fn leave(&mut self, state: State) {
        let count = self.count_mut(state);
        *count = count.saturating_sub(1);
    }

    fn count_mut(&mut self, state: State) -> &mut u64 {
        match state {
            State::Waiting => &mut self.waiting,
            State::Held => &mut self.held,
            State::SetAside => &mut self.set_aside,
            State::Uncertain => &mut self.uncertain,
            State::Sent => &mut self.sent,
            State::Discarded => &mut self.discarded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flipped_bit_never_turns_a_state_into_another() {
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
            for bit in 0..63 {
                assert_eq!(State::from_code(state.code() ^ (1 << bit)), None, "{state}, bit {bit}");
            }
        }
    }
}
