//! DBA-310, a body composition analyser that says its result as text: `hei=170.0;wei=70.5;…over`. Experimental: read from a
//! description of its commands.
//!
//! It answers when asked with `*read?`, and with the same result as long as it is asked: equal bytes with a date are one result. This
//! program does not ask, it reads what another one at the line asks for. Units are not stated. Weight, height and body mass index vouch
//! for each other: if each can be true and the index is what kilograms and centimetres make it, those are the units, and else the result
//! is refused. The meaning of the other keys is not described; they are kept unread.

use std::time::Duration;

use scan_model::{
    Decimal, Metric, Record, Unit, consistency,
    record::Measurement,
    subject::{Gender, Subject},
};

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    repeats::fingerprint,
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of, between, frame},
};

pub(crate) static DBA310: Grammar = Grammar {
    protocol: Protocol::Dba310,
    maker: None,
    head: Head::new(&[between(b'a', b'z'), any_of(b"=0123456789_abcdefghijklmnopqrstuvwxyz")]),
    line_start_only: true,
    longest: 2048,
    silence: Duration::from_secs(1),
    scan,
    weighing: Weighing::Results,
    request: None,
};

/// The first key of a result, be its value empty. What is left of a result whose beginning was not heard has it no more.
const FIRST: &str = "id";
/// What stands behind the last pair.
const END: &[u8] = b"over";
const KEY: ByteSet = any_of(b"0123456789_abcdefghijklmnopqrstuvwxyz");
const BMI: Metric = Metric::named("body_mass_index");

fn scan(bytes: &[u8], rest: Rest) -> Front {
    let mut at = 0;
    loop {
        let text = &bytes[at..];
        if at > 0 && text.starts_with(END) {
            let whole = &bytes[..at + END.len()];
            return frame(
                whole.len(),
                decode(whole).map(|record| Content::Record(Box::new(record))),
            );
        }
        let end = text.iter().position(|&byte| byte == b';');
        let pair = &text[..end.unwrap_or(text.len())];
        match (begins_pair(pair), end) {
            (true, Some(end)) if pair.contains(&b'=') => at += end + 1,
            (true, None) if rest == Rest::Open => return Front::More,
            _ if at == 0 => return Front::No,
            (true, None) => {
                let detail = "nothing more came and the result had no end";
                return Front::Bad(bytes.len(), Fault::new(RejectReason::Truncated, bytes.len(), detail));
            }
            _ => {
                let detail = "behind a pair stands neither a pair nor the end";
                return Front::Bad(at, Fault::new(RejectReason::BadFrame, at, detail));
            }
        }
    }
}

/// Whether `text` is a key, an equals sign and a value, or the beginning of that.
fn begins_pair(text: &[u8]) -> bool {
    let key = text.iter().take_while(|&&byte| KEY[usize::from(byte)]).count();
    let value = match &text[key..] {
        [] => &[],
        [b'=', value @ ..] => value,
        _ => return false,
    };
    text.first().is_none_or(u8::is_ascii_lowercase) && value.iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// The keys and values of a result.
pub(crate) fn raw_tags(raw: &[u8]) -> Vec<(&str, &str)> {
    let text = str::from_utf8(raw).unwrap_or_default();
    text.split(';').filter_map(|pair| pair.split_once('=')).collect()
}

fn decode(whole: &[u8]) -> Result<Record, Fault> {
    let pairs = raw_tags(whole);
    let text = |key: &str| -> Result<Option<&str>, Fault> {
        let mut values = pairs.iter().filter(|(known, _)| *known == key);
        let value = values.next().map(|(_, value)| value.trim());
        if values.next().is_some() {
            return Err(Fault::new(
                RejectReason::DuplicateTag,
                0,
                format!("`{key}` comes twice"),
            ));
        }
        Ok(value.filter(|value| !value.is_empty()))
    };
    let number = |key: &str| -> Result<Option<Decimal>, Fault> {
        let bad = |_| Fault::new(RejectReason::BadNumber, 0, format!("`{key}` is no number"));
        text(key)?
            .map(|value| Decimal::parse(value.as_bytes()).map_err(bad))
            .transpose()
    };
    let mut record = Record {
        subject: Subject {
            number: text("id")?.map(str::to_owned),
            gender: match text("gen")? {
                Some("1") => Some(Gender::Male),
                Some("0") => Some(Gender::Female),
                _ => None,
            },
            age: number("age")?,
            ..Subject::default()
        },
        // Without a date somebody may well have the same values another day.
        result_id: text("date")?.map(|_| fingerprint(Protocol::Dba310, whole)),
        ..Record::new(Protocol::Dba310.name(), None, whole)
    };
    let (Some(height), Some(weight), Some(index)) = (number("hei")?, number("wei")?, number("bmi")?) else {
        return Err(unknown_units(
            "height, weight and body mass index are not all there to tell the units",
        ));
    };
    record.subject.height = Some(height);
    record.measurements = [
        (Metric::HEIGHT, height, Unit::Centimetre),
        (Metric::BODY_WEIGHT, weight, Unit::Kilogram),
        (BMI, index, Unit::KilogramPerSquareMetre),
    ]
    .map(|(metric, value, unit)| Measurement { metric, value, unit })
    .to_vec();
    // Zeros fit each other in any unit.
    let can_be_true = |sent: &Measurement| sent.metric.is_plausible(sent.value);
    if !record.measurements.iter().all(can_be_true) {
        return Err(unknown_units(
            "height, weight and body mass index cannot all be true in centimetres and kilograms",
        ));
    }
    consistency::check(&mut record);
    // In other units it does fit, or a value is damaged.
    if !record.flags.is_empty() {
        return Err(unknown_units(
            "the body mass index is not that of kilograms and centimetres",
        ));
    }
    if !pairs.iter().any(|(key, _)| *key == FIRST) {
        return Err(Fault::new(
            RejectReason::Truncated,
            0,
            "the result has lost its beginning",
        ));
    }
    Ok(record)
}

fn unknown_units(detail: &'static str) -> Fault {
    Fault::new(RejectReason::UnknownUnits, 0, detail)
}
