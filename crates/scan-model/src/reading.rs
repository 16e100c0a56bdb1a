//! What the cloud calls the result of a scan, and how a record becomes one.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Age, Decimal, DeviceTime, Flag, Integrity, Metric, Name, Record, ScanId, record::Device, subject::Subject,
};

/// What is known about the host's clock at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeQuality {
    /// The kernel says it is synchronised, or the cloud's clock agreed within 120 s in the last hour.
    Synced,
    /// The kernel says it is not, or says nothing, and the cloud's clock differed by more than that.
    Unsynced,
    /// Nobody can say.
    Unknown,
}

/// What the agent knows about a result beyond its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Identity of the reading for good, fixed at its birth.
    pub externalid: Uuid,
    /// The scan it ends.
    pub scan: ScanId,
    /// The scanner, by its name in the configuration.
    pub scanner: Name,
    /// Host time at which the record's last byte was read.
    pub received_at: Timestamp,
    /// How far that time can be trusted.
    pub time_quality: TimeQuality,
    /// The serial port, for the technician.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub port: Option<String>,
}

/// One value of a reading, in the metric unit of its [`Metric`], with its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// What was measured.
    pub metric: Metric,
    /// The value.
    pub value: Decimal,
}

/// A complete result in the project's own words: what the outbox keeps and the uploader takes to the cloud.
/// `Debug` prints neither values nor who it was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Where it comes from.
    pub origin: Origin,
    /// Protocol it came by.
    pub protocol: String,
    /// The device.
    pub device: Device,
    /// Who the device says it was.
    pub subject: Subject,
    /// The values, in the order they were sent.
    pub measurements: Vec<Value>,
    /// The device's clock.
    pub device_time: DeviceTime,
    /// Host time at which it was measured, if that is known better than by its arrival: from how long the device kept it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measured_at: Option<Timestamp>,
    /// Doubts.
    pub flags: Vec<Flag>,
    /// The record's bytes, Latin-1, so that it can be decoded again later.
    #[serde(with = "crate::record::raw_bytes")]
    pub raw: Vec<u8>,
}

/// Why a record does not become a reading. It is set aside with its bytes, never uploaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A profile or setting without a weight or a girth: nobody's result. Nothing is kept of it.
    #[error("the record has neither a weight nor a girth: it is not a measurement")]
    NotAMeasurement,
    /// There is a weight, or a shape without a weight, and it cannot be true.
    #[error("the record has neither a plausible body weight nor a plausible shape")]
    NoPlausibleWeight,
    /// No checksum vouches for the bytes, and the values contradict each other.
    #[error("the record has no checksum and its values contradict each other ({flags})")]
    Contradiction {
        /// The rules that failed.
        flags: FlagList,
    },
}

impl Unfit {
    /// Word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAMeasurement => "not_a_measurement",
            Self::NoPlausibleWeight => "no_plausible_weight",
            Self::Contradiction { .. } => "contradiction",
        }
    }
}

/// Flags, printed with commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagList(pub Vec<Flag>);

impl fmt::Display for FlagList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, flag) in self.0.iter().enumerate() {
            write!(f, "{}{flag}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Reading {
    /// The reading a decoded and checked `record` becomes: values in metric units, impossible ones left out and flagged.
    ///
    /// # Errors
    /// [`Unfit`] if nothing may be uploaded for it.
    pub fn from_record(record: &Record, origin: Origin) -> Result<Self, Unfit> {
        let (measurements, mut flags) = values(record)?;
        if record.device_time == DeviceTime::Invalid {
            flags.push(Flag::DeviceTimeInvalid);
        }
        let is_age_certain = record.age.is_none_or(Age::is_certain);
        if origin.time_quality == TimeQuality::Unsynced || !is_age_certain {
            flags.push(Flag::TimeUncertain);
        }
        let mut unique = Vec::with_capacity(flags.len());
        for flag in flags {
            if !unique.contains(&flag) {
                unique.push(flag);
            }
        }
        Ok(Self {
            measured_at: record.age.and_then(|age| age.measured_at(origin.received_at)),
            origin,
            protocol: record.protocol.clone(),
            device: record.device.clone(),
            subject: record.subject.clone(),
            measurements,
            device_time: record.device_time,
            flags: unique,
            raw: record.raw.clone(),
        })
    }

    /// Whether [`from_record`](Self::from_record) takes `record`, whatever its origin.
    ///
    /// # Errors
    /// Those of `from_record`.
    pub fn check(record: &Record) -> Result<(), Unfit> {
        values(record).map(drop)
    }

    /// When it was measured, as well as that is known: else when it arrived.
    pub fn date(&self) -> Timestamp {
        self.measured_at.unwrap_or(self.origin.received_at)
    }

    /// Whether no value contradicts another or itself, and the result fits the person who was announced.
    pub fn is_consistent(&self) -> bool {
        !self.flags.iter().any(|flag| flag.spoils_quality())
    }

    /// The value of `metric`.
    pub fn get(&self, metric: Metric) -> Option<Decimal> {
        self.measurements.iter().find(|m| m.metric == metric).map(|m| m.value)
    }
}

/// The values of `record` in metric units without the impossible ones, and the doubts about them.
fn values(record: &Record) -> Result<(Vec<Value>, Vec<Flag>), Unfit> {
    if !record.is_measurement() {
        return Err(Unfit::NotAMeasurement);
    }
    let mut flags = record.flags.clone();
    let mut measurements = Vec::with_capacity(record.measurements.len());
    for sent in &record.measurements {
        match sent.unit.to_metric(sent.value) {
            Some((value, unit)) if unit == sent.metric.unit() && sent.metric.is_plausible(value) => {
                measurements.push(Value {
                    metric: sent.metric,
                    value,
                });
            }
            _ => flags.push(Flag::Implausible(sent.metric)),
        }
    }
    // Optical scanners need not weigh.
    let is_weighed = record.get(Metric::BODY_WEIGHT).is_some();
    if !measurements
        .iter()
        .any(|m| m.metric == Metric::BODY_WEIGHT || !is_weighed && m.metric.is_shape())
    {
        return Err(Unfit::NoPlausibleWeight);
    }
    if record.integrity == Integrity::None {
        let broken: Vec<_> = flags.iter().copied().filter(|flag| flag.is_contradiction()).collect();
        if !broken.is_empty() {
            return Err(Unfit::Contradiction {
                flags: FlagList(broken),
            });
        }
    }
    Ok((measurements, flags))
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("externalid", &self.origin.externalid)
            .field("scanner", &self.origin.scanner)
            .field("measurements", &self.measurements.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Unit, record::Measurement};

    fn origin() -> Origin {
        Origin {
            externalid: Uuid::nil(),
            scan: ScanId(Uuid::nil()),
            scanner: "bay-1".parse().unwrap(),
            received_at: Timestamp::UNIX_EPOCH,
            time_quality: TimeQuality::Synced,
            port: None,
        }
    }

    fn record(values: &[(&str, &str, Unit)], integrity: Integrity) -> Record {
        Record {
            measurements: values
                .iter()
                .map(|(name, value, unit)| Measurement {
                    metric: Metric::named(name),
                    value: value.parse().unwrap(),
                    unit: *unit,
                })
                .collect(),
            integrity,
            ..Record::new("tanita-tagged", None, &[0, 127, 128, 255])
        }
    }

    #[test]
    fn pounds_and_inches_become_kilograms_and_centimetres() {
        let record = record(
            &[("body_weight", "206.2", Unit::Pound), ("height", "73.0", Unit::Inch)],
            Integrity::Verified,
        );
        let reading = Reading::from_record(&record, origin()).unwrap();
        let printed: Vec<_> = reading.measurements.iter().map(|m| m.value.to_string()).collect();
        assert_eq!(printed, ["93.53", "185.4"]);
    }

    #[test]
    fn an_impossible_value_is_left_out_and_flagged_and_the_rest_goes_on() {
        let record = record(
            &[
                ("body_weight", "80.50", Unit::Kilogram),
                ("height", "900", Unit::Centimetre),
            ],
            Integrity::Verified,
        );
        let reading = Reading::from_record(&record, origin()).unwrap();
        assert_eq!(reading.flags, [Flag::Implausible(Metric::HEIGHT)]);
        assert_eq!(reading.get(Metric::BODY_WEIGHT).unwrap().to_string(), "80.50");
        assert!(!reading.is_consistent());
    }

    #[test]
    fn a_reading_has_the_date_of_its_measurement_and_a_doubt_where_that_is_not_certain() {
        let friday: Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
        let monday: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let uncertain = [Flag::TimeUncertain].as_slice();
        for (age, date, flags) in [
            (None, monday, [].as_slice()),
            (Some(Age::Counted(std::time::Duration::from_hours(62))), friday, &[]),
            (Some(Age::ByClock(friday)), friday, uncertain),
            // Never set.
            (Some(Age::ByClock(Timestamp::UNIX_EPOCH)), monday, uncertain),
            (Some(Age::Unknown), monday, uncertain),
        ] {
            let mut record = record(&[("body_weight", "80.50", Unit::Kilogram)], Integrity::Verified);
            record.age = age;
            let origin = Origin {
                received_at: monday,
                ..origin()
            };
            let reading = Reading::from_record(&record, origin).unwrap();
            assert_eq!((reading.date(), reading.flags.as_slice()), (date, flags), "{age:?}");
            assert!(reading.is_consistent());
        }
    }

    #[test]
    fn without_a_plausible_weight_nothing_goes_up() {
        let heavy = record(&[("body_weight", "900", Unit::Kilogram)], Integrity::Verified);
        assert_eq!(Reading::from_record(&heavy, origin()), Err(Unfit::NoPlausibleWeight));
        let profile = record(&[("height", "173.0", Unit::Centimetre)], Integrity::Verified);
        assert_eq!(Reading::from_record(&profile, origin()), Err(Unfit::NotAMeasurement));
        for record in [heavy, profile] {
            assert_eq!(
                Reading::check(&record),
                Reading::from_record(&record, origin()).map(drop)
            );
        }
    }

    #[test]
    fn an_optical_scanner_need_not_weigh() {
        let shape = |girth| record(&[("waist_girth", girth, Unit::Centimetre)], Integrity::Verified);
        let reading = Reading::from_record(&shape("82.5"), origin()).unwrap();
        assert_eq!(reading.measurements.len(), 1);
        assert_eq!(
            Reading::from_record(&shape("900"), origin()),
            Err(Unfit::NoPlausibleWeight)
        );
        // A weight that cannot be true casts doubt on the rest.
        let mut both = shape("82.5");
        both.measurements
            .extend(record(&[("body_weight", "900", Unit::Kilogram)], Integrity::Verified).measurements);
        assert_eq!(Reading::from_record(&both, origin()), Err(Unfit::NoPlausibleWeight));
    }

    #[test]
    fn a_contradiction_stops_a_record_only_where_no_checksum_vouches_for_it() {
        let mut flagged = record(&[("body_weight", "80.5", Unit::Kilogram)], Integrity::Verified);
        flagged.flag(Flag::FatSumMismatch);
        assert_eq!(
            Reading::from_record(&flagged, origin()).unwrap().flags,
            [Flag::FatSumMismatch]
        );
        flagged.integrity = Integrity::None;
        assert!(matches!(
            Reading::from_record(&flagged, origin()),
            Err(Unfit::Contradiction { .. })
        ));
    }

    #[test]
    fn a_result_of_another_person_than_announced_goes_up_without_a_checksum_too() {
        let mut other = record(&[("body_weight", "80.5", Unit::Kilogram)], Integrity::None);
        other.flag(Flag::SubjectMismatch);
        let reading = Reading::from_record(&other, origin()).unwrap();
        assert_eq!(reading.flags, [Flag::SubjectMismatch]);
        assert!(!reading.is_consistent());
    }

    #[test]
    fn every_raw_byte_survives_storage() {
        let reading = Reading::from_record(
            &record(&[("body_weight", "80.50", Unit::Kilogram)], Integrity::Verified),
            origin(),
        )
        .unwrap();
        let stored = serde_json::to_vec(&reading).unwrap();
        let back: Reading = serde_json::from_slice(&stored).unwrap();
        assert!(back == reading && back.get(Metric::BODY_WEIGHT).unwrap().to_string() == "80.50");
    }
}
