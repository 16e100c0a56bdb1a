//! From bytes to frames and back: COBS, CRC-32. The bytes are in `SPEC.md`, section 1.
//!
//! COBS takes every zero byte out, so that a zero ends a frame and nothing else: after any damage the next zero is the start of the
//! next frame. The kind says who sent it, so that an echo on the line is not taken for the other side. Hello keeps its form in every
//! version, for it is there that versions are told.

use core::fmt;

use cobs::CobsEncoder;
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

use crate::message::VersionRange;

/// The most bytes of a message in one frame. With its 11 bytes around it a frame stays within one COBS block of 254.
pub const MAX_PAYLOAD: usize = 240;

/// The longest frame on the wire, with its COBS byte and its closing zero.
pub const MAX_FRAME: usize = MAX_RAW + 2;

const MAX_RAW: usize = 7 + MAX_PAYLOAD + CRC_LENGTH;
const CRC_LENGTH: usize = 4;
const MAGIC: [u8; 2] = *b"SL";

const HELLO: u8 = 1;
const PART: u8 = 2;
const LAST: u8 = 3;
const DONE: u8 = 4;
const WANT: u8 = 5;
const ALIVE: u8 = 6;

/// Bit by bit: a kilobyte of table is worth more to firmware than the tenth of a millisecond a frame costs.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// The CRC-32 of Ethernet and zip.
pub fn crc32(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

/// The number of the session of two nonces: `SPEC.md`, section 2.
pub fn session(scanner: u32, bridge: u32) -> u32 {
    let mut nonces = [0; 8];
    nonces[..4].copy_from_slice(&scanner.to_le_bytes());
    nonces[4..].copy_from_slice(&bridge.to_le_bytes());
    crc32(&nonces)
}

/// Which end of the cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The scanner.
    Device,
    /// The bridge.
    Host,
}

impl Side {
    /// The other end.
    pub const fn other(self) -> Self {
        match self {
            Self::Device => Self::Host,
            Self::Host => Self::Device,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Device => 0x10,
            Self::Host => 0x20,
        }
    }
}

/// The opening of a session. The same in every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// The sender's number for this try at a session; never 0.
    pub nonce: u32,
    /// The last nonce it saw from the other side; 0 for none.
    pub seen: u32,
    /// The versions it speaks.
    pub versions: VersionRange,
}

/// One frame. `Debug` prints how much of a message it carries, and nothing of that.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Opens a session.
    Hello(Hello),
    /// A part of a message.
    Part {
        /// The session.
        session: u32,
        /// Number of the message, counted per direction and session from 0, wrapping.
        seq: u8,
        /// Number of the part, from 0.
        index: u8,
        /// Whether it is the last of its message.
        last: bool,
        /// Bytes of the message, at most [`MAX_PAYLOAD`].
        payload: &'a [u8],
    },
    /// The message has arrived.
    Done {
        /// The session.
        session: u32,
        /// The message.
        seq: u8,
    },
    /// A part is missing: go on from there.
    Want {
        /// The session.
        session: u32,
        /// The message.
        seq: u8,
        /// The first part that is missing.
        index: u8,
    },
    /// Nothing to say, and still there.
    Alive {
        /// The session.
        session: u32,
    },
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello(hello) => hello.fmt(f),
            Self::Part {
                session,
                seq,
                index,
                last,
                payload,
            } => write!(
                f,
                "Part {{ session: {session}, seq: {seq}, index: {index}, last: {last}, payload: {} bytes }}",
                payload.len()
            ),
            Self::Done { session, seq } => write!(f, "Done {{ session: {session}, seq: {seq} }}"),
            Self::Want { session, seq, index } => {
                write!(f, "Want {{ session: {session}, seq: {seq}, index: {index} }}")
            }
            Self::Alive { session } => write!(f, "Alive {{ session: {session} }}"),
        }
    }
}

/// Why the bytes between two zeros are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes than a frame can have.
    #[error("longer than a frame can be")]
    TooLong,
    /// No COBS.
    #[error("not COBS encoded")]
    Cobs,
    /// The checksum is wrong.
    #[error("wrong checksum")]
    Checksum,
    /// The checksum is right and the content is no frame of this version.
    #[error("not a frame of this version")]
    Unknown,
}

/// Writes a frame with its closing zero and returns its length.
///
/// # Panics
/// If a payload is longer than [`MAX_PAYLOAD`].
pub fn encode(from: Side, frame: &Frame<'_>, into: &mut [u8; MAX_FRAME]) -> usize {
    let mut head = [0; 13];
    let mut length = 0;
    let mut put = |bytes: &[u8]| {
        head[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    let mut body: &[u8] = &[];
    match frame {
        Frame::Hello(hello) => {
            put(&[from.bits() | HELLO]);
            put(&MAGIC);
            put(&hello.nonce.to_le_bytes());
            put(&hello.seen.to_le_bytes());
            put(&[hello.versions.oldest, hello.versions.newest]);
        }
        Frame::Part {
            session,
            seq,
            index,
            last,
            payload,
        } => {
            put(&[from.bits() | if *last { LAST } else { PART }]);
            put(&session.to_le_bytes());
            put(&[*seq, *index]);
            body = payload;
        }
        Frame::Done { session, seq } => {
            put(&[from.bits() | DONE]);
            put(&session.to_le_bytes());
            put(&[*seq]);
        }
        Frame::Want { session, seq, index } => {
            put(&[from.bits() | WANT]);
            put(&session.to_le_bytes());
            put(&[*seq, *index]);
        }
        Frame::Alive { session } => {
            put(&[from.bits() | ALIVE]);
            put(&session.to_le_bytes());
        }
    }
    let head = &head[..length];
    let mut digest = CRC.digest();
    digest.update(head);
    digest.update(body);
    let crc = digest.finalize().to_le_bytes();

    let mut encoder = CobsEncoder::new(into);
    for bytes in [head, body, &crc] {
        encoder.push(bytes).expect("MAX_FRAME holds the longest payload");
    }
    let end = encoder.finalize();
    into[end] = 0;
    end + 1
}

/// Reads a frame from its bytes without COBS and without the closing zero: who sent it, and what it says.
///
/// # Errors
/// [`FrameError`] for anything that is no frame of this version.
pub fn decode(raw: &[u8]) -> Result<(Side, Frame<'_>), FrameError> {
    let (content, crc) = raw.split_last_chunk::<CRC_LENGTH>().ok_or(FrameError::Checksum)?;
    if crc32(content) != u32::from_le_bytes(*crc) {
        return Err(FrameError::Checksum);
    }
    fields(content).ok_or(FrameError::Unknown)
}

fn fields(content: &[u8]) -> Option<(Side, Frame<'_>)> {
    let (&kind, rest) = content.split_first()?;
    let from = match kind & 0xF0 {
        0x10 => Side::Device,
        0x20 => Side::Host,
        _ => return None,
    };
    if kind & 0x0F == HELLO {
        let rest = rest.strip_prefix(&MAGIC)?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (seen, rest) = rest.split_first_chunk()?;
        let (&[oldest, newest], _) = rest.split_first_chunk()?;
        let (nonce, seen) = (u32::from_le_bytes(*nonce), u32::from_le_bytes(*seen));
        let hello = Hello {
            nonce,
            seen,
            versions: VersionRange { oldest, newest },
        };
        return (nonce != 0).then_some((from, Frame::Hello(hello)));
    }
    let (session, rest) = rest.split_first_chunk()?;
    let session = u32::from_le_bytes(*session);
    let frame = match (kind & 0x0F, rest) {
        (PART | LAST, &[seq, index, ref payload @ ..]) if payload.len() <= MAX_PAYLOAD => Frame::Part {
            session,
            seq,
            index,
            last: kind & 0x0F == LAST,
            payload,
        },
        (DONE, &[seq]) => Frame::Done { session, seq },
        (WANT, &[seq, index]) => Frame::Want { session, seq, index },
        (ALIVE, &[]) => Frame::Alive { session },
        _ => return None,
    };
    Some((from, frame))
}

/// Collects bytes as the line delivers them; frames may start and end anywhere.
pub struct FrameReader {
    buffer: [u8; MAX_FRAME],
    length: usize,
    /// The frame is too long already: its bytes are dropped up to the next zero.
    overlong: bool,
}

/// Prints how much of a frame there is.
impl fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReader")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameReader {
    /// A reader that has seen nothing.
    pub const fn new() -> Self {
        Self {
            buffer: [0; MAX_FRAME],
            length: 0,
            overlong: false,
        }
    }

    /// Takes one byte; a zero that ends something gives the frame, or why it is none.
    #[inline]
    pub fn push(&mut self, byte: u8) -> Option<Result<(Side, Frame<'_>), FrameError>> {
        if byte != 0 {
            match self.buffer.get_mut(self.length) {
                Some(free) => {
                    *free = byte;
                    self.length += 1;
                }
                None => self.overlong = true,
            }
            return None;
        }
        self.finish()
    }

    /// Forgets the bytes of an unfinished frame.
    pub fn clear(&mut self) {
        self.length = 0;
        self.overlong = false;
    }

    fn finish(&mut self) -> Option<Result<(Side, Frame<'_>), FrameError>> {
        let length = core::mem::take(&mut self.length);
        if core::mem::take(&mut self.overlong) {
            return Some(Err(FrameError::TooLong));
        }
        if length == 0 {
            return None;
        }
        let encoded = &mut self.buffer[..length];
        Some(match cobs::decode_in_place(encoded) {
            Ok(raw) => decode(&self.buffer[..raw]),
            Err(_) => Err(FrameError::Cobs),
        })
    }
}
