//! One device's result, decoded and checked, with its raw bytes.

use std::fmt;

use jiff::civil;
use serde::{Deserialize, Serialize};

use crate::{Age, Decimal, Flag, Metric, Unit, subject::Subject};

/// Which device measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The maker, where the protocol implies it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub maker: Option<String>,
    /// The model as sent, such as `MC-780`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<String>,
    /// The serial number as sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub serial: Option<String>,
    /// The firmware version as sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub firmware: Option<String>,
}

/// What vouches for the bytes. Decides what a contradiction between values means: with a checksum it is a quality flag,
/// without one the record is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// A checksum over the whole record was right.
    Verified,
    /// The protocol has none, or this model sends none.
    None,
}

/// The device's own clock: set by hand, without a zone, often years off. Kept as reported, never trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceTime {
    /// The device sent no time.
    Absent,
    /// The device sent a date or time that does not exist, such as 31 February.
    Invalid,
    /// Local time as the device shows it.
    Reported(civil::DateTime),
}

/// One value as the device sent it, in the device's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured.
    pub metric: Metric,
    /// The digits sent.
    pub value: Decimal,
    /// The unit it was sent in: pounds stay pounds here.
    pub unit: Unit,
}

/// A device's result, decoded and checked. `Debug` prints neither values nor bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Name of the protocol it came by, such as `tanita-tagged`.
    pub protocol: String,
    /// Who measured.
    pub device: Device,
    /// The values, in the order they were sent; no metric occurs twice.
    pub measurements: Vec<Measurement>,
    /// Who was measured.
    pub subject: Subject,
    /// When, by the device's clock.
    pub device_time: DeviceTime,
    /// How old the result was when it arrived; `None` of a device that sends a result when it has it, and does not keep it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age: Option<Age>,
    /// What vouches for the bytes.
    pub integrity: Integrity,
    /// Doubts about the values, in the order they were found.
    pub flags: Vec<Flag>,
    /// The identity of the result where the link has one (device, boot, result number): the reading's identity is derived from it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub result_id: Option<String>,
    /// The bytes of the record, without what was skipped around it.
    #[serde(with = "raw_bytes")]
    pub raw: Vec<u8>,
}

impl Record {
    /// A record of these bytes of which nothing is decoded yet, and for which nothing vouches. `maker` is for protocols that only
    /// one maker's devices speak.
    #[must_use]
    pub fn new(protocol: &str, maker: Option<&str>, raw: &[u8]) -> Self {
        Self {
            protocol: protocol.to_owned(),
            device: Device {
                maker: maker.map(str::to_owned),
                ..Device::default()
            },
            measurements: Vec::new(),
            subject: Subject::default(),
            device_time: DeviceTime::Absent,
            age: None,
            integrity: Integrity::None,
            flags: Vec::new(),
            result_id: None,
            raw: raw.to_vec(),
        }
    }

    /// The value of `metric` as sent, if it was sent.
    pub fn get(&self, metric: Metric) -> Option<Measurement> {
        self.measurements.iter().copied().find(|m| m.metric == metric)
    }

    /// Adds a flag unless it is there.
    pub fn flag(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }

    /// Whether this is somebody's result at all. A record with neither a weight nor anything of a body's shape is a profile or a
    /// setting.
    pub fn is_measurement(&self) -> bool {
        let is_result = |metric: Metric| metric == Metric::BODY_WEIGHT || metric.is_shape();
        self.measurements.iter().any(|sent| is_result(sent.metric))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("protocol", &self.protocol)
            .field("model", &self.device.model)
            .field("measurements", &self.measurements.len())
            .field("raw_bytes", &self.raw.len())
            .finish_non_exhaustive()
    }
}

/// Raw bytes as text: Latin-1, so that the printable record of most devices stays readable and every byte survives.
pub(crate) mod raw_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&bytes.iter().map(|&b| char::from(b)).collect::<String>())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.chars()
            .map(|c| u8::try_from(u32::from(c)).map_err(|_| de::Error::custom("a raw byte above 255")))
            .collect()
    }
}
