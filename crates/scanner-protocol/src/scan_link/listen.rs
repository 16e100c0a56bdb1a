//! Captures: what went over a line, without taking part in it.

use firmware_protocol::{
    DeviceMessage, Ending, Listener, ResultNumber, ScanRef, Side,
    frame::{Frame, FrameError, FrameReader},
};

use super::record;
use crate::{Content, Decoded, Message, Protocol, RejectReason, Rejected, fault::Fault};

/// That a line carries scan-link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Frames with a right checksum.
    pub(crate) frames: usize,
    /// The scanner's model, if it said so.
    pub(crate) model: Option<String>,
}

/// Looks for good frames alone; `None` if there are none.
pub(crate) fn hear(bytes: &[u8]) -> Option<Heard> {
    let mut listener = Listener::new();
    let mut heard = Heard { frames: 0, model: None };
    for &byte in bytes {
        match listener.push(byte) {
            None | Some(firmware_protocol::Heard::Noise(_)) => continue,
            Some(firmware_protocol::Heard::Message(DeviceMessage::Identity(identity))) => {
                heard.model = record::device(&identity).model;
            }
            Some(_) => {}
        }
        heard.frames += 1;
    }
    (heard.frames > 0).then_some(heard)
}

/// What is kept of bytes that are no frame, for whoever looks at them: some frames' worth.
const KEPT: usize = 1024;

/// Every message and result of the scanner, every hello of either side, and what is broken, in order. A message with a part missing is not
/// there.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    listener: Listener,
    /// Tells where a message begins, which the listener does not.
    reader: FrameReader,
    begins_at: u64,
    scanner: Option<firmware_protocol::Identity>,
    /// Bytes since the last zero, at most [`KEPT`] of them, where they begin, and where the next byte stands.
    piece: Vec<u8>,
    piece_at: u64,
    next_at: u64,
    /// Where the good frames begin that no unit tells of, since they were last asked for.
    silent_frames: Vec<u64>,
}

impl Capture {
    /// Takes bytes of either side or of both; frames may start and end anywhere.
    pub(crate) fn handle_bytes(&mut self, bytes: &[u8], units: &mut Vec<Decoded>) {
        for &byte in bytes {
            if self.piece.len() < KEPT {
                self.piece.push(byte);
            }
            self.next_at += 1;
            units.extend(self.take(byte));
            if byte == 0 {
                self.piece.clear();
                self.piece_at = self.next_at;
            }
        }
    }

    /// Nothing follows.
    pub(crate) fn close(&mut self, units: &mut Vec<Decoded>) {
        if self.piece.is_empty() {
            return;
        }
        let piece = std::mem::take(&mut self.piece);
        let fault = Fault::new(RejectReason::Truncated, piece.len(), "the bytes end within a frame");
        units.push(Decoded {
            offset: self.piece_at,
            protocol: Protocol::ScanLink,
            outcome: Err(rejecting(fault, piece, self.next_at - self.piece_at)),
        });
    }

    /// Where the good frames begin that complete nothing, signs of life and parts among them. Each is told once; to be asked after every
    /// call, so that they do not gather.
    pub(crate) fn take_silent_frames(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.silent_frames)
    }

    fn take(&mut self, byte: u8) -> Option<Decoded> {
        if let Some(Ok((Side::Device, Frame::Part { index: 0, .. }))) = self.reader.push(byte) {
            self.begins_at = self.piece_at;
        }
        let mut offset = self.begins_at;
        let outcome = match self.listener.push(byte)? {
            firmware_protocol::Heard::Frame(_) => {
                self.silent_frames.push(self.piece_at);
                return None;
            }
            // In one piece, perhaps between the parts of a message.
            firmware_protocol::Heard::Noise(error) => {
                offset = self.piece_at;
                Err(rejecting(
                    broken(error),
                    self.piece.clone(),
                    self.next_at - self.piece_at,
                ))
            }
            firmware_protocol::Heard::Hello(from, hello) => {
                offset = self.piece_at;
                Ok(Content::Message(said(&[
                    ("message", "hello".to_owned()),
                    ("from", side(from).to_owned()),
                    ("versions", hello.versions.to_string()),
                ])))
            }
            firmware_protocol::Heard::Result(DeviceMessage::Result(head), bytes, parsed) => {
                result(head.result, bytes, parsed, self.scanner.as_ref())
            }
            firmware_protocol::Heard::Result(message, ..) | firmware_protocol::Heard::Message(message) => {
                let fields = fields(&message);
                if let DeviceMessage::Identity(identity) = message {
                    self.scanner = Some(identity);
                }
                Ok(Content::Message(said(&fields)))
            }
        };
        Some(Decoded {
            offset,
            protocol: Protocol::ScanLink,
            outcome,
        })
    }
}

/// The record of a result, under the key that scanner and result number make.
fn result(
    announced: ResultNumber,
    bytes: &[u8],
    parsed: Result<firmware_protocol::Record<'_>, firmware_protocol::RecordError>,
    scanner: Option<&firmware_protocol::Identity>,
) -> Result<Content, Rejected> {
    let id = scanner.map(|scanner| {
        let key = firmware_protocol::ResultKey {
            device: scanner.device,
            result: announced,
        };
        key.to_string()
    });
    let read = record::of(announced, parsed).and_then(|parsed| record::read(&parsed, bytes));
    match read {
        Ok(record::Read { mut record, .. }) => {
            record.result_id = id;
            record.device = scanner.map(record::device).unwrap_or_default();
            Ok(Content::Record(Box::new(record)))
        }
        Err(fault) => {
            let mut rejected = fault.rejecting(bytes.to_vec());
            rejected.result_id = id;
            Err(rejected)
        }
    }
}

/// `length`: of all the bytes, of which those in `piece` were kept.
fn rejecting(fault: Fault, piece: Vec<u8>, length: u64) -> Rejected {
    let kept = piece.len();
    let mut rejected = fault.rejecting(piece);
    if length > kept as u64 {
        rejected.detail += &format!("; the first {kept} of its {length} bytes are kept");
    }
    rejected
}

fn broken(error: FrameError) -> Fault {
    let reason = match error {
        FrameError::Checksum => RejectReason::ChecksumMismatch,
        FrameError::TooLong => RejectReason::LengthMismatch,
        FrameError::Cobs | FrameError::Unknown => RejectReason::BadFrame,
    };
    Fault::new(reason, 0, error.to_string())
}

/// What a message says, by name.
fn fields(message: &DeviceMessage) -> Vec<(&'static str, String)> {
    match message {
        DeviceMessage::Identity(identity) => vec![
            ("message", "identity".to_owned()),
            ("device", identity.device.to_string()),
            ("boot", identity.boot.to_string()),
            ("uptime_ms", identity.uptime_ms.to_string()),
            ("maker", identity.maker.as_str().to_owned()),
            ("model", identity.model.as_str().to_owned()),
            ("serial", identity.serial.as_str().to_owned()),
            ("firmware", identity.firmware.as_str().to_owned()),
        ],
        DeviceMessage::Progress(progress) => vec![
            ("message", "progress".to_owned()),
            ("scan", scan(progress.scan)),
            ("stage", progress.stage.word().to_owned()),
            ("percent", progress.percent.to_string()),
        ],
        DeviceMessage::Ended { scan: of, ending } => {
            let mut fields = vec![("message", "ended".to_owned()), ("scan", scan(*of))];
            let (word, detail) = match ending {
                Ending::Completed(result) => ("completed", Some(("result", result.to_string()))),
                Ending::Failed(fault) => ("failed", Some(("fault", fault.word().to_owned()))),
                Ending::Cancelled => ("cancelled", None),
                Ending::Refused(refusal) => ("refused", Some(("refusal", refusal.word().to_owned()))),
            };
            fields.push(("ending", word.to_owned()));
            fields.extend(detail);
            fields
        }
        DeviceMessage::Fault { fault, detail } => vec![
            ("message", "fault".to_owned()),
            ("fault", fault.word().to_owned()),
            ("detail", detail.to_string()),
        ],
        DeviceMessage::Log { level, text } => vec![
            ("message", "log".to_owned()),
            ("level", level.word().to_owned()),
            ("text", text.as_str().to_owned()),
        ],
        DeviceMessage::Result(head) => vec![("message", "result".to_owned()), ("result", head.result.to_string())],
    }
}

fn said(fields: &[(&'static str, String)]) -> Message {
    Message {
        fields: fields.to_vec(),
    }
}

fn scan(scan: ScanRef) -> String {
    match scan {
        ScanRef::WalkUp(number) => format!("walk-up {number}"),
        ScanRef::Asked(number) => format!("asked {number}"),
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Device => "scanner",
        Side::Host => "bridge",
    }
}
