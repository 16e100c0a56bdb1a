//! A scan that waits for its turn or is prepared: what comes then is of somebody else, and the scan goes on.

use scan_model::Flag;
use scanner_protocol::{Command, Event, LineEvent, PcDialect, Refused, RejectReason, Tick};

use super::talk::{Talk, own_record, record};
use crate::SECOND;

/// Conversations of a scan whose measurement was not ordered yet, by where they are.
fn waiting() -> Vec<(&'static str, Talk)> {
    let mut all = Vec::new();
    for order in ["q", "M1", "D?"] {
        let mut talk = Talk::new(PcDialect::Mc);
        talk.line(LineEvent::Up);
        talk.start().unwrap();
        talk.answer_until(order);
        all.push((order, talk));
    }
    for order in ["D0", "D3", "D5", "D?"] {
        let mut talk = Talk::ready(PcDialect::Mc);
        talk.start().unwrap();
        talk.answer_until(order);
        all.push((order, talk));
    }
    let mut listening = Talk::new(PcDialect::Mc);
    listening.line(LineEvent::Up);
    listening.start().unwrap();
    all.push(("nothing sent", listening));

    let mut stepping_off = Talk::measuring(PcDialect::Mc);
    stepping_off.say(&record("0000000000004711", 1, 28, "167.0"));
    stepping_off.start().unwrap();
    all.push(("the last person steps off", stepping_off));

    for (_, talk) in &mut all {
        talk.events();
    }
    all
}

/// The scan takes its course and gets its own result.
fn is_measured(talk: &mut Talk, place: &str) {
    talk.answer_until("G");
    talk.say("G");
    talk.nothing_sent_for(10 * SECOND);
    talk.events();
    talk.say(&own_record());
    assert_eq!(talk.words(), ["reading_results", "record"], "{place}");
}

#[test]
fn a_result_that_comes_before_the_scans_own_order_is_somebody_elses_and_keeps_its_name() {
    for (place, mut talk) in waiting() {
        talk.say(&record("0000000000000007", 2, 50, "160.0"));
        let events = talk.events();
        let [Event::Earlier(Ok(record))] = &events[..] else {
            panic!("{place}: {events:?}")
        };
        assert_eq!(record.flags, [], "{place}");
        assert_eq!(record.protocol, "tanita-pc");
        assert_eq!(record.subject.number.as_deref(), Some("0000000000000007"), "{place}");
        is_measured(&mut talk, place);
    }
}

#[test]
fn nothing_is_started_while_the_result_of_somebody_elses_scan_arrives() {
    let resting = || {
        let mut talk = Talk::new(PcDialect::Mc);
        talk.line(LineEvent::Up);
        talk.settle();
        talk.events();
        talk
    };
    let result = record("0000000000000007", 2, 50, "160.0");
    let (beginning, rest) = result.split_at(6);
    let whole = format!("{rest}\r\n");
    let damaged = whole.replace("80.5", "80.6");
    for mut talk in [resting(), Talk::ready(PcDialect::Mc)] {
        for (rest, end) in [(&whole[..], "record"), (&damaged[..], "rejected")] {
            talk.send(beginning.as_bytes());
            assert_eq!(talk.words(), ["reading_results"]);
            assert_eq!(talk.start(), Err(Refused::Busy));
            talk.send(rest.as_bytes());
            assert_eq!(talk.words().last().map(String::as_str), Some(end));
        }
        // A result that stops is no reason to wait for ever.
        talk.send(beginning.as_bytes());
        talk.now += 10 * SECOND;
        talk.session.handle_timeout(Tick(talk.now));
        talk.start().unwrap();
        assert_eq!(talk.words(), ["reading_results", "rejected", "preparing"]);
        is_measured(&mut talk, "after somebody else");
    }
}

#[test]
fn an_error_that_comes_before_the_scans_own_order_is_not_its_own() {
    for error in ["E1", "E2", "E3", "E5", "E7", "E9"] {
        for (place, mut talk) in waiting() {
            talk.say(error);
            assert_eq!(talk.words(), [""; 0], "{error}: {place}");
            is_measured(&mut talk, place);
        }
    }
}

#[test]
fn a_broken_scanner_measures_nobody() {
    for (error, word) in [("E0", "E0 internal_fault"), ("E8", "E8 settings_memory_error")] {
        for (place, mut talk) in waiting() {
            talk.say(error);
            assert_eq!(talk.words(), [word], "{place}");
            talk.settle();
            assert_eq!(talk.words(), [""; 0], "{place}");
            assert_eq!(talk.settings, [const { None }; 7], "{place}");
        }
    }
}

#[test]
fn an_error_about_the_data_is_the_scans_while_its_data_are_sent() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D?");
    talk.say("E6");
    for order in ["q", "M1", "D?", "D000.0"] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.answer_until("D?");
    talk.say("E6");
    assert_eq!(talk.words(), ["preparing", "E6 parameter_set_incomplete"]);
}

#[test]
fn noise_that_looks_like_a_result_ends_no_scan_that_has_not_begun() {
    for (place, mut talk) in waiting() {
        talk.send(b"{0,16,~0,1\r\n");
        let events = talk.events();
        let [Event::Earlier(Err(rejected))] = &events[..] else {
            panic!("{place}: {events:?}")
        };
        assert_eq!(rejected.reason, RejectReason::ChecksumMissing, "{place}");
        is_measured(&mut talk, place);
    }
}

#[test]
fn a_result_that_is_sent_again_ends_no_scan_that_has_not_begun() {
    let body = "{0,16,~0,1,~1,1,MO,\"MC-780\",ID,\"0000000000000007\",Da,\"18/02/2019\",TI,\"17:35\",GE,2,AG,50,Hm,160.0,Wk,60.5,";
    let sum = body.bytes().fold(0_u8, u8::wrapping_add);
    let dated = format!("{body}CS,{sum:02X}");
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.say(&dated);
    assert_eq!(talk.words(), ["reading_results", "record"]);
    talk.start().unwrap();
    talk.answer_until("D3");
    talk.say(&dated);
    assert_eq!(talk.words(), ["preparing"]);
    assert_eq!(talk.session.counters().repeats_dropped, 1);
    is_measured(&mut talk, "after a repeat");
}

#[test]
fn the_late_result_of_a_scan_that_was_given_up_is_not_the_next_ones_and_nobodys() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.command(Command::Cancel).unwrap();
    talk.nothing_sent_for(90 * SECOND - 1);
    talk.answer_until("D?");
    talk.start().unwrap();
    talk.events();
    talk.say(&own_record());
    let events = talk.events();
    let [Event::Earlier(Ok(record))] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(record.flags, [Flag::SubjectMismatch]);
    assert_eq!(record.subject.number, None);
}
