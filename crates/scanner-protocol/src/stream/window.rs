//! Finding the frames of a grammar in a stream that comes in any pieces.

use std::ops::Range;

use memchr::memchr2;

use super::{Content, Front, Grammar, Rest, is_line_end};
use crate::fault::Fault;

/// So many bytes are held at most: twice the longest frame of any family, so that the search seldom runs out of them.
const ROOM: usize = 4096;

/// A stream seen through a grammar. Holds the beginning of one frame at most, and nothing of the noise between frames.
#[derive(Debug)]
pub(super) struct Window {
    grammar: &'static Grammar,
    /// Bytes of the stream; those before `at` are dealt with.
    held: Vec<u8>,
    at: usize,
    /// Where in `held` the frame is that was found last.
    frame: Range<usize>,
    /// Offset in the stream of the byte at `at`.
    offset: u64,
    /// The byte there begins a line.
    line_start: bool,
    /// Bytes before this offset belong to a rejected frame.
    rejected_until: u64,
    skipped: u64,
}

/// A frame; its bytes are [`Window::frame`].
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) outcome: Result<Content, Fault>,
}

impl Window {
    pub(super) fn new(grammar: &'static Grammar) -> Self {
        // Or a frame that fills the room without an end would be waited for, and nothing taken any more.
        debug_assert!(
            2 * grammar.longest <= ROOM,
            "no room for the frames of {}",
            grammar.protocol
        );
        Self {
            grammar,
            held: Vec::with_capacity(ROOM),
            at: 0,
            frame: 0..0,
            offset: 0,
            line_start: true,
            rejected_until: 0,
            skipped: 0,
        }
    }

    /// Takes bytes from the front of `bytes` until there is a frame; `None` when all of them are taken. What is held then may become
    /// one with more bytes.
    pub(super) fn advance(&mut self, bytes: &mut &[u8]) -> Option<Found> {
        loop {
            // Elsewhere the search has all that it can need.
            if self.held.len() - self.at < self.grammar.longest {
                self.refill(bytes);
            }
            let found = self.next(Rest::Open);
            if found.is_some() || bytes.is_empty() {
                return found;
            }
        }
    }

    /// The next frame in what is held, as nothing follows it. After `None` nothing is held, and the next byte begins a line.
    pub(super) fn fall_silent(&mut self) -> Option<Found> {
        let found = self.next(Rest::Silence);
        self.line_start |= found.is_none();
        found
    }

    /// Whether a frame may be under way.
    pub(super) fn is_open(&self) -> bool {
        self.at < self.held.len()
    }

    /// The bytes of the frame that was found just now.
    pub(super) fn frame(&self) -> &[u8] {
        &self.held[self.frame.clone()]
    }

    /// Offset in the stream of what is dealt with next.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that belonged to no frame; line ends between frames do not count.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn refill(&mut self, bytes: &mut &[u8]) {
        self.held.drain(..self.at);
        self.at = 0;
        let (now, later) = bytes.split_at(bytes.len().min(ROOM - self.held.len()));
        self.held.extend_from_slice(now);
        *bytes = later;
    }

    /// Passes over noise to the next frame, and over that. Stops before what may become one if `rest` is open.
    fn next(&mut self, rest: Rest) -> Option<Found> {
        let held = std::mem::take(&mut self.held);
        let bytes = &held[self.at..];
        let (noise, front) = self.hunt(bytes, rest);
        self.pass_over(&bytes[..noise]);
        let found = self.found(&bytes[noise..], front);
        self.held = held;
        found
    }

    /// How much noise stands at the front of `bytes`, and what behind it.
    fn hunt(&self, bytes: &[u8], rest: Rest) -> (usize, Front) {
        let mut at = self.beginning(bytes, 0);
        while at < bytes.len() {
            let window = &bytes[at..bytes.len().min(at + self.grammar.longest)];
            match (self.grammar.scan)(window, rest) {
                Front::More if rest == Rest::Open && window.len() < self.grammar.longest => return (at, Front::More),
                Front::No | Front::More => at = self.beginning(bytes, at + 1),
                front => return (at, front),
            }
        }
        (at, Front::No)
    }

    /// The next position, from `from` on, where a frame may begin.
    fn beginning(&self, bytes: &[u8], from: usize) -> usize {
        let head = &self.grammar.head;
        if !self.grammar.line_start_only {
            return from + head.find(&bytes[from..]);
        }
        let mut line_start = from
            .checked_sub(1)
            .map_or(self.line_start, |before| is_line_end(bytes[before]));
        let mut at = from;
        while at < bytes.len() && !(line_start && head.fits(&bytes[at..])) {
            at += line_length(&bytes[at..]);
            line_start = true;
        }
        at
    }

    /// Takes the frame at the front of `window`, if it is one. Behind a rejected one the search goes on from its second byte, unless
    /// frames begin only where lines do: then nothing in it can be another one.
    fn found(&mut self, window: &[u8], front: Front) -> Option<Found> {
        let (length, taken, outcome) = match front {
            Front::No | Front::More => return None,
            Front::Frame(length, content) => (length, length, Ok(content)),
            Front::Bad(length, fault) => {
                self.rejected_until = self.rejected_until.max(self.offset + length as u64);
                let taken = if self.grammar.line_start_only { length } else { 1 };
                (length, taken, Err(fault))
            }
        };
        self.frame = self.at..self.at + length;
        let found = Found {
            offset: self.offset,
            outcome,
        };
        self.at += taken;
        self.offset += taken as u64;
        self.line_start = is_line_end(window[taken - 1]);
        Some(found)
    }

    fn pass_over(&mut self, noise: &[u8]) {
        let Some(&last) = noise.last() else { return };
        let rejected = self.rejected_until.saturating_sub(self.offset);
        let rejected = usize::try_from(rejected).unwrap_or(usize::MAX).min(noise.len());
        self.skipped += without_line_ends(&noise[rejected..]);
        self.at += noise.len();
        self.offset += noise.len() as u64;
        self.line_start = is_line_end(last);
    }
}

/// The rest of a line that has begun, with the first byte of its end.
fn line_length(bytes: &[u8]) -> usize {
    // Noise may be nothing but line ends, and a search costs more than a look.
    if is_line_end(bytes[0]) {
        return 1;
    }
    memchr2(b'\r', b'\n', bytes).map_or(bytes.len(), |end| end + 1)
}

/// How many of `bytes` are no line ends. Summed in bytes, of which the processor adds many at a time; so many cannot overflow one.
fn without_line_ends(bytes: &[u8]) -> u64 {
    let count = |chunk: &[u8]| chunk.iter().map(|&byte| u8::from(!is_line_end(byte))).sum::<u8>();
    bytes
        .chunks(usize::from(u8::MAX))
        .map(|chunk| u64::from(count(chunk)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scales::and::AND;

    #[test]
    fn it_never_holds_more_than_it_has_room_for() {
        let mut window = Window::new(&AND);
        let room = window.held.capacity();
        // A frame that has begun, and then far more than fits behind it.
        for bytes in [&b"ST,+0"[..], &[b'x'; 3 * ROOM]] {
            let mut bytes = bytes;
            while window.advance(&mut bytes).is_some() {}
            assert!(bytes.is_empty());
        }
        assert_eq!(window.held.capacity(), room);
    }
}
