//! Whole captures at once, for tools and for bytes that were kept.

use std::borrow::Cow;

use scan_model::Record;

use crate::{
    Carrier, Characteristic, Content, Onlooker, Protocol, RejectReason, Rejected,
    accuniq::{self, ACCUNIQ},
    bluetooth::{self, xiaomi},
    bmh05108::BMH05108,
    dba310::{self, DBA310},
    fault::Fault,
    identify::{ANNOUNCED, explained_by},
    scales::{
        adam::{self, ADAM},
        and::AND,
        cas::CAS,
        doran::DORAN,
        rice_lake::{self, RICE_LAKE},
        seca_460::SECA_460,
        toledo::TOLEDO,
        toledo_8217::TOLEDO_8217,
    },
    scan_link,
    stream::{Front, Grammar, Rest},
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

/// What a capture holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoding {
    /// Its units, in order.
    pub units: Vec<Decoded>,
    /// Bytes outside of any unit. Line ends between frames do not count.
    pub bytes_skipped: u64,
}

/// The units of [`decode_capture`].
pub fn decode_all(protocol: Protocol, bytes: &[u8]) -> Vec<Decoded> {
    decode_capture(protocol, bytes).units
}

/// Decodes everything in a capture, in order. Nothing is dropped as a repeat, and every line of a scale is a unit, stable or not. Of a
/// Bluetooth protocol the capture is one value. [`Protocol::Auto`] takes the one family that explains the most; one good frame of
/// scan-link anywhere decides for scan-link, as its checksum is right by chance in no other family's bytes.
pub fn decode_capture(protocol: Protocol, bytes: &[u8]) -> Decoding {
    match protocol.carrier() {
        Carrier::Serial if protocol == Protocol::Auto && scan_link::hear(bytes).is_none() => {
            explained_by(&ANNOUNCED, bytes)
        }
        Carrier::Serial if protocol == Protocol::Auto => Onlooker::new(Protocol::ScanLink).decode(bytes),
        Carrier::Serial => Onlooker::new(protocol).decode(bytes),
        Carrier::Bluetooth => {
            let outcome = value(protocol, bytes).map_err(|fault| fault.rejecting(bytes.to_vec()));
            let unit = Decoded {
                offset: 0,
                protocol,
                outcome,
            };
            Decoding::of_values(vec![unit])
        }
        Carrier::File => Decoding::default(),
    }
}

/// Decodes one value of the Bluetooth characteristic with this number, of those that have to do with weighing: Weight Measurement
/// (2A9D), Body Composition Measurement (2A9C), and what is written to the User Control Point (2A9F).
pub fn decode_value(characteristic: u16, value: &[u8]) -> Decoded {
    let rejected = |detail: String| Err(Fault::new(RejectReason::BadFrame, 0, detail).rejecting(value.to_vec()));
    let units = match characteristic {
        0x2a9c => decode_all(Protocol::SigBcs, value),
        0x2a9d => decode_all(Protocol::SigWss, value),
        _ => Vec::new(),
    };
    units.into_iter().next().unwrap_or_else(|| Decoded {
        offset: 0,
        protocol: Protocol::SigWss,
        outcome: match (characteristic, bluetooth::user_data::control_point(value)) {
            (0x2a9f, Some(message)) => Ok(Content::Message(message)),
            (0x2a9f, None) => rejected("the value is no procedure of the User Control Point".to_owned()),
            _ => rejected(format!(
                "characteristic {characteristic:04X} has nothing to do with weighing"
            )),
        },
    })
}

/// Decodes [`Record::raw`] or [`Rejected::raw`] again, perhaps with a newer version that understands more. A positional line is taken in
/// the layout of any model, since it does not say for which one it was kept: what a session refused for its model may be a record here.
///
/// # Errors
/// [`Rejected`], with the same bytes, if they are no record.
pub fn decode_again(protocol: Protocol, raw: &[u8]) -> Result<Record, Rejected> {
    let grammar = match protocol {
        Protocol::TanitaPositional => Some(&positional::KEPT),
        _ => grammar(protocol),
    };
    let again = || match (grammar, protocol.carrier()) {
        (Some(grammar), _) => match (grammar.scan)(raw, Rest::Silence) {
            Front::Frame(_, content) => record(protocol, grammar.maker, content, raw),
            Front::Bad(_, fault) => Err(fault),
            Front::No | Front::More => Err(no_record()),
        },
        (None, Carrier::Bluetooth) if protocol == Protocol::Xiaomi => {
            record(protocol, xiaomi::MAKER, value(protocol, raw)?, raw)
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
        Ok(Protocol::TanitaPc) if record.raw.starts_with(b"{") => as_sent(tagged::raw_tags(&record.raw)),
        Ok(Protocol::TanitaTagged) => as_sent(tagged::raw_tags(&record.raw)),
        Ok(Protocol::TanitaPositional | Protocol::TanitaPc) => as_sent(positional::raw_tags(&record.raw)),
        Ok(Protocol::RiceLake) => as_sent(rice_lake::block::raw_tags(&record.raw)),
        Ok(Protocol::Adam) => as_sent(adam::raw_tags(&record.raw)),
        Ok(Protocol::Dba310) => as_sent(dba310::raw_tags(&record.raw)),
        Ok(Protocol::SigBcs | Protocol::SigWss) => bluetooth::raw_tags(&record.raw),
        Ok(Protocol::Accuniq) => {
            let tags = accuniq::raw_tags(&record.raw).into_iter();
            tags.map(|(name, value)| (name, Cow::Owned(value))).collect()
        }
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
        Protocol::Cas => &CAS,
        Protocol::Toledo8217 => &TOLEDO_8217,
        Protocol::Doran => &DORAN,
        Protocol::Seca460 => &SECA_460,
        Protocol::Dba310 => &DBA310,
        _ => return None,
    })
}

impl Decoding {
    /// Of what is no stream: there is nothing between values.
    const fn of_values(units: Vec<Decoded>) -> Self {
        Self {
            units,
            bytes_skipped: 0,
        }
    }
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
fn record(protocol: Protocol, maker: Option<&str>, content: Content, raw: &[u8]) -> Result<Record, Fault> {
    match content {
        Content::Record(record) => Ok(*record),
        Content::Weight(weight) if weight.measurement().is_some() => Ok(weight.record(protocol, maker, raw)),
        Content::Weight(_) | Content::Message(_) => Err(no_record()),
    }
}

fn no_record() -> Fault {
    Fault::new(RejectReason::BadFrame, 0, "the bytes are no record of this protocol")
}
