//! What is said about one unit of a capture. The JSON form is a fixed interface that scripts depend on.

use std::fmt;

use scan_model::{Flag, Integrity, Record, Unit, record::DeviceTime, record::Measurement, subject::Subject};
use scanner_protocol::{Decoded, Rejected, raw_tags};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

/// The answer for one unit.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Report<'a> {
    /// It was decoded.
    Record(RecordReport<'a>),
    /// It was not.
    Rejected(RejectedReport<'a>),
}

/// A decoded record.
#[derive(Debug, Serialize)]
pub(crate) struct RecordReport<'a> {
    ok: bool,
    kind: &'static str,
    protocol: &'a str,
    model: Option<&'a str>,
    serial: Option<&'a str>,
    offset: u64,
    checksum: &'static str,
    measurements: Measurements<'a>,
    subject: &'a Subject,
    device_time: Option<String>,
    flags: Vec<String>,
    raw_tags: Pairs<'a>,
}

/// A frame that is no record.
#[derive(Debug, Serialize)]
pub(crate) struct RejectedReport<'a> {
    ok: bool,
    error: &'static str,
    offset: u64,
    detail: &'a str,
}

impl<'a> Report<'a> {
    /// The answer for `unit`.
    pub(crate) fn new(unit: &'a Decoded) -> Self {
        match &unit.outcome {
            Ok(record) => Self::Record(RecordReport::new(record, unit.offset)),
            Err(rejected) => Self::Rejected(RejectedReport::new(rejected, unit.offset)),
        }
    }

    /// Whether it was decoded.
    pub(crate) const fn is_ok(&self) -> bool {
        matches!(self, Self::Record(_))
    }
}

impl<'a> RecordReport<'a> {
    fn new(record: &'a Record, offset: u64) -> Self {
        let device_time = match record.device_time {
            DeviceTime::Reported(time) => Some(time.to_string()),
            DeviceTime::Absent | DeviceTime::Invalid => None,
        };
        let mut flags: Vec<_> = record.flags.iter().map(ToString::to_string).collect();
        let invalid_time = Flag::DeviceTimeInvalid.to_string();
        if record.device_time == DeviceTime::Invalid && !flags.contains(&invalid_time) {
            flags.push(invalid_time);
        }
        Self {
            ok: true,
            kind: "record",
            protocol: &record.protocol,
            model: record.device.model.as_deref(),
            serial: record.device.serial.as_deref(),
            offset,
            checksum: match record.integrity {
                Integrity::Verified => "verified",
                Integrity::None => "none",
            },
            measurements: Measurements(&record.measurements),
            subject: &record.subject,
            device_time,
            flags,
            raw_tags: Pairs(raw_tags(record)),
        }
    }
}

impl<'a> RejectedReport<'a> {
    /// `offset` is where the frame starts; what is reported is the byte where the fault shows.
    fn new(rejected: &'a Rejected, offset: u64) -> Self {
        let within = u64::try_from(rejected.offset).unwrap_or(0);
        Self {
            ok: false,
            error: rejected.reason.name(),
            offset: offset + within,
            detail: &rejected.detail,
        }
    }
}

/// Values as sent, keyed by name, in the order sent.
#[derive(Debug)]
struct Measurements<'a>(&'a [Measurement]);

impl Serialize for Measurements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Sent {
            value: scan_model::Decimal,
            unit: Unit,
        }
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for sent in self.0 {
            map.serialize_entry(
                &sent.metric,
                &Sent {
                    value: sent.value,
                    unit: sent.unit,
                },
            )?;
        }
        map.end()
    }
}

/// Tags and values in the order sent.
#[derive(Debug)]
struct Pairs<'a>(Vec<(&'a str, &'a str)>);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(record) => record.fmt(f),
            Self::Rejected(rejected) => {
                write!(
                    f,
                    "rejected at byte {}: {} ({})",
                    rejected.offset, rejected.error, rejected.detail
                )
            }
        }
    }
}

impl fmt::Display for RecordReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record at byte {}: {}", self.offset, self.protocol)?;
        for (label, value) in [
            ("model", self.model),
            ("serial", self.serial),
            ("device time", self.device_time.as_deref()),
        ] {
            if let Some(value) = value {
                write!(f, ", {label} {value}")?;
            }
        }
        write!(f, ", checksum {}", self.checksum)?;
        for sent in self.measurements.0 {
            write!(
                f,
                "\n  {:<32} {:>8} {}",
                sent.metric.name(),
                sent.value.to_string(),
                sent.unit
            )?;
        }
        for flag in &self.flags {
            write!(f, "\n  flag: {flag}")?;
        }
        Ok(())
    }
}
