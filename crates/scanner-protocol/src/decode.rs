//! Whole captures at once, for tools and for bytes that were kept.

use std::borrow::Cow;

use scan_model::Record;

use crate::{
    Carrier, Characteristic, Content, Event, LineEvent, Options, Protocol, RejectReason, Rejected, Session, Tick,
    accuniq::ACCUNIQ,
    bluetooth::{self, xiaomi},
    bmh05108::BMH05108,
    fault::Fault,
    identify::{ANNOUNCED, explained_by},
    scales::{
        adam::{self, ADAM},
        and::AND,
        rice_lake::RICE_LAKE,
        toledo::TOLEDO,
    },
    scan_link,
    stream::{self, Grammar, Rest, Scan},
    tanita::{
        pc_mode,
        positional::{self, POSITIONAL},
        tagged,
        weighing::{WB, WEIGHT_OUTPUT},
    },
};

/// One unit of a capture: a frame, or bytes that began like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Position of its first byte in the capture.
    pub offset: u64,
    /// The family it is of.
    pub protocol: Protocol,
    /// What it is.
    pub outcome: Result<Content, Rejected>,
}

/// Decodes everything in a capture, in order. Nothing is dropped as a repeat, and every line of a scale is a unit, stable or not. Of a
/// Bluetooth protocol the capture is one value. [`Protocol::Auto`] takes the one family that explains the most.
pub fn decode_all(protocol: Protocol, bytes: &[u8]) -> Vec<Decoded> {
    if let Some(grammar) = grammar(protocol) {
        return stream::decode_all(grammar, bytes);
    }
    match protocol.carrier() {
        Carrier::Serial if protocol == Protocol::Auto => explained_by(&ANNOUNCED, bytes),
        // A session would answer.
        Carrier::Serial if protocol == Protocol::ScanLink => scan_link::decode_all(bytes),
        Carrier::Serial => session_units(protocol, bytes),
        Carrier::Bluetooth => {
            let outcome = value(protocol, bytes).map_err(|fault| fault.rejecting(bytes.to_vec()));
            vec![Decoded {
                offset: 0,
                protocol,
                outcome,
            }]
        }
        Carrier::File => Vec::new(),
    }
}

/// Decodes [`Record::raw`] or [`Rejected::raw`] again, perhaps with a newer version that understands more.
///
/// # Errors
/// [`Rejected`], with the same bytes, if they are no record.
pub fn decode_again(protocol: Protocol, raw: &[u8]) -> Result<Record, Rejected> {
    let again = || match (grammar(protocol), protocol.carrier()) {
        (Some(grammar), _) => match (grammar.scan)(raw, Rest::Silence) {
            Scan::Frame(_, content) => record(grammar, content, raw),
            Scan::Bad(_, fault) => Err(fault),
            Scan::No | Scan::More => Err(no_record()),
        },
        (None, Carrier::Bluetooth) if protocol == Protocol::Xiaomi => {
            record(&xiaomi::XIAOMI, value(protocol, raw)?, raw)
        }
        (None, Carrier::Bluetooth) => bluetooth::record_again(raw).ok_or_else(no_record),
        (None, Carrier::File) => Err(no_record()),
        (None, Carrier::Serial) if protocol == Protocol::TanitaPc => pc_mode::decode(raw),
        (None, Carrier::Serial) if protocol == Protocol::ScanLink => scan_link::decode(raw),
        (None, Carrier::Serial) => tagged::decode(raw),
    };
    again().map_err(|fault| fault.rejecting(raw.to_vec()))
}

/// What a record's bytes say by name, exactly as sent, in order: tags that nobody understands too. Empty for protocols whose frames
/// name nothing.
pub fn raw_tags(record: &Record) -> Vec<(&str, Cow<'_, str>)> {
    fn as_sent<'a>(tags: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, Cow<'a, str>)> {
        tags.into_iter()
            .map(|(name, value)| (name, Cow::Borrowed(value)))
            .collect()
    }
    match record.protocol.parse() {
        Ok(Protocol::TanitaTagged | Protocol::TanitaPc) => as_sent(tagged::raw_tags(&record.raw)),
        Ok(Protocol::TanitaPositional) => as_sent(positional::raw_tags(&record.raw)),
        Ok(Protocol::Adam) => as_sent(adam::raw_tags(&record.raw)),
        Ok(Protocol::SigBcs | Protocol::SigWss) => bluetooth::raw_tags(&record.raw),
        _ => Vec::new(),
    }
}

/// How the frames of a family look that only sends; `None` for the others.
pub(crate) fn grammar(protocol: Protocol) -> Option<&'static Grammar> {
    Some(match protocol {
        Protocol::TanitaPositional => &POSITIONAL,
        Protocol::TanitaWb => &WB,
        Protocol::TanitaWeight => &WEIGHT_OUTPUT,
        Protocol::And => &AND,
        Protocol::Toledo => &TOLEDO,
        Protocol::RiceLake => &RICE_LAKE,
        Protocol::Adam => &ADAM,
        Protocol::Accuniq => &ACCUNIQ,
        Protocol::Bmh05108 => &BMH05108,
        _ => return None,
    })
}

fn session_units(protocol: Protocol, bytes: &[u8]) -> Vec<Decoded> {
    let options = Options {
        drop_repeats: false,
        ..Options::default()
    };
    let mut session = Session::new(protocol, options);
    session.handle_bytes(Tick(0), bytes);
    session.handle_line(Tick(0), LineEvent::Down);
    let mut decoded = Vec::new();
    while let Some((offset, event)) = session.poll_event_at() {
        let outcome = match event {
            Event::Record(record) => Ok(Content::Record(record)),
            Event::Rejected(rejected) => Err(rejected),
            _ => continue,
        };
        decoded.push(Decoded {
            offset,
            protocol,
            outcome,
        });
    }
    decoded
}

fn value(protocol: Protocol, bytes: &[u8]) -> Result<Content, Fault> {
    let characteristic = match protocol {
        Protocol::Xiaomi => return xiaomi::decode(bytes).map(Content::Weight),
        Protocol::SigWss => Characteristic::Weight,
        _ => Characteristic::BodyComposition,
    };
    let record = bluetooth::record(characteristic, bytes)?;
    Ok(Content::Record(Box::new(record)))
}

/// The record that a frame is or, for a scale, would be.
fn record(grammar: &Grammar, content: Content, raw: &[u8]) -> Result<Record, Fault> {
    match content {
        Content::Record(record) => Ok(*record),
        Content::Weight(weight) if weight.measurement().is_some() => Ok(weight.record(grammar, raw)),
        Content::Weight(_) | Content::Message(_) => Err(no_record()),
    }
}

fn no_record() -> Fault {
    Fault::new(RejectReason::BadFrame, 0, "the bytes are no record of this protocol")
}
