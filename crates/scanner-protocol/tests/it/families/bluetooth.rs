//! Bluetooth values.

use scan_model::DeviceTime;
use scanner_protocol::{
    Characteristic, Content, Protocol, RejectReason, consent, decode_again, decode_value, raw_tags,
};
use serde_json::Value;

use super::{assert_values, ble, only, printed, record, text, weight, xiaomi};

#[test]
fn every_standard_bluetooth_value_has_its_published_values() {
    for (id, bytes, expected) in ble() {
        let protocol = match (expected["characteristic"].as_str(), id.starts_with("bcs")) {
            (Some("2A9F"), _) => {
                let user = u8::try_from(expected["user_index"].as_u64().unwrap()).unwrap();
                let code = u16::try_from(expected["consent_code"].as_u64().unwrap()).unwrap();
                assert_eq!(consent(user, code), *bytes, "{id}");
                assert!(
                    matches!(decode_value(0x2a9f, &bytes).outcome, Ok(Content::Message(_))),
                    "{id}"
                );
                continue;
            }
            (_, true) => Protocol::SigBcs,
            (_, false) => Protocol::SigWss,
        };
        if expected.get("error").is_some() {
            assert_eq!(
                only(protocol, &bytes).unwrap_err().reason.name(),
                expected["error"],
                "{id}"
            );
            continue;
        }
        let record = record(protocol, &bytes);
        let tags = raw_tags(&record);
        let tag = |name: &str| {
            tags.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_string())
        };
        assert_eq!(tag("flags"), Some(expected["flags"].to_string()), "{id}");
        assert_eq!(tag("user_id"), expected.get("user_id").map(ToString::to_string), "{id}");
        assert_eq!(tag("unsuccessful").is_some(), expected["unsuccessful"] == true, "{id}");
        assert_eq!(tag("usable").is_some(), expected["usable"] == false, "{id}");
        assert_values(
            &id,
            &record,
            &expected,
            &[
                ("weight_kg", "body_weight", "kg"),
                ("weight_lb", "body_weight", "[lb_av]"),
                ("bmi", "body_mass_index", "kg/m2"),
                ("height_m", "height", "m"),
                ("body_fat_percent", "fat_percentage", "%"),
                ("basal_metabolism_kj", "basal_metabolic_rate_kj", "kJ/d"),
                ("muscle_percent", "muscle_percentage", "%"),
                ("soft_lean_mass_kg", "soft_lean_mass", "kg"),
                ("body_water_mass_kg", "water_mass", "kg"),
                ("impedance_ohm", "impedance_50khz", "Ohm"),
            ],
        );
        let time = match expected.get("timestamp") {
            Some(Value::String(time)) => DeviceTime::Reported(time.parse().unwrap()),
            Some(_) => DeviceTime::Invalid,
            None => DeviceTime::Absent,
        };
        assert_eq!(record.device_time, time, "{id}");
        assert_eq!(
            decode_again(protocol, &record.raw).is_ok(),
            expected["unsuccessful"] != true && expected["usable"] != false,
            "{id}"
        );
    }
}

#[test]
fn a_value_is_decoded_by_the_number_of_its_characteristic() {
    let decoded = |characteristic, value: &[u8]| decode_value(characteristic, value).outcome;
    assert!(matches!(decoded(0x2a9d, b"\x00\xb0\x36"), Ok(Content::Record(_))));
    assert!(
        matches!(decoded(0x2a9c, b"\x98\x03\xc2\x00"), Err(rejected) if rejected.reason == RejectReason::Truncated)
    );
    for value in [&b"\x01\xa8\x0e"[..], b"\x03", b"\x20\x02\x01"] {
        assert!(matches!(decoded(0x2a9f, value), Ok(Content::Message(_))), "{value:x?}");
    }
    for (characteristic, value) in [(0x2a9f, &b"\x02\x01"[..]), (0x2a05, b"\x00\xb0\x36")] {
        assert_eq!(
            decoded(characteristic, value).unwrap_err().reason,
            RejectReason::BadFrame
        );
    }
}

#[test]
fn the_longest_values_have_every_field_that_the_standard_knows() {
    let longest = [Characteristic::Weight, Characteristic::BodyComposition].map(Characteristic::longest);
    assert_eq!(longest, [15, 30]);
}

#[test]
fn every_xiaomi_value_has_its_published_values() {
    for (id, bytes, expected) in xiaomi() {
        let weight = weight(Protocol::Xiaomi, &bytes);
        assert_eq!(
            weight.measurement().map(printed),
            text(&expected["weight_kg"]).map(|value| value + " kg"),
            "{id}"
        );
        assert_eq!(Value::from(weight.stable), expected["stable"], "{id}");
        assert_eq!(
            weight.impedance.is_some(),
            expected["impedance_present"] == true,
            "{id}"
        );
        assert_eq!(weight.removed, expected["weight_removed"].as_bool(), "{id}");
        let time = expected["timestamp"].as_str().unwrap().parse().unwrap();
        assert_eq!(weight.device_time, DeviceTime::Reported(time), "{id}");
    }
}
