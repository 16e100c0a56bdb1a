//! The BC-418, whose record is a line like any other and has neither beginning nor checksum.

use scan_model::{Decimal, Flag, subject::Gender};
use scanner_protocol::{Command, Event, LineEvent, PcDialect, Protocol, RejectReason, Rejected, StartScan, decode_all};

use super::talk::{Talk, person};
use crate::{MILLISECOND, SECOND, cases};

/// A published record with its line end.
fn record() -> Vec<u8> {
    let text = include_str!("../../../../../tests/captures/tanita-legacy.json");
    let (_, bytes, _) = cases(text).into_iter().find(|(id, ..)| id.contains("418")).unwrap();
    bytes
}

/// Whose record it is.
fn measured() -> StartScan {
    let line = String::from_utf8(record()).unwrap();
    let fields: Vec<_> = line.trim_end().split(',').map(str::trim).collect();
    let mut start = person();
    start.subject.gender = Some(if fields[3] == "1" { Gender::Male } else { Gender::Female });
    start.subject.height = Some(fields[4].parse().unwrap());
    start.subject.age = Some(fields[10].parse().unwrap());
    start
}

/// A device that measures that person.
fn measuring() -> Talk {
    let mut talk = Talk::ready(PcDialect::Bc418);
    talk.command(Command::Start(measured())).unwrap();
    talk.answer_until("G");
    talk.say("G1");
    talk.nothing_sent_for(12 * SECOND);
    talk.events();
    talk
}

/// The scan has ended with a rejection and no other end.
fn rejected(talk: &mut Talk) -> Rejected {
    let events = talk.events();
    let [Event::Stage { .. }, Event::Rejected(rejected)] = &events[..] else {
        panic!("{events:?}")
    };
    rejected.clone()
}

#[test]
fn a_bc_418_is_reset_told_and_answers_with_a_positional_record() {
    for is_theirs in [true, false] {
        let mut start = measured();
        if !is_theirs {
            start.subject.age = Some(Decimal::from(99));
        }
        let mut talk = Talk::new(PcDialect::Bc418);
        talk.line(LineEvent::Up);
        talk.command(Command::Start(start)).unwrap();
        for order in ["\u{1f}", "U0"] {
            talk.expect(order);
            talk.answer(order);
        }
        assert_eq!(talk.answer_until("G"), "G1");
        talk.say("G1");
        talk.nothing_sent_for(12 * SECOND);
        talk.events();
        talk.send(&record());
        let events = talk.events();
        let [.., Event::Record(record)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(record.protocol, "tanita-pc");
        assert_eq!(record.flags.contains(&Flag::SubjectMismatch), !is_theirs);
        talk.nothing_sent_for(4 * SECOND);
        for order in ["\u{1f}", "U0"] {
            talk.expect(order);
            talk.answer(order);
        }
    }
}

#[test]
fn a_record_that_stops_is_set_aside_and_ends_the_scan_within_a_second() {
    let mut talk = measuring();
    let cut = &record()[..117];
    talk.send(cut);
    talk.nothing_sent_for(SECOND - 1);
    assert_eq!(talk.words(), [""; 0]);
    talk.expect("\u{1f}");
    let rejected = rejected(&mut talk);
    assert_eq!((rejected.reason, &rejected.raw[..]), (RejectReason::Truncated, cut));
    assert_eq!(talk.session.counters().rejected_in_all(), 1);
}

#[test]
fn a_record_with_an_error_of_the_line_in_it_is_set_aside() {
    let mut talk = measuring();
    let whole = record();
    let (before, behind) = whole.split_at(60);
    talk.send(before);
    talk.line(LineEvent::Parity);
    talk.send(behind);
    let rejected = rejected(&mut talk);
    assert_eq!(rejected.reason, RejectReason::LineError);
    assert_eq!(rejected.raw.trim_ascii_end(), whole.trim_ascii_end());
    talk.expect("\u{1f}");
}

#[test]
fn a_record_that_the_cable_cuts_is_set_aside() {
    for event in [LineEvent::Down, LineEvent::Up] {
        let mut talk = measuring();
        talk.send(&record()[..117]);
        talk.line(event);
        assert_eq!(rejected(&mut talk).raw, &record()[..117]);
    }
}

#[test]
fn a_record_that_noise_cuts_is_set_aside() {
    let mut talk = measuring();
    talk.send(&record()[..117]);
    talk.send(b"{");
    let events = talk.events();
    assert!(
        matches!(&events[1], Event::Rejected(rejected) if rejected.reason == RejectReason::Truncated),
        "{events:?}"
    );
}

#[test]
fn a_record_that_a_busy_host_reads_late_is_one() {
    let mut talk = measuring();
    talk.send(&record()[..117]);
    talk.now += 20 * SECOND;
    talk.send(&record()[117..]);
    assert_eq!(talk.words(), ["reading_results", "record"]);
}

#[test]
fn a_spoilt_reply_is_no_record_and_every_byte_of_noise_is_counted() {
    let mut talk = measuring();
    let skipped = talk.session.counters().bytes_skipped;
    talk.send(b"G");
    talk.line(LineEvent::Parity);
    talk.send(b"1\r\n");
    talk.send(b"x,y,z\r\nwhat?\r\n");
    talk.nothing_sent_for(100 * MILLISECOND);
    assert_eq!(talk.session.counters().bytes_skipped - skipped, 2 + 5 + 5);
    assert_eq!(talk.words(), [""; 0]);
}

#[test]
fn a_capture_of_a_record_that_stops_says_so_whichever_of_its_protocols_it_is_taken_for() {
    for length in [30, 117, record().len() - 2] {
        let verdicts = [Protocol::TanitaPc, Protocol::TanitaPositional].map(|protocol| {
            let units = decode_all(protocol, &record()[..length]);
            let [unit] = &units[..] else {
                panic!("{protocol}: {units:?}")
            };
            let rejected = unit.outcome.clone().unwrap_err();
            (unit.offset, rejected.reason, rejected.raw)
        });
        assert_eq!(verdicts[0], verdicts[1]);
        assert_eq!(verdicts[0].1, RejectReason::Truncated);
    }
}
