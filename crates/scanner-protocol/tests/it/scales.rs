//! What the lines of weight scales say, sign by sign.

use scan_model::{Metric, Record, record::Measurement};
use scanner_protocol::{LineEvent, Options, Protocol, RejectReason, Session, Tick, Weight, decode_all, raw_tags};

use crate::{
    Outcome,
    families::{only, record, sent, weight},
    heard_by, outcomes,
};

fn reason(protocol: Protocol, bytes: &[u8]) -> RejectReason {
    only(protocol, bytes).unwrap_err().reason
}

fn and(line: &str) -> Weight {
    weight(Protocol::And, line.as_bytes())
}

fn shown(weight: &Weight) -> Option<String> {
    weight.value.map(|value| value.to_string())
}

fn mode(weight: &Weight) -> Option<&'static str> {
    weight.mode.map(|mode| mode.name())
}

#[test]
fn every_unit_of_and_scales_is_known_and_three_of_them_weigh_people() {
    for (unit, code) in [
        ("kg", "kg"),
        ("g", "g"),
        ("lb", "[lb_av]"),
        ("oz", "[oz_av]"),
        ("ozt", "[oz_tr]"),
        ("t", "t"),
        ("N", "N"),
        ("PC", "pcs"),
        ("%", "%"),
        ("ct", "[car_m]"),
        ("mom", "mom"),
        ("dwt", "[pwt_tr]"),
        ("GN", "[gr]"),
        ("tl", "tl"),
        ("DS", "DS"),
    ] {
        for line in [
            format!("ST,+00070.50{unit:>3}\r\n"),
            format!("ST,GS,+0070.50{unit}\r\n"),
        ] {
            let read = and(&line);
            assert_eq!((read.unit, shown(&read).as_deref()), (code, Some("70.50")), "{line:?}");
            let is_mass = matches!(unit, "kg" | "g" | "lb");
            assert_eq!(read.measurement().is_some(), is_mass, "{line:?}");
        }
    }
}

#[test]
fn the_header_of_an_and_line_is_its_state() {
    for (header, stable, overload, value, mode_name) in [
        ("ST", true, false, Some("70.50"), None),
        ("QT", true, false, Some("70.50"), Some("count")),
        ("US", false, false, Some("70.50"), None),
        // Its digits are nines, or the last value on some models.
        ("OL", false, true, None, None),
        ("LO", false, true, None, None),
    ] {
        let read = and(&format!("{header},+00070.50 kg\r\n"));
        assert_eq!((read.stable, read.overload), (stable, overload), "{header}");
        assert_eq!(shown(&read).as_deref(), value, "{header}");
        assert_eq!(mode(&read), mode_name, "{header}");
        let is_weight = matches!(header, "ST" | "US");
        assert_eq!(read.measurement().is_some(), is_weight, "{header}");
    }
}

#[test]
fn the_second_word_of_an_and_line_is_what_is_weighed_or_what_a_comparator_says() {
    for (word, name, is_body) in [
        ("GS", "gross", true),
        ("G ", "gross", true),
        ("NT", "net", true),
        ("N ", "net", true),
        ("TR", "tare", false),
        ("T ", "tare", false),
        ("PT", "preset_tare", false),
        ("P ", "preset_tare", false),
    ] {
        let read = and(&format!("ST,{word},+0070.50kg\r\n"));
        assert_eq!(mode(&read), Some(name), "{word:?}");
        assert_eq!(read.measurement().is_some(), is_body, "{word:?}");
    }
    for word in ["LO", "OK", "HI", "--"] {
        let read = and(&format!("ST,{word},+00070.50 kg\r\n"));
        assert_eq!(
            (mode(&read), shown(&read).as_deref()),
            (None, Some("70.50")),
            "{word:?}"
        );
    }
    for line in ["ST,GX,+0070.50kg\r", "ST,OK,GS,+0070.50kg\r", "ST,\r", "ST,GS,\r"] {
        assert!(
            decode_all(Protocol::And, line.as_bytes())
                .iter()
                .all(|unit| unit.outcome.is_err()),
            "{line:?}"
        );
    }
    assert_eq!(reason(Protocol::And, b"ST,GX,+0070.50kg\r"), RejectReason::BadFrame);
    assert_eq!(reason(Protocol::And, b"ST,GS,+0070.50,kg\r"), RejectReason::BadFrame);
}

#[test]
fn the_number_of_an_and_line_has_the_width_and_the_sign_of_its_layout() {
    for (line, value) in [
        ("ST,GS,+070.50kg\r", "70.50"),
        ("ST,GS,+0070.50kg\r", "70.50"),
        ("ST,GS,+00070.50kg\r", "70.50"),
        ("ST,GS,-   0.50 kg\r", "-0.50"),
        ("ST,GS,  070.50kg\r", "70.50"),
        ("ST,-00070.50 kg\r", "-70.50"),
        ("ST, 00070.50 kg\r", "70.50"),
        ("ST,+00000.00 kg\r", "0.00"),
    ] {
        assert_eq!(shown(&and(line)).as_deref(), Some(value), "{line:?}");
    }
    for line in [
        "ST,GS,+70.50kg\r",
        "ST,GS,+000070.50kg\r",
        "ST,GS,*0070.50kg\r",
        "ST,GS,70.50kg\r",
        "ST,+0070.50 kg\r",
        "ST,+000070.50 kg\r",
        "ST,+00070.50kg\r",
        "ST,OK,*00070.50 kg\r",
    ] {
        assert_eq!(
            reason(Protocol::And, line.as_bytes()),
            RejectReason::BadFrame,
            "{line:?}"
        );
    }
    for line in ["ST,+-0070.50 kg\r", "ST,GS,+        kg\r", "ST,+0 070.50 kg\r"] {
        assert_eq!(
            reason(Protocol::And, line.as_bytes()),
            RejectReason::BadNumber,
            "{line:?}"
        );
    }
}

/// A short Toledo frame of 70.5 kg, stable and gross, with these bits of its three status words turned.
fn toledo(turned: [u8; 3]) -> Vec<u8> {
    let [a, b, c] = turned;
    [&[2, 0x2b ^ a, 0x30 ^ b, 0x20 ^ c], &b"   705\r"[..]].concat()
}

#[test]
fn every_bit_of_the_toledo_status_words_has_its_meaning() {
    let plain = weight(Protocol::Toledo, &toledo([0; 3]));
    assert_eq!(shown(&plain).as_deref(), Some("70.5"));
    assert_eq!(
        (plain.stable, plain.overload, plain.unit, mode(&plain), plain.tare),
        (true, false, "kg", Some("gross"), None)
    );
    // The display's step, a print request, and the bits that nobody describes.
    for turned in [
        [8, 0, 0],
        [16, 0, 0],
        [64, 0, 0],
        [0, 64, 0],
        [0, 0, 8],
        [0, 0, 16],
        [0, 0, 64],
    ] {
        assert_eq!(weight(Protocol::Toledo, &toledo(turned)), plain, "{turned:?}");
    }
    let status = |bit: u8| weight(Protocol::Toledo, &toledo([0, 1 << bit, 0]));
    assert_eq!(mode(&status(0)), Some("net"));
    assert_eq!(shown(&status(1)).as_deref(), Some("-70.5"));
    assert_eq!(
        (status(2).overload, status(2).value, status(2).measurement()),
        (true, None, None)
    );
    assert!(!status(3).stable);
    assert_eq!(status(4).unit, "[lb_av]");
    for bit in 0..3 {
        assert_eq!(
            reason(Protocol::Toledo, &toledo([0, 0, 1 << bit])),
            RejectReason::UnknownUnits,
            "bit {bit}"
        );
    }
    for place in 0..3 {
        let mut turned = [0; 3];
        turned[place] = 1 << 5;
        assert_eq!(
            decode_all(Protocol::Toledo, &toledo(turned)),
            [],
            "bit 5 of word {place}"
        );
    }
}

#[test]
fn a_toledo_scale_that_is_overloaded_may_show_nothing() {
    let read = weight(Protocol::Toledo, b"\x02+4             \r");
    assert_eq!((read.overload, read.value, read.tare), (true, None, None));
}

#[test]
fn a_toledo_check_character_vouches_for_both_lengths() {
    for frame in [&b"\x02+0    705     0\r"[..], b"\x02+0    705\r"] {
        let check = frame
            .iter()
            .fold(0_u8, |sum, &byte| sum.wrapping_add(byte))
            .wrapping_neg()
            & 0x7f;
        let checked = [frame, &[check]].concat();
        let outcomes: Vec<_> = decode_all(Protocol::Toledo, &checked.repeat(3))
            .into_iter()
            .map(|unit| unit.offset)
            .collect();
        let length = checked.len() as u64;
        assert_eq!(outcomes, [0, length, 2 * length]);
        for bit in 0..7 {
            let wrong = [frame, &[check ^ 1 << bit]].concat();
            if wrong.last().is_some_and(|byte| b"\x02\n".contains(byte)) {
                continue;
            }
            assert_eq!(reason(Protocol::Toledo, &wrong), RejectReason::ChecksumMismatch);
        }
    }
}

#[test]
fn rice_lake_lines_are_a_number_a_unit_and_a_mode() {
    for (line, value, unit, name) in [
        ("     80.5 kg Gross \r\n", "80.5", "kg", "gross"),
        ("     80.5 lb  Net  \r\n", "80.5", "[lb_av]", "net"),
        ("      -10 kg Net\r", "-10", "kg", "net"),
        ("  -1000.55 kg Net\r", "-1000.55", "kg", "net"),
    ] {
        let read = weight(Protocol::RiceLake, line.as_bytes());
        assert_eq!(
            (shown(&read).as_deref(), read.unit, mode(&read)),
            (Some(value), unit, Some(name))
        );
        assert!(read.stable, "a scale prints what has come to rest");
    }
    // The last ones lost their beginning, and what is left looks like another weight.
    for line in [
        "     80.5 kg\r",
        "     80.5 kg Gross Net\r",
        "     80.5 kg gross\r",
        "    80.5 kg Gross\r",
        "5 kg Gross\r",
    ] {
        assert_eq!(
            reason(Protocol::RiceLake, line.as_bytes()),
            RejectReason::BadFrame,
            "{line:?}"
        );
    }
    for (line, expected) in [
        ("8-0 kg Net\r", RejectReason::BadNumber),
        ("80.5 k Net\r", RejectReason::UnknownUnits),
    ] {
        assert_eq!(reason(Protocol::RiceLake, line.as_bytes()), expected, "{line:?}");
    }
    // Numbers alone are anybody's.
    for line in ["80.5\r\n", "80.5 st Net\r\n", "8x.5 kg Net\r\n", "\r\n"] {
        assert_eq!(decode_all(Protocol::RiceLake, line.as_bytes()), [], "{line:?}");
    }
}

#[test]
fn a_weight_counts_from_one_kilogram_on() {
    let weights = |protocol, bytes: &[u8]| -> Vec<String> {
        let found = heard_by(Session::new(protocol, Options::default()), bytes, bytes.len()).0;
        let weights = found.into_iter().map(|outcome| match outcome {
            Outcome::Record(record) => record.get(Metric::BODY_WEIGHT).unwrap().value.to_string(),
            other => panic!("{other:?}"),
        });
        weights.collect()
    };
    assert_eq!(
        weights(Protocol::RiceLake, b"      0.9 kg Net\r      1.0 kg Net\r"),
        ["1.0"]
    );
    // Printed blocks are held to it too.
    let block = |weight: &str| format!("GROSS WEIGHT {weight} LB\r\nTARE WEIGHT 0.0 LB\r\nNET WEIGHT {weight} LB\r\n");
    assert_eq!(
        weights(Protocol::RiceLake, ["0.0", "2.0", "2.2"].map(block).concat().as_bytes()),
        ["2.2"]
    );
    assert_eq!(
        weights(
            Protocol::Adam,
            b"Weight: 0.00 kg\r\nWeight: 0.99 kg\r\nHeight: 183 cm\r\nWeight: 1.00 kg\r\n"
        ),
        ["1.00"]
    );
    assert_eq!(
        weights(
            Protocol::TanitaWb,
            &[&b"S      0.9kg\r\n"[..], b"S      1.0kg\r\n", b"S      1.0kg\r\n"].concat()
        ),
        ["1.0"]
    );
    assert_eq!(
        weights(Protocol::TanitaWb, &b"S      1.0kg\r\n".repeat(9)),
        [""; 0],
        "it was never empty"
    );
}

#[test]
fn a_polled_scale_needs_two_lines_that_agree_and_one_that_streams_three() {
    for (protocol, empty, line, needed) in [
        (
            Protocol::TanitaWb,
            &b"S      0.0kg\r\n"[..],
            &b"S     75.0kg\r\n"[..],
            2,
        ),
        (Protocol::TanitaWeight, b"KS000.0\r\n", b"KS075.0\r\n", 3),
        (
            Protocol::Cas,
            b"\x01\x02S 0000.0KG\x61\x03\x04",
            b"\x01\x02S 0075.0KG\x63\x03\x04",
            2,
        ),
        (Protocol::Doran, b"\x02GR    0.0kg\r\n", b"\x02SD   75.0kg\x03", 3),
        (Protocol::And, b"ST,+00000.00 kg\r\n", b"ST,+00075.00 kg\r\n", 3),
        (Protocol::Toledo, b"\x02+0      0     0\r", b"\x02+0    750     0\r", 3),
    ] {
        let mut session = Session::new(protocol, Options::default());
        session.handle_bytes(Tick(0), empty);
        for lines in 1..=needed {
            assert_eq!(outcomes(&mut session), [], "{protocol} after {lines} lines");
            session.handle_bytes(Tick(lines), line);
        }
        // The last frame without a check character ends with the next one's first byte, or with silence.
        session.handle_timeout(Tick(1_000_000));
        assert_eq!(outcomes(&mut session).len(), 1, "{protocol}");
    }
}

#[test]
fn a_line_without_a_weight_interrupts_those_that_agree() {
    let line = b"ST,+00075.00 kg\r\n";
    for between in [
        &b"US,+00075.00 kg\r\n"[..],
        b"OL,+99999.99 kg\r\n",
        b"QT,+00000075 PC\r\n",
    ] {
        let bytes = [&b"ST,+00000.00 kg\r\n"[..], line, line, between, line, line].concat();
        let found = heard_by(Session::new(Protocol::And, Options::default()), &bytes, 40).0;
        assert_eq!(found, [], "{}", String::from_utf8_lossy(between));
    }
}

#[test]
fn tanita_weight_lines_have_one_decimal_and_may_be_below_zero() {
    for (line, value) in [("S     -0.5kg\r\n", "-0.5"), ("S    175.0kg\r\n", "175.0")] {
        assert_eq!(
            shown(&weight(Protocol::TanitaWb, line.as_bytes())).as_deref(),
            Some(value)
        );
    }
    for line in [
        "S     75.00kg\r\n",
        "S       75kg\r\n",
        "S    7.500kg\r\n",
        "S         kg\r\n",
    ] {
        let found = decode_all(Protocol::TanitaWb, line.as_bytes());
        assert!(found.iter().all(|unit| unit.outcome.is_err()), "{line:?}");
    }
    assert_eq!(reason(Protocol::TanitaWb, b"S     7500kg\r\n"), RejectReason::BadNumber);
    assert_eq!(only(Protocol::TanitaWb, b"S     7500kg\r\n").unwrap_err().offset, 4);
    assert_eq!(only(Protocol::TanitaWeight, b"KS07x.0\r\n").unwrap_err().offset, 2);
    assert_eq!(
        decode_all(Protocol::TanitaWb, b"S     75.0lg\r\n"),
        [],
        "neither kilograms nor pounds"
    );
    for (line, stable, overload, unit) in [
        ("KS075.0\r\n", true, false, "kg"),
        ("KD075.0\r\n", false, false, "kg"),
        ("KI075.0\r\n", false, true, "kg"),
        ("LS165.4\r\n", true, false, "[lb_av]"),
    ] {
        let read = weight(Protocol::TanitaWeight, line.as_bytes());
        assert_eq!(
            (read.stable, read.overload, read.unit),
            (stable, overload, unit),
            "{line:?}"
        );
        assert_eq!(
            read.value.is_none(),
            overload,
            "what an overloaded scale shows is not published: {line:?}"
        );
    }
}

fn adam(block: &str) -> Box<Record> {
    record(Protocol::Adam, block.as_bytes())
}

#[test]
fn every_line_of_an_adam_block_is_read_in_its_units() {
    for (lines, name, value, height) in [
        ("Weight: 80.00 kg", "body_weight", "80.00 kg", None),
        ("Weight:80.00 kg", "body_weight", "80.00 kg", None),
        ("Weight: 176.4 lb", "body_weight", "176.4 [lb_av]", None),
        ("Weight: 176.4 lbs", "body_weight", "176.4 [lb_av]", None),
        ("Weight: 80 kg\r\nHeight: 183 cm", "height", "183 cm", Some("183")),
        ("Weight: 80 kg\r\nHeight: 72 in", "height", "72 [in_i]", Some("182.9")),
        ("Weight: 80 kg\r\nBMI: 23.9", "body_mass_index", "23.9 kg/m2", None),
    ] {
        let read = adam(&format!("{lines}\r\n"));
        assert_eq!(sent(&read, name).as_deref(), Some(value), "{lines}");
        assert_eq!(read.measurements.len(), lines.lines().count(), "{lines}");
        assert_eq!(
            read.subject.height.map(|height| height.to_string()).as_deref(),
            height,
            "{lines}"
        );
    }
    let read = adam("Patient Id: 0000000123\r\nWeight: 80.00 kg\r\n");
    assert_eq!(read.subject.number.as_deref(), Some("0000000123"));
    for other in [
        "Height: 5 ft 11.5",
        "Height: 6'0\"",
        "Height: 6-01 ft",
        "Height:",
        "BMI: --",
        "BMI: --.-",
    ] {
        let read = adam(&format!("Weight: 80.00 kg\r\n{other}\r\n"));
        assert_eq!(read.measurements.len(), 1, "the weight is lost with {other:?}");
    }
    for (line, expected) in [
        ("Weight: 80.00\r", RejectReason::UnknownUnits),
        ("Weight: kg\r", RejectReason::BadNumber),
        ("Weight: -80.00 kg\r", RejectReason::BadNumber),
        ("Height: tall cm\r", RejectReason::BadNumber),
        ("BMI: 2x.9\r", RejectReason::BadNumber),
        ("Weight: 80.00 kg\r\nHeight: 1x3 cm\r", RejectReason::BadNumber),
    ] {
        assert_eq!(reason(Protocol::Adam, line.as_bytes()), expected, "{line:?}");
    }
}

#[test]
fn an_adam_block_with_a_damaged_label_is_set_aside_and_one_with_an_unknown_label_is_not() {
    for label in ["Qatient Id", "Patien Id", "Patient Id2", "Doctor id", "BMJ"] {
        let block = format!("{label}: 123\r\nWeight: 80.00 kg\r\n");
        assert_eq!(
            reason(Protocol::Adam, format!("Doctor Id: 1\r\n{block}").as_bytes()),
            RejectReason::BadFrame,
            "{label}"
        );
    }
    let read = adam("Doctor Id: 1\r\nRoom: 7\r\nWeight: 80.00 kg\r\n");
    assert_eq!(read.measurements.len(), 1);
}

#[test]
fn an_adam_block_without_a_weight_is_set_aside_whole() {
    for block in [
        "Patient Id: 4711\r\nWe@ght: 80.00 kg\r\nHeight: 170 cm\r\nBMI: 27.7\r",
        "Height: 170 cm\r\nBMI: 27.7\r",
        "Doctor Id: 1\r\nPatient Id: 2\r",
    ] {
        let bytes = format!("{block}\n");
        let (found, _) = heard_by(Session::new(Protocol::Adam, Options::default()), bytes.as_bytes(), 9);
        let [Outcome::Rejected(rejected)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(rejected.reason, RejectReason::BadFrame, "{block:?}");
        assert_eq!(rejected.detail, "the block has no weight", "{block:?}");
        assert_eq!(rejected.raw, block.as_bytes());
    }
}

#[test]
fn an_adam_block_has_up_to_six_lines_with_a_label_each() {
    let five = "Doctor Id: 1\r\nPatient Id: 2\r\nWeight: 80.00 kg\r\nHeight: 183 cm\r\nBMI: 23.9\r\n";
    let six = format!("{five}Fat : 20 %\r\n");
    let read = adam(&six);
    let tags: Vec<_> = raw_tags(&read)
        .into_iter()
        .map(|(label, value)| format!("{label}={value}"))
        .collect();
    assert_eq!(
        tags,
        [
            "Doctor Id=1",
            "Patient Id=2",
            "Weight=80.00 kg",
            "Height=183 cm",
            "BMI=23.9",
            "Fat=20 %"
        ]
    );
    // A seventh line is no part of it, nor is one without a label or with bytes that no printer prints.
    for behind in ["Water: 60 %\r\n", ": 60 %\r\n", "60 %\r\n", "Wat\x07er: 60 %\r\n"] {
        let lines = if behind.starts_with("Water") { &six } else { five };
        let bytes = format!("{lines}{behind}");
        let units = decode_all(Protocol::Adam, bytes.as_bytes());
        assert_eq!(units.len(), 1, "{behind:?}");
        let record = match &units[0].outcome {
            Ok(scanner_protocol::Content::Record(record)) => record,
            other => panic!("{other:?}"),
        };
        assert_eq!(record.raw.len(), lines.len() - 1, "{behind:?}");
    }
}

#[test]
fn the_next_adam_block_begins_with_a_label_that_comes_again() {
    let mut session = Session::new(Protocol::Adam, Options::default());
    session.handle_bytes(Tick(0), b"Weight: 80.00 kg\r\nBMI: 23.9\r\nWeight: 60.00 kg\r\n");
    let first = outcomes(&mut session);
    session.handle_line(Tick(0), LineEvent::Down);
    let second = outcomes(&mut session);
    for (found, weight) in [(first, "80.00"), (second, "60.00")] {
        let [Outcome::Record(record)] = &found[..] else {
            panic!("{found:?}")
        };
        let Some(Measurement { value, .. }) = record.get(Metric::BODY_WEIGHT) else {
            panic!("no weight")
        };
        assert_eq!(value.to_string(), weight);
    }
}

#[test]
fn a_label_that_stands_before_the_last_one_begins_the_next_persons_adam_block() {
    let bytes = b"Weight: 80.00 kg\r\nBMI: 23.9\r\nPatient Id: 77\r\nWeight: 60.00 kg\r\n";
    for size in [bytes.len(), 7, 1] {
        let (found, _) = crate::heard_by(Session::new(Protocol::Adam, Options::default()), bytes, size);
        let people: Vec<_> = found
            .iter()
            .map(|outcome| match outcome {
                crate::Outcome::Record(record) => (sent(record, "body_weight"), record.subject.number.as_deref()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            people,
            [
                (Some("80.00 kg".to_owned()), None),
                (Some("60.00 kg".to_owned()), Some("77"))
            ],
            "in pieces of {size}"
        );
    }
    // The line whose label is not published may stand anywhere behind the first.
    let read = adam("Patient Id: 77\r\nAge: 30\r\nWeight: 60.00 kg\r\nBMI: 20.1\r\n");
    assert_eq!(sent(&read, "body_mass_index").as_deref(), Some("20.1 kg/m2"));
}

#[test]
fn an_adam_block_whose_last_line_has_no_end_is_worthless() {
    for bytes in [
        "Weight: 80.0",
        "Weight:",
        "Weight: 80.00 kg\r\nBMI: 2",
        "Weight: 80.00 kg\r\nB",
    ] {
        assert_eq!(
            reason(Protocol::Adam, bytes.as_bytes()),
            RejectReason::Truncated,
            "{bytes:?}"
        );
    }
    for bytes in ["Weight: 80.00 kg\r", "Weight: 80.00 kg\r\n", "Weight: 80.00 kg\r\n\r\n"] {
        assert!(only(Protocol::Adam, bytes.as_bytes()).is_ok(), "{bytes:?}");
    }
}

#[test]
fn printing_a_weight_for_a_log_prints_its_state_and_no_value() {
    let printed = format!("{:?}", weight(Protocol::Toledo, b"\x02+1    705     0\r"));
    for (part, is_there) in [("stable: true", true), ("Net", true), ("kg", true), ("70", false)] {
        assert_eq!(printed.contains(part), is_there, "{printed}");
    }
}
