//! Analysers of other makers, and frames that were written after a page.

use scan_model::{Integrity, record::Measurement};
use scanner_protocol::{Content, Protocol, decode_all};
use serde_json::Value;

use super::{accuniq, assert_values, bmh05108, message, named, only, partly_specified, printed, record, text};

#[test]
fn every_accuniq_frame_has_its_published_values() {
    for (id, bytes, expected) in accuniq() {
        if expected.get("weight_kg").is_some() {
            let record = record(Protocol::Accuniq, &bytes);
            let values = [
                ("height_cm", "height", "cm"),
                ("weight_kg", "body_weight", "kg"),
                ("body_fat_percent", "fat_percentage", "%"),
                ("bmr_kcal", "basal_metabolic_rate_kcal", "kcal/d"),
            ];
            assert_values(&id, &record, &expected, &values);
            assert_eq!(record.subject.gender, Some(scan_model::subject::Gender::Male));
            assert_eq!(record.subject.age.map(|age| age.to_string()), text(&expected["age"]));
            assert_eq!(
                record.measurements.len(),
                values.len(),
                "no position is read that nobody confirmed"
            );
            continue;
        }
        let fields = message(Protocol::Accuniq, &bytes).fields;
        assert_eq!(fields[0], ("command", text(&expected["command"]).unwrap()), "{id}");
        let state = fields.get(1).map(|(_, state)| state.clone());
        assert_eq!(state, text(&expected["state"]), "{id}");
    }
}

#[test]
fn an_accuniq_check_byte_may_be_any_byte() {
    // Data so that the sum of all bytes is STX, ETX and others.
    for last in 0x20..=0x7e_u8 {
        for other in 0x20..=0x7e_u8 {
            let mut bytes = vec![2, b'K', other, last, 3];
            let check = bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
            bytes.push(check);
            assert_eq!(
                message(Protocol::Accuniq, &bytes).fields.len(),
                2,
                "check byte {check:02x}"
            );
        }
    }
}

#[test]
fn every_bmh05108_frame_has_its_published_values() {
    for (id, bytes, expected) in bmh05108() {
        if let Some(error) = expected["error"].as_str() {
            let reason = decode_all(Protocol::Bmh05108, &bytes)[0]
                .outcome
                .clone()
                .unwrap_err()
                .reason;
            let name = if error == "checksum" {
                "checksum_mismatch"
            } else {
                error
            };
            assert_eq!(reason.name(), name, "{id}");
            continue;
        }
        let fields = message(Protocol::Bmh05108, &bytes).fields;
        for (key, value) in expected.as_object().unwrap() {
            if key == "checksum_valid" {
                continue;
            }
            let found = fields
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.clone());
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(found, Some(value), "{id}: {key}");
        }
    }
}

#[test]
fn every_frame_written_after_a_page_has_the_values_that_the_page_gives_it() {
    for (id, bytes, expected) in partly_specified() {
        let measured = |sent: &Measurement| (sent.metric.name().to_owned(), printed(*sent));
        let mut found: Vec<(String, String)> = match only(named(&expected), &bytes) {
            Ok(Content::Weight(weight)) => {
                assert_eq!(Value::from(weight.stable), expected["stable"], "{id}");
                assert_eq!(
                    weight.integrity == Integrity::Verified,
                    expected["checksum"] == "verified",
                    "{id}"
                );
                weight.measurement().iter().map(measured).collect()
            }
            Ok(Content::Record(record)) => {
                let flags: Vec<_> = record.flags.iter().map(ToString::to_string).collect();
                assert_eq!(Value::from(flags), expected["flags"], "{id}");
                assert_eq!(
                    serde_json::to_value(&record.subject).unwrap(),
                    expected["subject"],
                    "{id}"
                );
                record.measurements.iter().map(measured).collect()
            }
            Ok(Content::Message(message)) => {
                let fields = message.fields.into_iter();
                fields.map(|(name, value)| (name.to_owned(), value)).collect()
            }
            Err(rejected) => {
                assert_eq!(rejected.reason.name(), expected["error"], "{id}");
                continue;
            }
        };
        let shown = |(name, value): (&String, &Value)| match value {
            Value::String(text) => (name.clone(), text.clone()),
            value => (
                name.clone(),
                format!(
                    "{} {}",
                    value["value"].as_str().unwrap(),
                    value["unit"].as_str().unwrap()
                ),
            ),
        };
        let fields = expected.get("measurements").or(expected.get("fields")).unwrap();
        let mut expected: Vec<_> = fields.as_object().unwrap().iter().map(shown).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{id}");
    }
}
