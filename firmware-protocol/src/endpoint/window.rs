//! The window of one message in each direction.
//!
//! A message goes out as parts without waiting in between. The receiver says `want` at the first gap and at a last part that
//! leaves one, and `done` when it has everything. A sender without an answer repeats the last part: the answer tells it where
//! to go on. So a long result runs at the speed of the line, and still only one message can be under way.

use heapless::Vec;

use crate::{
    frame::MAX_PAYLOAD,
    time::{Instant, Timing},
};

/// The sending half.
#[derive(Debug)]
pub(crate) struct Outgoing {
    timing: Timing,
    seq: u8,
    flight: Option<Flight>,
}

#[derive(Debug)]
struct Flight {
    length: usize,
    parts: u8,
    /// The part to send next; `parts` when all are out.
    next: u8,
    /// The repeats since the other side was last heard to get further, asked for or not.
    repeats: u8,
    /// The last part was repeated for want of an answer, and the answer has not come.
    asked_again: bool,
    /// The furthest part the other side has asked for: it has everything before.
    wanted: u8,
    /// When the last part is repeated; `None` until all parts are out.
    resend: Option<Instant>,
}

/// A part to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) seq: u8,
    pub(crate) index: u8,
    pub(crate) last: bool,
    /// Where in the message it starts.
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

/// What a look at the clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    Waiting,
    Repeat,
    Exhausted,
}

impl Outgoing {
    pub(crate) const fn new(timing: Timing) -> Self {
        Self {
            timing,
            seq: 0,
            flight: None,
        }
    }

    /// A new session begins.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.timing);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.flight.is_none()
    }

    /// Puts a message of `length` bytes on its way.
    pub(crate) fn begin(&mut self, length: usize) {
        let parts = length.div_ceil(MAX_PAYLOAD).max(1);
        let parts = u8::try_from(parts).expect("the longest record has 18 parts");
        self.flight = Some(Flight {
            length,
            parts,
            next: 0,
            repeats: 0,
            asked_again: false,
            wanted: 0,
            resend: None,
        });
    }

    /// The part that is to go out now.
    pub(crate) fn take_part(&mut self, now: Instant) -> Option<Part> {
        let flight = self.flight.as_mut().filter(|flight| flight.next < flight.parts)?;
        let index = flight.next;
        let offset = usize::from(index) * MAX_PAYLOAD;
        let last = index + 1 == flight.parts;
        flight.next += 1;
        if last {
            let doubled = self.timing.resend << flight.repeats.min(8);
            flight.resend = Some(now + doubled.min(self.timing.resend_at_most));
        }
        let length = MAX_PAYLOAD.min(flight.length - offset);
        Some(Part {
            seq: self.seq,
            index,
            last,
            offset,
            length,
        })
    }

    /// The other side has message `seq`. Returns whether that was the one under way.
    pub(crate) fn handle_done(&mut self, seq: u8) -> bool {
        let ours = seq == self.seq && self.flight.is_some();
        if ours {
            self.flight = None;
            self.seq = self.seq.wrapping_add(1);
        }
        ours
    }

    /// The other side misses part `index` of message `seq`. Patience begins anew if it has got further: on a bad line a long message
    /// may need more repeats than a dead receiver is worth. If it has not, that is a repeat like those for want of an answer, and after a
    /// few of them only the answer to one of those counts: a part that never arrives must not fill the line for ever.
    pub(crate) fn handle_want(&mut self, seq: u8, index: u8) {
        let Some(flight) = self
            .flight
            .as_mut()
            .filter(|flight| seq == self.seq && index < flight.next)
        else {
            return;
        };
        let answers = core::mem::take(&mut flight.asked_again);
        if index > flight.wanted {
            flight.wanted = index;
            flight.repeats = 0;
        } else if !answers {
            if flight.repeats >= Timing::REPEATS_AT_ONCE {
                return;
            }
            flight.repeats += 1;
        }
        flight.next = index;
        flight.resend = None;
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Patience {
        let Some(flight) = self
            .flight
            .as_mut()
            .filter(|flight| flight.resend.is_some_and(|at| now >= at))
        else {
            return Patience::Waiting;
        };
        if flight.repeats == Timing::REPEATS {
            return Patience::Exhausted;
        }
        flight.repeats += 1;
        flight.asked_again = true;
        flight.next = flight.parts - 1;
        flight.resend = None;
        Patience::Repeat
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.flight.as_ref()?.resend
    }
}

/// The receiving half: puts the parts of one message together. Of a message longer than `N` bytes the parts that fit are kept:
/// what is behind them can only be fields of a newer version, or damage that its record shows.
pub(crate) struct Incoming<const N: usize> {
    seq: u8,
    next: u8,
    message: Vec<u8, N>,
    /// The message does not fit: no further part of it is kept.
    overflow: bool,
    /// A gap was reported and nothing came since.
    gap_reported: bool,
    /// A whole message waits in `message`; nothing more is taken until it is.
    held: bool,
    reply: Option<Reply>,
}

/// An answer that has to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Done { seq: u8 },
    Want { seq: u8, index: u8 },
}

/// What a part did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is kept, and more must come.
    Part,
    /// The message is whole and held.
    Message,
    /// It was here before.
    Repeat,
    /// It came too early: a gap, or the last message is still held.
    NotNow,
}

impl<const N: usize> Incoming<N> {
    pub(crate) const fn new() -> Self {
        Self::starting_at(0)
    }

    /// A receiver whose next message has this number.
    pub(crate) const fn starting_at(seq: u8) -> Self {
        Self {
            seq,
            next: 0,
            message: Vec::new(),
            overflow: false,
            gap_reported: false,
            held: false,
            reply: None,
        }
    }

    /// A new session begins. A held message of the old one is dropped: whatever must not be lost comes again.
    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn handle_part(&mut self, seq: u8, index: u8, last: bool, payload: &[u8]) -> Taken {
        if seq != self.seq {
            // The message before this one: its "done" was lost. Anything older is a late copy that nobody waits for.
            if seq == self.seq.wrapping_sub(1) {
                self.reply = Some(Reply::Done { seq });
            }
            return Taken::Repeat;
        }
        if self.held {
            return Taken::NotNow;
        }
        if index != self.next {
            if last || (index > self.next && !self.gap_reported) {
                self.gap_reported = true;
                self.reply = Some(Reply::Want { seq, index: self.next });
            }
            return if index > self.next {
                Taken::NotNow
            } else {
                Taken::Repeat
            };
        }
        if index == 0 {
            self.message.clear();
            self.overflow = false;
        }
        self.gap_reported = false;
        self.overflow = self.overflow || self.message.extend_from_slice(payload).is_err();
        self.next = self.next.saturating_add(1);
        if !last {
            return Taken::Part;
        }
        self.complete();
        self.held = true;
        Taken::Message
    }

    /// The bytes so far of a message that is not complete.
    pub(crate) fn partial(&self) -> Option<&[u8]> {
        (self.next > 0).then_some(&self.message)
    }

    /// Tells the other side that the message under way need not come, because what it says is known.
    pub(crate) fn skip(&mut self) {
        self.complete();
    }

    /// The message that is held.
    pub(crate) fn held(&self) -> Option<&[u8]> {
        self.held.then_some(&self.message)
    }

    /// Lets go of the held message. Its bytes stay until the next input.
    pub(crate) fn release(&mut self) {
        self.held = false;
    }

    /// The bytes of the message that was released last.
    pub(crate) fn released(&self) -> &[u8] {
        &self.message
    }

    pub(crate) fn take_reply(&mut self) -> Option<Reply> {
        self.reply.take()
    }

    fn complete(&mut self) {
        self.reply = Some(Reply::Done { seq: self.seq });
        self.seq = self.seq.wrapping_add(1);
        self.next = 0;
        self.gap_reported = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(length: usize) -> Outgoing {
        let mut outgoing = Outgoing::new(Timing::at_baud(115_200));
        outgoing.begin(length);
        outgoing
    }

    fn indexes(outgoing: &mut Outgoing) -> std::vec::Vec<u8> {
        core::iter::from_fn(|| outgoing.take_part(Instant::START))
            .map(|part| part.index)
            .collect()
    }

    #[test]
    fn a_message_goes_out_whole_and_resumes_where_the_gap_is() {
        let mut outgoing = whole(5 * MAX_PAYLOAD);
        assert_eq!(indexes(&mut outgoing), [0, 1, 2, 3, 4]);
        outgoing.handle_want(0, 2);
        assert_eq!(indexes(&mut outgoing), [2, 3, 4]);
        assert!(outgoing.handle_done(0) && outgoing.is_idle());
        assert!(!outgoing.handle_done(0), "a late copy of an answer means nothing");
    }

    #[test]
    fn without_an_answer_only_the_last_part_is_repeated_until_patience_ends() {
        let mut outgoing = whole(2 * MAX_PAYLOAD + 1);
        indexes(&mut outgoing);
        for _ in 0..Timing::REPEATS {
            let at = outgoing.deadline().unwrap();
            assert_eq!(outgoing.handle_timeout(at), Patience::Repeat);
            let part = outgoing.take_part(at).unwrap();
            assert_eq!((part.index, part.last, part.length), (2, true, 1));
        }
        assert_eq!(
            outgoing.handle_timeout(outgoing.deadline().unwrap()),
            Patience::Exhausted
        );
    }

    #[test]
    fn patience_begins_anew_with_every_part_the_other_side_has_got_and_ends_when_it_gets_no_further() {
        const PARTS: u8 = 18;
        let mut outgoing = whole(usize::from(PARTS) * MAX_PAYLOAD);
        let repeat = |outgoing: &mut Outgoing| {
            indexes(outgoing);
            let at = outgoing.deadline().unwrap();
            outgoing.handle_timeout(at)
        };
        // Of each burst only the first part arrives, and the answer to the repeat says so.
        for index in 1..PARTS {
            assert_eq!(repeat(&mut outgoing), Patience::Repeat, "part {index}");
            indexes(&mut outgoing);
            outgoing.handle_want(0, index);
        }
        // From here on it asks for the same part for ever.
        for _ in 0..Timing::REPEATS {
            assert_eq!(repeat(&mut outgoing), Patience::Repeat);
            indexes(&mut outgoing);
            outgoing.handle_want(0, PARTS - 1);
        }
        assert_eq!(repeat(&mut outgoing), Patience::Exhausted);
    }

    #[test]
    fn a_part_that_never_arrives_is_repeated_a_few_times_at_once_and_then_with_pauses_until_patience_ends() {
        let mut outgoing = whole(MAX_PAYLOAD + 1);
        let (mut now, mut bursts, mut pauses) = (Instant::START, 0, 0);
        loop {
            while outgoing.take_part(now).is_some() {}
            bursts += 1;
            assert!(bursts < 100, "it goes on for ever");
            // The short last part passes, the first one does not.
            outgoing.handle_want(0, 0);
            if outgoing.flight.as_ref().is_some_and(|flight| flight.next == 0) {
                continue;
            }
            now = outgoing.deadline().unwrap();
            pauses += 1;
            if outgoing.handle_timeout(now) == Patience::Exhausted {
                break;
            }
        }
        let after = now.micros() / 1000;
        assert!(
            (2000..6000).contains(&after),
            "{after} ms, {bursts} bursts, {pauses} pauses"
        );
    }

    #[test]
    fn a_gap_is_reported_once_and_again_at_the_last_part() {
        let mut incoming = Incoming::<16>::new();
        assert_eq!(incoming.handle_part(0, 0, false, b"a"), Taken::Part);
        for (index, last, reported) in [(2, false, true), (3, false, false), (4, true, true)] {
            assert_eq!(incoming.handle_part(0, index, last, b"x"), Taken::NotNow);
            assert_eq!(
                incoming.take_reply(),
                reported.then_some(Reply::Want { seq: 0, index: 1 })
            );
        }
        assert_eq!(incoming.handle_part(0, 1, true, b"b"), Taken::Message);
        assert_eq!(incoming.held(), Some(b"ab".as_slice()));
    }

    #[test]
    fn a_held_message_is_not_overwritten_and_the_next_one_comes_again() {
        let mut incoming = Incoming::<16>::new();
        assert_eq!(incoming.handle_part(0, 0, true, b"first"), Taken::Message);
        assert_eq!(incoming.take_reply(), Some(Reply::Done { seq: 0 }));
        assert_eq!(incoming.handle_part(1, 0, true, b"second"), Taken::NotNow);
        assert_eq!(incoming.take_reply(), None);
        incoming.release();
        assert_eq!(incoming.released(), b"first");
        assert_eq!(incoming.handle_part(1, 0, true, b"second"), Taken::Message);
    }

    #[test]
    fn of_a_message_that_cannot_fit_the_first_parts_are_kept() {
        let mut incoming = Incoming::<4>::new();
        assert_eq!(incoming.handle_part(0, 0, false, b"abc"), Taken::Part);
        assert_eq!(incoming.handle_part(0, 1, false, b"too long"), Taken::Part);
        assert_eq!(incoming.handle_part(0, 2, true, b"d"), Taken::Message);
        assert_eq!(incoming.take_reply(), Some(Reply::Done { seq: 0 }));
        assert_eq!(incoming.held(), Some(b"abc".as_slice()));
        incoming.release();
        assert_eq!(incoming.handle_part(1, 0, true, b"fits"), Taken::Message);
        assert_eq!(incoming.held(), Some(b"fits".as_slice()));
    }
}
