//! What is said about one unit of a capture. The JSON form is a fixed interface that scripts depend on.

use std::{borrow::Cow, fmt};

use scan_model::{
    Decimal, DeviceTime, Flag, Integrity, Metric, Reading, Record, Unit, reading::Unfit, record::Measurement,
    subject::Subject,
};
use scanner_protocol::{Carrier, Content, Decoded, Message, Protocol, Rejected, Weight, WeightMode, raw_tags};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

/// The answer for one unit.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Report<'a> {
    /// It is a result.
    Record(RecordReport<'a>),
    /// It is what a scale showed.
    Weight(WeightReport<'a>),
    /// It is a frame that is no result.
    Message(MessageReport<'a>),
    /// It was not decoded.
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
    /// The identity of the result, where the link has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_id: Option<&'a str>,
    offset: u64,
    checksum: &'static str,
    measurements: Measurements<'a>,
    subject: &'a Subject,
    device_time: Option<String>,
    flags: Vec<String>,
    /// Why the agent uploads nothing of it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "code")]
    unfit: Option<Unfit>,
    raw_tags: Pairs<'a>,
}

/// A line of a scale.
#[derive(Debug, Serialize)]
pub(crate) struct WeightReport<'a> {
    ok: bool,
    kind: &'static str,
    protocol: &'static str,
    offset: u64,
    stable: bool,
    overload: bool,
    checksum: &'static str,
    measurements: Measurements<'a>,
    /// As shown, a number of pieces or a tare too.
    value: Option<Decimal>,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tare: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_time: Option<String>,
}

/// A frame that says something else than a result.
#[derive(Debug, Serialize)]
pub(crate) struct MessageReport<'a> {
    ok: bool,
    kind: &'static str,
    protocol: &'static str,
    offset: u64,
    fields: Pairs<'a>,
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
        let protocol = unit.protocol;
        match &unit.outcome {
            Ok(Content::Record(record)) => Self::Record(RecordReport::new(protocol, record, unit.offset)),
            Ok(Content::Weight(weight)) => Self::Weight(WeightReport::new(protocol, weight, unit.offset)),
            Ok(Content::Message(message)) => Self::Message(MessageReport::new(protocol, message, unit.offset)),
            Err(rejected) => Self::Rejected(RejectedReport::new(rejected, unit.offset)),
        }
    }

    /// Whether it was decoded.
    pub(crate) const fn is_ok(&self) -> bool {
        !matches!(self, Self::Rejected(_))
    }
}

impl<'a> RecordReport<'a> {
    fn new(protocol: Protocol, record: &'a Record, offset: u64) -> Self {
        // Only what comes over a line comes to the agent.
        let reaches_agent = protocol.carrier() == Carrier::Serial;
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
            result_id: record.result_id.as_deref(),
            offset,
            checksum: checksum(record.integrity),
            measurements: Measurements(Cow::Borrowed(&record.measurements)),
            subject: &record.subject,
            device_time: device_time(record.device_time),
            flags,
            unfit: Reading::check(record).err().filter(|_| reaches_agent),
            raw_tags: Pairs(raw_tags(record)),
        }
    }
}

impl WeightReport<'_> {
    fn new(protocol: Protocol, weight: &Weight, offset: u64) -> Self {
        let impedance = weight.impedance.map(|value| Measurement {
            metric: const { Metric::named("impedance_50khz") },
            value,
            unit: Unit::Ohm,
        });
        Self {
            ok: true,
            kind: "weight",
            protocol: protocol.name(),
            offset,
            stable: weight.stable,
            overload: weight.overload,
            checksum: checksum(weight.integrity),
            measurements: Measurements(weight.measurement().into_iter().chain(impedance).collect()),
            value: weight.value,
            unit: weight.unit,
            mode: weight.mode.map(WeightMode::name),
            tare: weight.tare,
            removed: weight.removed,
            device_time: device_time(weight.device_time),
        }
    }
}

impl<'a> MessageReport<'a> {
    fn new(protocol: Protocol, message: &'a Message, offset: u64) -> Self {
        let fields = message.fields.iter();
        Self {
            ok: true,
            kind: "message",
            protocol: protocol.name(),
            offset,
            fields: Pairs(
                fields
                    .map(|(name, value)| (*name, Cow::Borrowed(value.as_str())))
                    .collect(),
            ),
        }
    }
}

fn checksum(integrity: Integrity) -> &'static str {
    match integrity {
        Integrity::Verified => "verified",
        Integrity::None => "none",
    }
}

fn code<S: Serializer>(unfit: &Option<Unfit>, serializer: S) -> Result<S::Ok, S::Error> {
    unfit.as_ref().map(Unfit::code).serialize(serializer)
}

fn device_time(time: DeviceTime) -> Option<String> {
    match time {
        DeviceTime::Reported(time) => Some(time.to_string()),
        DeviceTime::Absent | DeviceTime::Invalid => None,
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
struct Measurements<'a>(Cow<'a, [Measurement]>);

impl Serialize for Measurements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Sent {
            value: scan_model::Decimal,
            unit: Unit,
        }
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for sent in self.0.iter() {
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

/// Names and values in the order sent.
#[derive(Debug)]
struct Pairs<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(record) => record.fmt(f),
            Self::Weight(weight) => weight.fmt(f),
            Self::Message(message) => message.fmt(f),
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
            ("result", self.result_id),
            ("device time", self.device_time.as_deref()),
        ] {
            if let Some(value) = value {
                write!(f, ", {label} {value}")?;
            }
        }
        write!(f, ", checksum {}", self.checksum)?;
        for sent in self.measurements.0.iter() {
            write!(f, "\n  {:<32} {:>8}", sent.metric.name(), sent.value.to_string())?;
            if sent.unit != Unit::One {
                write!(f, " {}", sent.unit)?;
            }
        }
        for flag in &self.flags {
            write!(f, "\n  flag: {flag}")?;
        }
        match &self.unfit {
            None => Ok(()),
            Some(unfit @ Unfit::NotAMeasurement) => write!(f, "\n  no result for the agent: {unfit}"),
            Some(unfit) => write!(f, "\n  the agent sets it aside: {unfit}"),
        }
    }
}

impl fmt::Display for WeightReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "weight at byte {}: {}", self.offset, self.protocol)?;
        write!(f, ", {}", if self.stable { "stable" } else { "in motion" })?;
        for (is_so, words) in [(self.overload, "overload"), (self.removed == Some(true), "stepped off")] {
            if is_so {
                write!(f, ", {words}")?;
            }
        }
        if let Some(mode) = self.mode {
            write!(f, ", {mode}")?;
        }
        match self.value {
            Some(value) => write!(f, ": {value} {}", self.unit),
            None => f.write_str(": nothing shown"),
        }
    }
}

impl fmt::Display for MessageReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message at byte {}: {}", self.offset, self.protocol)?;
        for (name, value) in &self.fields.0 {
            write!(f, ", {name} {value}")?;
        }
        Ok(())
    }
}
