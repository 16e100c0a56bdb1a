//! The frames of scan-link: who sent them, in which session, and what they are.

use std::fmt;

use firmware_protocol::{
    HostMessage, Side,
    frame::{Frame, FrameReader},
};
use scanner_protocol::{Content, Decoded, Protocol};
use serde::{Serialize, Serializer};

/// Reads the frames of both sides. Bytes that are none are not told here: the units tell them.
#[derive(Debug, Default)]
pub(super) struct LinkFrames {
    reader: FrameReader,
}

/// One frame.
#[derive(Debug, Serialize)]
pub(super) struct LinkFrame {
    #[serde(serialize_with = "side")]
    from: Side,
    frame: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hello: Option<Hello>,
    /// What the bridge says in it. The scanner's messages are units of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
}

/// The fields of a hello.
#[derive(Debug, Serialize)]
struct Hello {
    nonce: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
    versions: String,
}

impl LinkFrames {
    /// The frames that end in `bytes`.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<LinkFrame> {
        let frame = |&byte: &u8| {
            let (from, frame) = self.reader.push(byte)?.ok()?;
            Some(LinkFrame::new(from, &frame))
        };
        bytes.iter().filter_map(frame).collect()
    }
}

/// Whether a unit is no more than a hello.
pub(super) fn is_hello(unit: &Decoded) -> bool {
    match &unit.outcome {
        Ok(Content::Message(message)) if unit.protocol == Protocol::ScanLink => {
            message.fields.first().is_some_and(|(_, word)| word == "hello")
        }
        _ => false,
    }
}

impl LinkFrame {
    fn new(from: Side, frame: &Frame<'_>) -> Self {
        match *frame {
            Frame::Hello(hello) => Self {
                hello: Some(Hello {
                    nonce: number(hello.nonce),
                    seen: (hello.seen != 0).then(|| number(hello.seen)),
                    versions: hello.versions.to_string(),
                }),
                ..Self::bare(from, "hello", None)
            },
            Frame::Part {
                session,
                seq,
                index,
                last,
                payload,
            } => Self {
                seq: Some(seq),
                index: Some(index),
                last: Some(last),
                bytes: Some(payload.len()),
                says: (from == Side::Host && index == 0 && last)
                    .then(|| said(payload))
                    .flatten(),
                ..Self::bare(from, "part", Some(session))
            },
            Frame::Done { session, seq } => Self {
                seq: Some(seq),
                ..Self::bare(from, "done", Some(session))
            },
            Frame::Want { session, seq, index } => Self {
                seq: Some(seq),
                index: Some(index),
                ..Self::bare(from, "want", Some(session))
            },
            Frame::Alive { session } => Self::bare(from, "alive", Some(session)),
        }
    }

    fn bare(from: Side, frame: &'static str, session: Option<u32>) -> Self {
        Self {
            from,
            frame,
            session: session.map(number),
            seq: None,
            index: None,
            last: None,
            bytes: None,
            hello: None,
            says: None,
        }
    }

    /// What it is called.
    pub(super) fn kind(&self) -> &'static str {
        self.frame
    }
}

/// What the bridge says, without anything about the person.
fn said(payload: &[u8]) -> Option<String> {
    let (message, _) = HostMessage::decode(payload).ok()?;
    Some(match message {
        HostMessage::Stored(result) => format!("stored {result}"),
        HostMessage::SetClock(_) => "set clock".to_owned(),
        HostMessage::Start(start) => format!("start {}, {}", start.scan, start.kind.word()),
        HostMessage::Cancel(scan) => format!("cancel {scan}"),
    })
}

fn number(number: u32) -> String {
    format!("{number:08x}")
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Device => "scanner",
        Side::Host => "bridge",
    }
}

fn side<S: Serializer>(from: &Side, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*from))
}

impl fmt::Display for LinkFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<7} {:<5}", name(self.from), self.frame)?;
        if let Some(hello) = &self.hello {
            let seen = hello.seen.as_deref().unwrap_or("nobody");
            return write!(f, " {}, has seen {seen}, versions {}", hello.nonce, hello.versions);
        }
        if let Some(session) = &self.session {
            write!(f, " session {session}")?;
        }
        if let Some(seq) = self.seq {
            write!(f, ", message {seq}")?;
        }
        if let Some(index) = self.index {
            write!(f, ", part {index}")?;
        }
        if self.last == Some(true) {
            f.write_str(", the last")?;
        }
        if let Some(bytes) = self.bytes {
            write!(f, ", {bytes} bytes")?;
        }
        match &self.says {
            Some(says) => write!(f, ": {says}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use firmware_protocol::{
        ResultNumber, VERSIONS,
        frame::{self, MAX_FRAME},
    };

    use super::*;

    fn shown(from: Side, frame: &Frame<'_>) -> String {
        let mut bytes = [0; MAX_FRAME];
        let length = frame::encode(from, frame, &mut bytes);
        let frames = LinkFrames::default().take(&bytes[..length]);
        frames.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_of_frame_is_shown_with_its_side_session_and_number() {
        let session = 0x1a2b;
        let hello = frame::Hello {
            nonce: 7,
            seen: 0,
            versions: VERSIONS,
        };
        let mut stored = [0; firmware_protocol::MAX_MESSAGE];
        let length = HostMessage::Stored(ResultNumber { boot: 5, number: 1 }).encode(&mut stored);
        let part = |index, last, payload| Frame::Part {
            session,
            seq: 3,
            index,
            last,
            payload,
        };
        for (from, frame, expected) in [
            (
                Side::Device,
                Frame::Hello(hello),
                "scanner hello 00000007, has seen nobody, versions 1 to 1",
            ),
            (
                Side::Device,
                part(1, false, &[9; 40]),
                "scanner part  session 00001a2b, message 3, part 1, 40 bytes",
            ),
            (
                Side::Host,
                part(0, true, &stored[..length]),
                "bridge  part  session 00001a2b, message 3, part 0, the last, 3 bytes: stored 5-1",
            ),
            (
                Side::Host,
                Frame::Done { session, seq: 3 },
                "bridge  done  session 00001a2b, message 3",
            ),
            (
                Side::Host,
                Frame::Want {
                    session,
                    seq: 3,
                    index: 2,
                },
                "bridge  want  session 00001a2b, message 3, part 2",
            ),
            (Side::Device, Frame::Alive { session }, "scanner alive session 00001a2b"),
        ] {
            assert_eq!(shown(from, &frame), expected);
        }
    }

    #[test]
    fn other_bytes_are_no_frames() {
        assert!(LinkFrames::default().take(b"{0,16,~0,1\r\n\0\0ST,+0\0").is_empty());
    }
}
