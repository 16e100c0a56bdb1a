//! Whole captures at once, for tools and for bytes that were kept.

use scan_model::Record;

use crate::{Event, LineEvent, Options, Protocol, Rejected, Session, Tick, tanita::tagged};

/// One unit of a capture: a record, or bytes that began like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Position of its first byte in the capture.
    pub offset: u64,
    /// What it is.
    pub outcome: Result<Box<Record>, Rejected>,
}

/// Decodes everything in a capture, in order. Nothing is dropped as a repeat.
pub fn decode_all(protocol: Protocol, bytes: &[u8]) -> Vec<Decoded> {
    let options = Options { drop_repeats: false };
    let mut session = Session::new(protocol, options);
    session.handle_bytes(Tick(0), bytes);
    session.handle_line(Tick(0), LineEvent::Down);
    let mut decoded = Vec::new();
    while let Some((offset, event)) = session.poll_event_at() {
        let outcome = match event {
            Event::Record(record) => Ok(record),
            Event::Rejected(rejected) => Err(rejected),
            Event::Stage { .. } | Event::Repeated | Event::DeviceError(_) | Event::Prompt(_) => continue,
        };
        decoded.push(Decoded { offset, outcome });
    }
    decoded
}

/// Decodes [`Record::raw`] or [`Rejected::raw`] again, perhaps with a newer version that understands more.
///
/// # Errors
/// [`Rejected`], with the same bytes, if they are no record.
pub fn decode_again(protocol: Protocol, raw: &[u8]) -> Result<Record, Rejected> {
    match protocol {
        Protocol::Auto | Protocol::TanitaTagged => tagged::decode(raw).map_err(|fault| fault.rejecting(raw.to_vec())),
    }
}

/// The tags of a record and their values exactly as sent, in order, those that nobody understands too. Empty for protocols
/// without tags.
pub fn raw_tags(record: &Record) -> Vec<(&str, &str)> {
    if record.protocol == Protocol::TanitaTagged.name() {
        tagged::raw_tags(&record.raw)
    } else {
        Vec::new()
    }
}
