//! A side that a test plays by hand, so that it can say what the endpoints of this version never would.

use firmware_protocol::{
    frame::{self, Frame, FrameReader, Hello, MAX_FRAME},
    *,
};

use crate::talk::at;

/// A side of a later version, played by hand.
pub(crate) struct ByHand {
    side: Side,
    hello: Hello,
    session: u32,
    seq: u8,
}

impl ByHand {
    pub(crate) fn new(side: Side) -> Self {
        let versions = VersionRange { oldest: 1, newest: 9 };
        Self {
            side,
            hello: Hello {
                nonce: 77,
                seen: 0,
                versions,
            },
            session: 0,
            seq: 0,
        }
    }

    /// Speaks these versions from now on, under the same nonce.
    pub(crate) fn speak(&mut self, oldest: u8, newest: u8) {
        self.hello.versions = VersionRange { oldest, newest };
    }

    /// Meets a bridge as its scanner.
    pub(crate) fn meet(&mut self, host: &mut Host) {
        host.handle_bytes(at(0), &self.greet());
        self.hear(&sent(|| host.poll_transmit(at(0)).map(<[u8]>::to_vec)));
        host.handle_bytes(at(0), &self.greet());
    }

    /// The hello of a later version: with more behind it.
    pub(crate) fn greet(&mut self) -> Vec<u8> {
        let mut raw = vec![if self.side == Side::Device { 0x11 } else { 0x21 }];
        raw.extend_from_slice(b"SL");
        raw.extend_from_slice(&self.hello.nonce.to_le_bytes());
        raw.extend_from_slice(&self.hello.seen.to_le_bytes());
        let VersionRange { oldest, newest } = self.hello.versions;
        raw.extend_from_slice(&[oldest, newest, 0xAA, 0xBB]);
        raw.extend_from_slice(&frame::crc32(&raw).to_le_bytes());
        let mut encoded = vec![0; cobs::max_encoding_length(raw.len())];
        let length = cobs::encode(&raw, &mut encoded);
        encoded.truncate(length);
        encoded.push(0);
        encoded
    }

    pub(crate) fn say(&mut self, message: &[u8]) -> Vec<u8> {
        let parts = message.chunks(frame::MAX_PAYLOAD);
        let last = parts.len() - 1;
        let mut bytes = Vec::new();
        for (index, payload) in parts.enumerate() {
            let mut buffer = [0; MAX_FRAME];
            let part = Frame::Part {
                session: self.session,
                seq: self.seq,
                index: u8::try_from(index).unwrap(),
                last: index == last,
                payload,
            };
            let length = frame::encode(self.side, &part, &mut buffer);
            bytes.extend_from_slice(&buffer[..length]);
        }
        self.seq = self.seq.wrapping_add(1);
        bytes
    }

    /// Hears frames; returns the numbers of the messages that were acknowledged.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut reader = FrameReader::new();
        let mut done = Vec::new();
        for byte in bytes {
            match reader.push(*byte) {
                Some(Ok((_, Frame::Hello(hello)))) => {
                    self.hello.seen = hello.nonce;
                    self.session = match self.side {
                        Side::Device => frame::session(self.hello.nonce, hello.nonce),
                        Side::Host => frame::session(hello.nonce, self.hello.nonce),
                    };
                }
                Some(Ok((_, Frame::Done { seq, .. }))) => done.push(seq),
                _ => {}
            }
        }
        done
    }
}

/// All that a side has to send.
pub(crate) fn sent(mut poll: impl FnMut() -> Option<Vec<u8>>) -> Vec<u8> {
    std::iter::from_fn(&mut poll).flatten().collect()
}
