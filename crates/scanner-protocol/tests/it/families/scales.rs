//! Scales of other makers.

use scan_model::Integrity;
use scanner_protocol::{Protocol, RejectReason, raw_tags};
use serde_json::Value;

use super::{ascii, assert_values, only, protocol_of, record, text, toledo, weight};

#[test]
fn every_line_of_text_has_its_published_values() {
    for (id, bytes, expected) in ascii() {
        if expected["format"] == "adam-muw" {
            let record = record(Protocol::Adam, &bytes);
            let values = [
                ("weight_kg", "body_weight", "kg"),
                ("height_cm", "height", "cm"),
                ("bmi", "body_mass_index", "kg/m2"),
            ];
            assert_values(&id, &record, &expected, &values);
            assert_eq!(record.subject.number, text(&expected["patient_id"]));
            let doctor = expected["doctor_id"].as_str().unwrap();
            assert!(raw_tags(&record).contains(&("Doctor Id", doctor.into())));
            assert_eq!(record.flags, []);
            continue;
        }
        let weight = weight(protocol_of(&id), &bytes);
        assert_eq!(
            weight.value.map(|value| value.to_string()),
            text(&expected["value"]),
            "{id}"
        );
        if let Some(unit) = expected["unit"].as_str() {
            assert_eq!(weight.unit, unit, "{id}");
        }
        if let Some(header) = expected["header"].as_str() {
            assert_eq!(weight.stable, header.starts_with("stable"), "{id}");
            assert_eq!(weight.overload, header == "overload", "{id}");
            let is_weight = matches!(header, "stable" | "unstable");
            assert_eq!(weight.measurement().is_some(), is_weight, "{id}");
        }
        if let Some(mode) = expected["mode"].as_str() {
            assert_eq!(weight.mode.map(|mode| mode.name()), Some(mode), "{id}");
        }
    }
}

#[test]
fn every_toledo_frame_has_its_published_values() {
    for (id, bytes, expected) in toledo() {
        let weight = weight(Protocol::Toledo, &bytes);
        assert_eq!(
            weight.value.map(|value| value.to_string()),
            text(&expected["value"]),
            "{id}"
        );
        assert_eq!(Value::from(weight.unit), expected["unit"], "{id}");
        assert_eq!(Value::from(weight.stable), expected["stable"], "{id}");
        assert_eq!(Value::from(weight.overload), expected["overload"], "{id}");
        let is_net = weight.mode.map(|mode| mode.name() == "net");
        assert_eq!(is_net, expected["net"].as_bool(), "{id}");
        if let Some(tare) = expected["tare"].as_str() {
            assert_eq!(weight.tare.unwrap().to_string(), tare, "{id}");
        }
        assert_eq!(weight.integrity == Integrity::None, id == "no-checksum", "{id}");
    }
}

#[test]
fn a_toledo_frame_may_be_short_carry_parity_bits_and_point_anywhere() {
    let frame = |a: u8, b: u8, c: u8, digits: &[u8; 6]| [&[2, a, b, c], &digits[..], b"\r"].concat();
    for (point, shown) in [
        (0, "70500"),
        (1, "7050"),
        (2, "705"),
        (3, "70.5"),
        (4, "7.05"),
        (5, "0.705"),
        (6, "0.0705"),
        (7, "0.00705"),
    ] {
        let bytes = frame(0x28 | point, 0x30, 0x20, b"   705");
        assert_eq!(weight(Protocol::Toledo, &bytes).value.unwrap().to_string(), shown);
    }
    let even: Vec<u8> = frame(0x2b, 0x30, 0x20, b"   705")
        .into_iter()
        .map(|byte| byte | if byte.count_ones() % 2 == 1 { 0x80 } else { 0 })
        .collect();
    assert_eq!(weight(Protocol::Toledo, &even).value.unwrap().to_string(), "70.5");
    let reason = |bytes: &[u8]| only(Protocol::Toledo, bytes).unwrap_err().reason;
    assert_eq!(reason(&frame(0x2b, 0x30, 0x21, b"   705")), RejectReason::UnknownUnits);
    assert_eq!(reason(&frame(0x2b, 0x30, 0x20, b"      ")), RejectReason::BadNumber);
    let checked = [&frame(0x2b, 0x30, 0x20, b"   705")[..], b"x"].concat();
    assert_eq!(reason(&checked), RejectReason::ChecksumMismatch);
}
