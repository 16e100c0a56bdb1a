//! The published records that the demo plays, and what has to become of each.
//!
//! What is expected comes from the published values alone. The parser is not asked: it is what is being shown.

use std::collections::BTreeMap;

use scan_model::{Decimal, Metric, Unit};
use serde_json::Value;

/// Records published in manuals and captures of tagged Tanita scanners, with their decoded values.
const PUBLISHED: &str = include_str!("../../../tests/captures/tanita-tagged.json");

/// What has to become of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It becomes a reading with exactly these values, by REST name, digits as text.
    Reading(BTreeMap<String, String>),
    /// It is not accepted: set aside with its bytes, never uploaded.
    Rejected,
    /// The device sent the same result a second time: dropped.
    Repeat,
    /// A profile or a setting: nobody's result.
    NotAMeasurement,
}

/// One record of the playlist.
#[derive(Debug, Clone)]
pub struct Track {
    /// Stable name of the case.
    pub id: String,
    /// Model, empty for a line that names none.
    pub model: String,
    /// What the device sends, line end included; empty where its values alone are known.
    pub bytes: Vec<u8>,
    /// What has to become of it.
    pub fate: Fate,
}

impl Track {
    /// What the device sends when the same person comes back: the same values, its clock `rounds` minutes on. A device that sent the
    /// very same bytes again would be repeating itself, and the agent would drop them.
    pub fn again(&self, rounds: usize) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let clock = bytes
            .windows(4)
            .position(|tag| tag == b"TI,\"" || tag == b"Ti,\"")
            .map(|at| at + 4);
        let checksum = bytes.windows(4).rposition(|tag| tag == b",CS,").map(|at| at + 1);
        let (Some(clock), Some(checksum)) = (clock, checksum) else {
            return bytes;
        };
        let minute = format!("{:02}:{:02}", rounds / 60 % 24, rounds % 60);
        bytes[clock..clock + 5].copy_from_slice(minute.as_bytes());
        let sum = bytes[..checksum].iter().copied().fold(0_u8, u8::wrapping_add);
        bytes[checksum + 3..checksum + 5].copy_from_slice(format!("{sum:02X}").as_bytes());
        bytes
    }
}

/// The whole playlist, in the order of publication.
///
/// # Panics
/// If the captures that were compiled in are not of the documented form.
pub fn playlist() -> Vec<Track> {
    let published: Value = serde_json::from_str(PUBLISHED).expect("the captures are JSON: a test reads them");
    let mut tracks: Vec<Track> = Vec::new();
    for case in published["cases"].as_array().into_iter().flatten() {
        let bytes = unhex(text(&case["input_hex"]));
        let fate = if tracks.iter().any(|earlier| same_result(&earlier.bytes, &bytes)) {
            Fate::Repeat
        } else {
            fate(&case["expect"])
        };
        let model = text(&case["expect"]["model"]).to_owned();
        tracks.push(Track {
            id: text(&case["id"]).to_owned(),
            model,
            bytes,
            fate,
        });
    }
    tracks
}

fn fate(expect: &Value) -> Fate {
    if expect["checksum"]["valid"] == false {
        return Fate::Rejected;
    }
    let mut values = BTreeMap::new();
    for (name, field) in expect["fields"].as_object().into_iter().flatten() {
        if let (Ok(metric), Some(value)) = (name.parse::<Metric>(), field["value"].as_str()) {
            let unit = unit(field["unit"].as_str());
            let value: Decimal = value.parse().expect("published values are decimals: a test reads them");
            if let Some((value, _)) = unit.to_metric(value) {
                values.insert(metric.rest_name(), value.to_string());
            }
        }
    }
    if values.contains_key(&Metric::BODY_WEIGHT.rest_name()) {
        Fate::Reading(values)
    } else {
        Fate::NotAMeasurement
    }
}

/// A device with a clock that sends the same bytes again repeats itself; what a copyist put behind the checksum does not count.
fn same_result(a: &[u8], b: &[u8]) -> bool {
    let significant = |bytes: &[u8]| {
        bytes
            .iter()
            .copied()
            .filter(|b| !matches!(b, b'\r' | b'\n' | b'}'))
            .collect::<Vec<_>>()
    };
    significant(a) == significant(b)
}

/// The captures write the pound of one model as `lb` instead of by its UCUM code.
fn unit(code: Option<&str>) -> Unit {
    match code {
        None => Unit::One,
        Some("lb") => Unit::Pound,
        Some(code) => code.parse().expect("published units are UCUM codes: a test reads them"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks_exact(2)
        .filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captures_hold_what_the_demo_promises() {
        let tracks = playlist();
        let count = |wanted: fn(&Fate) -> bool| tracks.iter().filter(|track| wanted(&track.fate)).count();
        assert_eq!(tracks.len(), 17);
        assert_eq!(count(|fate| matches!(fate, Fate::Reading(_))), 12);
        assert_eq!(count(|fate| *fate == Fate::Rejected), 1);
        assert_eq!(count(|fate| *fate == Fate::Repeat), 1);
        assert_eq!(count(|fate| *fate == Fate::NotAMeasurement), 3);
    }

    #[test]
    fn whoever_comes_back_later_has_the_same_values_and_another_minute() {
        let first = &playlist()[0];
        let again = first.again(61);
        assert_eq!(again.len(), first.bytes.len());
        let text = String::from_utf8(again).unwrap();
        assert!(
            text.contains("TI,\"01:01\"") && text.contains("Wk,87.3") && !text.ends_with("CS,B8\r\n"),
            "{text}"
        );
    }

    #[test]
    fn digits_and_units_are_those_of_the_wire() {
        let tracks = playlist();
        let value = |id: &str, name: &str| {
            let track = tracks.iter().find(|track| track.id == id).unwrap();
            let Fate::Reading(values) = &track.fate else {
                panic!("{id} is a reading")
            };
            values[name].clone()
        };
        assert_eq!(value("mc780-2019-adult-male", "fatmass"), "24.0");
        assert_eq!(value("bc601-2016-imperial", "bodyweight"), "93.53");
        assert_eq!(value("bd815-hold", "bodyweight"), "3.972");
    }
}
