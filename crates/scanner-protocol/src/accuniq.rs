//! Selvas ACCUNIQ, formerly Jawon. Experimental: the maker publishes nothing, and this is what one public client saw of one device.
//!
//! A frame is STX, a command letter, data, ETX and the sum of all bytes before. Of the more than 112 numbers of a result only those are
//! read whose meaning that client's own example confirms.

use std::time::Duration;

use scan_model::{
    Decimal, Integrity, Metric, Record, Unit, consistency,
    record::Measurement,
    subject::{Gender, Subject},
};

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    message::Message,
    repeats::fingerprint,
    stream::{Content, Front, Grammar, Head, Rest, Weighing, any_of, between, frame},
};

pub(crate) static ACCUNIQ: Grammar = Grammar {
    protocol: Protocol::Accuniq,
    maker: Some("Selvas"),
    head: Head::new(&[any_of(&[STX]), any_of(b"IAMKBT"), between(ETX, 0x7e)]),
    line_start_only: false,
    longest: 2048,
    silence: Duration::from_secs(1),
    scan,
    weighing: Weighing::Results,
    request: None,
};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// The fewest values of a result.
const VALUES: usize = 113;

/// Where the values stand that are read, what they are, and how many decimals they have: they are sent without a point.
const MEASUREMENTS: [(usize, Metric, Unit, u8); 4] = [
    (6, Metric::HEIGHT, Unit::Centimetre, 1),
    (7, Metric::BODY_WEIGHT, Unit::Kilogram, 1),
    (60, Metric::named("fat_percentage"), Unit::Percent, 1),
    (
        109,
        Metric::named("basal_metabolic_rate_kcal"),
        Unit::KilocaloriePerDay,
        0,
    ),
];
const GENDER: usize = 4;
const AGE: usize = 5;

fn scan(bytes: &[u8], rest: Rest) -> Front {
    if bytes
        .get(1)
        .is_some_and(|letter| !matches!(letter, b'I' | b'A' | b'M' | b'K' | b'B' | b'T'))
    {
        return Front::No;
    }
    let data = bytes.get(2..).unwrap_or_default();
    let end = data.iter().position(|byte| !(0x20..=0x7e).contains(byte));
    match end.map(|end| end + 2) {
        None if rest == Rest::Silence && bytes.len() > 2 => truncated(bytes),
        None => Front::More,
        Some(end) if bytes[end] != ETX => Front::No,
        // The check byte may be STX or ETX itself: whatever it is, it ends the frame.
        Some(end) => match bytes.get(end + 1) {
            None if rest == Rest::Silence => truncated(bytes),
            None => Front::More,
            Some(&check) => frame(
                end + 2,
                verified(&bytes[..=end], check).and_then(|()| decode(&bytes[..end + 2])),
            ),
        },
    }
}

fn truncated(bytes: &[u8]) -> Front {
    let detail = "nothing more came and the frame had no end";
    Front::Bad(bytes.len(), Fault::new(RejectReason::Truncated, bytes.len(), detail))
}

fn verified(bytes: &[u8], sent: u8) -> Result<(), Fault> {
    let computed = bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    if sent == computed {
        return Ok(());
    }
    Err(Fault::new(
        RejectReason::ChecksumMismatch,
        bytes.len(),
        format!("the checksum says {sent:02X}, the bytes add up to {computed:02X}"),
    ))
}

fn decode(frame: &[u8]) -> Result<Content, Fault> {
    let (letter, data) = (frame[1], &frame[2..frame.len() - 2]);
    // Without data it is a request of a host, or its echo.
    if letter == b'M' && !data.is_empty() {
        return result(frame, data).map(|record| Content::Record(Box::new(record)));
    }
    let mut fields = vec![("command", char::from(letter).to_string())];
    if let (b'A', [code]) = (letter, data) {
        fields.push(("state", state(*code).to_owned()));
    } else if !data.is_empty() {
        fields.push(("data", data.iter().map(|&byte| char::from(byte)).collect()));
    }
    Ok(Content::Message(Message { fields }))
}

/// What the frame of a result says of itself.
pub(crate) fn raw_tags(frame: &[u8]) -> Vec<(&'static str, String)> {
    let data = frame.get(2..frame.len().saturating_sub(2)).unwrap_or_default();
    let fields = data.split(|&byte| byte == b',').count();
    vec![("command", "M".to_owned()), ("fields", fields.to_string())]
}

fn state(code: u8) -> &'static str {
    match code {
        b'0' => "ready",
        b'1' => "measuring_weight",
        b'2'..=b'4' => "member_input",
        b'5' => "measuring_composition",
        b'6' => "complete",
        b'7' | b'A' | b'B' => "printing_or_settings",
        b'C' => "calibration",
        _ => "unknown",
    }
}

fn result(frame: &[u8], data: &[u8]) -> Result<Record, Fault> {
    let values: Vec<&[u8]> = data.split(|&byte| byte == b',').collect();
    if values.len() < VALUES {
        return Err(Fault::new(
            RejectReason::WrongFieldCount,
            2,
            format!("{} values; a result has {VALUES} or more", values.len()),
        ));
    }
    let number = |at: usize, decimals: u8| -> Result<Option<Decimal>, Fault> {
        let text = values[at].trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        let whole = Decimal::parse(text).ok().filter(|number| number.scale() == 0);
        let bad = || Fault::new(RejectReason::BadNumber, 2, format!("value {at} is no whole number"));
        whole
            .map(|number| Some(Decimal::new(number.mantissa(), decimals)))
            .ok_or_else(bad)
    };
    let mut record = Record {
        measurements: Vec::with_capacity(MEASUREMENTS.len()),
        subject: Subject {
            gender: match values[GENDER] {
                b"1" => Some(Gender::Male),
                b"2" => Some(Gender::Female),
                _ => None,
            },
            age: number(AGE, 0)?,
            ..Subject::default()
        },
        integrity: Integrity::Verified,
        // The device sends its last result again every half minute.
        result_id: Some(fingerprint(Protocol::Accuniq, frame)),
        ..Record::new(Protocol::Accuniq.name(), ACCUNIQ.maker, frame)
    };
    for (at, metric, unit, decimals) in MEASUREMENTS {
        let Some(value) = number(at, decimals)? else { continue };
        if metric == Metric::HEIGHT {
            record.subject.height = Some(value);
        }
        record.measurements.push(Measurement { metric, value, unit });
    }
    consistency::check(&mut record);
    Ok(record)
}
