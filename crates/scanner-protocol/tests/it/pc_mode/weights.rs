//! A weight alone: when it is a result, and whose, since it bears nothing of the person.

use scan_model::{Flag, Integrity, Metric, subject::Subject};
use scanner_protocol::{Command, Event, PcDialect, Refused};

use super::talk::{Talk, own_record, person};
use crate::SECOND;

/// A DC-320 that weighs the tests' person, who was not asked about pacemakers.
fn weighing() -> Talk {
    let mut start = person();
    start.current_is_safe = false;
    let mut talk = Talk::ready(PcDialect::Dc320);
    talk.command(Command::Start(start)).unwrap();
    talk.expect("F0");
    talk
}

/// A DC-320 that weighs the tests' person, because it could not measure.
fn fallen_back() -> Talk {
    let mut talk = Talk::measuring(PcDialect::Dc320);
    talk.say("E7");
    talk.answer_until("G0");
    talk.say("@");
    talk.say("E7");
    talk.answer_until("F0");
    talk
}

#[test]
fn without_consent_a_dc_320_weighs_and_the_others_refuse() {
    let mut start = person();
    start.current_is_safe = false;
    for dialect in [PcDialect::Mc, PcDialect::Dc, PcDialect::Bc418] {
        let mut talk = Talk::ready(dialect);
        assert_eq!(talk.command(Command::Start(start.clone())), Err(Refused::NotAsked));
        assert_eq!(talk.words(), [""; 0]);
    }

    // What is not measured need not be known.
    start.subject = scan_model::subject::Subject::default();
    let mut talk = Talk::ready(PcDialect::Dc320);
    talk.command(Command::Start(start)).unwrap();
    talk.expect("F0");
    for line in ["@", "z0", "W00.0", "W180.5"] {
        talk.say(line);
    }
    assert_eq!(talk.words(), ["preparing", "prompt", "waiting_for_member", "weighing"]);
    talk.say("F080.5");
    let events = talk.events();
    let [Event::Record(record)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(record.get(Metric::BODY_WEIGHT).unwrap().value.to_string(), "80.5");
    assert_eq!(record.integrity, Integrity::None);
    assert_eq!((&record.flags[..], &record.raw[..]), (&[][..], &b"F080.5"[..]));
    talk.expect("F2");
}

#[test]
fn a_weight_that_is_none_is_rejected() {
    let mut start = person();
    start.current_is_safe = false;
    let mut talk = Talk::ready(PcDialect::Dc320);
    talk.command(Command::Start(start)).unwrap();
    talk.expect("F0");
    talk.say("@");
    talk.events();
    talk.say("F08O.5");
    assert_eq!(talk.words(), ["rejected"]);
    talk.expect("q");
}

#[test]
fn a_weight_is_a_result_only_where_a_weight_was_asked_for() {
    let unasked = [
        Talk::measuring(PcDialect::Mc),
        Talk::measuring(PcDialect::Dc320),
        Talk::ready(PcDialect::Dc320),
        Talk::ready(PcDialect::Mc),
    ];
    for mut talk in unasked {
        talk.say("F080.5");
        talk.nothing_sent_for(10 * SECOND);
        assert_eq!(talk.words(), [""; 0]);
    }

    for dialect in [PcDialect::Mc, PcDialect::Dc320] {
        let mut stopped = Talk::measuring(dialect);
        stopped.command(Command::Cancel).unwrap();
        stopped.say("F080.5");
        assert_eq!(stopped.words(), [""; 0], "{dialect:?} was to measure, not to weigh");
    }
}

#[test]
fn a_weight_names_the_maker_and_whoever_was_announced() {
    let mut start = person();
    start.current_is_safe = false;
    let mut talk = Talk::ready(PcDialect::Dc320);
    talk.command(Command::Start(start)).unwrap();
    talk.expect("F0");
    talk.say("F0 80.5");
    let Some(Event::Record(record)) = talk.events().pop() else {
        panic!("no record")
    };
    assert_eq!(record.device.maker.as_deref(), Some("Tanita"));
    let announced = Subject {
        number: Some("0000000042".to_owned()),
        ..Subject::default()
    };
    assert_eq!(record.subject, announced, "the device told nothing of the person");
    assert_eq!(record.get(Metric::BODY_WEIGHT).unwrap().unit.ucum(), "kg");
}

#[test]
fn a_weight_in_its_scan_bears_the_persons_own_number_and_is_told_once() {
    for mut talk in [weighing(), fallen_back()] {
        talk.say("@");
        talk.events();
        talk.say("F080.5");
        let events = talk.events();
        let [Event::Record(record)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(record.subject.number.as_deref(), Some("0000000042"));
        assert_eq!(record.flags, []);
        talk.say("F080.5");
        assert_eq!(talk.words(), [""; 0]);
    }
}

#[test]
fn a_weight_that_comes_after_its_scan_is_nobodys() {
    for place in [weighing, fallen_back] {
        let mut cancelled = place();
        cancelled.say("@");
        cancelled.command(Command::Cancel).unwrap();
        let mut late = place();
        late.say("@");
        late.answer_until("q");
        assert!(late.words().ends_with(&["no_result".to_owned()]));
        for mut talk in [cancelled, late] {
            talk.events();
            talk.say("F080.5");
            let events = talk.events();
            let [Event::Record(record)] = &events[..] else {
                panic!("{events:?}")
            };
            assert_eq!(record.flags, [Flag::SubjectMismatch]);
            assert_eq!(record.subject.number, None);
            talk.settle();
            assert_eq!(talk.settings, [const { None }; 7]);
        }
    }
}

#[test]
fn the_late_weight_of_a_scan_that_was_given_up_is_not_the_next_ones_and_nobodys() {
    for comes_before_the_order in [true, false] {
        let mut talk = weighing();
        talk.say("@");
        talk.answer_until("q");
        talk.start().unwrap();
        talk.events();
        if comes_before_the_order {
            talk.say("F080.5");
            assert_eq!(talk.words(), ["earlier?"]);
        }
        talk.answer("q");
        talk.answer_until("G0");
        talk.say("@");
        talk.nothing_sent_for(10 * SECOND);
        talk.events();
        // The device is at a measurement: whatever this is, it is no result of it.
        talk.say("F080.5");
        assert_eq!(talk.words(), [""; 0]);
        talk.say(&own_record());
        assert_eq!(talk.words(), ["reading_results", "record"]);
    }
}
