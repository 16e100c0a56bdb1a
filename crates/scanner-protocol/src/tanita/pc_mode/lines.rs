//! Replies and records in one stream of lines.

use memchr::{memchr2, memchr3};

/// The longest reply: the 38 fields of a BC-418, which are a line like any other.
const MAX_REPLY: usize = 512;

/// Cuts the stream. Bytes of records in braces are passed on as they come, other lines when they are complete.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The open line so far.
    line: Vec<u8>,
    kind: Kind,
    /// Bytes of the open line for which there was no room.
    lost: usize,
    /// The line reported an error within the open line.
    spoilt: bool,
    /// Bytes that nobody understood.
    skipped: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Reply,
    Record,
}

/// What [`Lines::next`] came upon.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Bytes of a record in braces, its line end included.
    Record(&'a [u8]),
    /// A line without its end.
    Reply(Vec<u8>),
    /// What is left of a line that cannot be believed.
    Broken(Broken),
}

/// A line that something is wrong with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Its bytes, without a line end; of one that is too long, the first.
    pub(super) line: Vec<u8>,
    /// How many bytes of the stream it took, with its line end if it had one.
    pub(super) length: usize,
    /// The line reported an error within it. Otherwise its end is missing, or comes too late.
    pub(super) is_spoilt: bool,
}

impl Lines {
    /// Takes bytes from the front of `bytes` up to the next thing worth telling; `None` when all of them are taken.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Piece<'a>> {
        while !bytes.is_empty() {
            match self.kind {
                Kind::Record => {
                    let line = memchr2(b'\r', b'\n', bytes).map(|at| at + 1);
                    if line.is_some() {
                        self.kind = Kind::Reply;
                    }
                    return Some(Piece::Record(take(bytes, line.unwrap_or(bytes.len()))));
                }
                Kind::Reply => {
                    let stop = memchr3(b'{', b'\r', b'\n', bytes);
                    let part = take(bytes, stop.unwrap_or(bytes.len()));
                    self.collect(part);
                    // Without a stop all bytes were taken.
                    stop?;
                    // The brace belongs to the record: it stays.
                    if bytes.first() == Some(&b'{') {
                        let broken = self.close();
                        self.kind = Kind::Record;
                        if let Some(broken) = broken {
                            return Some(Piece::Broken(broken));
                        }
                    } else {
                        take(bytes, 1);
                        if let Some(piece) = self.finish() {
                            return Some(piece);
                        }
                    }
                }
            }
        }
        None
    }

    /// Takes the bytes of a line back that was given out: the next one is kept where they were.
    pub(super) fn reuse(&mut self, mut line: Vec<u8>) {
        line.clear();
        self.line = line;
    }

    /// Whether the device is in the middle of a line.
    pub(super) fn is_open(&self) -> bool {
        self.kind == Kind::Record || !self.line.is_empty()
    }

    /// What has come of the line that is not at its end, unless it is a record in braces.
    pub(super) fn open_line(&self) -> &[u8] {
        &self.line
    }

    /// Nothing more comes of the open line.
    pub(super) fn close(&mut self) -> Option<Broken> {
        self.kind = Kind::Reply;
        self.spoilt = false;
        let lost = std::mem::take(&mut self.lost);
        (!self.line.is_empty()).then(|| Broken {
            length: self.line.len() + lost,
            line: std::mem::take(&mut self.line),
            is_spoilt: false,
        })
    }

    /// The line reported an error: the open reply cannot be believed.
    pub(super) fn spoil(&mut self) {
        self.spoilt |= self.kind == Kind::Reply && !self.line.is_empty();
    }

    /// Counts bytes that nobody understood.
    pub(super) fn skip(&mut self, count: usize) {
        self.skipped += count as u64;
    }

    /// Bytes that nobody understood.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn collect(&mut self, part: &[u8]) {
        let kept = part.len().min(MAX_REPLY - self.line.len());
        self.line.extend_from_slice(&part[..kept]);
        self.lost += part.len() - kept;
        self.skip(part.len() - kept);
    }

    /// Gives the open line out at its end.
    fn finish(&mut self) -> Option<Piece<'static>> {
        let is_spoilt = std::mem::take(&mut self.spoilt);
        let is_whole = !is_spoilt && self.lost == 0;
        let broken = self.close()?;
        Some(if is_whole {
            Piece::Reply(broken.line)
        } else {
            Piece::Broken(Broken {
                length: broken.length + 1,
                is_spoilt,
                ..broken
            })
        })
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replies, and records put together again, with what was skipped.
    fn pieces(chunks: &[&[u8]]) -> (Vec<String>, u64) {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut record = String::new();
        for chunk in chunks {
            let mut bytes = *chunk;
            while let Some(piece) = lines.next(&mut bytes) {
                match piece {
                    Piece::Record(part) => record.push_str(str::from_utf8(part).expect("ASCII")),
                    Piece::Reply(reply) => found.push(String::from_utf8(reply).expect("ASCII")),
                    Piece::Broken(broken) => lines.skip(broken.line.len()),
                }
                if record.ends_with('\r') {
                    found.push(std::mem::take(&mut record));
                }
            }
        }
        (found, lines.skipped())
    }

    #[test]
    fn replies_and_records_are_told_apart_in_every_division() {
        let stream = b"M1\r\nD1\r\n\r\n@\r\n{0,16,CS,00\r\nE2\r\n";
        let expected = ["M1", "D1", "@", "{0,16,CS,00\r", "E2"];
        for size in 1..=stream.len() {
            let chunks: Vec<_> = stream.chunks(size).collect();
            assert_eq!(pieces(&chunks), (expected.map(str::to_owned).to_vec(), 0), "{size}");
        }
    }

    #[test]
    fn a_record_behind_half_a_reply_is_found() {
        assert_eq!(pieces(&[b"D{0,16\r"]), (vec!["{0,16\r".to_owned()], 1));
    }

    #[test]
    fn a_reply_of_the_greatest_length_is_one_and_one_byte_more_is_none() {
        let longest = vec![b'x'; MAX_REPLY];
        let longer = vec![b'x'; MAX_REPLY + 1];
        for size in [1, 100, MAX_REPLY, MAX_REPLY + 1] {
            let chunks = |reply: &[u8]| {
                let mut lines = reply.chunks(size).map(<[u8]>::to_vec).collect::<Vec<_>>();
                lines.push(b"\rM1\r".to_vec());
                let lines: Vec<_> = lines.iter().map(Vec::as_slice).collect();
                pieces(&lines)
            };
            let text = String::from_utf8(longest.clone()).expect("ASCII");
            assert_eq!(
                chunks(&longest),
                (vec![text, "M1".to_owned()], 0),
                "in pieces of {size}"
            );
            assert_eq!(
                chunks(&longer),
                (vec!["M1".to_owned()], MAX_REPLY as u64 + 1),
                "in pieces of {size}"
            );
        }
    }

    #[test]
    fn a_line_error_between_lines_or_in_a_record_spoils_no_reply() {
        for before in [&b""[..], b"M1\r", b"{0,16"] {
            let mut lines = Lines::default();
            let mut bytes = before;
            while lines.next(&mut bytes).is_some() {}
            lines.spoil();
            let mut bytes = &b"\rE9\r"[..];
            let mut last = None;
            while let Some(piece) = lines.next(&mut bytes) {
                last = Some(piece);
            }
            assert_eq!(last, Some(Piece::Reply(b"E9".to_vec())));
            assert_eq!(lines.skipped(), 0);
        }
    }

    #[test]
    fn a_reply_that_never_ends_is_counted_and_not_kept() {
        let mut noise = vec![b'x'; 10_000];
        noise.extend(b"\rM1\r");
        assert_eq!(pieces(&[&noise]), (vec!["M1".to_owned()], 10_000));
    }
}
