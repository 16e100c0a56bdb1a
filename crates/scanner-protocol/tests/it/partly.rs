//! Families whose pages leave something open, field by field. No captures of them are public: the frames are written after the pages.

use scan_model::{Flag, Record, subject::Gender};
use scanner_protocol::{
    Event, Options, Protocol, RejectReason, Session, Tick, Weight, decode_all,
    identify::{Frame, Heard, identify},
    raw_tags,
};

use crate::{
    Outcome, SECOND,
    families::{message, named, only, partly_specified, record, sent, weight},
    heard_by,
};

fn reason(protocol: Protocol, bytes: &[u8]) -> RejectReason {
    only(protocol, bytes).unwrap_err().reason
}

fn shown(weight: &Weight) -> Option<String> {
    weight.value.map(|value| value.to_string())
}

#[test]
fn no_experiment_is_ever_guessed() {
    let mut experiments = 0;
    for (id, bytes, expected) in partly_specified() {
        experiments += usize::from(named(&expected).is_experimental());
        let bytes = bytes.repeat(5);
        let heard = [Heard {
            frame: Frame::EightNone,
            bytes: &bytes,
        }];
        if let Ok(found) = identify(&heard) {
            assert!(!found.protocol.is_experimental(), "{id}: {found:?}");
        }
        let units = decode_all(Protocol::Auto, &bytes);
        assert!(
            units.iter().all(|unit| !unit.protocol.is_experimental()),
            "{id}: {units:?}"
        );
    }
    assert!(experiments > 0);
}

/// An answer whose check byte covers the bytes from the state to the unit.
fn cas(body: &str) -> Vec<u8> {
    let check = body.bytes().fold(0, |rest, byte| rest ^ byte);
    [b"\x01\x02", body.as_bytes(), &[check, 3, 4]].concat()
}

#[test]
fn a_cas_scale_says_state_sign_weight_and_unit() {
    for (body, stable, value, unit) in [
        ("S 0070.5KG", true, "70.5", "kg"),
        ("S   70.5KG", true, "70.5", "kg"),
        ("U 155.42LB", false, "155.42", "[lb_av]"),
        ("S-0000.4KG", true, "-0.4", "kg"),
        ("S 0000.0KG", true, "0.0", "kg"),
    ] {
        let read = weight(Protocol::Cas, &cas(body));
        assert_eq!(
            (read.stable, shown(&read).as_deref(), read.unit),
            (stable, Some(value), unit),
            "{body}"
        );
    }
    for body in ["S 0.70.5KG", "S 70.5  KG", "S       KG", "S 70 5.0KG"] {
        assert_eq!(reason(Protocol::Cas, &cas(body)), RejectReason::BadNumber, "{body}");
    }
}

#[test]
fn every_bit_of_a_cas_answer_is_under_its_check_byte() {
    let answer = cas("S 0070.5KG");
    for place in 2..13 {
        for bit in 0..8 {
            let mut damaged = answer.clone();
            damaged[place] ^= 1 << bit;
            let units = decode_all(Protocol::Cas, &damaged);
            assert!(
                units.iter().all(|unit| unit.outcome.is_err()),
                "bit {bit} of byte {place}"
            );
        }
    }
}

#[test]
fn a_cas_weight_without_a_point_is_shown_and_measures_nothing() {
    for (body, state, digits, unit) in [
        ("S 000705KG", "stable", "705", "kg"),
        ("U-000012LB", "moving", "-12", "[lb_av]"),
    ] {
        let expected = [("state", state), ("digits", digits), ("unit", unit)];
        assert_eq!(
            message(Protocol::Cas, &cas(body)).fields,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }
}

#[test]
fn every_bit_of_the_toledo_8217_status_has_its_name() {
    let names = [
        "motion",
        "over_capacity",
        "under_zero",
        "outside_zero_range",
        "centre_of_zero",
        "net",
    ];
    // Over capacity within the range of zero is no state, and the byte begins an answer.
    for byte in (0..0x80_u8).filter(|&byte| byte != 2) {
        let fields = message(Protocol::Toledo8217, &[2, b'?', byte, b'\r']).fields;
        let set: Vec<_> = fields
            .iter()
            .filter(|(_, value)| value == "true")
            .map(|(name, _)| *name)
            .collect();
        let expected: Vec<_> = (0..6)
            .filter(|bit| byte >> bit & 1 == 1)
            .map(|bit| names[bit])
            .collect();
        assert_eq!((fields.len(), set), (6, expected), "{byte:02x}");
    }
}

#[test]
fn a_toledo_8217_weight_is_shown_as_it_is_sent() {
    for (answer, fields) in [
        ("\x0270.500\r", &[("weight", "70.500")][..]),
        ("\x02 70.50\r", &[("weight", "70.50")]),
        ("\x0207.50N\r", &[("weight", "7.50"), ("net", "true")]),
    ] {
        let found = message(Protocol::Toledo8217, answer.as_bytes()).fields;
        let found: Vec<_> = found.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(found, fields, "{answer:?}");
    }
    for answer in ["\x02.5\r", "\x0270.\r", "\x027.0.5N\r"] {
        assert_eq!(reason(Protocol::Toledo8217, answer.as_bytes()), RejectReason::BadNumber);
    }
}

#[test]
fn a_doran_scale_has_its_own_words_for_stable_and_moving() {
    for (status, stable) in [("GR", true), ("SD", true), ("gr", false), ("S_", false), ("S ", false)] {
        for (sign, value) in [(' ', "70.5"), ('-', "-70.5")] {
            let line = format!("\x02{status}{sign}  70.5 kg\r\n");
            let read = weight(Protocol::Doran, line.as_bytes());
            assert_eq!(
                (read.stable, shown(&read).as_deref()),
                (stable, Some(value)),
                "{line:?}"
            );
        }
    }
}

#[test]
fn the_first_byte_of_continuous_doran_output_is_unit_and_sign() {
    for (status, value, unit) in [
        (0x80, "70.5", "[lb_av]"),
        (0x82, "70.5", "kg"),
        (0xb0, "-70.5", "[lb_av]"),
        (0xb2, "-70.5", "kg"),
    ] {
        let frame = [&[2, status, 0xd7, 0xe4], &b"  70.5\r"[..]].concat();
        let read = weight(Protocol::Doran, &frame);
        assert_eq!(
            (shown(&read).as_deref(), read.unit),
            (Some(value), unit),
            "{status:02x}"
        );
        assert!(!read.stable, "nothing says that it rests");
    }
}

#[test]
fn a_doran_weight_counts_where_its_unit_stands_right_behind_it() {
    for (behind, unit) in [
        ("kg", "kg"),
        (" KG", "kg"),
        ("lb  24.4", "[lb_av]"),
        ("  LB   0.0LB  70.0IN 24.4", "[lb_av]"),
    ] {
        let line = format!("\x02GR  155.4{behind}\x03");
        assert_eq!(weight(Protocol::Doran, line.as_bytes()).unit, unit, "{behind:?}");
    }
    for behind in ["", "155.4", "155.4lb", " 155.4 kg", "in", "kgs", "Lb", "-12.0 kg"] {
        let line = format!("\x02gr- 155.4{behind}\r\n");
        let expected = [("state", "moving"), ("weight", "-155.4"), ("behind", behind)];
        assert_eq!(
            message(Protocol::Doran, line.as_bytes()).fields,
            expected.map(|(name, value)| (name, value.to_owned())),
            "{behind:?}"
        );
    }
    for columns in ["   155", "1 55.4", "      ", "15.5.4"] {
        let line = format!("\x02GR {columns}lb\r\n");
        assert_eq!(
            reason(Protocol::Doran, line.as_bytes()),
            RejectReason::BadNumber,
            "{columns:?}"
        );
    }
}

#[test]
fn a_seca_block_is_cut_into_its_parts_and_measures_nothing() {
    for (block, parts) in [
        ("A0007051c0ffEE", ["A0", "00705", "1", "c0ff", "EE"]),
        ("A1123451c0ffEE", ["A1", "12345", "1", "c0ff", "EE"]),
        ("A40705f1c0ff", ["A4", "0705", "f1", "c0", "ff"]),
    ] {
        let frame = format!("\x02{block}\r\n\x03");
        let fields = message(Protocol::Seca460, frame.as_bytes()).fields;
        let names = ["kind", "digits", "display_type", "control", "check"];
        let expected: Vec<_> = names.into_iter().zip(parts.map(str::to_owned)).collect();
        assert_eq!(fields, expected, "{block}");
    }
    // A digit that is none, one too many or too few, and a byte that ends no block.
    for block in [
        "A0007A51c0ffEE\r\n\x03",
        "A0007051c0ffEE0\r\n\x03",
        "A0007051c0ffE\r\n\x03",
        "A0007051c0ffgE\r\n\x03",
        "A40705f1c0ffEE\r\n\x03",
        "A40705f1c0ff\n\r\x03",
    ] {
        assert_eq!(
            decode_all(Protocol::Seca460, format!("\x02{block}").as_bytes()),
            [],
            "{block:?}"
        );
    }
}

fn dba(pairs: &str) -> Box<Record> {
    record(Protocol::Dba310, format!("{pairs}over\n").as_bytes())
}

#[test]
fn a_dba310_weight_is_in_kilograms_if_the_body_mass_index_says_so() {
    let read = dba("date=20260101;id=17;gen=1;age=30;hei=170.0;wei=70.5;bmi=24.4;ra5k=312.4;");
    for (name, value) in [
        ("body_weight", "70.5 kg"),
        ("height", "170.0 cm"),
        ("body_mass_index", "24.4 kg/m2"),
    ] {
        assert_eq!(sent(&read, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!((read.measurements.len(), read.flags.len()), (3, 0));
    assert_eq!(read.subject.height.unwrap().to_string(), "170.0");
    assert_eq!(read.subject.age.unwrap().to_string(), "30");
    assert_eq!(read.subject.number.as_deref(), Some("17"));
    let tags = raw_tags(&read);
    assert_eq!((tags.len(), &tags[7]), (8, &("ra5k", "312.4".into())));
    // Pounds, half kilograms, inches, a digit that was damaged, and values that are missing.
    for pairs in [
        "hei=170.0;wei=155.4;bmi=24.4;",
        "hei=170.0;wei=141.0;bmi=24.4;",
        "hei=66.9;wei=155.4;bmi=24.4;",
        "hei=170.0;wei=79.5;bmi=24.4;",
        "wei=70.5;",
        "hei=170.0;wei=70.5;",
        "wei=70.5;bmi=24.4;",
        "hei=;wei=70.5;bmi=24.4;",
        "hei=170.0;bmi=24.4;",
    ] {
        let text = format!("{pairs}over");
        assert_eq!(
            reason(Protocol::Dba310, text.as_bytes()),
            RejectReason::UnknownUnits,
            "{pairs}"
        );
    }
}

#[test]
fn dba310_values_that_cannot_be_true_do_not_vouch_for_each_other() {
    for pairs in [
        "hei=0;wei=0;bmi=0;",
        "hei=170.0;wei=0.0;bmi=0.0;",
        "hei=-170.0;wei=70.5;bmi=24.4;",
        "hei=170.0;wei=-70.5;bmi=-24.4;",
        "hei=170000.0;wei=70500000.5;bmi=24.4;",
        "hei=49.9;wei=6.2;bmi=24.9;",
        "hei=250.1;wei=152.7;bmi=24.4;",
        "hei=200.0;wei=500.4;bmi=125.1;",
    ] {
        let text = format!("{pairs}over");
        assert_eq!(
            reason(Protocol::Dba310, text.as_bytes()),
            RejectReason::UnknownUnits,
            "{pairs}"
        );
    }
}

#[test]
fn equal_dba310_results_without_a_date_may_be_two_peoples() {
    let bytes = b"id=;hei=170.0;wei=70.5;bmi=24.4;over\n".repeat(2);
    let (found, _) = heard_by(Session::new(Protocol::Dba310, Options::default()), &bytes, 7);
    let [Outcome::Record(first), Outcome::Record(second)] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(first.flags.is_empty() && second.flags == [Flag::PossibleDuplicate]);
}

#[test]
fn a_dba310_result_that_is_read_again_and_again_is_one() {
    let result = |weight: &str, index: &str| {
        format!("id=7;date=20261120;gen=1;age=30;hei=170.0;wei={weight};bmi={index};over\n").into_bytes()
    };
    let mut session = Session::new(Protocol::Dba310, Options::default());
    let mut found = Vec::new();
    for (at, bytes) in [
        (0, result("70.5", "24.4")),
        (1, result("70.5", "24.4")),
        (2, result("80.5", "27.9")),
        (3, result("80.5", "27.9")),
    ] {
        session.handle_bytes(Tick(at * SECOND), &bytes);
        found.extend(std::iter::from_fn(|| session.poll_event()));
    }
    // Nothing at all of the repetitions: a stage would begin somebody's scan.
    let [
        Event::Stage { .. },
        Event::Record(first),
        Event::Stage { .. },
        Event::Record(second),
    ] = &found[..]
    else {
        panic!("{found:?}")
    };
    assert_ne!(first.result_id, second.result_id);
    assert_eq!(session.counters().repeats_dropped, 2);
    // Also after a restart, which remembers no bytes.
    let (again, _) = heard_by(
        Session::new(Protocol::Dba310, Options::default()),
        &result("70.5", "24.4"),
        7,
    );
    let [Outcome::Record(again)] = &again[..] else {
        panic!("{again:?}")
    };
    assert_eq!(again.result_id, first.result_id);
    assert!(first.result_id.as_deref().unwrap().starts_with("dba310/"));
}

#[test]
fn a_dba310_result_names_the_person_that_it_was_told() {
    for (pairs, gender) in [
        ("gen=1;", Some(Gender::Male)),
        ("gen=0;", Some(Gender::Female)),
        ("gen=2;", None),
    ] {
        let read = dba(&format!("id=1;{pairs}hei=170.0;wei=70.5;bmi=24.4;"));
        assert_eq!(read.subject.gender, gender, "{pairs}");
    }
    let read = dba("id=;age= ;hei=170.0;wei=70.5;bmi=24.4;");
    assert_eq!((&read.subject.number, read.subject.age), (&None, None));
}

#[test]
fn what_is_left_of_a_dba310_result_whose_beginning_was_not_heard_is_none() {
    let whole = "id=17;date=20261120;gen=1;age=30;hei=170.0;wei=70.5;bmi=24.4;over";
    for at in 1..whole.find("hei").unwrap() {
        for unit in decode_all(Protocol::Dba310, &whole.as_bytes()[at..]) {
            assert!(unit.outcome.is_err(), "{}", &whole[at..]);
        }
    }
    assert_eq!(
        reason(Protocol::Dba310, b"e=30;hei=170.0;wei=70.5;bmi=24.4;over"),
        RejectReason::Truncated
    );
}

#[test]
fn dba310_text_that_is_no_result_is_refused_or_noise() {
    for (text, expected) in [
        ("id=1;wei=70.5;", RejectReason::Truncated),
        ("id=1;wei=70.5;ov", RejectReason::Truncated),
        ("id=1;measing\n", RejectReason::BadFrame),
        ("id=1;ok;over", RejectReason::BadFrame),
        ("id=1;=2;over", RejectReason::BadFrame),
        ("id=1;1d=2;over", RejectReason::BadFrame),
        ("id=1;wei=7\t0;over", RejectReason::BadFrame),
        ("wei=70.5;wei=80.5;over", RejectReason::DuplicateTag),
        ("wei=heavy;hei=170.0;bmi=24.4;over", RejectReason::BadNumber),
        ("age=old;over", RejectReason::BadNumber),
    ] {
        assert_eq!(reason(Protocol::Dba310, text.as_bytes()), expected, "{text:?}");
    }
    // Answers to other questions.
    for text in [
        "dhy,dba310,1234\n",
        "wei=70.5\n",
        "stp=3\n",
        "measing\n",
        "ok\n",
        "over\n",
        "Wei=1;over\n",
    ] {
        assert_eq!(decode_all(Protocol::Dba310, text.as_bytes()), [], "{text:?}");
    }
}

fn block(lines: &[&str]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| format!("{line}\r\n").into_bytes())
        .collect()
}

#[test]
fn the_person_on_a_rice_lake_scale_is_the_net_weight() {
    for (lines, weight) in [
        (
            &["GROSS WEIGHT 215.0 LB", "TARE WEIGHT 30.0 LB", "NET WEIGHT 185.0 LB"][..],
            "185.0 [lb_av]",
        ),
        (
            &["Gross Weight 97.5 kg", "Tare Weight 17 kg", "Net Weight 80.5 kg"],
            "80.5 kg",
        ),
        // Each is rounded by itself.
        (
            &["GROSS WEIGHT 97.5 KG", "TARE WEIGHT 17.1 KG", "NET WEIGHT 80.2 KG"],
            "80.2 kg",
        ),
        (
            &["GROSS WEIGHT 97.5 KG", "TARE WEIGHT 17.1 KG", "NET WEIGHT 80.6 KG"],
            "80.6 kg",
        ),
        (
            &["GROSS WEIGHT 97.5 KG", "TARE WEIGHT -0.0 KG", "NET WEIGHT 97.5 KG"],
            "97.5 kg",
        ),
        (&["NET   WEIGHT 1 KG", "NET WEIGHT 80.5 KG"], "80.5 kg"),
        (&["GROSS WEIGHT 97.5 KG", "NET WEIGHT 80.5 KG"], "80.5 kg"),
    ] {
        assert_eq!(
            sent(&record_at_end(lines), "body_weight").as_deref(),
            Some(weight),
            "{lines:?}"
        );
    }
    for (lines, expected) in [
        (
            &["GROSS WEIGHT 97.5 KG", "TARE WEIGHT 17.0 KG", "NET WEIGHT 80.2 KG"][..],
            RejectReason::BadFrame,
        ),
        (
            &["GROSS WEIGHT 97.5 KG", "TARE WEIGHT 17.0 KG", "NET WEIGHT 80.8 KG"],
            RejectReason::BadFrame,
        ),
        (&["GROSS WEIGHT 177.5 LB", "NET WEIGHT 80.5 KG"], RejectReason::BadFrame),
        (&["TARE WEIGHT 0.0 LB", "NET WEIGHT 80.5 KG"], RejectReason::BadFrame),
        (&["GROSS WEIGHT 80.5 KG", "TARE WEIGHT 0.0 KG"], RejectReason::BadFrame),
        (&["NET WEIGHT 80.5"], RejectReason::UnknownUnits),
        (&["NET WEIGHT heavy KG"], RejectReason::BadNumber),
        (&["NET WEIGHT -5.0 KG"], RejectReason::BadNumber),
        (
            &["GROSS WEIGHT -5.0 KG", "TARE WEIGHT 0.0 KG", "NET WEIGHT 0.0 KG"],
            RejectReason::BadNumber,
        ),
        (&["NET WEIGHT 80.5 KG", "PATIENT BMI -"], RejectReason::BadNumber),
    ] {
        assert_eq!(reason(Protocol::RiceLake, &block(lines)), expected, "{lines:?}");
    }
}

/// The record of the last block.
fn record_at_end(lines: &[&str]) -> Record {
    let units = decode_all(Protocol::RiceLake, &block(lines));
    match units.into_iter().next_back().unwrap().outcome {
        Ok(scanner_protocol::Content::Record(record)) => *record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_height_in_a_rice_lake_block_is_read_in_the_words_that_are_published() {
    for (height, value) in [
        ("6-01.0 FT", Some("73.0 [in_i]")),
        ("5-11 ft-in", Some("71 [in_i]")),
        ("70.5 IN", Some("70.5 [in_i]")),
        ("185.4 cm", Some("185.4 cm")),
        ("5-12.0 FT", None),
        ("10-01.0 FT", None),
        ("5.5-01.0 FT", None),
        ("6 FT", None),
        ("-5-01.0 FT", None),
        ("6-01.0", None),
    ] {
        let read = record(
            Protocol::RiceLake,
            &block(&["NET WEIGHT 80.5 KG", &format!("PATIENT HEIGHT {height}")]),
        );
        assert_eq!(sent(&read, "height").as_deref(), value, "{height}");
        assert_eq!(read.subject.height.is_some(), value.is_some(), "{height}");
        assert_eq!(sent(&read, "body_weight").as_deref(), Some("80.5 kg"), "{height}");
    }
    let contradiction = record(
        Protocol::RiceLake,
        &block(&["NET WEIGHT 115.0 LB", "PATIENT HEIGHT 6-01.0 FT", "PATIENT BMI 28.4"]),
    );
    assert_eq!(contradiction.flags, [Flag::BmiMismatch]);
}

#[test]
fn a_rice_lake_block_ends_with_its_last_line_or_where_another_begins() {
    let five = [
        "GROSS WEIGHT 215.0 LB",
        "TARE WEIGHT 0.0 LB",
        "NET WEIGHT 215.0 LB",
        "PATIENT HEIGHT 6-01.0 FT",
        "PATIENT BMI 28.4",
    ];
    let tags: Vec<_> = raw_tags(&record_at_end(&five))
        .into_iter()
        .map(|(label, value)| format!("{label} {value}"))
        .collect();
    assert_eq!(tags, five);
    let offsets = |lines: &[&str]| -> Vec<u64> {
        let units = decode_all(Protocol::RiceLake, &block(lines)).into_iter();
        units
            .filter(|unit| unit.outcome.is_ok())
            .map(|unit| unit.offset)
            .collect()
    };
    for (lines, expected) in [
        (&["NET WEIGHT 80.5 KG", "NET WEIGHT 70.5 KG"][..], &[0, 20][..]),
        (&["NET WEIGHT 80.5 KG", "     70.5 kg Net "], &[0, 20]),
        (&["NET WEIGHT 80.5 KG", "Operator 7", "NET WEIGHT 70.5 KG"], &[0, 32]),
        (&["NET WEIGHT 80.5 KG", "PATIENT BMI\x07 24.4"], &[0]),
    ] {
        assert_eq!(offsets(lines), expected, "{lines:?}");
    }
}
