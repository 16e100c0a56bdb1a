//! Finding records in a stream of bytes.

use memchr::{memchr2, memmem::Finder};

/// The longest line that can be a record. Real ones have at most 1,271 bytes.
pub(super) const MAX_LINE: usize = 4096;

/// The first bytes of every record; the brace is part of the first tag.
const RECORD: &[u8] = b"{0,";

/// Cuts a stream into records. Holds one record at most, and nothing of the noise between them.
#[derive(Debug)]
pub(super) struct Framer {
    /// While [`Self::open`], the record so far; otherwise at most two bytes that may become the beginning of one.
    frame: Vec<u8>,
    open: bool,
    /// Finds [`RECORD`].
    records: Finder<'static>,
    /// Offset in the stream of the first byte of `frame`, while open.
    offset: u64,
    /// So much of `frame` holds no second beginning.
    searched: usize,
    /// The next byte to look at begins a line.
    line_start: bool,
    /// Bytes taken from the stream.
    taken: u64,
    skipped: u64,
}

/// What [`Framer::advance`] came upon.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record begins; it is open now.
    Beginning,
    /// The open record is complete.
    End,
    /// A new record begins at this position of the open one, whose end never came.
    CutOff(usize),
    /// The open record is longer than any can be.
    TooLong,
}

/// Whether some bytes begin a record.
#[derive(PartialEq, Eq)]
enum Beginning {
    Yes,
    /// They may, with more of them.
    Perhaps,
    No,
}

impl Framer {
    pub(super) fn new() -> Self {
        Self {
            frame: Vec::new(),
            open: false,
            records: Finder::new(RECORD),
            offset: 0,
            searched: 1,
            line_start: true,
            taken: 0,
            skipped: 0,
        }
    }

    /// Takes bytes from the front of `bytes` up to the next thing worth telling; `None` when all of them are taken.
    pub(super) fn advance(&mut self, bytes: &mut &[u8]) -> Option<Found> {
        if self.open {
            self.collect(bytes)
        } else {
            self.hunt(bytes)
        }
    }

    /// Whether a record is open.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The open record so far, without its line end.
    pub(super) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Offset in the stream of the open record.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Closes the open record after its end or after a silence: the next byte begins a line.
    pub(super) fn close(&mut self) {
        self.skipped += if self.open { 0 } else { self.frame.len() as u64 };
        self.frame.clear();
        self.open = false;
        self.line_start = true;
    }

    /// Closes the open record as not one: the search goes on from its second byte. It holds no other beginning, or it would have
    /// been cut off there, except one that its last bytes have only started.
    pub(super) fn close_within(&mut self) {
        let keep = begun(&self.frame);
        self.frame.drain(..self.frame.len() - keep);
        self.open = false;
        self.line_start = false;
    }

    /// Drops the fragment before the beginning found at `at`, which is open from now on.
    pub(super) fn cut(&mut self, at: usize) {
        self.frame.drain(..at);
        self.offset += at as u64;
        self.searched = 1;
    }

    /// Counts bytes of a dropped fragment.
    pub(super) fn skip(&mut self, count: usize) {
        self.skipped += count as u64;
    }

    /// Bytes that belonged to no record; line ends between records do not count.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn hunt(&mut self, bytes: &mut &[u8]) -> Option<Found> {
        loop {
            if self.frame.is_empty() {
                self.skip_noise(bytes);
            }
            let pending = self.frame.len();
            let missing = bytes.len().min(RECORD.len() - pending);
            self.frame.extend_from_slice(&bytes[..missing]);
            match beginning(&self.frame, self.line_start) {
                Beginning::Yes => {
                    self.take(bytes, missing);
                    self.open = true;
                    self.offset = self.taken - self.frame.len() as u64;
                    self.searched = 1;
                    return Some(Found::Beginning);
                }
                Beginning::Perhaps => {
                    self.take(bytes, missing);
                    return None;
                }
                // What looked like a beginning may hide one from its second byte on. It was pending: noise never gets here.
                Beginning::No => {
                    self.frame.truncate(pending);
                    let dropped = self.frame.remove(0);
                    self.pass_over(&[dropped]);
                }
            }
        }
    }

    /// Takes all bytes before the next that may begin a record.
    fn skip_noise(&mut self, bytes: &mut &[u8]) {
        let mut at = 0;
        // It ends with the bytes: nothing may become a beginning.
        while beginning(&bytes[at..], self.line_start) == Beginning::No {
            let rest = &bytes[at..];
            // A search costs more than a look, and noise may be nothing but line ends.
            let noise = match rest.iter().position(|&byte| !is_line_end(byte)) {
                Some(0) => self.noise_of_line(rest),
                ends => ends.unwrap_or(rest.len()),
            };
            self.pass_over(&rest[..noise]);
            at += noise;
        }
        self.take(bytes, at);
    }

    /// How many of `bytes` stand before the next record, or before the next line.
    fn noise_of_line(&self, bytes: &[u8]) -> usize {
        let line = &bytes[..memchr2(b'\r', b'\n', bytes).map_or(bytes.len(), |end| end + 1)];
        let record = self.records.find(line);
        record.unwrap_or_else(|| line.len() - begun(line))
    }

    /// Notes bytes between records: of one line, and the ends behind it.
    fn pass_over(&mut self, noise: &[u8]) {
        let content = noise
            .iter()
            .rposition(|&byte| !is_line_end(byte))
            .map_or(0, |last| last + 1);
        self.line_start = content < noise.len();
        self.skip(content);
    }

    fn collect(&mut self, bytes: &mut &[u8]) -> Option<Found> {
        let line = memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
        let taken = line.min(MAX_LINE - self.frame.len());
        self.frame.extend_from_slice(&bytes[..taken]);
        self.take(bytes, taken);

        if let Some(at) = self.records.find(&self.frame[self.searched..]) {
            return Some(Found::CutOff(self.searched + at));
        }
        // Two bytes of a beginning may be there already.
        self.searched = self.frame.len() - (RECORD.len() - 1);

        if taken < line {
            Some(Found::TooLong)
        } else if bytes.is_empty() {
            None
        } else {
            self.take(bytes, 1);
            Some(Found::End)
        }
    }

    fn take(&mut self, bytes: &mut &[u8], count: usize) {
        *bytes = &bytes[count..];
        self.taken += count as u64;
    }
}

/// Whether `bytes` begin a record. `line_start` tells whether they begin a line. A BD-815 sends weights of its memory as lines of
/// their own, which begin with another tag and mean something only at the start of a line.
fn beginning(bytes: &[u8], line_start: bool) -> Beginning {
    match bytes {
        [b'{', b'0', b',', ..] => Beginning::Yes,
        [] | [b'{'] | [b'{', b'0'] => Beginning::Perhaps,
        [b'G' | b'R', b'g', b',', ..] if line_start => Beginning::Yes,
        [b'G' | b'R'] | [b'G' | b'R', b'g'] if line_start => Beginning::Perhaps,
        _ => Beginning::No,
    }
}

/// How many of the last of `bytes` may begin a record.
fn begun(bytes: &[u8]) -> usize {
    let mut lengths = (1..RECORD.len()).rev();
    lengths.find(|&length| bytes.ends_with(&RECORD[..length])).unwrap_or(0)
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `chunks` and gives the records that end by a line end, and the bytes skipped.
    fn frames(chunks: &[&[u8]]) -> (Vec<(u64, String)>, u64) {
        let mut framer = Framer::new();
        let mut frames = Vec::new();
        for mut chunk in chunks.iter().copied() {
            while let Some(found) = framer.advance(&mut chunk) {
                match found {
                    Found::Beginning => {}
                    Found::End => {
                        frames.push((framer.offset(), String::from_utf8_lossy(framer.frame()).into_owned()));
                        framer.close();
                    }
                    Found::CutOff(at) => {
                        framer.skip(at);
                        framer.cut(at);
                    }
                    Found::TooLong => framer.close_within(),
                }
            }
        }
        (frames, framer.skipped())
    }

    fn frame(offset: u64, text: &str) -> (u64, String) {
        (offset, text.to_owned())
    }

    #[test]
    fn a_beginning_inside_of_what_looked_like_one_is_found() {
        let expected = vec![frame(3, "{0,1")];
        assert_eq!(frames(&[b"{{0{0,1\r"]), (expected.clone(), 3));
        assert_eq!(
            frames(&[b"{", b"{", b"0", b"{", b"0", b",", b"1", b"\r"]),
            (expected, 3)
        );
    }

    #[test]
    fn continuation_lines_begin_only_where_a_line_begins() {
        assert_eq!(
            frames(&[b"xGg,1\rGg,2\rRg,3\n"]),
            (vec![frame(6, "Gg,2"), frame(11, "Rg,3")], 5)
        );
        assert_eq!(frames(&[b"x\nG", b"g,2\r"]), (vec![frame(2, "Gg,2")], 1));
        assert_eq!(frames(&[b"G\rRg,3\r"]), (vec![frame(2, "Rg,3")], 1));
        assert_eq!(
            frames(&[b"xG"]),
            (vec![], 2),
            "no beginning is waited for within a line"
        );
        assert_eq!(frames(&[b"\nG"]), (vec![], 0), "one is at the start of a line");
    }

    #[test]
    fn each_new_beginning_cuts_the_fragment_before_it_off() {
        assert_eq!(frames(&[b"{0,1{0,22{0,333\n"]), (vec![frame(9, "{0,333")], 9));
        assert_eq!(frames(&[b"{0,1{", b"0", b",22\n"]), (vec![frame(4, "{0,22")], 4));
    }

    #[test]
    fn a_line_of_the_greatest_length_passes_and_one_byte_more_does_not() {
        let mut line = vec![b'a'; MAX_LINE];
        line[..3].copy_from_slice(RECORD);
        line.push(b'\r');
        assert_eq!(frames(&[&line]).0.len(), 1);
        line.insert(5, b'a');
        assert_eq!(frames(&[&line]).0.len(), 0);
    }

    #[test]
    fn a_record_that_begins_at_the_end_of_an_endless_line_is_found() {
        let mut line = vec![b'a'; MAX_LINE];
        line[..3].copy_from_slice(RECORD);
        line[MAX_LINE - 2..].copy_from_slice(b"{0");
        line.extend(b",16\r");
        assert_eq!(frames(&[&line]).0, [frame(MAX_LINE as u64 - 2, "{0,16")]);
    }
}
