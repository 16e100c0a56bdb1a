//! What goes over the wire when all is well.

use scan_model::{Decimal, Flag, subject::BodyType};
use scanner_protocol::{
    Command, Content, Event, LineEvent, PcDialect, Protocol, Refused, StartScan, Tick, decode_again, decode_all,
    raw_tags,
};

use super::talk::{Talk, own_record, person, record};
use crate::{MILLISECOND, SECOND, cases};

#[test]
fn a_scan_on_an_mc_780_goes_through_all_its_stations_and_leaves_nothing_behind() {
    let mut talk = Talk::new(PcDialect::Mc);
    talk.line(LineEvent::Up);
    for order in ["q", "M1", "D?", "M0"] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.nothing_sent_for(SECOND);
    assert_eq!(talk.words(), [""; 0]);

    talk.start().unwrap();
    for order in [
        "q",
        "M1",
        "D?",
        "D000.0",
        "D11",
        "D20",
        "D3167.0",
        "D428",
        "D50000004711",
        "D?",
    ] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.expect("G");
    talk.say("G");
    assert_eq!(talk.words(), ["preparing", "prompt"]);
    talk.nothing_sent_for(10 * SECOND);
    assert_eq!(talk.words(), ["waiting_for_member"]);
    talk.nothing_sent_for(20 * SECOND);
    let result = own_record() + "\r\n";
    for piece in result.as_bytes().chunks(40) {
        talk.send(piece);
        talk.nothing_sent_for(40 * MILLISECOND);
    }
    assert_eq!(talk.words(), ["reading_results", "record"]);

    talk.nothing_sent_for(4 * SECOND);
    for order in ["q", "D?"] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.nothing_sent_for(200 * SECOND);
    assert_eq!(talk.settings, [const { None }; 7]);
    assert_eq!(talk.words(), [""; 0]);
}

#[test]
fn the_next_person_is_served_after_the_first_and_has_to_be_told_anew() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say(&own_record());
    talk.start().unwrap();
    talk.nothing_sent_for(4 * SECOND);
    for order in ["q", "D?", "D000.0", "D11"] {
        talk.expect(order);
        talk.answer(order);
    }
}

#[test]
fn all_of_a_persons_data_are_written_as_the_device_wants_them() {
    let mut start = person();
    start.subject.clothes_weight = Some("1.5".parse().unwrap());
    start.subject.body_type = Some(BodyType::Athlete);
    start.subject.height = Some("90.04".parse().unwrap());
    start.subject.age = Some("5.9".parse().unwrap());
    start.goal_body_fat = Some(5);
    let orders = |dialect, start: StartScan| {
        let mut talk = Talk::ready(dialect);
        talk.tells_settings = false;
        talk.command(Command::Start(start)).unwrap();
        let mut orders = Vec::new();
        loop {
            let order = talk.order();
            if order.starts_with('G') {
                orders.push(order);
                return orders;
            }
            if order != "D?" {
                talk.answer(&order);
                orders.push(order);
            } else {
                talk.say(&talk.list());
            }
        }
    };
    let mc = ["D001.5", "D11", "D22", "D3090.0", "D405", "D50000004711", "D605", "G"];
    assert_eq!(orders(PcDialect::Mc, start.clone()), mc);
    let dc = ["D001.5", "D11", "D22", "D3090.0", "D405", "D50000004711", "D605", "G0"];
    assert_eq!(orders(PcDialect::Dc, start.clone()), dc);
    let dc_320 = [
        "D001.5",
        "D11",
        "D22",
        "D3090.0",
        "D405",
        "D5\"0000004711\"",
        "D605",
        "G0",
    ];
    assert_eq!(orders(PcDialect::Dc320, start.clone()), dc_320);
    start.subject.age = Some(Decimal::from(7));
    let bc = ["D0001.5", "D11", "D22", "D300090", "D407", "G1"];
    assert_eq!(orders(PcDialect::Bc418, start), bc);
}

#[test]
fn a_dc_320_tells_how_far_it_is_and_when_the_person_has_stepped_off() {
    let mut talk = Talk::started(PcDialect::Dc320);
    talk.say("@");
    talk.say("z0");
    talk.say("z1");
    talk.say("W00.0");
    assert_eq!(talk.words(), ["preparing", "prompt", "waiting_for_member"]);
    talk.say("W079.9");
    talk.say("W180.5");
    assert_eq!(talk.words(), ["weighing"]);
    talk.say("I0");
    assert_eq!(talk.words(), ["measuring"]);
    talk.say(&own_record());
    assert_eq!(talk.words(), ["reading_results", "record"]);
    talk.expect("F2");
    talk.say("@");
    talk.nothing_sent_for(50 * SECOND);
    talk.say("F2");
    talk.expect("q");
}

#[test]
fn a_person_who_never_steps_off_holds_a_dc_320_for_a_minute_at_most() {
    let mut talk = Talk::measuring(PcDialect::Dc320);
    talk.say(&own_record());
    talk.expect("F2");
    talk.say("@");
    talk.nothing_sent_for(59 * SECOND);
    talk.expect("q");

    for answer in ["!", ""] {
        let mut talk = Talk::measuring(PcDialect::Dc320);
        talk.say(&own_record());
        talk.expect("F2");
        talk.say(answer);
        talk.nothing_sent_for(4 * SECOND);
        talk.expect("q");
    }
}

#[test]
fn a_dc_430_does_the_same_with_orders_of_its_own() {
    let mut talk = Talk::ready(PcDialect::Dc);
    talk.start().unwrap();
    assert_eq!(talk.answer_until("G"), "G0");
    talk.say("@");
    talk.nothing_sent_for(12 * SECOND);
    talk.say(&own_record());
    assert!(
        talk.words()
            .ends_with(&["reading_results".to_owned(), "record".to_owned()])
    );
}

#[test]
fn the_result_bears_the_persons_own_number() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say(&own_record());
    let Some(Event::Record(record)) = talk.events().pop() else {
        panic!("no record")
    };
    assert_eq!(record.subject.number.as_deref(), Some("0000000042"));
    assert_eq!(record.flags, []);
    assert_eq!(record.protocol, "tanita-pc");
}

#[test]
fn a_result_that_differs_in_one_of_four_things_is_somebody_elses() {
    let others = [
        record("0000000000004712", 1, 28, "167.0"),
        record("0000000000000000", 1, 28, "167.0"),
        record("", 1, 28, "167.0"),
        record("0000000000004711", 2, 28, "167.0"),
        record("0000000000004711", 1, 29, "167.0"),
        record("0000000000004711", 1, 28, "167.1"),
    ];
    for other in others {
        let mut talk = Talk::measuring(PcDialect::Mc);
        talk.say(&other);
        let Some(Event::Record(record)) = talk.events().pop() else {
            panic!("no record")
        };
        assert_eq!(record.flags, [Flag::SubjectMismatch], "{other}");
        // The ticket is nobody's number; another number may be somebody's.
        let number = record.subject.number.as_deref();
        assert!(number.is_none_or(|number| !number.contains("4711")), "{other}");
        talk.nothing_sent_for(4 * SECOND);
        talk.expect("q");
    }
}

#[test]
fn a_result_that_nobody_asked_for_is_a_result() {
    let walk_up = record("0000000000000007", 2, 50, "160.0");
    let mut idle = Talk::ready(PcDialect::Mc);
    idle.say(&walk_up);
    let mut fresh = Talk::new(PcDialect::Mc);
    fresh.line(LineEvent::Up);
    fresh.say(&walk_up);
    for mut talk in [idle, fresh] {
        let Some(Event::Record(record)) = talk.events().pop() else {
            panic!("no record")
        };
        assert_eq!(record.subject.number.as_deref(), Some("0000000000000007"));
        assert_eq!(record.flags, []);
    }
}

#[test]
fn a_stopped_scan_is_cleared_at_once_or_waited_out() {
    let mut talk = Talk::ready(PcDialect::Mc);
    assert_eq!(talk.command(Command::Cancel), Err(Refused::NoScan));
    talk.start().unwrap();
    talk.answer_until("D3");
    talk.command(Command::Cancel).unwrap();
    talk.expect("q");

    // While the device measures nothing may be sent. What comes is not the person's any more.
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.command(Command::Cancel).unwrap();
    assert_eq!(talk.start(), Err(Refused::Busy));
    talk.nothing_sent_for(60 * SECOND);
    talk.say(&own_record());
    let Some(Event::Record(record)) = talk.events().pop() else {
        panic!("no record")
    };
    assert_eq!(
        (&record.flags[..], record.subject.number),
        (&[Flag::SubjectMismatch][..], None)
    );
    talk.nothing_sent_for(4 * SECOND);
    talk.expect("q");

    for end in ["E2", "{0,16,CS,00"] {
        let mut talk = Talk::measuring(PcDialect::Mc);
        talk.command(Command::Cancel).unwrap();
        talk.say(end);
        assert!(!talk.words().iter().any(|word| word.contains("error")));
        talk.expect("q");
    }
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.command(Command::Cancel).unwrap();
    talk.nothing_sent_for(89 * SECOND);
    talk.expect("q");
    assert_eq!(talk.words(), [""; 0]);
}

#[test]
fn orders_keep_their_distance_from_when_the_last_one_has_left() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    let at = talk.now;
    let session = &mut talk.session;
    assert!(session.poll_transmit().is_some());
    // The answer overtakes the report that the order has left.
    session.handle_bytes(Tick(at + 10 * MILLISECOND), b"D0\r\n");
    assert_eq!(session.poll_transmit(), None);
    session.handle_timeout(Tick(at + 400 * MILLISECOND));
    assert_eq!(session.poll_transmit(), None);
    session.handle_sent(Tick(at + 500 * MILLISECOND));
    session.handle_timeout(Tick(at + 600 * MILLISECOND - 1));
    assert_eq!(session.poll_transmit(), None);
    assert_eq!(session.poll_timeout(), Some(Tick(at + 600 * MILLISECOND)));
    session.handle_timeout(Tick(at + 600 * MILLISECOND));
    assert_eq!(session.poll_transmit().unwrap().0, b"D11\r\n");
}

#[test]
fn nothing_is_sent_in_the_middle_of_the_devices_line() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.expect("D000.0");
    talk.answer("D000.0");
    talk.send(b"{0,16,");
    talk.nothing_sent_for(900 * MILLISECOND);
    talk.send(b"~0,1,");
    talk.nothing_sent_for(900 * MILLISECOND);
    talk.send(&record("0000000000000007", 2, 50, "160.0").as_bytes()[11..]);
    talk.nothing_sent_for(900 * MILLISECOND);
    // What came is the result of somebody who used the scanner's own keys, and no end to the scan.
    talk.send(b"\r\n");
    assert_eq!(talk.words(), ["preparing", "earlier"]);
    talk.expect("D11");
}

#[test]
fn a_capture_of_a_dialogue_is_decoded_and_its_results_can_be_decoded_again() {
    let capture = format!(
        "M1\r\nD1\r\nE2\r\nD000.0,D1!,D2!,D3!,D4!,D5!,D6!\r\n@\r\nW180.5\r\nF080.5\r\n{}\r\n",
        own_record()
    );
    let units = decode_all(Protocol::TanitaPc, capture.as_bytes());
    let at = |text: &str| capture.find(text).unwrap() as u64;
    let offsets: Vec<_> = units.iter().map(|unit| unit.offset).collect();
    let expected = ["M1", "D1\r", "E2", "D000", "@", "W1", "F080.5", "{0,"].map(at);
    assert_eq!(offsets, expected);
    for unit in &units[..6] {
        assert!(matches!(unit.outcome, Ok(Content::Message(_))), "{unit:?}");
    }
    for unit in units.into_iter().skip(6) {
        let Ok(Content::Record(record)) = unit.outcome else {
            panic!("no record")
        };
        assert_eq!(record.protocol, "tanita-pc");
        assert_eq!(decode_again(Protocol::TanitaPc, &record.raw), Ok(*record));
    }

    let text = include_str!("../../../../../tests/captures/tanita-legacy.json");
    let (_, bytes, _) = cases(text).into_iter().find(|(id, ..)| id.contains("418")).unwrap();
    let record = decode_again(Protocol::TanitaPc, &bytes).unwrap();
    assert_eq!(record.protocol, "tanita-pc");
    assert!(decode_again(Protocol::TanitaPc, b"F0").is_err());
    assert!(decode_again(Protocol::TanitaPc, b"F080").is_err());
    assert!(decode_again(Protocol::TanitaPc, b"M1").is_err());
}

#[test]
fn the_tags_of_a_result_can_be_shown_and_what_is_no_reply_is_counted() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say(&own_record());
    let Some(Event::Record(record)) = talk.events().pop() else {
        panic!("no record")
    };
    assert!(raw_tags(&record).contains(&("Wk", "80.5".into())));

    talk.send(b"what?\r\n\0\0{0\r\nM1\r\n");
    assert_eq!(talk.session.counters().bytes_skipped, 5 + 2 + 2);
    assert_eq!(talk.session.counters().records, 1);
}
