//! Positional records of TBF-310 and BC-418: values with commas between them and no tags.
//!
//! No checksum vouches for them, so a line is a record only if its number of fields is that of a layout and every field is what the
//! layout says. What remains is left to the relations between the values, see [`scan_model::consistency`].

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use scan_model::{
    DeviceTime, Flag, Integrity, Metric, Record, Unit, consistency,
    record::{Device, Measurement},
    subject::{BodyType, Gender, Subject},
};

use super::tagged::value;
use crate::{
    Protocol, RejectReason,
    fault::Fault,
    stream::{Content, Grammar, Head, Rest, Scan, Weighing, any_of, frame, line},
};

pub(crate) static POSITIONAL: Grammar = Grammar {
    protocol: Protocol::TanitaPositional,
    maker: Some("Tanita"),
    head: Head::new(&[any_of(b"\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\"0123456789")]),
    line_start_only: true,
    longest: 512,
    silence: Duration::from_secs(1),
    scan,
    weighing: Weighing::Results,
    request: None,
};

/// What a field holds.
#[derive(Clone, Copy)]
enum Field {
    /// `dd/mm/yy` (BC-418).
    DayFirst,
    /// Year first, of two or four digits (Japanese models).
    YearFirst,
    Time,
    BodyType,
    Gender,
    Age,
    Value(Metric, Unit),
    /// A number that is kept in the raw bytes alone.
    Kept,
}

use Field::{Age, BodyType as Type, DayFirst, Gender as Sex, Kept, Time, Value, YearFirst};
use Unit::{Centimetre as Cm, Kilogram as Kg, KilogramPerSquareMetre as Bmi, Ohm, Percent};

const fn value_of(metric: &str, unit: Unit) -> Field {
    Value(Metric::named(metric), unit)
}

/// Names and contents of the fields, in order. Each layout has its own number of them.
const LAYOUTS: [&[(&str, Field)]; 4] = [&TBF_310_EXPORT, &TBF_310_JAPAN, &TBF_310_WEIGHT, &BC_418];

const TBF_310_EXPORT: [(&str, Field); 12] = [
    ("body_type", Type),
    ("sex", Sex),
    ("height_cm", value_of("height", Cm)),
    ("weight_kg", value_of("body_weight", Kg)),
    ("impedance_ohm", value_of("impedance_50khz", Ohm)),
    ("body_fat_percent", value_of("fat_percentage", Percent)),
    ("fat_mass_kg", value_of("fat_mass", Kg)),
    ("fat_free_mass_kg", value_of("fat_free_mass", Kg)),
    ("total_body_water_kg", value_of("water_mass", Kg)),
    ("age", Age),
    ("bmi", value_of("body_mass_index", Bmi)),
    (
        "basal_metabolic_rate_kj",
        value_of("basal_metabolic_rate_kj", Unit::KilojoulePerDay),
    ),
];

const TBF_310_JAPAN: [(&str, Field); 15] = [
    ("date", YearFirst),
    ("time", Time),
    ("body_type", Type),
    ("sex", Sex),
    ("age", Age),
    ("height_cm", value_of("height", Cm)),
    ("weight_kg", value_of("body_weight", Kg)),
    ("impedance_ohm", value_of("impedance_50khz", Ohm)),
    ("body_fat_percent", value_of("fat_percentage", Percent)),
    ("fat_mass_kg", value_of("fat_mass", Kg)),
    ("fat_free_mass_kg", value_of("fat_free_mass", Kg)),
    ("total_body_water_kg", value_of("water_mass", Kg)),
    ("bmi", value_of("body_mass_index", Bmi)),
    ("standard_weight_kg", value_of("ideal_weight", Kg)),
    ("obesity_degree_percent", value_of("obesity_degree", Percent)),
];

const TBF_310_WEIGHT: [(&str, Field); 3] = [
    ("date", YearFirst),
    ("time", Time),
    ("weight_kg", value_of("body_weight", Kg)),
];

/// The unit of the basal metabolic rate and the frequency of the segments' impedance are not documented, so those stay in the raw bytes.
#[rustfmt::skip]
const BC_418: [(&str, Field); 38] = [
    ("date", DayFirst), ("time", Time), ("body_type", Type), ("sex", Sex),
    ("height_cm", value_of("height", Cm)),
    ("weight_kg", value_of("body_weight", Kg)),
    ("body_fat_percent", value_of("fat_percentage", Percent)),
    ("fat_mass_kg", value_of("fat_mass", Kg)),
    ("fat_free_mass_kg", value_of("fat_free_mass", Kg)),
    ("total_body_water_kg", value_of("water_mass", Kg)),
    ("age", Age),
    ("bmi", value_of("body_mass_index", Bmi)),
    ("basal_metabolic_rate", Kept),
    ("impedance_ohm", value_of("impedance_50khz", Ohm)),
    ("right_leg.impedance_ohm", Kept), ("left_leg.impedance_ohm", Kept),
    ("right_arm.impedance_ohm", Kept), ("left_arm.impedance_ohm", Kept),
    ("right_leg.fat_percent", value_of("right_leg_fat_percentage", Percent)),
    ("right_leg.fat_mass_kg", value_of("right_leg_fat_mass", Kg)),
    ("right_leg.fat_free_mass_kg", value_of("right_leg_fat_free_mass", Kg)),
    ("right_leg.muscle_mass_kg", value_of("right_leg_muscle_mass", Kg)),
    ("left_leg.fat_percent", value_of("left_leg_fat_percentage", Percent)),
    ("left_leg.fat_mass_kg", value_of("left_leg_fat_mass", Kg)),
    ("left_leg.fat_free_mass_kg", value_of("left_leg_fat_free_mass", Kg)),
    ("left_leg.muscle_mass_kg", value_of("left_leg_muscle_mass", Kg)),
    ("right_arm.fat_percent", value_of("right_arm_fat_percentage", Percent)),
    ("right_arm.fat_mass_kg", value_of("right_arm_fat_mass", Kg)),
    ("right_arm.fat_free_mass_kg", value_of("right_arm_fat_free_mass", Kg)),
    ("right_arm.muscle_mass_kg", value_of("right_arm_muscle_mass", Kg)),
    ("left_arm.fat_percent", value_of("left_arm_fat_percentage", Percent)),
    ("left_arm.fat_mass_kg", value_of("left_arm_fat_mass", Kg)),
    ("left_arm.fat_free_mass_kg", value_of("left_arm_fat_free_mass", Kg)),
    ("left_arm.muscle_mass_kg", value_of("left_arm_muscle_mass", Kg)),
    ("trunk.fat_percent", value_of("trunk_fat_percentage", Percent)),
    ("trunk.fat_mass_kg", value_of("trunk_fat_mass", Kg)),
    ("trunk.fat_free_mass_kg", value_of("trunk_fat_free_mass", Kg)),
    ("trunk.muscle_mass_kg", value_of("trunk_muscle_mass", Kg)),
];

/// The fields of a record by name, as sent.
pub(crate) fn raw_tags(raw: &[u8]) -> Vec<(&'static str, &str)> {
    let fields: Vec<_> = fields(raw.trim_ascii_end()).collect();
    let Some(layout) = layout(fields.len()) else {
        return Vec::new();
    };
    let named = layout.iter().zip(fields);
    named
        .filter_map(|((name, _), value)| Some((*name, str::from_utf8(value).ok()?)))
        .collect()
}

/// A line begins like a record with two commas between what its fields are made of.
fn scan(bytes: &[u8], rest: Rest) -> Scan {
    let content = line(bytes).unwrap_or(bytes);
    // The first field may have a control byte before it.
    let illegal = content
        .iter()
        .enumerate()
        .find(|&(at, &byte)| !(is_legal(byte) || at == 0 && is_control(byte)));
    let legal = illegal.map_or(content.len(), |(at, _)| at);
    let begins = content[..legal].iter().filter(|&&byte| byte == b',').count() >= 2;
    if !begins {
        let may_begin = illegal.is_none() && line(bytes).is_none() && rest == Rest::Open;
        return if may_begin { Scan::More } else { Scan::No };
    }
    let bad = |reason, at, detail| Scan::Bad(content.len(), Fault::new(reason, at, detail));
    match (line(bytes), illegal) {
        (None, _) if bytes.len() >= POSITIONAL.longest => bad(
            RejectReason::LineTooLong,
            bytes.len(),
            "no line end within the longest possible record",
        ),
        (None, _) if rest == Rest::Silence => bad(
            RejectReason::Truncated,
            bytes.len(),
            "nothing more came and the line had no end",
        ),
        (None, _) => Scan::More,
        // What a port that checks parity makes of a damaged byte.
        (Some(_), Some((at, 0))) => bad(RejectReason::LineError, at, "a byte was damaged on the line"),
        (Some(_), Some((at, _))) => bad(RejectReason::IllegalByte, at, "a byte that no field can hold"),
        (Some(line), None) => frame(
            line.len() + 1,
            decode(line, &bytes[..=line.len()]).map(|record| Content::Record(Box::new(record))),
        ),
    }
}

/// What may stand before the first field. A zero is what a port makes of a damaged byte.
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

fn layout(count: usize) -> Option<&'static [(&'static str, Field)]> {
    LAYOUTS.into_iter().find(|layout| layout.len() == count)
}

fn decode(line: &[u8], raw: &[u8]) -> Result<Record, Fault> {
    let count = fields(line).count();
    let layout = layout(count).ok_or_else(|| {
        Fault::new(
            RejectReason::WrongFieldCount,
            0,
            format!("{count} fields; a record has 3, 12, 15 or 38"),
        )
    })?;
    let mut record = Record {
        protocol: Protocol::TanitaPositional.name().to_owned(),
        device: Device {
            maker: POSITIONAL.maker.map(str::to_owned),
            ..Device::default()
        },
        measurements: Vec::with_capacity(layout.len()),
        subject: Subject::default(),
        device_time: DeviceTime::Absent,
        integrity: Integrity::None,
        flags: Vec::new(),
        result_id: None,
        raw: raw.to_vec(),
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
        let number = || value::number(text).map_err(|_| bad());
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
            Age => record.subject.age = number()?,
            Kept => drop(number()?),
            Value(metric, unit) => {
                let Some(value) = number()? else { continue };
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
