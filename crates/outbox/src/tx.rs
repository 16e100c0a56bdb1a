//! A transaction under way: what requests do to entries.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::entry::{Code, Disposition, EntryId, NewEntry, Outcome, Step};
use crate::error::StoreError;
use crate::queue::Waiting;
use crate::state::State;
use crate::store::{Failure, Inserted, Standing, Store};

/// What requests work with.
pub(crate) struct Tx<'a> {
    pub(crate) store: &'a Store,
    pub(crate) last: i64,
    pub(crate) now: Timestamp,
    pub(crate) instant: Instant,
    /// What becomes true in memory once the transaction is committed.
    pub(crate) effects: Vec<Effect>,
}

/// One entry came or moved.
pub(crate) struct Effect {
    pub(crate) seq: i64,
    pub(crate) from: Option<State>,
    pub(crate) to: State,
    /// Its place in the queue, if it waits now.
    pub(crate) waiting: Option<Waiting>,
}

/// Where an entry is moved to.
pub(crate) enum Move {
    Sent { receipt: Vec<u8> },
    Retry { after: Duration, code: Code },
    SetAside { code: Code, answer: Option<Vec<u8>> },
    Uncertain,
    Release,
    Requeue,
    Discard,
}

impl Tx<'_> {
    pub(crate) fn append(&mut self, entry: &NewEntry) -> Result<Outcome, Failure> {
        let (state, code) = match &entry.disposition {
            Disposition::Send => (State::Waiting, None),
            Disposition::Hold => (State::Held, None),
            Disposition::SetAside(code) => (State::SetAside, Some(code)),
        };
        let seq = self.last + 1;
        match self.store.insert(seq, entry, state, code, self.now)? {
            Inserted::Known { seq } => Ok(Outcome::AlreadyPresent { id: EntryId(seq) }),
            Inserted::New => {
                self.last = seq;
                let waiting = Waiting {
                    lane: entry.lane,
                    stored_at: self.now,
                    due: self.instant,
                };
                self.effects.push(Effect {
                    seq,
                    from: None,
                    to: state,
                    waiting: (state == State::Waiting).then_some(waiting),
                });
                Ok(Outcome::Stored { id: EntryId(seq) })
            }
        }
    }

    pub(crate) fn mark(&mut self, id: EntryId, step: &Step) -> Result<(), Failure> {
        let head = self.store.head(id.0)?;
        if head.state != State::Waiting {
            return Err(Failure::Request(StoreError::WrongState { id, state: head.state }));
        }
        self.store.set_step(id.0, &head, step, self.now)
    }

    /// A waiting entry whose row cannot be read goes out of the way of the others.
    pub(crate) fn set_aside_damaged(&mut self, seq: i64) -> Result<(), Failure> {
        self.store.set_aside_unread(seq, &Code::new("damaged"), self.now)?;
        self.effects.push(Effect {
            seq,
            from: Some(State::Waiting),
            to: State::SetAside,
            waiting: None,
        });
        Ok(())
    }

    pub(crate) fn shift(&mut self, id: EntryId, to: Move) -> Result<(), Failure> {
        let head = self.store.head(id.0)?;
        if !to.is_allowed_from(head.state) {
            return Err(Failure::Request(StoreError::WrongState { id, state: head.state }));
        }
        let delay = if let Move::Retry { after, .. } = &to {
            *after
        } else {
            Duration::ZERO
        };
        // A delay beyond the end of time is as good as none: it is bounded when the store opens, too.
        let due_at = SignedDuration::try_from(delay)
            .ok()
            .and_then(|delay| self.now.checked_add(delay).ok())
            .unwrap_or(self.now);
        let stay = |state| Standing {
            state,
            due_at,
            attempts: head.attempts,
            code: head.code.clone(),
        };
        // The note first: it can fail for this request alone, before anything of it is written.
        let standing = match to {
            Move::Sent { receipt } => {
                self.store.set_note(id.0, &head, Some(&receipt))?;
                Standing {
                    code: None,
                    ..stay(State::Sent)
                }
            }
            Move::Retry { code, .. } => Standing {
                attempts: head.attempts.saturating_add(1),
                code: Some(code),
                ..stay(State::Waiting)
            },
            Move::SetAside { code, answer } => {
                self.store.set_note(id.0, &head, answer.as_deref())?;
                Standing {
                    code: Some(code),
                    ..stay(State::SetAside)
                }
            }
            Move::Uncertain => stay(State::Uncertain),
            Move::Release | Move::Requeue => Standing {
                attempts: 0,
                code: None,
                ..stay(State::Waiting)
            },
            Move::Discard => stay(State::Discarded),
        };
        self.store.set_standing(id.0, &standing, self.now)?;
        let waiting = Waiting {
            lane: head.lane,
            stored_at: head.stored_at,
            due: self.instant.checked_add(delay).unwrap_or(self.instant),
        };
        self.effects.push(Effect {
            seq: id.0,
            from: Some(head.state),
            to: standing.state,
            waiting: (standing.state == State::Waiting).then_some(waiting),
        });
        Ok(())
    }
}

impl Move {
    fn is_allowed_from(&self, state: State) -> bool {
        use State::{Discarded, Held, Sent, SetAside, Uncertain, Waiting};
        match self {
            // Twice is once: the first answer may have been lost.
            Self::Sent { .. } => matches!(state, Waiting | Uncertain | Sent),
            Self::Retry { .. } | Self::Uncertain => state == Waiting,
            Self::SetAside { .. } => matches!(state, Waiting | Held | Uncertain),
            Self::Release => state == Held,
            Self::Requeue => matches!(state, SetAside | Uncertain | Discarded),
            Self::Discard => matches!(state, Waiting | Held | SetAside | Uncertain),
        }
    }
}
