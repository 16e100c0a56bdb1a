//! From a line to a record.

use jiff::civil::{Date, DateTime, Time};
use scan_model::{
    Decimal, DeviceTime, Flag, Metric, Record, Unit, consistency,
    record::{Device, Measurement},
    subject::{BodyType, Gender, Subject},
};

use super::{
    pairs::{Pair, split, verify},
    tags::{self, CODES, Meaning, lookup, slot},
    value::{date, feet_inches, number, stone_pounds, text, time},
};
use crate::{Protocol, RejectReason, fault::Fault};

/// The record that a line holds, its checksum verified and its values checked against each other.
///
/// # Errors
/// The line is no record, or must not become one.
pub(crate) fn decode(line: &[u8]) -> Result<Record, Fault> {
    let pairs = split(line)?;
    let integrity = verify(line, &pairs)?;
    let mut content = Content::with_capacity(pairs.len());
    for pair in &pairs {
        content.take(*pair)?;
    }
    let mut record = Record {
        integrity,
        ..Record::new(Protocol::TanitaTagged.name(), None, line)
    };
    content.finish(&mut record)?;
    consistency::check(&mut record);
    Ok(record)
}

/// What the pairs of a line have said so far.
struct Content {
    /// One bit for each possible tag.
    seen: [u64; CODES.div_ceil(64)],
    unit_set: Option<Decimal>,
    unit_set_companion: Option<Decimal>,
    device: Device,
    subject: Subject,
    date: Clock<Date>,
    time: Clock<Time>,
    segmental_error: bool,
    measurements: Vec<Measurement>,
}

/// A date or time of the device.
#[derive(Clone, Copy)]
enum Clock<T> {
    Absent,
    Impossible,
    Shown(T),
}

/// The units of the tags that do not name their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnitSet {
    Metric,
    Imperial,
}

impl Content {
    fn with_capacity(pairs: usize) -> Self {
        Self {
            seen: [0; CODES.div_ceil(64)],
            unit_set: None,
            unit_set_companion: None,
            device: Device {
                maker: Some("Tanita".to_owned()),
                ..Device::default()
            },
            subject: Subject::default(),
            date: Clock::Absent,
            time: Clock::Absent,
            segmental_error: false,
            measurements: Vec::with_capacity(pairs),
        }
    }

    fn take(&mut self, pair: Pair<'_>) -> Result<(), Fault> {
        if !self.is_new(pair.tag) {
            return Err(fault(pair, RejectReason::DuplicateTag, "comes twice"));
        }
        let Some(tag) = lookup(pair.tag) else {
            return Ok(());
        };
        match tag.meaning {
            Meaning::Control | Meaning::Card | Meaning::BirthDate | Meaning::Checksum => {}
            Meaning::UnitSetCompanion => self.unit_set_companion = numeric(pair)?,
            Meaning::UnitSet => self.unit_set = numeric(pair)?,
            Meaning::Model => self.device.model = text(pair.value),
            Meaning::Serial => self.device.serial = text(pair.value),
            Meaning::SubjectNumber => self.subject.number = text(pair.value),
            Meaning::Status => self.segmental_error = numeric(pair)?.is_some_and(|status| !status.is_zero()),
            Meaning::Date => self.date = clock(pair.value, date),
            Meaning::Time => self.time = clock(pair.value, time),
            Meaning::BodyType => self.subject.body_type = numeric(pair)?.and_then(body_type),
            Meaning::Gender => self.subject.gender = numeric(pair)?.and_then(gender),
            Meaning::Age => self.subject.age = numeric(pair)?,
            Meaning::ActivityLevel => self.subject.activity_level = numeric(pair)?,
            Meaning::ClothesWeight => self.subject.clothes_weight = numeric(pair)?,
            Meaning::HeightFeetInches => {
                if let Some(height) = feet_inches(pair.value) {
                    self.measure(Metric::HEIGHT, height, Unit::Inch);
                }
            }
            Meaning::WeightStonePounds => {
                let weight = stone_pounds(pair.value).map_err(|_| not_a_number(pair))?;
                if let Some(weight) = weight {
                    self.measure(Metric::BODY_WEIGHT, weight, Unit::Pound);
                }
            }
            Meaning::Value(tag) => {
                if let Some(value) = numeric(pair)? {
                    match tag.partner {
                        Some(partner) if value.is_zero() && self.withdraw_zero(partner) => {}
                        _ => self.measure(tag.metric, value, tag.unit),
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, record: &mut Record) -> Result<(), Fault> {
        if self.unit_set()? == UnitSet::Imperial {
            self.read_as_imperial();
        }
        if self.segmental_error {
            self.measurements.retain(|sent| !tags::is_segmental(sent.metric));
            record.flag(Flag::SegmentalError);
        }
        record.device_time = match (self.date, self.time) {
            (Clock::Shown(date), Clock::Shown(time)) => DeviceTime::Reported(DateTime::from_parts(date, time)),
            (Clock::Impossible, _) | (_, Clock::Impossible) => DeviceTime::Invalid,
            (Clock::Absent, _) | (_, Clock::Absent) => DeviceTime::Absent,
        };
        if record.device_time == DeviceTime::Invalid {
            record.flag(Flag::DeviceTimeInvalid);
        }
        let height = self.measurements.iter().find(|sent| sent.metric == Metric::HEIGHT);
        self.subject.height = height
            .and_then(|sent| sent.unit.to_metric(sent.value))
            .map(|(height, _)| height);
        record.device = self.device;
        record.subject = self.subject;
        record.measurements = self.measurements;
        Ok(())
    }

    /// Notes that `tag` has come; false if it has come before.
    fn is_new(&mut self, tag: [u8; 2]) -> bool {
        // The line holds printable characters alone, so every tag has a slot.
        let Some(slot) = slot(tag) else { return true };
        let (word, bit) = (slot / 64, 1 << (slot % 64));
        let new = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        new
    }

    fn has_seen(&self, tag: [u8; 2]) -> bool {
        slot(tag).is_some_and(|slot| self.seen[slot / 64] & (1 << (slot % 64)) != 0)
    }

    /// Adds a value. Weight and height have several tags; a device that sends two of them means the same by both.
    fn measure(&mut self, metric: Metric, value: Decimal, unit: Unit) {
        let has_several_tags = metric == Metric::BODY_WEIGHT || metric == Metric::HEIGHT;
        if has_several_tags && self.measurements.iter().any(|sent| sent.metric == metric) {
            return;
        }
        self.measurements.push(Measurement { metric, value, unit });
    }

    /// If the partner of a zero came before and is zero too, takes it back: the device did not measure at that frequency.
    fn withdraw_zero(&mut self, partner: [u8; 2]) -> bool {
        if !self.has_seen(partner) {
            return false;
        }
        let Some(Meaning::Value(partner)) = lookup(partner).map(|tag| tag.meaning) else {
            return false;
        };
        // Devices send partners one after the other, so the search ends at its first step.
        let is_zero = |sent: &Measurement| sent.metric == partner.metric && sent.value.is_zero();
        let Some(at) = self.measurements.iter().rposition(is_zero) else {
            return false;
        };
        self.measurements.remove(at);
        true
    }

    /// `~1` names the set: 1 or 2 is metric; 3 is imperial if `~0` is 3 as well. Without it the tags name their units.
    fn unit_set(&self) -> Result<UnitSet, Fault> {
        let is = |sent: Option<Decimal>, number| sent == Some(Decimal::from(number));
        let imperial = is(self.unit_set_companion, 3);
        match self.unit_set {
            Some(_) if is(self.unit_set, 1) || is(self.unit_set, 2) => Ok(UnitSet::Metric),
            Some(_) if is(self.unit_set, 3) && imperial => Ok(UnitSet::Imperial),
            None if !imperial || self.tags_name_units() => Ok(UnitSet::Metric),
            _ => Err(Fault::new(
                RejectReason::UnknownUnits,
                0,
                "the control values `~0` and `~1` name no unit set that is known",
            )),
        }
    }

    /// Whether no value came whose tag means another unit in the imperial set.
    fn tags_name_units(&self) -> bool {
        let is_named = |sent: &Measurement| imperial(sent.unit) == sent.unit;
        self.measurements.iter().all(is_named) && self.subject.clothes_weight.is_none()
    }

    /// In the imperial set the same tags carry pounds and inches.
    fn read_as_imperial(&mut self) {
        for sent in &mut self.measurements {
            sent.unit = imperial(sent.unit);
        }
        let pounds = self.subject.clothes_weight;
        self.subject.clothes_weight = pounds
            .and_then(|pounds| Unit::Pound.to_metric(pounds))
            .map(|(weight, _)| weight);
    }
}

/// What a tag carries in the imperial set that carries `metric` in the others.
fn imperial(metric: Unit) -> Unit {
    match metric {
        Unit::Kilogram => Unit::Pound,
        Unit::Centimetre => Unit::Inch,
        same => same,
    }
}

fn numeric(pair: Pair<'_>) -> Result<Option<Decimal>, Fault> {
    number(pair.value).map_err(|_| not_a_number(pair))
}

fn not_a_number(pair: Pair<'_>) -> Fault {
    fault(pair, RejectReason::BadNumber, "holds no number")
}

fn fault(pair: Pair<'_>, reason: RejectReason, what: &str) -> Fault {
    let [first, second] = pair.tag.map(char::from);
    Fault::new(reason, pair.at, format!("tag `{first}{second}` {what}"))
}

fn clock<T>(value: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Clock<T> {
    if matches!(value, b"" | b"\"\"") {
        Clock::Absent
    } else {
        read(value).map_or(Clock::Impossible, Clock::Shown)
    }
}

fn body_type(code: Decimal) -> Option<BodyType> {
    match code.mantissa() {
        0 => Some(BodyType::Standard),
        2 => Some(BodyType::Athlete),
        5 => Some(BodyType::Auto),
        _ => None,
    }
}

fn gender(code: Decimal) -> Option<Gender> {
    match code.mantissa() {
        1 => Some(Gender::Male),
        2 => Some(Gender::Female),
        _ => None,
    }
}
