//! Body Composition Measurement (2A9C) and Weight Measurement (2A9D).

use std::borrow::Cow;

use scan_model::{Decimal, DeviceTime, Flag, Integrity, Metric, Record, Unit, record::Measurement, subject::Subject};

use super::{Characteristic, cursor::Cursor};
use crate::{Protocol, fault::Fault};

/// One value of either characteristic. `Debug` prints no measured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(super) characteristic: Characteristic,
    flags: u16,
    /// The scale's own number of the person; it names nobody outside of the scale.
    pub(super) user: Option<u8>,
    pub(super) time: DeviceTime,
    /// Another value belongs to this one.
    pub(super) is_part: bool,
    /// The scale could not measure.
    pub(super) is_unsuccessful: bool,
    /// Zeros that some scales send in place of a composition they have not stored.
    pub(super) is_placeholder: bool,
    pub(super) measurements: Vec<Measurement>,
}

const NOT_AVAILABLE: u16 = 0xffff;
const UNKNOWN_USER: u8 = 0xff;

const FAT: Metric = Metric::named("fat_percentage");
const KILOJOULES: Metric = Metric::named("basal_metabolic_rate_kj");
const BMI: Metric = Metric::named("body_mass_index");

/// Decodes one value. Surplus bytes are ignored.
///
/// # Errors
/// The value is shorter than its flags promise.
pub(crate) fn decode(characteristic: Characteristic, bytes: &[u8]) -> Result<Value, Fault> {
    read(characteristic, &mut Cursor::new(bytes))
}

/// How many bytes of a value its flags give a meaning: what is behind them is surplus.
///
/// # Errors
/// As of [`decode`].
pub(super) fn described(characteristic: Characteristic, bytes: &[u8]) -> Result<usize, Fault> {
    let mut cursor = Cursor::new(bytes);
    read(characteristic, &mut cursor)?;
    Ok(cursor.at())
}

/// What a record's bytes say beside its measurements, value by value.
pub(crate) fn raw_tags(raw: &[u8]) -> Vec<(&'static str, Cow<'static, str>)> {
    let mut tags = Vec::new();
    for (characteristic, bytes) in packed(raw) {
        let Ok(value) = decode(characteristic, bytes) else {
            continue;
        };
        let name = match characteristic {
            Characteristic::BodyComposition => "2A9C",
            Characteristic::Weight => "2A9D",
        };
        tags.push(("characteristic", Cow::Borrowed(name)));
        tags.push(("flags", Cow::Owned(value.flags.to_string())));
        if let Some(user) = value.user {
            tags.push(("user_id", Cow::Owned(user.to_string())));
        }
        if value.is_unsuccessful {
            tags.push(("unsuccessful", Cow::Borrowed("true")));
        }
        if value.is_placeholder {
            tags.push(("usable", Cow::Borrowed("false")));
        }
    }
    tags
}

/// A value as a record keeps it, since one may consist of several: its characteristic, its length, its bytes.
pub(super) fn pack(characteristic: Characteristic, value: &[u8]) -> Vec<u8> {
    // An attribute of Bluetooth has at most 512 bytes, and these layouts end long before byte 255: the rest is surplus.
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    let value = &value[..usize::from(length)];
    [&[characteristic as u8, length], value].concat()
}

/// The values that a record keeps.
pub(super) fn packed(raw: &[u8]) -> impl Iterator<Item = (Characteristic, &[u8])> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        let [characteristic, length, values @ ..] = rest else {
            return None;
        };
        let characteristic = match characteristic {
            0x9c => Characteristic::BodyComposition,
            0x9d => Characteristic::Weight,
            _ => return None,
        };
        let value = values.get(..usize::from(*length))?;
        rest = &values[value.len()..];
        Some((characteristic, value))
    })
}

impl Value {
    /// The record of this value. `raw` is packed.
    pub(super) fn into_record(self, raw: &[u8]) -> Record {
        let protocol = match self.characteristic {
            Characteristic::BodyComposition => Protocol::SigBcs,
            Characteristic::Weight => Protocol::SigWss,
        };
        let flags = match self.time {
            DeviceTime::Invalid => vec![Flag::DeviceTimeInvalid],
            DeviceTime::Absent | DeviceTime::Reported(_) => Vec::new(),
        };
        let height = self.measurements.iter().find(|sent| sent.metric == Metric::HEIGHT);
        let height = height
            .and_then(|sent| sent.unit.to_metric(sent.value))
            .map(|(height, _)| height);
        Record {
            subject: Subject {
                height,
                ..Subject::default()
            },
            measurements: self.measurements,
            device_time: self.time,
            // Every packet of a Bluetooth link carries a 24-bit CRC, and one with a wrong CRC is sent again.
            integrity: Integrity::Verified,
            flags,
            ..Record::new(protocol.name(), None, raw)
        }
    }

    /// Takes in another value of the same weighing. Where both say something, this one's counts.
    pub(super) fn absorb(&mut self, other: Self) {
        for sent in other.measurements {
            self.measure(sent.metric, sent.value, sent.unit);
        }
        self.user = self.user.or(other.user);
        if self.time == DeviceTime::Absent {
            self.time = other.time;
        }
        self.is_part = false;
        self.is_unsuccessful |= other.is_unsuccessful;
        self.is_placeholder &= other.is_placeholder;
        if other.characteristic == Characteristic::BodyComposition {
            self.characteristic = other.characteristic;
        }
    }

    /// Adds a value unless it is there.
    fn measure(&mut self, metric: Metric, value: Decimal, unit: Unit) {
        if !self.measurements.iter().any(|sent| sent.metric == metric) {
            self.measurements.push(Measurement { metric, value, unit });
        }
    }

    fn new(characteristic: Characteristic, flags: u16) -> Self {
        Self {
            characteristic,
            flags,
            user: None,
            time: DeviceTime::Absent,
            is_part: false,
            is_unsuccessful: false,
            is_placeholder: false,
            measurements: Vec::new(),
        }
    }

    fn measure_word(&mut self, metric: Metric, word: u16, (factor, scale, unit): Resolution) {
        if word != NOT_AVAILABLE {
            self.measure(metric, Decimal::new(i64::from(word) * factor, scale), unit);
        }
    }
}

/// Factor and decimals that make a value of what is sent, and its unit.
type Resolution = (i64, u8, Unit);

const PERCENT: Resolution = (1, 1, Unit::Percent);
const KILOJOULE: Resolution = (1, 0, Unit::KilojoulePerDay);
const OHM: Resolution = (1, 1, Unit::Ohm);
const BMI_TENTHS: Resolution = (1, 1, Unit::KilogramPerSquareMetre);

/// Mass and height. The resolution that a scale states elsewhere changes nothing here.
const fn resolutions(imperial: bool) -> (Resolution, Resolution) {
    if imperial {
        ((1, 2, Unit::Pound), (1, 1, Unit::Inch))
    } else {
        ((5, 3, Unit::Kilogram), (1, 3, Unit::Metre))
    }
}

fn read(characteristic: Characteristic, cursor: &mut Cursor<'_>) -> Result<Value, Fault> {
    match characteristic {
        Characteristic::BodyComposition => body_composition(cursor),
        Characteristic::Weight => weight(cursor),
    }
}

fn body_composition(cursor: &mut Cursor<'_>) -> Result<Value, Fault> {
    let flags = cursor.word()?;
    let (mass, height) = resolutions(flags & 1 != 0);
    let has = |bit: u8| flags & 1 << bit != 0;
    let mut value = Value::new(Characteristic::BodyComposition, flags);
    value.is_part = has(12);
    let fat = cursor.word()?;
    value.measure_word(FAT, fat, PERCENT);
    if has(1) {
        value.time = cursor.time()?;
    }
    if has(2) {
        value.user = Some(cursor.byte()?).filter(|&user| user != UNKNOWN_USER);
    }
    // The order of the standard: muscle percentage before muscle mass.
    let fields: [(u8, Metric, Resolution); 9] = [
        (3, KILOJOULES, KILOJOULE),
        (4, const { Metric::named("muscle_percentage") }, PERCENT),
        (5, const { Metric::named("muscle_mass") }, mass),
        (6, const { Metric::named("fat_free_mass") }, mass),
        (7, const { Metric::named("soft_lean_mass") }, mass),
        (8, const { Metric::named("water_mass") }, mass),
        (9, const { Metric::named("impedance_50khz") }, OHM),
        (10, Metric::BODY_WEIGHT, mass),
        (11, Metric::HEIGHT, height),
    ];
    let mut composition = fat;
    for (bit, metric, resolution) in fields {
        if has(bit) {
            let word = cursor.word()?;
            value.measure_word(metric, word, resolution);
            if (4..=9).contains(&bit) {
                composition |= word;
            }
        }
    }
    value.is_unsuccessful = fat == NOT_AVAILABLE;
    if value.is_unsuccessful {
        value.measurements.clear();
    }
    value.is_placeholder = composition == 0;
    Ok(value)
}

fn weight(cursor: &mut Cursor<'_>) -> Result<Value, Fault> {
    let flags = cursor.byte()?;
    let (mass, height) = resolutions(flags & 1 != 0);
    let mut value = Value::new(Characteristic::Weight, u16::from(flags));
    let weight = cursor.word()?;
    value.measure_word(Metric::BODY_WEIGHT, weight, mass);
    if flags & 1 << 1 != 0 {
        value.time = cursor.time()?;
    }
    if flags & 1 << 2 != 0 {
        value.user = Some(cursor.byte()?).filter(|&user| user != UNKNOWN_USER);
    }
    // One bit for both.
    if flags & 1 << 3 != 0 {
        value.measure_word(BMI, cursor.word()?, BMI_TENTHS);
        value.measure_word(Metric::HEIGHT, cursor.word()?, height);
    }
    value.is_unsuccessful = weight == NOT_AVAILABLE;
    if value.is_unsuccessful {
        value.measurements.clear();
    }
    Ok(value)
}
