//! ACCUNIQ and the BMH05108 module, field by field.

use scan_model::{Record, subject::Gender};
use scanner_protocol::{LineEvent, Options, Protocol, RejectReason, Session, Tick, decode_all, raw_tags};

use crate::families::{accuniq, message, only, record, sent};

fn fields(protocol: Protocol, frame: &[u8]) -> Vec<(&'static str, String)> {
    message(protocol, frame).fields
}

/// STX, what stands between, ETX and the sum.
fn accuniq_frame(content: &str) -> Vec<u8> {
    let mut frame = format!("\x02{content}\x03").into_bytes();
    frame.push(frame.iter().fold(0, |sum, &byte| sum.wrapping_add(byte)));
    frame
}

/// A result of so many values, all empty but these.
fn accuniq_result(count: usize, set: &[(usize, &str)]) -> Vec<u8> {
    let mut values = vec![""; count];
    for (at, value) in set {
        values[*at] = value;
    }
    accuniq_frame(&format!("M{}", values.join(",")))
}

fn result(set: &[(usize, &str)]) -> Box<Record> {
    record(Protocol::Accuniq, &accuniq_result(113, set))
}

#[test]
fn every_accuniq_state_has_its_name() {
    for (codes, name) in [
        ("0", "ready"),
        ("1", "measuring_weight"),
        ("234", "member_input"),
        ("5", "measuring_composition"),
        ("6", "complete"),
        ("7AB", "printing_or_settings"),
        ("C", "calibration"),
        ("89DZ", "unknown"),
    ] {
        for code in codes.chars() {
            let found = fields(Protocol::Accuniq, &accuniq_frame(&format!("A{code}")));
            assert_eq!(
                found,
                [("command", "A".to_owned()), ("state", name.to_owned())],
                "{code}"
            );
        }
    }
}

#[test]
fn accuniq_messages_show_their_data_and_requests_have_none() {
    for letter in ["I", "A", "M", "K", "B", "T"] {
        let found = fields(Protocol::Accuniq, &accuniq_frame(letter));
        assert_eq!(found, [("command", letter.to_owned())]);
    }
    for (content, data) in [("KAB12", "AB12"), ("I1", "1"), ("A10", "10")] {
        let found = fields(Protocol::Accuniq, &accuniq_frame(content));
        assert_eq!(found[1], ("data", data.to_owned()), "{content}");
    }
}

#[test]
fn an_accuniq_result_has_113_values_or_more() {
    for count in [113, 114, 200] {
        let record = record(Protocol::Accuniq, &accuniq_result(count, &[]));
        let tags = [("command", "M".into()), ("fields", count.to_string().into())];
        assert_eq!(raw_tags(&record), tags, "{count} values");
    }
    for count in [2, 112] {
        let reason = only(Protocol::Accuniq, &accuniq_result(count, &[])).unwrap_err().reason;
        assert_eq!(reason, RejectReason::WrongFieldCount, "{count} values");
    }
}

#[test]
fn an_accuniq_result_tells_the_person_and_four_values() {
    let record = result(&[
        (4, "2"),
        (5, "27"),
        (6, "1730"),
        (7, "0601"),
        (60, "0101"),
        (109, "1537"),
    ]);
    assert_eq!(record.subject.gender, Some(Gender::Female));
    assert_eq!(record.subject.age.unwrap().to_string(), "27");
    assert_eq!(record.subject.height.unwrap().to_string(), "173.0");
    assert_eq!(record.device.maker.as_deref(), Some("Selvas"));
    for (name, value) in [
        ("height", "173.0 cm"),
        ("body_weight", "60.1 kg"),
        ("fat_percentage", "10.1 %"),
        ("basal_metabolic_rate_kcal", "1537 kcal/d"),
    ] {
        assert_eq!(sent(&record, name).as_deref(), Some(value), "{name}");
    }
    for (sex, gender) in [("1", Some(Gender::Male)), ("0", None), ("", None)] {
        assert_eq!(result(&[(4, sex)]).subject.gender, gender, "{sex:?}");
    }
    let nothing = result(&[]);
    assert_eq!(
        (nothing.measurements.len(), nothing.subject.age, nothing.subject.height),
        (0, None, None)
    );
    for (at, value) in [(7, "60.1"), (7, "heavy"), (5, "2x"), (109, "1-")] {
        let reason = only(Protocol::Accuniq, &accuniq_result(113, &[(at, value)]))
            .unwrap_err()
            .reason;
        assert_eq!(reason, RejectReason::BadNumber, "{value}");
    }
}

#[test]
fn accuniq_results_that_differ_in_one_digit_have_different_names() {
    let published = accuniq().pop().unwrap().1;
    let content = String::from_utf8(published[1..published.len() - 2].to_vec()).unwrap();
    let mut names = vec![record(Protocol::Accuniq, &published).result_id.unwrap()];
    for (at, digit) in content.char_indices().filter(|(_, digit)| digit.is_ascii_digit()) {
        let other = if digit == '0' { '1' } else { '0' };
        let mut changed = content.clone();
        changed.replace_range(at..=at, &other.to_string());
        names.push(record(Protocol::Accuniq, &accuniq_frame(&changed)).result_id.unwrap());
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(count > 20);
    assert_eq!(names.len(), count);
}

#[test]
fn an_accuniq_frame_that_breaks_off_is_truncated() {
    for cut in ["\x02M1", "\x02M1,2,3", "\x02A6\x03", "\x02I\x03"] {
        let rejected = only(Protocol::Accuniq, cut.as_bytes()).unwrap_err();
        assert_eq!(
            (rejected.reason, rejected.raw.len()),
            (RejectReason::Truncated, cut.len()),
            "{cut:?}"
        );
    }
    for noise in ["\x02", "\x02M", "\x02Z1\x03x", "\x02M1\x04"] {
        assert_eq!(decode_all(Protocol::Accuniq, noise.as_bytes()), [], "{noise:?}");
    }
}

/// Start, length, what stands between, and the byte that makes the sum zero.
fn bmh_frame(content: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xaa, u8::try_from(content.len() + 3).unwrap()];
    frame.extend(content);
    frame.push(
        frame
            .iter()
            .fold(0_u8, |sum, &byte| sum.wrapping_add(byte))
            .wrapping_neg(),
    );
    frame
}

/// `content` whose bytes are its places in the frame, except for the first ones.
fn bmh_counted(first: &[u8], length: u8) -> Vec<u8> {
    let mut content = first.to_vec();
    content.extend(2 + u8::try_from(first.len()).unwrap()..length - 1);
    bmh_frame(&content)
}

#[test]
fn every_field_of_the_bmh05108_module_has_its_place() {
    // Every byte says where it stands; numbers have their low byte first.
    let word = |at: i64| (at + 1) * 256 + at;
    let long = |at: i64| word(at + 2) * 65_536 + word(at);
    let segments = [
        ("right_hand_raw", long(6)),
        ("left_hand_raw", long(10)),
        ("trunk_raw", long(14)),
        ("right_foot_raw", long(18)),
        ("left_foot_raw", long(22)),
    ];
    let whole_body = [("phase_raw", word(6)), ("impedance_raw", long(8))];
    let state = [("state", 4)];
    let cases = [
        (bmh_counted(&[0xa0], 5), vec![("status", 3)]),
        (
            bmh_counted(&[0xa1], 14),
            vec![("stable_raw", word(5)), ("realtime_raw", word(7)), ("adc", long(9))],
        ),
        (bmh_counted(&[0xb0], 5), vec![("result", 3)]),
        (bmh_counted(&[0xb1], 27), [&state[..], &segments].concat()),
        (bmh_counted(&[0xb1], 40), [&state[..], &segments].concat()),
        (bmh_counted(&[0xb1], 26), [&state[..], &whole_body].concat()),
        (bmh_counted(&[0xb1], 13), [&state[..], &whole_body].concat()),
        (bmh_counted(&[0xff], 5), vec![("error", 3)]),
    ];
    for (frame, expected) in cases {
        let found = fields(Protocol::Bmh05108, &frame);
        assert_eq!(found[0], ("command", format!("{:02X}", frame[2])));
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, value)| (name, value.to_string()))
            .collect();
        assert_eq!(found[1..], expected, "{frame:02x?}");
    }
    // A weight below zero.
    let frame = bmh_frame(&[0xa1, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert_eq!(fields(Protocol::Bmh05108, &frame)[1], ("stable_raw", "-2".to_owned()));
    // What a short frame does not hold is not shown.
    assert_eq!(fields(Protocol::Bmh05108, &bmh_counted(&[0xa1], 9)).len(), 2);
    assert_eq!(fields(Protocol::Bmh05108, &bmh_frame(&[0xff])).len(), 1);
}

#[test]
fn results_of_the_bmh05108_module_come_in_numbered_parts() {
    for command in 0xd0..=0xd2 {
        for (number, total, index) in [(0x21, "2", "1"), (0x52, "5", "2"), (0x01, "1", "1")] {
            let found = fields(Protocol::Bmh05108, &bmh_frame(&[command, number, 0x0a, 0xb0]));
            let expected = [
                ("command", format!("{command:02X}")),
                ("total", total.to_owned()),
                ("index", index.to_owned()),
                ("payload", "0ab0".to_owned()),
            ];
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_bmh05108_frame_with_a_wrong_sum_is_counted_by_what_is_wrong() {
    let short = [0xaa, 0x07, 0xa0, 0x64, 0, 0, 0, 0x4b];
    let damaged = [0xaa, 0x05, 0xa0, 0x00, 0xb2];
    for (bytes, reason) in [
        // One byte longer than it says, as one published frame is.
        (&short[..], RejectReason::LengthMismatch),
        (&damaged, RejectReason::ChecksumMismatch),
        (&[&damaged[..], b"\0"].concat(), RejectReason::ChecksumMismatch),
    ] {
        for size in [1, 3, bytes.len()] {
            let mut session = Session::new(Protocol::Bmh05108, Options::default());
            for chunk in bytes.chunks(size) {
                session.handle_bytes(Tick(0), chunk);
            }
            session.handle_line(Tick(0), LineEvent::Down);
            assert_eq!(
                session.counters().rejected(reason),
                1,
                "{bytes:02x?} in chunks of {size}"
            );
            assert_eq!(
                session.counters().rejected_in_all(),
                1,
                "{bytes:02x?} in chunks of {size}"
            );
        }
    }
}
