//! Finding the frames of a grammar in a stream that comes in any pieces.

use memchr::memchr2;

use super::{Content, Grammar, Rest, Scan, is_line_end};
use crate::fault::Fault;

/// A stream seen through a grammar. Holds the beginning of one frame at most, and nothing of the noise between frames.
#[derive(Debug)]
pub(super) struct Window {
    grammar: &'static Grammar,
    /// What may become a frame with more bytes; shorter than the longest frame.
    pending: Vec<u8>,
    /// The bytes of the frame found last.
    frame: Vec<u8>,
    /// Offset in the stream of the first byte that is not dealt with: the front of `pending`.
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
        Self {
            grammar,
            pending: Vec::with_capacity(grammar.longest),
            frame: Vec::new(),
            offset: 0,
            line_start: true,
            rejected_until: 0,
            skipped: 0,
        }
    }

    /// Takes bytes from the front of `bytes` up to the end of the next frame; `None` when all of them are taken.
    pub(super) fn advance(&mut self, bytes: &mut &[u8]) -> Option<Found> {
        loop {
            if self.pending.is_empty() {
                let noise = self.noise(bytes);
                self.pass_over(&bytes[..noise]);
                *bytes = &bytes[noise..];
                if bytes.is_empty() {
                    return None;
                }
                let window = &bytes[..bytes.len().min(self.grammar.longest)];
                match self.scan(window, Rest::Open) {
                    Scan::More if window.len() < self.grammar.longest => {
                        self.pending.extend_from_slice(window);
                        *bytes = &[];
                        return None;
                    }
                    Scan::More | Scan::No => {
                        self.pass_over(&bytes[..1]);
                        *bytes = &bytes[1..];
                    }
                    scan => {
                        let (taken, found) = self.found(window, scan);
                        *bytes = &bytes[taken..];
                        return found;
                    }
                }
            } else {
                let held = self.pending.len();
                let added = bytes.len().min(self.grammar.longest - held);
                self.pending.extend_from_slice(&bytes[..added]);
                let window = std::mem::take(&mut self.pending);
                let scan = self.scan(&window, Rest::Open);
                if matches!(scan, Scan::More) && window.len() < self.grammar.longest {
                    self.pending = window;
                    *bytes = &[];
                    return None;
                }
                let (taken, found) = self.take_front(&window, scan);
                self.pending = window;
                if taken < held {
                    self.pending.truncate(held);
                    self.pending.drain(..taken);
                } else {
                    self.pending.clear();
                    *bytes = &bytes[taken - held..];
                }
                if found.is_some() {
                    return found;
                }
            }
        }
    }

    /// The next frame in what is held, as nothing follows it. After `None` nothing is held, and the next byte begins a line.
    pub(super) fn fall_silent(&mut self) -> Option<Found> {
        while !self.pending.is_empty() {
            let window = std::mem::take(&mut self.pending);
            let scan = self.scan(&window, Rest::Silence);
            let (taken, found) = self.take_front(&window, scan);
            self.pending = window;
            self.pending.drain(..taken);
            if found.is_some() {
                return found;
            }
        }
        self.line_start = true;
        None
    }

    /// Whether a frame may be under way.
    pub(super) fn is_open(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The bytes of the frame found last.
    pub(super) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Bytes that belonged to no frame; line ends between frames do not count.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn scan(&self, window: &[u8], rest: Rest) -> Scan {
        let may_begin =
            self.grammar.starts[usize::from(window[0])] && (self.line_start || !self.grammar.line_start_only);
        if may_begin {
            (self.grammar.scan)(window, rest)
        } else {
            Scan::No
        }
    }

    /// Takes a frame, or one byte of noise.
    fn take_front(&mut self, window: &[u8], scan: Scan) -> (usize, Option<Found>) {
        match scan {
            Scan::No | Scan::More => {
                self.pass_over(&window[..1]);
                (1, None)
            }
            scan => self.found(window, scan),
        }
    }

    /// Takes a frame. Behind a rejected one the search goes on from its second byte, unless frames begin only where lines do: then
    /// nothing in it can be another one.
    fn found(&mut self, window: &[u8], scan: Scan) -> (usize, Option<Found>) {
        let (length, taken, outcome) = match scan {
            Scan::Frame(length, content) => (length, length, Ok(content)),
            Scan::Bad(length, fault) => {
                self.rejected_until = self.rejected_until.max(self.offset + length as u64);
                let taken = if self.grammar.line_start_only { length } else { 1 };
                (length, taken, Err(fault))
            }
            Scan::No | Scan::More => return (0, None),
        };
        self.frame.clear();
        self.frame.extend_from_slice(&window[..length]);
        let found = Found {
            offset: self.offset,
            outcome,
        };
        self.offset += taken as u64;
        self.line_start = is_line_end(window[taken - 1]);
        (taken, Some(found))
    }

    /// How many bytes stand before the next that may begin a frame.
    fn noise(&self, bytes: &[u8]) -> usize {
        let (starts, seconds) = (&self.grammar.starts, &self.grammar.seconds);
        let begins = |at: usize| {
            starts[usize::from(bytes[at])] && bytes.get(at + 1).is_none_or(|&byte| seconds[usize::from(byte)])
        };
        let mut at = 0;
        if self.grammar.line_start_only {
            at = if self.line_start { 0 } else { line_length(bytes) };
            while at < bytes.len() && !begins(at) {
                at += if is_line_end(bytes[at]) {
                    1
                } else {
                    line_length(&bytes[at..])
                };
            }
        } else {
            while at < bytes.len() && !begins(at) {
                at += 1;
            }
        }
        at
    }

    fn pass_over(&mut self, noise: &[u8]) {
        let Some(&last) = noise.last() else { return };
        let rejected = self.rejected_until.saturating_sub(self.offset);
        let rejected = usize::try_from(rejected).unwrap_or(usize::MAX).min(noise.len());
        let skipped = noise[rejected..].iter().filter(|&&byte| !is_line_end(byte)).count();
        self.skipped += skipped as u64;
        self.offset += noise.len() as u64;
        self.line_start = is_line_end(last);
    }
}

/// The rest of a line that has begun, with the first byte of its end.
fn line_length(bytes: &[u8]) -> usize {
    memchr2(b'\r', b'\n', bytes).map_or(bytes.len(), |end| end + 1)
}
