//! The other side, made of fuzz input: it can do the handshake and sign its frames, and says anything.

use firmware_protocol::{
    Side, VERSIONS,
    frame::{Frame, FrameReader, Hello, MAX_FRAME, MAX_PAYLOAD, encode, session},
};

/// One thing that happens, taken from the front of the input.
pub enum Op<'a> {
    /// These bytes arrive.
    Bytes(Vec<u8>),
    /// So many microseconds pass.
    Wait(u64),
    /// The port is closed or opened.
    Line(bool),
    /// Something the side under test does by itself.
    Act(u8, &'a [u8]),
}

/// The other side.
pub struct Peer {
    side: Side,
    nonce: u32,
    seen: u32,
    reader: FrameReader,
    seq: u8,
}

impl Peer {
    /// A side that knows nobody.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            nonce: 1,
            seen: 0,
            reader: FrameReader::new(),
            seq: 0,
        }
    }

    /// Hears what the side under test sends, for the handshake and the numbers of messages.
    pub fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.reader.push(*byte) {
                Some(Ok((_, Frame::Hello(hello)))) => self.seen = hello.nonce,
                Some(Ok((_, Frame::Done { seq, .. }))) => self.seq = seq.wrapping_add(1),
                _ => {}
            }
        }
    }

    /// The next thing of `input`, `None` at its end.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Op<'a>> {
        let kind = take(input, 1)?[0];
        let length = usize::from(take(input, 1)?[0]);
        let session = match self.side {
            Side::Device => session(self.nonce, self.seen),
            Side::Host => session(self.seen, self.nonce),
        };
        let frame = match kind % 10 {
            0 => return Some(Op::Bytes(take(input, length)?.to_vec())),
            1 => return Some(Op::Wait(1000 * (length as u64).pow(2))),
            2 => return Some(Op::Line(length % 4 != 0)),
            3 => return Some(Op::Act(length as u8, take(input, 4)?)),
            4 => {
                self.nonce += u32::from(length % 8 == 0);
                self.seq = 0;
                let seen = if length % 16 == 1 { 0 } else { self.seen };
                Frame::Hello(Hello {
                    nonce: self.nonce,
                    seen,
                    versions: VERSIONS,
                })
            }
            5 => Frame::Done {
                session,
                seq: length as u8,
            },
            6 => Frame::Want {
                session,
                seq: kind / 10,
                index: length as u8,
            },
            7 => Frame::Alive { session },
            _ => {
                let payload = take(input, length.min(MAX_PAYLOAD))?;
                let index = take(input, 1)?[0];
                // Mostly the message that is due; now and then another.
                let seq = if kind > 240 { index } else { self.seq };
                Frame::Part {
                    session,
                    seq,
                    index: index % 8,
                    last: kind % 20 == 8,
                    payload,
                }
            }
        };
        let mut buffer = [0; MAX_FRAME];
        let length = encode(self.side, &frame, &mut buffer);
        Some(Op::Bytes(buffer[..length].to_vec()))
    }
}

/// The first `count` bytes of `input`.
pub fn take<'a>(input: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(taken)
}
