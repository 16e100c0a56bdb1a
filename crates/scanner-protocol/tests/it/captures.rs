//! Every published and composed record gives exactly the values that are known of it.

use scan_model::{
    DeviceTime, Integrity, Metric, Record, Unit,
    subject::{BodyType, Gender},
};
use scanner_protocol::{Content, Protocol, RejectReason, Rejected, decode_again, decode_all, raw_tags};
use serde_json::Value;

use crate::{Outcome, capture, heard, malformed, sealed, tagged};

/// The one record or rejection in `bytes`.
fn only(id: &str, bytes: &[u8]) -> Result<Box<Record>, Rejected> {
    let (mut outcomes, _) = heard(bytes, bytes.len());
    assert_eq!(outcomes.len(), 1, "{id}");
    match outcomes.remove(0) {
        Outcome::Record(record) => Ok(record),
        Outcome::Rejected(rejected) => Err(rejected),
        Outcome::Repeated => panic!("{id}: a first record is no repeat"),
    }
}

fn assert_is(id: &str, record: &Record, expected: &Value) {
    let fields = expected["fields"].as_object().unwrap();
    let mut measurements = 0;
    for (name, field) in fields {
        let code = field["code"].as_str();
        let value = field["value"].as_str().or(code).map(ToOwned::to_owned);
        let subject = &record.subject;
        let found = match name.as_str() {
            "device_model" => record.device.model.clone(),
            "device_serial" => record.device.serial.clone(),
            "subject_number" => subject.number.clone(),
            "device_status" => Some(String::from(
                if record.flags.contains(&scan_model::Flag::SegmentalError) {
                    "1"
                } else {
                    "0"
                },
            )),
            "body_type" => subject
                .body_type
                .map(|it| if it == BodyType::Athlete { "2" } else { "0" }.to_owned()),
            "gender" => subject
                .gender
                .map(|it| if it == Gender::Male { "1" } else { "2" }.to_owned()),
            "age" => subject.age.map(|it| it.to_string()),
            "activity_level" => subject.activity_level.map(|it| it.to_string()),
            "clothes_weight" => subject.clothes_weight.map(|it| it.to_string()),
            _ => {
                measurements += 1;
                let sent = record.get(name.parse::<Metric>().unwrap());
                let unit = field["unit"].as_str().map_or(Unit::One, |unit| match unit {
                    "lb" => Unit::Pound,
                    ucum => ucum.parse().unwrap(),
                });
                assert_eq!(sent.map(|sent| sent.unit), Some(unit), "{id}: {name}");
                sent.map(|sent| sent.value.to_string())
            }
        };
        assert_eq!(found, value, "{id}: {name}");
    }
    assert_eq!(
        record.measurements.len(),
        measurements,
        "{id}: measurements that nobody expects"
    );

    let model = expected["model"].as_str().filter(|model| !model.is_empty());
    assert_eq!(record.device.model.as_deref(), model, "{id}");
    if let Some(count) = expected["tag_count"].as_u64() {
        assert_eq!(raw_tags(record).len() as u64, count, "{id}: tags");
    }
    let time = match expected["measured_at_local"].as_str() {
        Some(time) => DeviceTime::Reported(time.parse().unwrap()),
        None if expected["timestamp"] == "invalid" => DeviceTime::Invalid,
        None => DeviceTime::Absent,
    };
    assert_eq!(record.device_time, time, "{id}");
    let unvouched = expected.get("checksum").is_some_and(Value::is_null);
    assert_eq!(record.integrity == Integrity::None, unvouched, "{id}");
    assert_eq!(record.protocol, "tanita-tagged");
}

#[test]
fn every_record_has_its_published_values() {
    for (id, mut bytes, expected) in tagged() {
        if expected["checksum"]["valid"] == false {
            assert_eq!(
                only(&id, &bytes).unwrap_err().reason,
                RejectReason::ChecksumMismatch,
                "{id}"
            );
            let computed = expected["checksum"]["computed"].as_str().unwrap();
            let end = bytes.len() - 2;
            bytes[end - 2..end].copy_from_slice(computed.as_bytes());
        }
        assert_is(&id, &only(&id, &bytes).unwrap(), &expected);
    }
}

#[test]
fn published_records_break_no_rule() {
    for (id, bytes, expected) in tagged() {
        if expected["checksum"]["valid"] == false {
            continue;
        }
        let expected = if id.starts_with("mc780-unknown-tag") {
            "segmental_error"
        } else {
            ""
        };
        let flags: Vec<_> = only(&id, &bytes)
            .unwrap()
            .flags
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(flags.join(","), expected, "{id}");
    }
}

#[test]
fn every_malformed_line_is_refused_under_its_name_and_every_good_one_found() {
    for (id, bytes, expected) in malformed() {
        match expected["kind"].as_str().unwrap() {
            "reject" => {
                let rejected = only(&id, &bytes).unwrap_err();
                assert_eq!(rejected.reason.name(), expected["reason"], "{id}");
            }
            "record" if expected.get("fields").is_some() => assert_is(&id, &only(&id, &bytes).unwrap(), &expected),
            "record" => assert_eq!(only(&id, &bytes).unwrap().integrity, Integrity::Verified, "{id}"),
            "records" => {
                let models: Vec<_> = decode_all(Protocol::Auto, &bytes)
                    .into_iter()
                    .map(|unit| match unit.outcome.unwrap() {
                        Content::Record(record) => record.device.model.unwrap(),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                assert_eq!(models, ["SC-330", "BC-601"], "{id}");
            }
            kind => panic!("{id}: {kind} is not understood"),
        }
        let skipped = expected["skipped_bytes"]
            .as_u64()
            .or(expected["trailing_noise_bytes"].as_u64());
        if let Some(skipped) = skipped {
            assert_eq!(heard(&bytes, bytes.len()).1.counters().bytes_skipped, skipped, "{id}");
        }
    }
}

#[test]
fn swapped_digits_that_the_checksum_cannot_see_break_the_rules() {
    let record = only("digit-changed", &capture("digit-changed")).unwrap();
    let flags: Vec<_> = record.flags.iter().map(ToString::to_string).collect();
    assert!(flags.contains(&"fat_sum_mismatch".to_owned()), "{flags:?}");
}

#[test]
fn an_impossible_date_is_flagged_and_the_measurement_kept() {
    let record = only("impossible-date", &capture("impossible-date")).unwrap();
    assert_eq!(record.flags, [scan_model::Flag::DeviceTimeInvalid]);
}

#[test]
fn a_profile_and_a_memorised_weight_are_records_and_no_measurements() {
    for id in ["bc601-profile-record", "bd815-gain", "bd815-recall"] {
        assert!(!only(id, &capture(id)).unwrap().is_measurement(), "{id}");
    }
    assert!(only("bd815-hold", &capture("bd815-hold")).unwrap().is_measurement());
}

#[test]
fn a_segmental_error_leaves_the_segments_out_and_the_whole_body_in() {
    let whole = String::from_utf8(capture("mc780-2019-adult-male"))
        .unwrap()
        .replace(",St,0,", ",St,1,");
    // One more in the status, one more in the sum.
    let record = only("St", whole.replace("CS,B8", "CS,B9").as_bytes()).unwrap();
    assert_eq!(record.flags, [scan_model::Flag::SegmentalError]);
    assert_eq!(record.get(Metric::BODY_WEIGHT).unwrap().value.to_string(), "87.3");
    let names: Vec<_> = record.measurements.iter().map(|sent| sent.metric.name()).collect();
    for segment in ["leg_", "arm_", "hand_", "trunk_", "side", "both_legs"] {
        assert_eq!(names.iter().find(|name| name.contains(segment)), None);
    }
    assert_eq!(names.len(), 27, "the whole-body values are all there: {names:?}");

    // What the limbs add up to is made of the segments.
    let limbs = sealed("{0,16,~0,1,~1,1,MO,\"MC-780\",St,1,Wk,64.2,mW,43.0,AS,19.9,ah,7.1,ab,0.31");
    let record = only("limbs", &limbs).unwrap();
    let names: Vec<_> = record.measurements.iter().map(|sent| sent.metric.name()).collect();
    assert_eq!(names, ["body_weight", "muscle_mass"]);
}

#[test]
fn tags_that_nobody_knows_stay_in_the_raw_bytes() {
    let record = only("unknown", &capture("mc780-unknown-tag-and-padding-composed")).unwrap();
    assert!(raw_tags(&record).contains(&("XY", "12".into())));
    assert!(raw_tags(&record).contains(&("Wk", "  64.2".into())));
}

#[test]
fn kept_bytes_decode_to_the_same_record_again() {
    for (id, bytes, _) in tagged() {
        match only(&id, &bytes) {
            Ok(record) => assert_eq!(decode_again(Protocol::TanitaTagged, &record.raw), Ok(*record), "{id}"),
            Err(rejected) => {
                assert_eq!(
                    decode_again(Protocol::TanitaTagged, &rejected.raw),
                    Err(rejected),
                    "{id}"
                );
            }
        }
    }
}

#[test]
fn units_of_a_capture_come_with_their_place_in_it() {
    let bytes = [
        &b"noise\r\n"[..],
        &capture("bd815-recall"),
        &capture("checksum-flipped"),
        b"{0,1",
    ]
    .concat();
    let places: Vec<_> = decode_all(Protocol::Auto, &bytes)
        .iter()
        .map(|unit| {
            (
                unit.offset,
                unit.outcome
                    .as_ref()
                    .map_or_else(|rejected| rejected.reason.name(), |_| "record"),
            )
        })
        .collect();
    let third = 16 + capture("checksum-flipped").len() as u64;
    assert_eq!(places, [(7, "record"), (16, "checksum_mismatch"), (third, "truncated")]);
}

#[test]
fn a_record_that_comes_twice_in_a_capture_is_two_units() {
    let bytes = capture("sc330-2014-adult-male").repeat(2);
    assert_eq!(decode_all(Protocol::Auto, &bytes).len(), 2);
}
