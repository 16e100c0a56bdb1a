//! Captures: what went over a line, without taking part in it.

use firmware_protocol::{
    DeviceMessage, Ending, Listener, ScanRef, Side, VersionRange,
    frame::{Frame, FrameError, FrameReader},
};

use super::record;
use crate::{Content, Decoded, Message, Protocol, RejectReason, fault::Fault};

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

/// Every message and result of the scanner, every hello of either side, and what is broken, in order. A message with a part missing is not
/// there.
pub(crate) fn decode_all(bytes: &[u8]) -> Vec<Decoded> {
    let mut capture = Capture::default();
    let mut at = 0;
    for piece in bytes.split_inclusive(|&byte| byte == 0) {
        capture.take(at, piece);
        at += piece.len();
    }
    capture.units
}

#[derive(Default)]
struct Capture {
    listener: Listener,
    /// Tells where a message begins, which the listener does not.
    reader: FrameReader,
    begins_at: usize,
    scanner: Option<firmware_protocol::Identity>,
    units: Vec<Decoded>,
}

impl Capture {
    /// Takes the bytes from `at` up to a zero and with it.
    fn take(&mut self, at: usize, piece: &[u8]) {
        for &byte in piece {
            if let Some(Ok((Side::Device, Frame::Part { index: 0, .. }))) = self.reader.push(byte) {
                self.begins_at = at;
            }
            let outcome = match self.listener.push(byte) {
                None | Some(firmware_protocol::Heard::Frame(_)) => continue,
                Some(firmware_protocol::Heard::Noise(error)) => {
                    self.begins_at = at;
                    Err(broken(error).rejecting(piece.to_vec()))
                }
                Some(firmware_protocol::Heard::Hello(from, hello)) => {
                    self.begins_at = at;
                    Ok(Content::Message(said(&[
                        ("message", "hello".to_owned()),
                        ("from", side(from).to_owned()),
                        ("versions", versions(hello.versions)),
                    ])))
                }
                Some(firmware_protocol::Heard::Message(message)) => {
                    let fields = fields(&message);
                    if let DeviceMessage::Identity(identity) = message {
                        self.scanner = Some(identity);
                    }
                    Ok(Content::Message(said(&fields)))
                }
                Some(firmware_protocol::Heard::Result(message, bytes, parsed)) => {
                    let read = parsed
                        .map_err(record::damage)
                        .and_then(|parsed| record::read(&parsed, bytes));
                    let id = match (message, &self.scanner) {
                        (DeviceMessage::Result(head), Some(scanner)) => Some(
                            firmware_protocol::ResultKey {
                                device: scanner.device,
                                result: head.result,
                            }
                            .to_string(),
                        ),
                        _ => None,
                    };
                    match read {
                        Ok(record::Read { mut record, .. }) => {
                            record.result_id = id;
                            record.device = self.scanner.as_ref().map(record::device).unwrap_or_default();
                            Ok(Content::Record(Box::new(record)))
                        }
                        Err(fault) => {
                            let mut rejected = fault.rejecting(bytes.to_vec());
                            rejected.result_id = id;
                            Err(rejected)
                        }
                    }
                }
            };
            self.units.push(Decoded {
                offset: self.begins_at as u64,
                protocol: Protocol::ScanLink,
                outcome,
            });
        }
        if !piece.ends_with(&[0]) {
            let fault = Fault::new(RejectReason::Truncated, piece.len(), "the bytes end within a frame");
            self.units.push(Decoded {
                offset: at as u64,
                protocol: Protocol::ScanLink,
                outcome: Err(fault.rejecting(piece.to_vec())),
            });
        }
    }
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
                Ending::Completed(result) => (
                    "completed",
                    Some(("result", format!("{}-{}", result.boot, result.number))),
                ),
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
        DeviceMessage::Result(head) => vec![
            ("message", "result".to_owned()),
            ("result", format!("{}-{}", head.result.boot, head.result.number)),
        ],
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

fn versions(VersionRange { oldest, newest }: VersionRange) -> String {
    format!("{oldest} to {newest}")
}
