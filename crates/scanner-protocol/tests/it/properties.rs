//! What holds for any bytes and any record.

use proptest::prelude::*;
use scan_model::{
    Integrity,
    subject::{BodyType, Gender},
};
use scanner_protocol::{RejectReason, Tick};
use serde_json::{Map, Value};

use crate::{Outcome, capture, heard, outcomes, sealed, session};

/// Tags whose value is a number that becomes a measurement under the name in the list; one tag for each name.
fn numeric_tags() -> Vec<(String, String)> {
    let list: Map<String, Value> = serde_json::from_str(include_str!("../data/tanita-tags.json")).unwrap();
    let subject = ["age", "activity_level", "clothes_weight"];
    let mut tags: Vec<_> = list
        .into_iter()
        .filter(|(_, entry)| matches!(entry["kind"].as_str(), Some("decimal" | "integer")))
        .map(|(tag, entry)| (tag, entry["name"].as_str().unwrap().to_owned()))
        .filter(|(tag, name)| !subject.contains(&name.as_str()) && !["Wp", "Wg"].contains(&tag.as_str()))
        .collect();
    tags.sort();
    tags
}

fn number() -> impl Strategy<Value = String> {
    proptest::string::string_regex("(0|-?[1-9][0-9]{0,4})(\\.[0-9]{1,2})?").unwrap()
}

/// Bytes that look more like records than chance would make them.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let record = capture("sc330-2014-adult-male");
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::string::string_regex("[{0,~1MOWkCS\"\r\nGRg. ]{0,40}")
            .unwrap()
            .prop_map(String::into_bytes),
        Just(b"{0,".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(record.clone()),
        Just(capture("bd815-gain")),
        (0..260_usize).prop_map(move |cut| record[..cut].to_vec()),
        (0..4200_usize).prop_map(|length| vec![b'A'; length]),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn values_written_are_the_values_read(
        values in proptest::sample::subsequence(numeric_tags(), 1..=164)
            .prop_shuffle()
            .prop_flat_map(|tags| { let n = tags.len(); (Just(tags), proptest::collection::vec(number(), n)) }),
        padding in 0..4_usize,
    ) {
        let (tags, numbers) = values;
        let mut content = "{0,16,~0,1,~1,1,MO,\"MC-980\"".to_owned();
        for ((tag, _), number) in tags.iter().zip(&numbers) {
            content += &format!(",{tag},{:padding$}{number}", "");
        }
        let line = sealed(&content);
        let (outcomes, _) = heard(&line, line.len());
        let [Outcome::Record(record)] = &outcomes[..] else { panic!("{outcomes:?}") };
        for ((tag, name), number) in tags.iter().zip(&numbers) {
            let sent = record.get(name.parse().unwrap()).map(|sent| sent.value.to_string());
            if sent.is_none() {
                prop_assert!(number.bytes().all(|byte| !(b'1'..=b'9').contains(&byte)), "{} {}", tag, number);
            } else {
                prop_assert_eq!(sent.as_deref(), Some(number.as_str()), "{}", tag);
            }
        }
    }

    #[test]
    fn a_pair_is_left_out_only_if_both_halves_are_zero(
        r in prop_oneof![Just("0.0"), Just("-0"), Just("5.1"), Just("")],
        x in prop_oneof![Just("0.0"), Just("0.00"), Just("-5.1"), Just("")],
        reversed in any::<bool>(), apart in any::<bool>(),
    ) {
        let (first, second) = if reversed { (("XR", x), ("RR", r)) } else { (("RR", r), ("XR", x)) };
        let between = if apart { ",Wk,80.5" } else { "" };
        let line = sealed(&format!("{{0,16,MO,\"MC-780\",{},{}{between},{},{}", first.0, first.1, second.0, second.1));
        let (outcomes, _) = heard(&line, line.len());
        let [Outcome::Record(record)] = &outcomes[..] else { panic!("{outcomes:?}") };
        let zero = |text: &str| text.starts_with('0') || text == "-0";
        let expect = |text: &str, other: &str| !(text.is_empty() || zero(text) && zero(other));
        let has = |name: &str| record.get(name.parse().unwrap()).is_some();
        prop_assert_eq!(has("resistance_right_leg_50khz"), expect(r, x));
        prop_assert_eq!(has("reactance_right_leg_50khz"), expect(x, r));
    }

    #[test]
    fn any_bytes_in_any_chunks_mean_the_same_and_never_a_record_with_a_wrong_checksum(
        bytes in stream(), size in 1..50_usize,
    ) {
        let (whole, session) = heard(&bytes, bytes.len().max(1));
        let (pieces, other) = heard(&bytes, size);
        prop_assert_eq!(&whole, &pieces);
        prop_assert_eq!(session.counters(), other.counters());
        for outcome in whole {
            let Outcome::Record(record) = outcome else { continue };
            if record.integrity == Integrity::Verified {
                let end = record.raw.windows(4).rposition(|window| window == b",CS,").unwrap() + 1;
                let sum = record.raw[..end].iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
                let sent = str::from_utf8(&record.raw[end + 3..end + 5]).unwrap();
                prop_assert_eq!(u8::from_str_radix(sent, 16).unwrap(), sum);
            }
        }
    }

    #[test]
    fn a_good_record_is_found_after_any_noise(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let record = capture("mc780-2019-adult-male");
        let (outcomes, _) = heard(&[bytes, record.clone()].concat(), 64);
        let expected = heard(&record, 64).0;
        prop_assert_eq!(outcomes.last(), expected.last());
    }

    #[test]
    fn one_wrong_byte_never_passes(at in 0..262_usize, byte in any::<u8>()) {
        let good = capture("sc330-2014-adult-male");
        let mut bytes = good.clone();
        bytes[at] = byte;
        let (outcomes, _) = heard(&bytes, bytes.len());
        if bytes.eq_ignore_ascii_case(&good) && at >= 260 || bytes == good {
            prop_assert!(matches!(outcomes[..], [Outcome::Record(_)]));
        } else {
            let found = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Record(_)));
            prop_assert!(!found, "byte {} as {}", at, byte);
        }
    }

    #[test]
    fn calls_at_any_time_leave_no_scan_without_its_end(
        steps in proptest::collection::vec((0..3_000_000_u64, stream()), 0..12),
    ) {
        let mut session = session();
        let mut now = 0;
        for (gap, bytes) in steps {
            now += gap;
            session.handle_timeout(Tick(now));
            session.handle_bytes(Tick(now), &bytes);
            if let Some(deadline) = session.poll_timeout() {
                prop_assert!(deadline > Tick(now), "a deadline in the past would spin the driver");
            }
        }
        session.handle_timeout(Tick(now + 2_000_000));
        outcomes(&mut session);
    }
}

#[test]
fn a_unit_set_that_nobody_knows_is_refused() {
    let reason = |controls: &str| {
        let line = sealed(&format!("{{0,16,{controls},MO,\"BC-601\",Wk,206.2"));
        match &heard(&line, line.len()).0[..] {
            [Outcome::Record(record)] => Ok(record.measurements[0].unit.ucum()),
            [Outcome::Rejected(rejected)] => Err(rejected.reason),
            other => panic!("{other:?}"),
        }
    };
    let unknown = Err(RejectReason::UnknownUnits);
    for (controls, expected) in [
        ("~0,1,~1,1", Ok("kg")),
        ("~0,2,~1,2", Ok("kg")),
        ("~1,2", Ok("kg")),
        ("~0,1", Ok("kg")),
        ("~0,3,~1,3", Ok("[lb_av]")),
        ("~0,1,~1,3", unknown),
        ("~1,3", unknown),
        ("~0,3", unknown),
        ("~0,4,~1,4", unknown),
        ("~0,1,~1,0", unknown),
    ] {
        assert_eq!(reason(controls), expected, "{controls}");
    }
}

#[test]
fn without_a_unit_set_tags_that_name_their_units_are_taken_at_their_word() {
    for (weight, expected) in [("Wp,165.4", "[lb_av]"), ("Ws,11.11.4", "[lb_av]"), ("Wg,3972", "g")] {
        let line = sealed(&format!("{{0,16,~0,3,MO,\"HD-351BT\",{weight}"));
        let [Outcome::Record(record)] = &heard(&line, line.len()).0[..] else {
            panic!("{weight}")
        };
        assert_eq!(record.measurements[0].unit.ucum(), expected, "{weight}");
    }
    for other in ["Wp,165.4,Hm,170.0", "Wp,165.4,Pt,1.0", "Wk,75.0"] {
        let line = sealed(&format!("{{0,16,~0,3,MO,\"HD-351BT\",{other}"));
        let (outcomes, _) = heard(&line, line.len());
        assert!(
            matches!(&outcomes[..], [Outcome::Rejected(rejected)] if rejected.reason == RejectReason::UnknownUnits),
            "{other}: {outcomes:?}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_line_has_one_name() {
    let reason = |line: &[u8]| match &heard(line, line.len()).0[..] {
        [Outcome::Rejected(rejected)] => rejected.reason,
        other => panic!("{other:?}"),
    };
    let open = "{0,16,MO,\"SC-240\"";
    for (line, expected) in [
        (sealed(&format!("{open},Wkg,80.5")), RejectReason::BadTag),
        (sealed(&format!("{open},Wk")), RejectReason::OddTokenCount),
        (sealed(&format!("{open},ID,\"1\"2")), RejectReason::UnterminatedQuote),
        (sealed(&format!("{open},XY,1,XY,2")), RejectReason::DuplicateTag),
        (sealed(&format!("{open},AG,\"28\"")), RejectReason::BadNumber),
        (sealed(&format!("{open},GE,m")), RejectReason::BadNumber),
        (sealed(&format!("{open},Ws,12")), RejectReason::BadNumber),
        (
            format!("{open},CS,80,Wk,80.5\r").into(),
            RejectReason::ChecksumMalformed,
        ),
        (format!("{open},Wk,80.5,CS,8\r").into(), RejectReason::ChecksumMalformed),
        (
            format!("{open},Wk,80.5,CS,+8\r").into(),
            RejectReason::ChecksumMalformed,
        ),
        (format!("{open},Wk,80.5\r").into(), RejectReason::ChecksumMissing),
        (format!("{open},Wk,80\r").into(), RejectReason::Truncated),
        (format!("{open},Wk\r").into(), RejectReason::Truncated),
        (format!("{open},ID,\"00\r").into(), RejectReason::Truncated),
        (b"{0,16,Wk,80.5\r".into(), RejectReason::ChecksumMissing),
        // The last value tells whether the line was cut: these are whole.
        (format!("{open},AG,28\r").into(), RejectReason::ChecksumMissing),
        (format!("{open},sW,13\r").into(), RejectReason::ChecksumMissing),
        (format!("{open},XY,80\r").into(), RejectReason::ChecksumMissing),
        (format!("{open},Pt,1\r").into(), RejectReason::Truncated),
        // A brace belongs behind a checksum and nowhere else.
        (b"{0,16,MO,\"BD-815\",Gg,150}\r".into(), RejectReason::BadNumber),
        (b"Gg,1x4\r".into(), RejectReason::BadNumber),
    ] {
        assert_eq!(reason(&line), expected, "{}", String::from_utf8_lossy(&line));
    }
}

#[test]
fn a_rejection_says_where_the_line_is_wrong() {
    let place = |line: &[u8]| match &heard(line, line.len()).0[..] {
        [Outcome::Rejected(rejected)] => rejected.offset,
        other => panic!("{other:?}"),
    };
    for (line, wrong) in [
        ("{0,16,MO,\"SC-240\",Wk,80\u{1}5,CS,00", "\u{1}"),
        ("{0,16,Wkg,80.5,CS,00", "Wkg"),
        ("{0,16,Wk,80.5,AG,CS,00", "00"),
        ("{0,16,ID,\"00,CS,00", "\"00"),
        ("{0,16,Wk,80.5,CS,ZZ", "CS"),
        ("{0,16,Wk,80.5,CS,00", "CS"),
        ("{0,16,CS,00,Wk,80.5", "CS"),
    ] {
        assert_eq!(
            place(format!("{line}\r").as_bytes()),
            line.find(wrong).unwrap(),
            "{line}"
        );
    }
    for (content, wrong) in [
        ("{0,16,Wk,80.5,Wk,80.5", ",Wk,80.5"),
        ("{0,16,AG,28,FW,x", ",FW"),
        ("{0,16,FW,20.0,Ws,12", ",Ws"),
    ] {
        let line = sealed(content);
        assert_eq!(place(&line), content.rfind(wrong).unwrap() + 1, "{content}");
    }
    for cut in ["{0,16,MO,\"SC-240\",Wk,8", "{0,16,MO,\"SC-240\",Wk,80.5"] {
        assert_eq!(
            place(format!("{cut}\r").as_bytes()),
            cut.len(),
            "the end is what is wrong"
        );
    }
}

#[test]
fn the_maker_and_the_words_of_the_person_are_those_of_the_line() {
    let record = |content: &str| match &heard(&sealed(content), 50).0[..] {
        [Outcome::Record(record)] => record.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(record("{0,16,Wk,80.5").device.maker.as_deref(), Some("Tanita"));
    for (code, body_type) in [
        ("0", Some(BodyType::Standard)),
        ("2", Some(BodyType::Athlete)),
        ("5", Some(BodyType::Auto)),
        ("1", None),
        ("", None),
    ] {
        assert_eq!(
            record(&format!("{{0,16,Bt,{code},Wk,80.5")).subject.body_type,
            body_type,
            "{code}"
        );
    }
    for (code, gender) in [
        ("1", Some(Gender::Male)),
        ("2", Some(Gender::Female)),
        ("0", None),
        ("3", None),
    ] {
        assert_eq!(
            record(&format!("{{0,16,GE,{code},Wk,80.5")).subject.gender,
            gender,
            "{code}"
        );
    }
}

#[test]
fn a_weight_or_height_that_comes_in_two_units_is_one_measurement() {
    for (content, count) in [
        ("{0,16,Wp,157.2,Wk,71.3", 1),
        ("{0,16,Wk,71.3,Wp,157.2,Ws,11.03.2", 1),
        ("{0,16,Hm,181.6,Hf,5-11.5", 1),
        ("{0,16,Hf,5-11.5,Hm,181.6,Wk,71.3,FW,20.0", 3),
    ] {
        let line = sealed(content);
        let (outcomes, _) = heard(&line, line.len());
        let [Outcome::Record(record)] = &outcomes[..] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(record.measurements.len(), count, "{content}");
    }
}

#[test]
fn weights_of_pound_models_come_out_in_pounds() {
    for (content, value, height) in [
        ("{0,16,~0,1,MO,\"HD-351BT\",Ws,11.03.2", "157.2", None),
        ("{0,16,~0,1,MO,\"HD-351BT\",Ws,\"11.03.2\"", "157.2", None),
        ("{0,16,~0,1,MO,\"HD-351BT\",Ws,11.0", "154", None),
        (
            "{0,16,~0,1,MO,\"WB-3000\",Hf,5-11.5,Wp,157.2,MI,21.6",
            "157.2",
            Some("181.6"),
        ),
        ("{0,16,~0,1,MO,\"WB-3000\",Hf,tall,Wp,157.2", "157.2", None),
        ("{0,16,~0,1,MO,\"WB-3000\",Wp,157.2,Wk,71.3", "157.2", None),
    ] {
        let line = sealed(content);
        let (outcomes, _) = heard(&line, line.len());
        let [Outcome::Record(record)] = &outcomes[..] else {
            panic!("{outcomes:?}")
        };
        let weight = record.get(scan_model::Metric::BODY_WEIGHT).unwrap();
        assert_eq!(
            (weight.value.to_string().as_str(), weight.unit.ucum()),
            (value, "[lb_av]")
        );
        assert_eq!(
            record.subject.height.map(|height| height.to_string()).as_deref(),
            height
        );
        assert_eq!(record.flags, []);
    }
}

#[test]
fn clothes_and_height_of_the_imperial_set_reach_the_subject_in_metric_units() {
    let line = sealed("{0,16,~0,3,~1,3,MO,\"BC-601\",Hm,73.0,Pt,2.2,Wk,206.2");
    let (outcomes, _) = heard(&line, line.len());
    let [Outcome::Record(record)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(record.subject.height.unwrap().to_string(), "185.4");
    assert_eq!(record.subject.clothes_weight.unwrap().to_string(), "1.00");
    assert_eq!(record.get(scan_model::Metric::HEIGHT).unwrap().unit.ucum(), "[in_i]");
}
