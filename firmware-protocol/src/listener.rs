//! A third party on the line: reads what one side says and sends nothing. For captures and technicians' tools.

use core::fmt;

use crate::{
    DeviceMessage, MAX_RECORD, Record, RecordError, Side,
    endpoint::{Incoming, Taken},
    frame::{Frame, FrameError, FrameReader, Hello},
};

/// Puts together what a scanner sends, from the middle of a session on, without taking part in it.
///
/// A listener cannot ask for what was lost: a message with a missing part is skipped unless the bridge asks for it.
pub struct Listener {
    reader: FrameReader,
    incoming: Incoming<{ MAX_RECORD + 16 }>,
    /// Session and number of the message that is being put together.
    message: Option<(u32, u8)>,
}

/// Prints nothing of what it has heard.
impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// What a listener makes of the bytes up to a zero.
///
/// `Debug` prints of a result how long it is.
#[derive(Clone)]
pub enum Heard<'a> {
    /// The bytes are no frame.
    Noise(FrameError),
    /// A side opens a session.
    Hello(Side, Hello),
    /// A frame that completes nothing: a part, an answer, a sign of life.
    Frame(Side),
    /// A whole message of the scanner.
    Message(DeviceMessage),
    /// A whole result of the scanner: its bytes, and what they say. What is longer than any record is cut.
    Result(DeviceMessage, &'a [u8], Result<Record<'a>, RecordError>),
}

impl fmt::Debug for Heard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noise(error) => f.debug_tuple("Noise").field(error).finish(),
            Self::Hello(from, hello) => f.debug_tuple("Hello").field(from).field(hello).finish(),
            Self::Frame(from) => f.debug_tuple("Frame").field(from).finish(),
            Self::Message(message) => f.debug_tuple("Message").field(message).finish(),
            Self::Result(message, bytes, record) => f
                .debug_tuple("Result")
                .field(message)
                .field(&bytes.len())
                .field(record)
                .finish(),
        }
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self::new()
    }
}

impl Listener {
    /// A listener that has heard nothing.
    pub const fn new() -> Self {
        Self {
            reader: FrameReader::new(),
            incoming: Incoming::new(),
            message: None,
        }
    }

    /// Takes one byte, of either side or of both.
    pub fn push(&mut self, byte: u8) -> Option<Heard<'_>> {
        let (from, frame) = match self.reader.push(byte)? {
            Ok(frame) => frame,
            Err(error) => return Some(Heard::Noise(error)),
        };
        let (session, seq, index, last, payload) = match frame {
            Frame::Hello(hello) => return Some(Heard::Hello(from, hello)),
            Frame::Part {
                session,
                seq,
                index,
                last,
                payload,
            } if from == Side::Device => (session, seq, index, last, payload),
            _ => return Some(Heard::Frame(from)),
        };
        if self.message != Some((session, seq)) {
            self.message = Some((session, seq));
            self.incoming = Incoming::starting_at(seq);
        }
        if self.incoming.handle_part(seq, index, last, payload) != Taken::Message {
            return Some(Heard::Frame(from));
        }
        self.incoming.release();
        match DeviceMessage::decode(self.incoming.released()) {
            Ok((message @ DeviceMessage::Result(head), behind)) => {
                let (bytes, record) = head.read(behind);
                Some(Heard::Result(message, bytes, record))
            }
            Ok((message, _)) => Some(Heard::Message(message)),
            Err(_) => Some(Heard::Frame(from)),
        }
    }
}
