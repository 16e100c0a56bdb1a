//! Positional records of TBF-310 and BC-418: values with commas between them and no tags.
//!
//! No checksum vouches for them, so a line is a record only if its number of fields is that of a [`layout`] of the model and every field
//! is what the layout says. What remains is left to the relations between the values, see [`scan_model::consistency`].

mod layout;

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use scan_model::{
    DeviceTime, Flag, Metric, Record, consistency,
    record::Measurement,
    subject::{BodyType, Gender},
};

pub use layout::PositionalModel;

use self::layout::{
    Field::{Age, BodyType as Type, DayFirst, Gender as Sex, Kept, Time, Value, YearFirst},
    Layout,
};
use super::tagged::value;
use crate::{
    Protocol, RejectReason,
    fault::Fault,
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of, frame, is_line_end, line},
};

/// Of any model.
pub(crate) static POSITIONAL: Grammar = grammar(|bytes: &[u8], rest: Rest| scan(bytes, rest, layout::OF_ANY));
/// For bytes that were cut out of their stream before, by a session that may have known its model.
pub(crate) static KEPT: Grammar = grammar(|bytes: &[u8], rest: Rest| scan(bytes, rest, layout::ALL));
static TBF_310: Grammar = grammar(|bytes: &[u8], rest: Rest| scan(bytes, rest, layout::OF_TBF_310));
pub(crate) static BC_418: Grammar = grammar(|bytes: &[u8], rest: Rest| scan(bytes, rest, layout::OF_BC_418));

const LONGEST: usize = 512;
/// A digit or a quote, a control byte before it, or what is left of a damaged byte.
const FIRST: ByteSet = {
    let mut set = any_of(b"\"0123456789");
    let mut byte = 0;
    while byte < set.len() {
        set[byte] |= (byte == DAMAGED as usize || is_control(byte as u8)) && !is_line_end(byte as u8);
        byte += 1;
    }
    set
};

const fn grammar(scan: fn(&[u8], Rest) -> Front) -> Grammar {
    Grammar {
        protocol: Protocol::TanitaPositional,
        maker: MAKER,
        head: Head::new(&[FIRST]),
        line_start_only: true,
        longest: LONGEST,
        silence: Duration::from_secs(1),
        scan,
        weighing: Weighing::Results,
        request: None,
    }
}

const MAKER: Option<&str> = Some("Tanita");

/// What the records of `model` look like, or those of any where it is not known.
pub(crate) fn grammar_of(model: Option<PositionalModel>) -> &'static Grammar {
    match model {
        None => &POSITIONAL,
        Some(PositionalModel::Tbf310) => &TBF_310,
        Some(PositionalModel::Bc418) => &BC_418,
    }
}

/// The fields of a record by name, as sent.
pub(crate) fn raw_tags(raw: &[u8]) -> Vec<(&'static str, &str)> {
    let fields: Vec<_> = fields(raw.trim_ascii_end()).collect();
    let Some(layout) = layout::of_count(layout::ALL, fields.len()) else {
        return Vec::new();
    };
    let named = layout.iter().zip(fields);
    named
        .filter_map(|((name, _), value)| Some((*name, str::from_utf8(value).ok()?)))
        .collect()
}

/// A line begins like a record with two commas between what its fields are made of, or what is left of that.
fn scan(bytes: &[u8], rest: Rest, layouts: &[&'static Layout]) -> Front {
    let content = line(bytes).unwrap_or(bytes);
    // The first field may have a control byte before it.
    let fits_nowhere = |&(at, &byte): &(usize, &u8)| !(is_legal(byte) || at == 0 && is_control(byte));
    let mut others = content.iter().enumerate().filter(fits_nowhere);
    let illegal = others.clone().next();
    // What was damaged on the line may have been of a field.
    let foreign = others.find(|&(_, &byte)| byte != DAMAGED);
    let made_of = foreign.map_or(content.len(), |(at, _)| at);
    let begins = content[..made_of].iter().filter(|&&byte| byte == b',').count() >= 2;
    if !begins {
        let may_begin = foreign.is_none() && line(bytes).is_none() && rest == Rest::Open;
        return if may_begin { Front::More } else { Front::No };
    }
    let bad = |reason, at, detail| Front::Bad(content.len(), Fault::new(reason, at, detail));
    match (line(bytes), illegal) {
        (None, _) if bytes.len() >= LONGEST => bad(
            RejectReason::LineTooLong,
            bytes.len(),
            "no line end within the longest possible record",
        ),
        (None, _) if rest == Rest::Silence => bad(
            RejectReason::Truncated,
            bytes.len(),
            "nothing more came and the line had no end",
        ),
        (None, _) => Front::More,
        (Some(_), Some((at, &DAMAGED))) => bad(RejectReason::LineError, at, "a byte was damaged on the line"),
        (Some(_), Some((at, _))) => bad(RejectReason::IllegalByte, at, "a byte that no field can hold"),
        (Some(line), None) => frame(
            line.len() + 1,
            decode(line, &bytes[..=line.len()], layouts).map(|record| Content::Record(Box::new(record))),
        ),
    }
}

/// What a port that checks parity makes of a damaged byte.
const DAMAGED: u8 = 0;

/// What may stand before the first field.
const fn is_control(byte: u8) -> bool {
    matches!(byte, 0x01..=0x1f)
}

const fn is_legal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b',' | b'-' | b'"' | b'/' | b':' | b' ')
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line[start(line)..].split(|&byte| byte == b',')
}

/// Where the first field begins.
fn start(line: &[u8]) -> usize {
    line.first().map_or(0, |&byte| usize::from(is_control(byte)))
}

fn decode(line: &[u8], raw: &[u8], layouts: &[&'static Layout]) -> Result<Record, Fault> {
    let count = fields(line).count();
    let layout = layout::of_count(layouts, count).ok_or_else(|| {
        let counts: Vec<_> = layouts.iter().map(|layout| layout.len().to_string()).collect();
        Fault::new(
            RejectReason::WrongFieldCount,
            0,
            format!("{count} fields; a record has {}", counts.join(" or ")),
        )
    })?;
    let mut record = Record {
        measurements: Vec::with_capacity(layout.len()),
        ..Record::new(Protocol::TanitaPositional.name(), MAKER, raw)
    };
    let mut date = None;
    let mut next = start(line);
    for ((name, field), text) in layout.iter().zip(fields(line)) {
        let at = next;
        next += text.len() + 1;
        let bad = || {
            Fault::new(
                RejectReason::BadNumber,
                at,
                format!("field `{name}` holds something else"),
            )
        };
        // Unlike the tagged format, this one never says that a value is missing: an empty field lost its digits.
        let number = || value::number(text).ok().flatten().ok_or_else(bad);
        match *field {
            // A clock that was never set still sends a line of this shape; any other line is not the scale's.
            DayFirst | YearFirst if !text.contains(&b'/') => return Err(bad()),
            Time if !text.contains(&b':') => return Err(bad()),
            DayFirst => date = day_first(text),
            YearFirst => date = value::date(text.trim_ascii()),
            Time => {
                let shown = date.zip(value::time(text.trim_ascii()));
                record.device_time = shown.map_or(DeviceTime::Invalid, |(date, time)| {
                    DeviceTime::Reported(DateTime::from_parts(date, time))
                });
            }
            Type => record.subject.body_type = Some(body_type(text).ok_or_else(bad)?),
            Sex => record.subject.gender = Some(gender(text).ok_or_else(bad)?),
            Age => record.subject.age = Some(number()?),
            Kept => {
                number()?;
            }
            Value(metric, unit) => {
                let value = number()?;
                if metric == Metric::HEIGHT {
                    record.subject.height = Some(value);
                }
                record.measurements.push(Measurement { metric, value, unit });
            }
        }
    }
    if record.device_time == DeviceTime::Invalid {
        record.flag(Flag::DeviceTimeInvalid);
    }
    consistency::check(&mut record);
    Ok(record)
}

/// `dd/mm/yy`, a year after 2000. The Japanese models and the tagged format have two-digit years first.
fn day_first(text: &[u8]) -> Option<Date> {
    let text = text.trim_ascii();
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let [d1, d2, b'/', m1, m2, b'/', y1, y2] = *inner else {
        return None;
    };
    let two = |high: u8, low: u8| {
        let digits = high.is_ascii_digit() && low.is_ascii_digit();
        digits.then(|| i8::try_from((high - b'0') * 10 + (low - b'0')).unwrap_or(0))
    };
    Date::new(2000 + i16::from(two(y1, y2)?), two(m1, m2)?, two(d1, d2)?).ok()
}

/// Control bytes and remains of an earlier line may stand before the digit: the last character decides.
fn body_type(text: &[u8]) -> Option<BodyType> {
    match text.last()? {
        b'0' => Some(BodyType::Standard),
        b'2' => Some(BodyType::Athlete),
        _ => None,
    }
}

fn gender(text: &[u8]) -> Option<Gender> {
    match text.trim_ascii() {
        b"1" => Some(Gender::Male),
        b"2" => Some(Gender::Female),
        _ => None,
    }
}
