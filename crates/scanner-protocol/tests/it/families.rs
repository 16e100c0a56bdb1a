//! Every published and composed capture of the families beside the tagged one gives exactly the values that are known of it.

use scan_model::{DeviceTime, Flag, Integrity, Record, record::Measurement};
use scanner_protocol::{
    Content, Message, Protocol, RejectReason, Rejected, Weight, consent, decode_again, decode_all, decode_value,
    raw_tags,
};
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

#[test]
fn kept_bytes_of_every_record_decode_to_it_again() {
    for (id, bytes, _) in legacy().into_iter().chain(ascii()) {
        let protocol = protocol_of(&id);
        if let Ok(Content::Record(record)) = only(protocol, &bytes) {
            assert_eq!(decode_again(protocol, &record.raw), Ok(*record), "{id}");
        }
    }
    for (id, bytes, expected) in partly_specified() {
        if let Ok(Content::Record(record)) = only(named(&expected), &bytes) {
            assert_eq!(decode_again(named(&expected), &record.raw), Ok(*record), "{id}");
        }
    }
    let (_, bytes, _) = accuniq().pop().unwrap();
    let result = record(Protocol::Accuniq, &bytes);
    assert_eq!(decode_again(Protocol::Accuniq, &result.raw), Ok(*result));
}

#[test]
fn a_line_that_is_not_built_like_its_family_is_refused_by_name() {
    for (protocol, line, reason) in [
        (Protocol::And, "ST,+0070.50 kg\r", RejectReason::BadFrame),
        (Protocol::And, "ST,+00070.50 xx\r", RejectReason::UnknownUnits),
        (Protocol::And, "ST,+0007x.50 kg\r", RejectReason::BadNumber),
        (Protocol::And, "ST,GS,+0070.50st\r", RejectReason::UnknownUnits),
        (Protocol::And, "ST,GS,+0070\r", RejectReason::BadFrame),
        (Protocol::RiceLake, "80.5 kg Tare\r", RejectReason::BadFrame),
        (Protocol::RiceLake, "8.0.5 kg Net\r", RejectReason::BadNumber),
        (Protocol::Adam, "Weight: 80.00 st\r", RejectReason::UnknownUnits),
        (Protocol::Adam, "Weight: eighty kg\r", RejectReason::BadNumber),
        (Protocol::TanitaWb, "S     7x.0kg\r\n", RejectReason::BadNumber),
        (Protocol::TanitaWeight, "KS07x.0\r\n", RejectReason::BadNumber),
        (Protocol::TanitaPositional, "1,2,3,4\r", RejectReason::WrongFieldCount),
        (
            Protocol::TanitaPositional,
            "0,3,170,1,1,1,1,1,1,1,1,1\r",
            RejectReason::BadNumber,
        ),
        (
            Protocol::TanitaPositional,
            "0,1,170,1,1,1\0,1,1,1,1,1\r",
            RejectReason::LineError,
        ),
        (
            Protocol::TanitaPositional,
            "0,1,170,1,1,1x,1,1,1,1,1\r",
            RejectReason::IllegalByte,
        ),
        (Protocol::TanitaPositional, "0,1,170,1,1", RejectReason::Truncated),
        (Protocol::Accuniq, "\x02M,1\x03\x04", RejectReason::ChecksumMismatch),
        (Protocol::Accuniq, "\x02M1\x03\u{03}", RejectReason::ChecksumMismatch),
        (Protocol::Accuniq, "\x02M1", RejectReason::Truncated),
    ] {
        assert_eq!(only(protocol, line.as_bytes()).unwrap_err().reason, reason, "{line:?}");
    }
}

#[test]
fn layouts_that_no_capture_shows_are_read_as_their_manuals_say() {
    let shown = |protocol, line: &str| {
        let weight = weight(protocol, line.as_bytes());
        let value = weight
            .value
            .map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        let mode = weight.mode.map_or("", |mode| mode.name());
        format!(
            "{} {value} {} {mode}",
            if weight.stable { "stable" } else { "moving" },
            weight.unit
        )
    };
    for (protocol, line, expected) in [
        (Protocol::And, "ST,OK,+00070.50 kg\r\n", "stable 70.50 kg "),
        (Protocol::And, "ST,--,-00000.50 lb\n", "stable -0.50 [lb_av] "),
        (Protocol::And, "US,NT,-   0.5 kg\r", "moving -0.5 kg net"),
        (Protocol::And, "ST,G ,+  70.5 kg\r", "stable 70.5 kg gross"),
        (Protocol::And, "OL,GS,+        kg\r", "moving nothing kg gross"),
        (Protocol::And, "ST,TR,+0001.00kg\r", "stable 1.00 kg tare"),
        (Protocol::RiceLake, "    -10.0  kg Net \r\n", "stable -10.0 kg net"),
        (Protocol::TanitaWeight, "KS075.0\r\n", "stable 75.0 kg "),
        (Protocol::TanitaWeight, "LD165.4\r\n", "moving 165.4 [lb_av] "),
    ] {
        assert_eq!(shown(protocol, line), expected, "{line:?}");
    }
    assert!(weight(Protocol::TanitaWeight, b"KI     \r\n").overload);

    let japan = "\"03/05/01\",\"09:07\",0,2,27,170,64.2,431,28.4,18.2,46.0,33.7,22.2,63.6,0.9\r\n";
    let record = record(Protocol::TanitaPositional, japan.as_bytes());
    assert_eq!(
        record.device_time,
        DeviceTime::Reported("2003-05-01T09:07:00".parse().unwrap())
    );
    assert_eq!(
        (sent(&record, "ideal_weight"), record.flags.len()),
        (Some("63.6 kg".into()), 0)
    );
}
