//! Whose a weight alone is, which bears nothing of the person.

use scan_model::Flag;
use scanner_protocol::{Command, Event, PcDialect};

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
