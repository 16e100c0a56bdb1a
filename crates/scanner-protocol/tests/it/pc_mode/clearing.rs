//! How the last person's data get out of the device.

use scanner_protocol::{Command, Event, LineEvent, PcDialect};

use super::talk::{Talk, person};
use crate::SECOND;

#[test]
fn a_device_that_falls_silent_with_somebodys_data_in_it_is_come_back_to_until_it_is_clear() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D3");
    for _ in 0..2 {
        talk.expect("D3167.0");
    }
    talk.nothing_sent_for(SECOND);
    assert_eq!(talk.words(), ["preparing", "no_answer"]);
    for _ in 0..5 {
        talk.nothing_sent_for(29 * SECOND);
        talk.expect("q");
        for _ in 0..3 {
            talk.expect("M1");
        }
        talk.nothing_sent_for(SECOND);
    }
    // Once it is clear its own keys work it.
    talk.answer_until("D?");
    talk.answer("D?");
    let cleared_at = talk.now;
    talk.expect("M0");
    talk.answer("M0");
    assert!(talk.now - cleared_at < SECOND);
    assert_eq!(talk.settings, [const { None }; 7]);
    assert_eq!(talk.session.poll_timeout(), None);
    assert_eq!(talk.words(), [""; 0]);
}

#[test]
fn settings_that_a_stop_leaves_in_the_device_are_cleared_by_leaving_pc_mode() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("E2");
    talk.expect("q");
    talk.say("q");
    talk.expect("D?");
    talk.say("D000.0,D11,D20,D3167.0,D428,D50000004711,D6!");
    for order in ["M0", "M1", "D?"] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.nothing_sent_for(100 * SECOND);
}

#[test]
fn settings_that_never_go_are_an_alarm_once_and_nobody_is_measured_on_them() {
    let remain = "D000.0,D11,D20,D3167.0,D428,D5!,D6!";
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("E2");
    talk.events();
    let refuse_to_clear = |talk: &mut Talk, first: &[&str]| {
        for order in first {
            talk.expect(order);
            talk.say(if *order == "D?" { remain } else { order });
        }
    };
    refuse_to_clear(&mut talk, &["q", "D?", "M0", "M1", "D?"]);
    let events = talk.events();
    let [Event::DeviceError(error)] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(error.needs_service && error.name == "settings_remain");
    refuse_to_clear(&mut talk, &["M0"]);
    for _ in 0..3 {
        talk.nothing_sent_for(29 * SECOND);
        refuse_to_clear(&mut talk, &["q", "M1", "D?", "M0", "M1", "D?", "M0"]);
        assert_eq!(talk.words(), [""; 0]);
    }
    talk.start().unwrap();
    refuse_to_clear(&mut talk, &["q", "M1", "D?", "M0", "M1", "D?", "M0"]);
    assert_eq!(talk.words(), ["preparing", "settings_remain"]);
}

#[test]
fn a_device_that_cannot_be_asked_about_its_settings_is_cleared_by_leaving_pc_mode() {
    for answer in ["!", ""] {
        let mut talk = Talk::new(PcDialect::Mc);
        talk.line(LineEvent::Up);
        for order in ["q", "M1"] {
            talk.expect(order);
            talk.answer(order);
        }
        for _ in 0..if answer.is_empty() { 2 } else { 1 } {
            talk.expect("D?");
            talk.say(answer);
        }
        talk.expect("M0");
        talk.answer("M0");
        talk.nothing_sent_for(10 * SECOND);
        talk.start().unwrap();
        talk.answer_until("D5");
        talk.say("D5");
        talk.expect("G");
        talk.say("E2");
        for order in ["q", "M0", "M1"] {
            talk.expect(order);
            talk.answer(order);
        }
        talk.nothing_sent_for(100 * SECOND);
        assert_eq!(talk.settings, [const { None }; 7]);
    }
}

#[test]
fn a_device_that_told_its_settings_before_and_does_not_now_is_cleared_by_leaving_pc_mode() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("E2");
    talk.expect("q");
    talk.answer("q");
    talk.expect("D?");
    talk.expect("D?");
    for order in ["M0", "M1", "D?"] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.nothing_sent_for(60 * SECOND);
}

#[test]
fn a_scan_that_is_started_while_the_last_one_is_cleared_waits_for_its_turn() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("E1");
    talk.expect("q");
    talk.events();
    talk.command(Command::Start(person())).unwrap();
    talk.say("q");
    talk.expect("D?");
    let list = talk.list();
    talk.say(&list);
    for order in ["M0", "M1", "D?", "D000.0"] {
        talk.expect(order);
        talk.answer(order);
    }
    assert_eq!(talk.words(), ["preparing"]);
}
