//! Tanita's lines and positional records.

use scan_model::{DeviceTime, Flag, Integrity};
use scanner_protocol::{Protocol, raw_tags};
use serde_json::Value;

use super::{assert_values, legacy, record, text, weight};

#[test]
fn every_tanita_weight_line_has_its_published_values() {
    for (id, bytes, expected) in legacy()
        .into_iter()
        .filter(|(.., expected)| expected["kind"] == "weight")
    {
        let weight = weight(Protocol::TanitaWb, &bytes);
        assert_eq!(Value::from(weight.stable), expected["stable"], "{id}");
        assert_eq!(Value::from(weight.overload), expected["overload"], "{id}");
        assert_eq!(
            weight.value.map(|value| value.to_string()),
            text(&expected["weight"]),
            "{id}"
        );
        if let Some(unit) = expected["unit"].as_str() {
            assert_eq!(weight.unit, unit, "{id}");
        }
    }
}

#[test]
fn every_positional_record_has_its_published_values() {
    for (id, bytes, expected) in legacy()
        .into_iter()
        .filter(|(.., expected)| expected["kind"] == "positional")
    {
        let record = record(Protocol::TanitaPositional, &bytes);
        let tags = raw_tags(&record);
        let tag = |name: &str| {
            let found = tags.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_string())
        };
        if let Some(count) = expected["field_count"].as_u64() {
            assert_eq!(tags.len() as u64, count, "{id}");
        }
        for (key, value) in expected.as_object().unwrap() {
            match (key.as_str(), value) {
                ("kind" | "layout" | "field_count", _) => {}
                ("body_type", _) => assert_eq!(record.subject.body_type, Some(scan_model::subject::BodyType::Standard)),
                ("sex", _) => assert_eq!(record.subject.gender, Some(scan_model::subject::Gender::Female)),
                ("measured_at_local", time) => {
                    let time = time.as_str().unwrap().parse().unwrap();
                    assert_eq!(record.device_time, DeviceTime::Reported(time), "{id}");
                }
                (segment, Value::Object(values)) => {
                    for (name, value) in values {
                        assert_eq!(tag(&format!("{segment}.{name}")), text(value), "{id}: {segment} {name}");
                    }
                }
                (name, value) => assert_eq!(tag(name), text(value), "{id}: {name}"),
            }
        }
        let whole_body = [
            ("height_cm", "height", "cm"),
            ("weight_kg", "body_weight", "kg"),
            ("impedance_ohm", "impedance_50khz", "Ohm"),
            ("body_fat_percent", "fat_percentage", "%"),
            ("fat_mass_kg", "fat_mass", "kg"),
            ("fat_free_mass_kg", "fat_free_mass", "kg"),
            ("total_body_water_kg", "water_mass", "kg"),
            ("bmi", "body_mass_index", "kg/m2"),
            ("basal_metabolic_rate_kj", "basal_metabolic_rate_kj", "kJ/d"),
        ];
        assert_values(&id, &record, &expected, &whole_body);
        for segment in ["right_leg", "trunk"] {
            for (key, name) in [
                ("fat_percent", "fat_percentage"),
                ("fat_mass_kg", "fat_mass"),
                ("fat_free_mass_kg", "fat_free_mass"),
                ("muscle_mass_kg", "muscle_mass"),
            ] {
                let unit = if key.ends_with("kg") { "kg" } else { "%" };
                let name = format!("{segment}_{name}");
                assert_values(&id, &record, &expected[segment], &[(key, &name, unit)]);
            }
        }
        assert_eq!(record.integrity, Integrity::None);
    }
}

#[test]
fn a_positional_record_that_contradicts_itself_says_so() {
    let (_, bytes, _) = legacy().into_iter().find(|(id, ..)| id == "tbf310-export").unwrap();
    // Its publisher changed the height.
    assert_eq!(record(Protocol::TanitaPositional, &bytes).flags, [Flag::BmiMismatch]);
    let (_, bytes, _) = legacy().into_iter().find(|(id, ..)| id == "bc418-38-composed").unwrap();
    assert_eq!(record(Protocol::TanitaPositional, &bytes).flags, []);
}
