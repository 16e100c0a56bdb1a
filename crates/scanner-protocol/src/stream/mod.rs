//! What all families have in common that only send frames: cutting a stream, looking past noise, silence, counting.
//!
//! A family is a [`Grammar`]: which bytes a frame can begin with, and a pure function that reads the frame at the front of some
//! bytes. The [`window`] applies it to a stream in any pieces, the [`listener`] makes a session of it.

mod frames;
mod head;
mod listener;
mod window;

use std::time::Duration;

use scan_model::Record;

use crate::{Protocol, fault::Fault, message::Message, weight::Weight};

pub(crate) use frames::Frames;
pub(crate) use head::{ByteSet, Head, any_of, between};
pub(crate) use listener::Listener;

/// How the frames of a family look.
#[derive(Debug)]
pub(crate) struct Grammar {
    pub(crate) protocol: Protocol,
    /// Where the protocol implies it.
    pub(crate) maker: Option<&'static str>,
    /// What does not begin so is noise, without another look. Behind the first place `scan` must say [`Front::No`] to it by itself: it
    /// may be asked before those bytes have come.
    pub(crate) head: Head,
    /// Frames begin only where a line does. For formats without a header: in the middle of a line, a number that lost its first
    /// digits looks like a number.
    pub(crate) line_start_only: bool,
    /// No frame is longer, in bytes.
    pub(crate) longest: usize,
    /// A silence as long as this one ends a frame.
    pub(crate) silence: Duration,
    pub(crate) scan: fn(&[u8], Rest) -> Front,
    pub(crate) weighing: Weighing,
    /// What has to be sent to get a frame.
    pub(crate) request: Option<&'static [u8]>,
}

/// Of a protocol that no stream carries.
pub(crate) static SILENT: Grammar = Grammar {
    protocol: Protocol::Auto,
    maker: None,
    head: Head::NOTHING,
    line_start_only: false,
    longest: 1,
    silence: Duration::ZERO,
    scan: |_: &[u8], _: Rest| Front::No,
    weighing: Weighing::Nothing,
    request: None,
};

impl Grammar {
    /// For a family whose head is the whole of its one frame: `None` if all columns are there and fit.
    pub(crate) fn incomplete(&self, bytes: &[u8], rest: Rest) -> Option<Front> {
        match (self.head.fits(bytes), bytes.len() < self.longest, rest) {
            (true, false, _) => None,
            (true, true, Rest::Open) => Some(Front::More),
            _ => Some(Front::No),
        }
    }
}

/// How a scale tells one weighing from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weighing {
    /// No frame becomes a result.
    Nothing,
    /// The device sends results: each frame is one.
    Results,
    /// Somebody pressed a key for each line: each is a result.
    Printed,
    /// Lines come all the time. A weight counts once so many stable lines after each other agree.
    Stream(u8),
}

/// What follows the bytes that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Perhaps more bytes.
    Open,
    /// A silence, or the end of the line.
    Silence,
}

/// What stands at the front of some bytes. What is [`No`](Self::No) stays so whatever follows: the pieces in which bytes come must not
/// change what they mean.
#[derive(Debug)]
pub(crate) enum Front {
    /// No frame.
    No,
    /// With more bytes, perhaps a frame. The same as [`Self::No`] before a silence.
    More,
    /// A frame of so many bytes.
    Frame(usize, Content),
    /// So many bytes that are a frame by their beginning and must not become one.
    Bad(usize, Fault),
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A result.
    Record(Box<Record>),
    /// What a scale shows at the moment: somebody's weight only if it settles.
    Weight(Weight),
    /// Something else than a result.
    Message(Message),
}

/// A frame that is a record or is not.
pub(crate) fn frame(length: usize, result: Result<Content, Fault>) -> Front {
    match result {
        Ok(content) => Front::Frame(length, content),
        Err(fault) => Front::Bad(length, fault),
    }
}

pub(crate) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The first line of `bytes`, without its end. `None` if it has none.
pub(crate) fn line(bytes: &[u8]) -> Option<&[u8]> {
    memchr::memchr2(b'\r', b'\n', bytes).map(|end| &bytes[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::grammar;

    #[test]
    fn what_the_head_of_a_grammar_calls_noise_is_no_frame_whatever_follows() {
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        for grammar in Protocol::ALL.iter().filter_map(|&protocol| grammar(protocol)) {
            for _ in 0..20 {
                let mut head = vec![];
                loop {
                    let extended = |byte: u8| [&head[..], &[byte]].concat();
                    let (fitting, others): (Vec<u8>, Vec<u8>) =
                        (0..=u8::MAX).partition(|&byte| grammar.head.fits(&extended(byte)));
                    if others.is_empty() {
                        break;
                    }
                    for noise in others.into_iter().map(extended).filter(|noise| noise.len() > 1) {
                        let longer = [&noise[..], b"+  70.5 kg\r\n", &[0x03; 300]].concat();
                        for (bytes, rest) in [(&noise, Rest::Open), (&noise, Rest::Silence), (&longer, Rest::Open)] {
                            let scan = (grammar.scan)(bytes, rest);
                            assert!(
                                matches!(scan, Front::No),
                                "{}: {bytes:x?} is {scan:?}",
                                grammar.protocol
                            );
                        }
                    }
                    head.push(fitting[usize::from(random()) % fitting.len()]);
                }
            }
        }
    }
}
