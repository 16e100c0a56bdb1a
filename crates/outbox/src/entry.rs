//! What goes into the safe and what comes out: the plain value types of the room.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::state::State;

/// Number of an entry: dense, from 1, never used twice. The order of numbers is the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryId(pub i64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Identity of what is stored (the reading's `externalid`). Lies plain on the disk, so it must not name a person.
///
/// The same key is the same reading: appending it again stores nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryKey(pub String);

impl EntryKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Within a lane entries leave in the order they came; lanes do not wait for each other.
///
/// A keyed digest of the person ([`SealKey::lane`](crate::SealKey::lane)): it keeps the order per person without a
/// readable identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub [u8; 16]);

/// Why an entry is where it is, as a word for machines (`unit-unknown`, `http-422`). Lies plain on the disk and in
/// logs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(String);

impl Code {
    const MAX_LEN: usize = 64;

    /// A code of at most 64 characters out of `a-z`, `0-9`, `-`, `_` and `.`. Capitals become small, anything else
    /// becomes `_`: whatever is passed by mistake, a code cannot carry free text with a name in it.
    pub fn new(text: &str) -> Self {
        let clean = |c: char| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '-' | '_' | '.') => c,
            _ => '_',
        };
        Self(text.chars().take(Self::MAX_LEN).map(clean).collect())
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What shall happen with a new entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Goes out as soon as its lane allows.
    Send,
    /// Stays here until a technician [releases](crate::Outbox::release) it.
    Hold,
    /// Is kept, but not fit to be sent, for this reason.
    SetAside(Code),
}

/// An entry to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Identity of what is stored.
    pub key: EntryKey,
    /// Whose order it keeps.
    pub lane: Lane,
    /// What shall happen with it.
    pub disposition: Disposition,
    /// The content, sealed before it reaches the disk.
    pub payload: Vec<u8>,
}

impl fmt::Debug for NewEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            lane: _,
            disposition,
            payload,
        } = self;
        f.debug_struct("NewEntry")
            .field("key", key)
            .field("disposition", disposition)
            .field("payload_len", &payload.len())
            .finish_non_exhaustive()
    }
}

/// What became of an append. Either way the entry is on the disk, synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new entry.
    Stored {
        /// Its number.
        id: EntryId,
    },
    /// The key was known: the first entry stands, this one was dropped.
    AlreadyPresent {
        /// Number of the first entry.
        id: EntryId,
    },
}

impl Outcome {
    /// Number of the entry that holds the key.
    pub fn id(self) -> EntryId {
        match self {
            Self::Stored { id } | Self::AlreadyPresent { id } => id,
        }
    }
}

/// How far the sending of an entry has come, in the sender's own words. Sealed on the disk; the latest step replaces
/// the one before.
#[derive(Clone, PartialEq, Eq)]
pub struct Step(pub Vec<u8>);

/// What the receiver answered in the end. Sealed on the disk.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt(pub Vec<u8>);

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({} bytes)", self.0.len())
    }
}

/// The readable outside of an entry: nothing here names a person or a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its number.
    pub id: EntryId,
    /// Identity of the content.
    pub key: EntryKey,
    /// Where it stands.
    pub state: State,
    /// When it was stored, by this host's clock.
    pub stored_at: Timestamp,
    /// When its state or step last changed.
    pub changed_at: Timestamp,
    /// When it is tried next; of meaning only while it waits.
    pub next_attempt: Timestamp,
    /// How often it was [put off](crate::Outbox::retry_later) since it began to wait.
    pub attempts: u32,
    /// Why it was put off or set aside last.
    pub code: Option<Code>,
    /// Length of the payload in bytes.
    pub size: u64,
}

/// An entry with its content, unsealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The readable outside.
    pub summary: Summary,
    /// Whose order it keeps.
    pub lane: Lane,
    /// The content.
    pub payload: Vec<u8>,
    /// How far its sending has come.
    pub step: Option<Step>,
    /// The receipt of a sent entry, the answer of one that was set aside.
    pub note: Option<Vec<u8>>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("summary", &self.summary)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

/// Which entries to list: pages of `limit`, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those that came after this one: the last of the page before.
    pub after: Option<EntryId>,
    /// At most so many.
    pub limit: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            state: None,
            after: None,
            limit: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_cannot_carry_free_text() {
        assert_eq!(Code::new("HTTP-422").as_str(), "http-422");
        assert_eq!(Code::new("José: 80 kg\n").as_str(), "jos___80_kg_");
        assert_eq!(Code::new(&"x".repeat(200)).as_str().len(), 64);
    }
}
