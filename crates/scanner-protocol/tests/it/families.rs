//! Every published and composed capture of the families beside the tagged one gives exactly the values that are known of it.

mod analysers;
mod bluetooth;
mod lines;
mod scales;
mod tanita;

use scan_model::{Record, record::Measurement};
use scanner_protocol::{Content, Message, Protocol, Rejected, Weight, decode_all};
use serde_json::Value;

use crate::cases;

pub(crate) fn legacy() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/tanita-legacy.json"))
}

pub(crate) fn ascii() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/weight-ascii.json"))
}

pub(crate) fn toledo() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/toledo-continuous.json"))
}

pub(crate) fn accuniq() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/accuniq.json"))
}

pub(crate) fn bmh05108() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/bmh05108.json"))
}

pub(crate) fn ble() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/ble-sig.json"))
}

pub(crate) fn xiaomi() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/ble-xiaomi.json"))
}

/// Of families whose pages leave something open.
pub(crate) fn partly_specified() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/partly-specified.json"))
}

/// The family that a case names.
pub(crate) fn named(expected: &Value) -> Protocol {
    expected["protocol"].as_str().unwrap().parse().unwrap()
}

/// The family of a capture of text.
pub(crate) fn protocol_of(id: &str) -> Protocol {
    let families = [
        ("wb100", Protocol::TanitaWb),
        ("tbf310", Protocol::TanitaPositional),
        ("bc418-38", Protocol::TanitaPositional),
        ("and-", Protocol::And),
        ("ricelake", Protocol::RiceLake),
        ("adam", Protocol::Adam),
    ];
    families.iter().find(|(start, _)| id.starts_with(start)).unwrap().1
}

/// The one unit in `bytes`.
pub(crate) fn only(protocol: Protocol, bytes: &[u8]) -> Result<Content, Rejected> {
    let mut units = decode_all(protocol, bytes);
    assert_eq!(units.len(), 1, "{protocol}: {units:?}");
    assert_eq!(units[0].offset, 0, "{protocol}");
    units.remove(0).outcome
}

pub(crate) fn weight(protocol: Protocol, bytes: &[u8]) -> Weight {
    match only(protocol, bytes) {
        Ok(Content::Weight(weight)) => weight,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn record(protocol: Protocol, bytes: &[u8]) -> Box<Record> {
    match only(protocol, bytes) {
        Ok(Content::Record(record)) => record,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn message(protocol: Protocol, bytes: &[u8]) -> Message {
    match only(protocol, bytes) {
        Ok(Content::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

/// Digits and unit of a measurement, as `79.960 kg`.
pub(crate) fn sent(record: &Record, name: &str) -> Option<String> {
    record.get(name.parse().unwrap()).map(printed)
}

fn printed(sent: Measurement) -> String {
    format!("{} {}", sent.value, sent.unit)
}

/// Holds the expected values of `pairs` (key of the case, name of the measurement, unit) against a record.
fn assert_values(id: &str, record: &Record, expected: &Value, pairs: &[(&str, &str, &str)]) {
    for (key, name, unit) in pairs {
        let value = match &expected[*key] {
            Value::String(text) => Some(format!("{text} {unit}")),
            Value::Number(number) => Some(format!("{number} {unit}")),
            _ => None,
        };
        if expected.get(*key).is_some() {
            assert_eq!(sent(record, name), value, "{id}: {name}");
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
