//! Positional records of Tanita scales: each field at its place, and what no field can be.

use scan_model::{
    DeviceTime, Flag,
    subject::{BodyType, Gender},
};
use scanner_protocol::{
    Content, Options, PositionalModel, Protocol, RejectReason, Rejected, Session, decode_all, raw_tags,
};

use crate::{
    Outcome,
    families::{legacy, only, record, sent},
    heard_by,
};

use Protocol::TanitaPositional;

fn read(line: &str) -> Box<scan_model::Record> {
    record(TanitaPositional, line.as_bytes())
}

fn reason(line: &str) -> RejectReason {
    only(TanitaPositional, line.as_bytes()).unwrap_err().reason
}

/// What a session makes of the one line of this model.
fn of_model(model: PositionalModel, line: &str) -> Result<Box<scan_model::Record>, Rejected> {
    let options = Options {
        positional_model: Some(model),
        ..Options::default()
    };
    let (mut outcomes, _) = heard_by(Session::new(TanitaPositional, options), line.as_bytes(), line.len());
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    match outcomes.remove(0) {
        Outcome::Record(record) => Ok(record),
        Outcome::Rejected(rejected) => Err(rejected),
        Outcome::Repeated => panic!("a first record is no repeat"),
    }
}

/// A line of the 15 fields of a Japanese TBF-310 with this date and time.
fn japan(date: &str, time: &str) -> String {
    format!("{date},{time},0,2,27,170,64.2,431,28.4,18.2,46.0,33.7,22.2,63.6,0.9\r\n")
}

/// A line of the 38 fields of a BC-418 with this date and time; the value of field n, from 0, is n and a half.
fn bc_418(date: &str, time: &str) -> String {
    let values: Vec<_> = (4..38).map(|place| format!("{place}.5")).collect();
    format!("{date},{time},0,1,{}\r\n", values.join(","))
}

#[test]
fn every_field_of_a_bc_418_has_its_place() {
    let record = read(&bc_418("\"05/03/24\"", "\"09:07\""));
    let whole_body = [
        ("height", 4, "cm"),
        ("body_weight", 5, "kg"),
        ("fat_percentage", 6, "%"),
        ("fat_mass", 7, "kg"),
        ("fat_free_mass", 8, "kg"),
        ("water_mass", 9, "kg"),
        ("body_mass_index", 11, "kg/m2"),
        ("impedance_50khz", 13, "Ohm"),
    ];
    for (name, place, unit) in whole_body {
        assert_eq!(sent(&record, name), Some(format!("{place}.5 {unit}")), "{name}");
    }
    let mut place = 18;
    for segment in ["right_leg", "left_leg", "right_arm", "left_arm", "trunk"] {
        for (name, unit) in [
            ("fat_percentage", "%"),
            ("fat_mass", "kg"),
            ("fat_free_mass", "kg"),
            ("muscle_mass", "kg"),
        ] {
            let name = format!("{segment}_{name}");
            assert_eq!(sent(&record, &name), Some(format!("{place}.5 {unit}")), "{name}");
            place += 1;
        }
    }
    assert_eq!(
        record.measurements.len(),
        28,
        "undocumented units are kept and not read"
    );
    assert_eq!(record.subject.age.unwrap().to_string(), "10.5");
    assert_eq!(record.subject.height.unwrap().to_string(), "4.5");
    let tags = raw_tags(&record);
    let tag = |name: &str| {
        tags.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_string())
    };
    assert_eq!(tags.len(), 38);
    for (name, value) in [
        ("date", "\"05/03/24\""),
        ("basal_metabolic_rate", "12.5"),
        ("left_arm.impedance_ohm", "17.5"),
    ] {
        assert_eq!(tag(name).as_deref(), Some(value));
    }
}

#[test]
fn the_day_stands_first_on_a_bc_418_and_the_year_on_japanese_models() {
    for (date, time, expected) in [
        ("\"05/03/24\"", "\"09:07\"", "2024-03-05T09:07"),
        ("\"31/12/99\"", "\"23:59\"", "2099-12-31T23:59"),
        ("\"05/03/24\" ", " \"09:07\"", "2024-03-05T09:07"),
    ] {
        let record = read(&bc_418(date, time));
        assert_eq!(
            record.device_time,
            DeviceTime::Reported(expected.parse().unwrap()),
            "{date}"
        );
        assert!(!record.flags.contains(&Flag::DeviceTimeInvalid));
    }
    for (date, time) in [
        ("\"31/04/24\"", "\"09:07\""),
        ("\"05/13/24\"", "\"09:07\""),
        ("\"05/03/24\"", "\"24:00\""),
        ("05/03/24", "\"09:07\""),
        ("\"-5/03/24\"", "\"09:07\""),
        ("\"5-/03/24\"", "\"09:07\""),
        ("\"5/3/24\"", "\"09:07\""),
    ] {
        let record = read(&bc_418(date, time));
        assert_eq!(record.device_time, DeviceTime::Invalid, "{date} {time}");
        assert!(record.flags.contains(&Flag::DeviceTimeInvalid), "{date} {time}");
    }
    for date in ["\"03/05/01\"", "\"2003/05/01\""] {
        let record = read(&japan(date, "\"09:07\""));
        assert_eq!(
            record.device_time,
            DeviceTime::Reported("2003-05-01T09:07".parse().unwrap()),
            "{date}"
        );
    }
}

#[test]
fn a_line_of_numbers_with_no_date_where_a_date_stands_is_nobodys_weight() {
    for line in [
        "1,2,3\r\n",
        "\"05-03-24\",\"09:07\",64.2\r\n",
        "\"03/05/01\",\"0907\",64.2\r\n",
        "\"03/05/01\",,64.2\r\n",
        "1,,\r\n",
    ] {
        let rejected = of_model(PositionalModel::Tbf310, line).unwrap_err();
        assert_eq!(rejected.reason, RejectReason::BadNumber, "{line:?}");
    }
    assert_eq!(reason(&bc_418("5", "\"09:07\"")), RejectReason::BadNumber);
    assert_eq!(reason(&bc_418("\"05/03/24\"", "9.07")), RejectReason::BadNumber);
}

/// An export record of a TBF-310 with these two fields.
fn tbf_310(body_type: &str, sex: &str) -> String {
    format!("{body_type},{sex},170,110.6,431,28.4,31.4,79.2,58.0,27,38.3,9771\r\n")
}

#[test]
fn body_type_and_sex_are_digits_and_control_bytes_may_stand_before_the_first() {
    for (text, expected) in [
        ("0", BodyType::Standard),
        ("2", BodyType::Athlete),
        ("\x110", BodyType::Standard),
        ("\x012", BodyType::Athlete),
        ("\x1f 2", BodyType::Athlete),
    ] {
        let record = read(&tbf_310(text, "1"));
        assert_eq!(record.subject.body_type, Some(expected), "{text:?}");
        assert_eq!(raw_tags(&record).len(), 12, "{text:?}");
    }
    for (text, expected) in [("1", Gender::Male), ("2", Gender::Female), (" 2", Gender::Female)] {
        assert_eq!(read(&tbf_310("0", text)).subject.gender, Some(expected), "{text:?}");
    }
    for (body_type, sex) in [("1", "1"), ("0", "0"), ("0", "3"), ("0", "")] {
        assert_eq!(
            reason(&tbf_310(body_type, sex)),
            RejectReason::BadNumber,
            "{body_type:?} {sex:?}"
        );
    }
}

#[test]
fn a_control_byte_before_the_date_leaves_it_a_date() {
    let time = DeviceTime::Reported("2003-05-01T09:07:00".parse().unwrap());
    for control in ["", "\x01", "\t", "\x11", "\x1f"] {
        let record = read(&format!("{control}{}", japan("\"03/05/01\"", "\"09:07\"")));
        assert_eq!((&record.device_time, record.flags.len()), (&time, 0), "{control:?}");
    }
}

#[test]
fn a_line_with_an_empty_field_is_no_record() {
    // With the values go the relations that vouch for the weight.
    for line in [
        "0,2,170,110.6,,,,,,,,\r\n",
        "0,2,170,110.6,,28.4,31.4,79.2,58.0,27,38.3,9771\r\n",
        "0,2,170,110.6,431,28.4,31.4,79.2,58.0,,38.3,9771\r\n",
        "0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,38.3, \r\n",
    ] {
        assert_eq!(reason(line), RejectReason::BadNumber, "{line:?}");
    }
    let unread = bc_418("\"05/03/24\"", "\"09:07\"").replace(",12.5,", ",,");
    assert_eq!(
        reason(&unread),
        RejectReason::BadNumber,
        "a field that is kept and not read"
    );
}

#[test]
fn what_is_left_of_a_longer_line_is_nobodys_weight() {
    // The last field of a BC-418 is the muscle mass of the trunk.
    let torn = "\"05/03/24\",\"09:07\",34.8\r\n";
    assert_eq!(reason(torn), RejectReason::WrongFieldCount);
    let rejected = of_model(PositionalModel::Bc418, torn).unwrap_err();
    assert_eq!(
        (rejected.reason, rejected.raw),
        (RejectReason::WrongFieldCount, torn[..24].into())
    );
}

#[test]
fn a_model_that_is_known_sends_its_layouts_alone() {
    let weight = "\"03/05/01\",\"09:07\",64.2\r\n";
    let record = of_model(PositionalModel::Tbf310, weight).unwrap();
    assert_eq!(sent(&record, "body_weight").as_deref(), Some("64.2 kg"));
    assert_eq!(raw_tags(&record).len(), 3);
    let export = tbf_310("0", "2");
    let japan = japan("\"03/05/01\"", "\"09:07\"");
    let whole = bc_418("\"05/03/24\"", "\"09:07\"");
    for (line, fields, of_tbf_310, of_bc_418) in [
        (weight, 3, true, false),
        (&export, 12, true, false),
        (&japan, 15, true, false),
        (&whole, 38, false, true),
    ] {
        for (model, is_its) in [
            (PositionalModel::Tbf310, of_tbf_310),
            (PositionalModel::Bc418, of_bc_418),
        ] {
            match of_model(model, line) {
                Ok(record) => assert!(is_its && !record.measurements.is_empty(), "{model:?}: {fields}"),
                Err(rejected) => {
                    assert!(!is_its, "{model:?}: {fields}");
                    assert_eq!(rejected.reason, RejectReason::WrongFieldCount);
                    let says = format!("{fields} fields; ");
                    assert!(rejected.detail.starts_with(&says), "{}", rejected.detail);
                }
            }
        }
    }
}

#[test]
fn a_result_with_a_byte_damaged_on_the_line_is_set_aside_wherever_that_byte_is() {
    let bytes = legacy().into_iter().find(|(id, ..)| id == "tbf310-export").unwrap().1;
    let line = bytes.strip_suffix(b"\r\n").unwrap();
    for at in 0..line.len() {
        let mut damaged = bytes.clone();
        damaged[at] = 0;
        let rejected = only(TanitaPositional, &damaged).unwrap_err();
        assert_eq!((rejected.reason, rejected.offset), (RejectReason::LineError, at));
        assert_eq!(rejected.raw, damaged[..line.len()]);
    }
    // What has no commas of its own is noise.
    for noise in [
        "\0\r\n",
        "\0\0\0\0\0\0\r\n",
        "1\x0070,110\r\n",
        "\0,2\r\n",
        "\0x,,,\r\n",
    ] {
        assert_eq!(decode_all(TanitaPositional, noise.as_bytes()), [], "{noise:?}");
    }
}

#[test]
fn a_line_is_a_candidate_from_its_second_comma_on() {
    for line in [
        "170\r\n",
        "170.5\r\n",
        "170,110\r\n",
        "1234567890\r\n",
        "12:30 05/03\r\n",
    ] {
        assert_eq!(decode_all(TanitaPositional, line.as_bytes()), [], "{line:?}");
    }
    for fields in [4, 11, 13, 14, 16, 37, 39] {
        let line = format!("{}1\r\n", "1,".repeat(fields - 1));
        assert_eq!(reason(&line), RejectReason::WrongFieldCount, "{fields} fields");
    }
    // Two commas before the byte that no field can hold.
    for (line, expected) in [
        ("1,2,x\r\n", Some(RejectReason::IllegalByte)),
        ("1,x,2,3\r\n", None),
        ("1,2,\x11\r\n", Some(RejectReason::IllegalByte)),
        ("1,2,\0\r\n", Some(RejectReason::LineError)),
    ] {
        let units = decode_all(TanitaPositional, line.as_bytes());
        let found = units.first().map(|unit| unit.outcome.as_ref().unwrap_err().reason);
        assert_eq!(found, expected, "{line:?}");
    }
}

#[test]
fn a_line_of_more_than_the_longest_record_is_given_up() {
    let long = format!("0,2,{}", "1".repeat(600));
    assert_eq!(
        decode_all(TanitaPositional, long.as_bytes())[0]
            .outcome
            .as_ref()
            .unwrap_err()
            .reason,
        RejectReason::LineTooLong
    );
    assert_eq!(reason(&long[..511]), RejectReason::Truncated);
}

#[test]
fn a_record_behind_noise_comes_out_without_waiting_for_silence() {
    for noise in ["12x\r\n", "170,110\r\n", "hello, world, and all\r\n", "1,x,2,3,4\r\n"] {
        let mut session = Session::new(TanitaPositional, Options::default());
        session.handle_bytes(scanner_protocol::Tick(0), noise.as_bytes());
        session.handle_bytes(scanner_protocol::Tick(0), tbf_310("0", "2").as_bytes());
        let found = crate::outcomes(&mut session);
        assert!(matches!(found[..], [crate::Outcome::Record(_)]), "{noise:?}: {found:?}");
    }
    let line = tbf_310("0", "2");
    let units = decode_all(TanitaPositional, [line.as_bytes(), line.as_bytes()].concat().as_slice());
    assert!(
        matches!(&units[..], [first, second] if second.offset == line.len() as u64 && matches!(first.outcome, Ok(Content::Record(_))))
    );
}
