//! Families that only send, over a line: pieces, cuts, noise, silence, and when a weight is somebody's.

use scan_model::{Flag, Metric, Record};
use scanner_protocol::{
    Content, Event, LineEvent, Options, Protocol, RejectReason, Session, Tick, Transmit, decode_all,
};

use crate::{
    MILLISECOND, Outcome, SECOND,
    families::{accuniq, ascii, legacy, named, partly_specified, protocol_of, toledo},
    heard_by, outcomes,
};

fn session(protocol: Protocol) -> Session {
    Session::new(protocol, Options::default())
}

fn heard(protocol: Protocol, bytes: &[u8], size: usize) -> (Vec<Outcome>, Session) {
    heard_by(session(protocol), bytes, size)
}

/// Every capture of a serial family, with its name.
fn captures() -> Vec<(String, Protocol, Vec<u8>)> {
    let text = legacy().into_iter().chain(ascii()).map(|(id, bytes, _)| {
        let protocol = protocol_of(&id);
        (id, protocol, bytes)
    });
    let toledo = toledo().into_iter().map(|(id, bytes, _)| (id, Protocol::Toledo, bytes));
    let accuniq = accuniq()
        .into_iter()
        .map(|(id, bytes, _)| (id, Protocol::Accuniq, bytes));
    let partly = partly_specified()
        .into_iter()
        .map(|(id, bytes, expected)| (id, named(&expected), bytes));
    text.chain(toledo)
        .chain(accuniq)
        .chain(partly)
        .chain([(
            "bc418-weight".to_owned(),
            Protocol::TanitaWeight,
            b"KS075.0\r\n".to_vec(),
        )])
        .chain([(
            "bmh-status".to_owned(),
            Protocol::Bmh05108,
            vec![0xaa, 5, 0xa0, 0, 0xb1],
        )])
        .collect()
}

/// A line of a scale that sends all the time, for a weight in kilograms.
fn line(protocol: Protocol, stable: bool, kilograms: &str) -> Vec<u8> {
    match protocol {
        Protocol::And => {
            let header = if stable { "ST" } else { "US" };
            format!("{header},+{kilograms:0>8} kg\r\n").into_bytes()
        }
        Protocol::TanitaWb => format!("S{}  {kilograms:>6}kg\r\n", if stable { ' ' } else { 'D' }).into_bytes(),
        Protocol::TanitaWeight => format!("K{}{kilograms:0>5}\r\n", if stable { 'S' } else { 'D' }).into_bytes(),
        Protocol::Toledo => {
            let digits = kilograms.replace('.', "");
            let motion = if stable { 0x30 } else { 0x38 };
            let mut frame = vec![2, 0x2b, motion, 0x20];
            frame.extend(format!("{digits:>6}     0\r").bytes());
            let check = frame
                .iter()
                .fold(0_u8, |sum, &byte| sum.wrapping_add(byte))
                .wrapping_neg()
                & 0x7f;
            frame.push(check);
            frame
        }
        Protocol::Cas => {
            let state = if stable { 'S' } else { 'U' };
            let body = format!("{state} {kilograms:>6}KG").into_bytes();
            let check = body.iter().fold(0, |rest, &byte| rest ^ byte);
            [&b"\x01\x02"[..], &body, &[check, 3, 4]].concat()
        }
        Protocol::Doran => {
            let status = if stable { "GR" } else { "gr" };
            format!("\x02{status} {kilograms:>6} kg\r\n").into_bytes()
        }
        other => panic!("{other} sends no stream of weights"),
    }
}

const STREAMS: [Protocol; 6] = [
    Protocol::And,
    Protocol::TanitaWb,
    Protocol::TanitaWeight,
    Protocol::Toledo,
    Protocol::Cas,
    Protocol::Doran,
];

/// Somebody steps on and off.
pub(crate) fn weighing(protocol: Protocol, kilograms: &str) -> Vec<u8> {
    let lines = [
        (true, "0.0"),
        (false, "31.5"),
        (false, "80.1"),
        (true, kilograms),
        (true, kilograms),
        (true, kilograms),
    ];
    let mut bytes: Vec<u8> = lines
        .iter()
        .flat_map(|(stable, weight)| line(protocol, *stable, weight))
        .collect();
    bytes.extend(line(protocol, true, kilograms));
    bytes.extend(line(protocol, false, "12.0"));
    bytes.extend(line(protocol, true, "0.0"));
    bytes
}

fn records(outcomes: Vec<Outcome>) -> Vec<Record> {
    let records = outcomes.into_iter().filter_map(|outcome| match outcome {
        Outcome::Record(record) => Some(*record),
        Outcome::Rejected(_) | Outcome::Repeated => None,
    });
    records.collect()
}

fn weights(outcomes: Vec<Outcome>) -> Vec<String> {
    let weights = records(outcomes)
        .into_iter()
        .map(|record| record.get(Metric::BODY_WEIGHT).unwrap().value.to_string());
    weights.collect()
}

#[test]
fn a_scale_that_does_not_answer_is_told_once_and_again_when_it_is_there() {
    let mut session = session(Protocol::TanitaWb);
    let told = |session: &mut Session| -> Vec<&str> {
        let events = std::iter::from_fn(|| session.poll_event());
        let words = events.filter_map(|event| match event {
            Event::DeviceError(error) => Some(error.name),
            Event::Connected(_) => Some("connected"),
            _ => None,
        });
        words.collect()
    };
    session.handle_line(Tick(0), LineEvent::Up);
    for (seconds, words) in [(9, &[][..]), (10, &["no_answer"]), (30, &[])] {
        session.handle_timeout(Tick(seconds * SECOND));
        assert_eq!(told(&mut session), words, "after {seconds} s");
    }
    session.handle_bytes(Tick(31 * SECOND), b"S      0.0kg\r\n");
    assert_eq!(told(&mut session), ["connected"]);
    session.handle_bytes(Tick(32 * SECOND), b"S      0.0kg\r\n");
    session.handle_timeout(Tick(41 * SECOND));
    assert_eq!(told(&mut session), [""; 0]);
    session.handle_timeout(Tick(42 * SECOND));
    assert_eq!(told(&mut session), ["no_answer"], "it went away");
    session.handle_line(Tick(50 * SECOND), LineEvent::Down);
    session.handle_timeout(Tick(90 * SECOND));
    assert_eq!(told(&mut session), [""; 0], "without a port nobody can answer");
    // An answer that is refused is one: the cable is not to be looked for.
    let mut refused = self::session(Protocol::Cas);
    refused.handle_line(Tick(0), LineEvent::Up);
    refused.handle_bytes(Tick(9 * SECOND), b"\x01\x02S 0070.5KG\x00\x03\x04");
    refused.handle_timeout(Tick(18 * SECOND));
    assert_eq!(refused.counters().rejected(RejectReason::ChecksumMismatch), 1);
    assert_eq!(told(&mut refused), [""; 0]);
    // Who sends by himself may rest for days.
    let mut sends = self::session(Protocol::And);
    sends.handle_line(Tick(0), LineEvent::Up);
    sends.handle_timeout(Tick(90 * SECOND));
    assert_eq!(told(&mut sends), [""; 0]);
}

#[test]
fn every_input_means_the_same_in_chunks_of_every_size() {
    for (id, protocol, bytes) in captures() {
        let bytes = [
            &b"\x02?ST,{0\r\n"[..],
            &bytes,
            b"\x07\r\n",
            &bytes,
            &bytes[..bytes.len() / 2],
        ]
        .concat();
        let (whole, session) = heard(protocol, &bytes, bytes.len());
        for size in 1..bytes.len() {
            let (pieces, other) = heard(protocol, &bytes, size);
            assert_eq!(pieces, whole, "{id} in chunks of {size}");
            assert_eq!(other.counters(), session.counters(), "{id} in chunks of {size}");
        }
    }
}

#[test]
fn a_frame_cut_at_any_length_is_never_a_result_and_the_next_one_is_found() {
    for (id, protocol, bytes) in captures() {
        let whole = heard(protocol, &bytes, bytes.len()).0;
        let units = decode_all(protocol, &bytes);
        let content = bytes.trim_ascii_end().len();
        for cut in 0..content {
            for size in [1, 7, bytes.len()] {
                let part = &bytes[..cut];
                let (alone, _) = heard(protocol, part, size);
                let is_block = protocol == Protocol::Adam || id == "ricelake-bmi-block";
                assert!(is_block || records(alone).is_empty(), "{id} cut at {cut}");

                // The next one comes after a pause.
                let mut session = session(protocol);
                for chunk in part.chunks(size) {
                    session.handle_bytes(Tick(0), chunk);
                }
                session.handle_timeout(Tick(3 * SECOND));
                outcomes(&mut session);
                for chunk in bytes.chunks(size) {
                    session.handle_bytes(Tick(3 * SECOND), chunk);
                }
                session.handle_line(Tick(3 * SECOND), LineEvent::Down);
                assert_eq!(outcomes(&mut session), whole, "{id} cut at {cut}");
            }
        }
        assert_eq!(
            units.len(),
            decode_all(protocol, &[&bytes[..], b"\r\n"].concat()).len(),
            "{id}"
        );
    }
}

#[test]
fn a_block_cut_within_a_line_is_truncated() {
    let (_, _, bytes) = captures()
        .into_iter()
        .find(|(_, protocol, _)| *protocol == Protocol::Adam)
        .unwrap();
    let cut = bytes.windows(7).position(|window| window == b"80.00 k").unwrap() + 2;
    let outcomes = heard(Protocol::Adam, &bytes[..cut], 5).0;
    assert!(matches!(&outcomes[..], [Outcome::Rejected(rejected)] if rejected.reason == RejectReason::Truncated));
}

#[test]
fn a_frame_is_found_after_any_noise() {
    let mut seed = 7_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    for (id, protocol, bytes) in captures() {
        let whole = decode_all(protocol, &bytes);
        if whole.iter().any(|unit| unit.outcome.is_err()) {
            continue;
        }
        for _ in 0..8 {
            let mut noise: Vec<u8> = (0..4096).map(|_| random()).collect();
            // Families without a header begin at a line; after a pause that is anywhere.
            noise.extend(b"\r\n");
            let at = noise.len() as u64;
            let units = decode_all(protocol, &[noise, bytes.clone()].concat());
            let last = units.last().unwrap();
            assert_eq!(
                (last.offset - at, &last.outcome),
                (whole[0].offset, &whole[0].outcome),
                "{id}"
            );
        }
    }
}

#[test]
fn a_weight_counts_once_it_has_settled_on_a_platform_that_was_empty() {
    for protocol in STREAMS {
        let (outcomes, session) = heard(protocol, &weighing(protocol, "80.5"), 7);
        assert_eq!(weights(outcomes), ["80.5"], "{protocol}");
        assert_eq!(session.counters().records, 1);
        assert_eq!(session.counters().bytes_skipped, 0, "{protocol}");
        assert!(session.capabilities().weight_only);
    }
}

#[test]
fn two_people_of_equal_weight_are_two_records_and_the_second_is_flagged() {
    for protocol in STREAMS {
        let found = records(heard(protocol, &weighing(protocol, "80.5").repeat(2), 11).0);
        let flags: Vec<_> = found.into_iter().map(|record| record.flags).collect();
        assert_eq!(flags, [vec![], vec![Flag::PossibleDuplicate]], "{protocol}");
    }
}

#[test]
fn nobody_is_weighed_who_stood_there_before_or_never_stood_still() {
    for protocol in STREAMS {
        let on = line(protocol, true, "80.5").repeat(20);
        assert_eq!(
            weights(heard(protocol, &on, 9).0),
            [""; 0],
            "{protocol}: before the line was up"
        );

        let empty = line(protocol, true, "0.0");
        let restless: Vec<u8> = ["80.5", "80.9", "80.2", "80.6", "80.0"]
            .iter()
            .flat_map(|weight| line(protocol, true, weight))
            .collect();
        assert_eq!(
            weights(heard(protocol, &[&empty[..], &restless].concat(), 9).0),
            [""; 0],
            "{protocol}: restless"
        );
        let moving = line(protocol, false, "80.5").repeat(9);
        assert_eq!(
            weights(heard(protocol, &[&empty[..], &moving].concat(), 9).0),
            [""; 0],
            "{protocol}: moving"
        );
        let shoes = line(protocol, true, "0.9").repeat(9);
        assert_eq!(
            weights(heard(protocol, &[&empty[..], &shoes].concat(), 9).0),
            [""; 0],
            "{protocol}: shoes"
        );
    }
}

#[test]
fn who_stands_on_after_being_weighed_is_not_weighed_again() {
    for protocol in STREAMS {
        let still = [line(protocol, true, "0.0"), line(protocol, true, "80.5").repeat(50)].concat();
        let swaying = [line(protocol, false, "80.7"), line(protocol, true, "80.6").repeat(50)].concat();
        assert_eq!(
            weights(heard(protocol, &[still, swaying].concat(), 9).0),
            ["80.5"],
            "{protocol}"
        );
    }
}

#[test]
fn a_scale_needs_agreement_within_a_tenth_of_a_kilogram() {
    let weigh = |weights: &[&str]| {
        let mut bytes = line(Protocol::And, true, "0.00");
        bytes.extend(weights.iter().flat_map(|weight| line(Protocol::And, true, weight)));
        self::weights(heard(Protocol::And, &bytes, 9).0)
    };
    assert_eq!(weigh(&["80.50", "80.60", "80.41"]), ["80.41"]);
    assert_eq!(weigh(&["80.50", "80.61", "80.62"]), [""; 0]);
    assert_eq!(weigh(&["80.50", "80.61", "80.62", "80.62"]), ["80.62"]);
}

#[test]
fn an_unplugged_cable_makes_a_scale_start_anew() {
    let mut session = session(Protocol::And);
    session.handle_bytes(Tick(0), &line(Protocol::And, true, "0.00"));
    session.handle_line(Tick(1), LineEvent::Down);
    session.handle_line(Tick(2), LineEvent::Up);
    session.handle_bytes(Tick(3), &line(Protocol::And, true, "80.50").repeat(9));
    assert_eq!(outcomes(&mut session), []);
}

#[test]
fn bad_lines_of_a_stream_are_counted_and_not_told() {
    let (outcomes, session) = heard(Protocol::And, b"ST,+00070.50 xx\r\nST,+00070.50 kg\r\n", 4);
    assert_eq!(outcomes, []);
    assert_eq!(session.counters().rejected(RejectReason::UnknownUnits), 1);
    assert_eq!(
        (session.counters().bytes_refused, session.counters().bytes_skipped),
        (16, 0)
    );
}

#[test]
fn a_module_whose_unit_is_disputed_measures_nothing() {
    let weight = [0xaa, 0x0e, 0xa1, 0, 0, 0x7b, 0, 0x78, 0, 0x33, 0x22, 0x11, 0, 0x4e];
    let (outcomes, session) = heard(
        Protocol::Bmh05108,
        &[&weight[..], &[0xaa, 0x0e, 0xa1].repeat(200)].concat(),
        9,
    );
    assert_eq!(outcomes, []);
    assert!(session.counters().rejected(RejectReason::ChecksumMismatch) > 0);
}

#[test]
fn what_is_shown_to_technicians_alone_is_no_event() {
    for (id, bytes, expected) in partly_specified() {
        if expected["kind"] != "message" {
            continue;
        }
        let (outcomes, session) = heard(named(&expected), &bytes.repeat(9), 5);
        assert_eq!(outcomes, [], "{id}");
        assert_eq!(session.counters().bytes_skipped, 0, "{id}");
        assert_eq!(session.counters().rejected_in_all(), 0, "{id}");
    }
}

#[test]
fn a_scale_that_does_not_say_whether_it_moves_weighs_nobody() {
    let empty = b"\x02\x82\xd7\xe4   0.0\r";
    let loaded = b"\x02\x82\xd7\xe4  70.5\r";
    let found = heard(Protocol::Doran, &[&empty[..], &loaded.repeat(50)].concat(), 9).0;
    assert_eq!(found, []);
}

#[test]
fn a_damaged_byte_spoils_its_frame_alone() {
    let positional = legacy().into_iter().find(|(id, ..)| id == "tbf310-export").unwrap().1;
    let mut session = session(Protocol::TanitaPositional);
    session.handle_bytes(Tick(0), &positional[..20]);
    session.handle_line(Tick(0), LineEvent::Parity);
    session.handle_bytes(Tick(0), &positional[20..]);
    session.handle_bytes(Tick(0), &positional);
    let outcomes = outcomes(&mut session);
    let [Outcome::Rejected(rejected), Outcome::Record(_)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(rejected.reason, RejectReason::LineError);
}

#[test]
fn a_printed_weight_is_a_record_and_nothing_on_the_platform_is_none() {
    let found = records(
        heard(
            Protocol::RiceLake,
            b"     80.5 kg Gross \r\n      0.0 kg Gross \r\n     80.5 kg Gross \r\n",
            3,
        )
        .0,
    );
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].flags, [Flag::PossibleDuplicate]);
}

#[test]
fn a_labelled_block_ends_half_a_second_after_its_last_line_or_with_the_next_one() {
    let block = ascii().into_iter().find(|(id, ..)| id == "adam-muw-block").unwrap().1;
    let mut session = session(Protocol::Adam);
    session.handle_bytes(Tick(0), &block);
    assert_eq!(outcomes(&mut session), []);
    assert_eq!(session.poll_timeout(), Some(Tick(500 * MILLISECOND)));
    session.handle_timeout(Tick(500 * MILLISECOND - 1));
    assert_eq!(outcomes(&mut session), []);
    session.handle_timeout(Tick(500 * MILLISECOND));
    assert_eq!(outcomes(&mut session).len(), 1);

    session.handle_bytes(Tick(SECOND), &block.repeat(2));
    assert_eq!(outcomes(&mut session).len(), 1);
    session.handle_line(Tick(SECOND), LineEvent::Down);
    assert_eq!(outcomes(&mut session).len(), 1);
}

#[test]
fn a_result_that_accuniq_repeats_is_one_record_and_has_the_same_name_after_a_restart() {
    let result = accuniq().pop().unwrap().1;
    let mut session = session(Protocol::Accuniq);
    for minute in 0..30 {
        session.handle_bytes(Tick(minute * 60 * SECOND), &result);
    }
    let all = outcomes(&mut session);
    let [Outcome::Record(first), repeats @ ..] = &all[..] else {
        panic!("{all:?}")
    };
    assert!(repeats.iter().all(|outcome| *outcome == Outcome::Repeated));
    let again = records(heard(Protocol::Accuniq, &result, 50).0);
    assert!(first.result_id.is_some());
    assert_eq!(again[0].result_id, first.result_id);
}

#[test]
fn positional_records_of_one_minute_are_told_apart_by_their_values() {
    let record = legacy()
        .into_iter()
        .find(|(id, ..)| id == "bc418-38-composed")
        .unwrap()
        .1;
    let other = String::from_utf8(record.clone())
        .unwrap()
        .replace(",7420,", ",7421,")
        .into_bytes();
    let outcomes = heard(
        Protocol::TanitaPositional,
        &[record.clone(), other, record].concat(),
        64,
    )
    .0;
    assert!(matches!(
        outcomes[..],
        [Outcome::Record(_), Outcome::Record(_), Outcome::Repeated]
    ));
}

#[test]
fn a_polled_scale_is_asked_twice_a_second_while_the_line_is_up() {
    let mut session = session(Protocol::TanitaWb);
    let ask = Some(Transmit(b"DR\r\n".to_vec()));
    assert_eq!((session.poll_transmit(), session.poll_timeout()), (None, None));
    session.handle_line(Tick(0), LineEvent::Up);
    assert_eq!(session.poll_transmit(), ask);
    assert_eq!(session.poll_transmit(), None);
    let mut asked = 0;
    for tick in 0..100 {
        session.handle_timeout(Tick(tick * 100 * MILLISECOND));
        asked += usize::from(session.poll_transmit().is_some());
    }
    assert_eq!(asked, 19);
    session.handle_line(Tick(10 * SECOND), LineEvent::Down);
    session.handle_timeout(Tick(11 * SECOND));
    assert_eq!((session.poll_transmit(), session.poll_timeout()), (None, None));
    for (protocol, question) in [(Protocol::Cas, b"\x11"), (Protocol::Toledo8217, b"W")] {
        let mut session = self::session(protocol);
        session.handle_line(Tick(0), LineEvent::Up);
        assert_eq!(session.poll_transmit(), Some(Transmit(question.to_vec())), "{protocol}");
    }
    for protocol in [
        Protocol::Auto,
        Protocol::And,
        Protocol::Accuniq,
        Protocol::TanitaPositional,
        Protocol::Doran,
        Protocol::Seca460,
        Protocol::Dba310,
    ] {
        let mut session = self::session(protocol);
        session.handle_line(Tick(0), LineEvent::Up);
        assert_eq!(session.poll_transmit(), None, "{protocol} only listens");
    }
}

#[test]
fn auto_knows_every_family_that_announces_itself_and_changes_with_the_device() {
    let tagged = crate::capture("mc780-2019-adult-male");
    let bytes = [
        weighing(Protocol::And, "80.5"),
        tagged.clone(),
        weighing(Protocol::Toledo, "71.0"),
        tagged,
        weighing(Protocol::And, "64.0"),
    ]
    .concat();
    for size in [1, 7, bytes.len()] {
        let mut session = session(Protocol::Auto);
        for chunk in bytes.chunks(size) {
            session.handle_bytes(Tick(0), chunk);
        }
        let found = outcomes(&mut session);
        let mut found: Vec<_> = found
            .iter()
            .map(|outcome| match outcome {
                Outcome::Record(record) => record.protocol.as_str(),
                Outcome::Rejected(rejected) => rejected.reason.name(),
                Outcome::Repeated => "repeated",
            })
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            ["and", "and", "repeated", "tanita-tagged", "toledo"],
            "in chunks of {size}"
        );
    }
}

#[test]
fn a_session_of_a_protocol_without_a_line_hears_nothing() {
    for protocol in [
        Protocol::SigBcs,
        Protocol::SigWss,
        Protocol::Xiaomi,
        Protocol::LookinbodyCsv,
    ] {
        let mut session = session(protocol);
        session.handle_bytes(Tick(0), b"0e783e\r\n");
        assert_eq!(session.poll_event(), None::<Event>);
        assert_eq!(session.counters().bytes_skipped, 6);
    }
}

#[test]
fn lines_of_a_capture_are_units_with_their_place() {
    let bytes = [
        &b"noise "[..],
        &line(Protocol::And, true, "80.50"),
        &line(Protocol::And, false, "80.50"),
    ]
    .concat();
    let units = decode_all(Protocol::And, &bytes);
    let offsets: Vec<_> = units.iter().map(|unit| unit.offset).collect();
    assert_eq!(offsets, [6, 23]);
    assert!(units.iter().all(|unit| matches!(unit.outcome, Ok(Content::Weight(_)))));
}
