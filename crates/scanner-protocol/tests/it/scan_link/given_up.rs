//! Scans that the bridge asked for and gives up: whoever steps on then is not measured in the announced person's name.

use firmware_protocol::{DeviceEvent, Ending, ResultNumber, ScanRef, Stage};
use scan_model::Flag;
use scanner_protocol::{Command, Event, LineEvent, Refused, StartScan, Ticket};

use super::{
    asked::{asked, start},
    line::{Line, record},
};
use crate::SECOND;

/// Whether the last event is a result of nobody.
fn is_nobodys(line: &Line) -> bool {
    let Some(Event::Record(record)) = line.events.last() else {
        panic!("{:?}", line.events)
    };
    record.flags.contains(&Flag::SubjectMismatch) && record.subject.number.is_none()
}

fn times_cancelled(line: &Line, scan: u32) -> usize {
    let cancel = DeviceEvent::Cancel(scan);
    line.heard.iter().filter(|event| **event == cancel).count()
}

#[test]
fn the_result_of_a_scan_that_was_given_up_is_nobodys_after_a_restart_of_the_scanner_as_well() {
    let (mut line, heard) = asked(start("0000000112"));
    line.command(Command::Cancel).unwrap();
    let before = ResultNumber { boot: 6, number: 1 };
    let bytes = record(ScanRef::Asked(heard.scan), 1, |header| header.result = before);
    line.scanner.store_mut().append(before, &bytes).unwrap();
    line.settle();
    let Some(Event::Record(record)) = line.events.last() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(
        (&record.flags[..], &record.subject.number),
        (&[Flag::SubjectMismatch][..], &None)
    );
}

#[test]
fn a_scan_that_is_given_up_says_no_more_and_its_result_is_nobodys() {
    let (mut line, heard) = asked(start("0000000112"));
    let scan = ScanRef::Asked(heard.scan);
    line.reach(scan, Stage::Weighing, 0);
    line.command(Command::Cancel).unwrap();
    line.reach(scan, Stage::Measuring, 0);
    assert!(line.heard.contains(&DeviceEvent::Cancel(heard.scan)));
    // It was too late.
    line.complete(scan, 1);
    let Some(Event::Record(record)) = line.events.last() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(
        (&record.flags[..], &record.subject.number),
        (&[Flag::SubjectMismatch][..], &None)
    );
    assert_eq!(line.words(), ["connected", "Preparing 0", "Weighing 0", "record 1"]);
    assert_eq!(line.command(Command::Cancel), Err(Refused::NoScan));
}

#[test]
fn what_comes_of_any_scan_that_was_given_up_is_nobodys() {
    let mut line = Line::new();
    line.settle();
    let mut given_up = Vec::new();
    for ticket in 1..=2 {
        let ticket = Ticket::from_random(ticket);
        line.command(Command::Start(StartScan { ticket, ..start("7") }))
            .unwrap();
        line.settle();
        line.command(Command::Cancel).unwrap();
        line.settle();
        given_up.push(ScanRef::Asked(u32::try_from(ticket.number()).unwrap()));
    }
    for (number, scan) in (1..).zip(given_up) {
        line.complete(scan, number);
        assert!(
            matches!(line.events.last(), Some(Event::Record(record)) if record.subject.number.is_none()),
            "{:?}",
            line.events
        );
    }
}

#[test]
fn a_scan_that_was_asked_for_and_never_begins_is_given_up_and_another_may_be_asked_for() {
    let (mut line, _) = asked(start("1"));
    line.run(298 * SECOND);
    assert_eq!(line.words(), ["connected", "Preparing 0"]);
    assert_eq!(line.command(Command::Start(start("2"))), Err(Refused::Busy));
    line.run(3 * SECOND);
    assert_eq!(line.words(), ["no_result"]);
    line.command(Command::Start(start("2"))).unwrap();
}

#[test]
fn a_scan_that_waits_for_its_person_when_the_line_goes_is_cancelled_in_the_next_session_and_nobodys() {
    let (mut line, heard) = asked(start("0000000112"));
    let scan = ScanRef::Asked(heard.scan);
    line.reach(scan, Stage::WaitingForPerson, 0);
    line.port(LineEvent::Down);
    line.port(LineEvent::Up);
    assert_eq!(
        line.words(),
        [
            "connected",
            "Preparing 0",
            "WaitingForMember 0",
            "port_lost",
            "connected"
        ]
    );
    assert_eq!(
        times_cancelled(&line, heard.scan),
        0,
        "whoever got on meanwhile is left in peace"
    );
    line.reach(scan, Stage::WaitingForPerson, 0);
    assert_eq!(times_cancelled(&line, heard.scan), 1);
    // It was too late: somebody stepped on, and is measured as the one who was announced.
    line.reach(scan, Stage::Weighing, 0);
    line.complete(scan, 1);
    assert!(is_nobodys(&line));
    assert_eq!(line.words(), ["record 1"], "it is shown as nobody's scan");
}

#[test]
fn a_cancel_that_the_line_swallowed_is_said_again_when_the_scanner_still_waits() {
    let (mut line, heard) = asked(start("1"));
    line.is_plugged = false;
    line.command(Command::Cancel).unwrap();
    line.run(6 * SECOND);
    line.is_plugged = true;
    line.settle();
    line.reach(ScanRef::Asked(heard.scan), Stage::WaitingForPerson, 0);
    assert_eq!(times_cancelled(&line, heard.scan), 1);
}

#[test]
fn who_stood_on_the_scanner_when_the_line_went_gets_the_result_if_it_names_them() {
    for (number, is_theirs) in [("0000000112", true), ("0000000999", false)] {
        let (mut line, heard) = asked(start(number));
        let scan = ScanRef::Asked(heard.scan);
        line.reach(scan, Stage::Weighing, 0);
        line.port(LineEvent::Down);
        line.port(LineEvent::Up);
        line.reach(scan, Stage::Measuring, 0);
        line.complete(scan, 1);
        let Some(Event::Record(record)) = line.events.last() else {
            panic!("{:?}", line.events)
        };
        assert_eq!(!record.flags.contains(&Flag::SubjectMismatch), is_theirs);
        assert_eq!(times_cancelled(&line, heard.scan), 0);
        assert!(
            line.words()
                .ends_with(&["Measuring 0".to_owned(), "record 1".to_owned()])
        );
    }
}

#[test]
fn a_scan_that_another_one_takes_the_place_of_is_cancelled_and_still_has_to_name_its_person() {
    for (stage, number, is_theirs) in [
        (Stage::Weighing, "0000000112", true),
        (Stage::Weighing, "0000000999", false),
        (Stage::WaitingForPerson, "0000000112", false),
    ] {
        let (mut line, heard) = asked(start(number));
        let scan = ScanRef::Asked(heard.scan);
        line.reach(scan, stage, 0);
        line.reach(ScanRef::WalkUp(1), Stage::Weighing, 0);
        assert_eq!(times_cancelled(&line, heard.scan), 1);
        line.keep(1, &record(scan, 1, |_| {}));
        line.settle();
        let Some(Event::Earlier(Ok(record))) = line.events.last() else {
            panic!("{:?}", line.events)
        };
        assert_eq!(
            !record.flags.contains(&Flag::SubjectMismatch),
            is_theirs,
            "{stage:?} {number}"
        );
    }
}

#[test]
fn a_scan_that_says_no_more_is_cancelled_and_of_nobody_if_nobody_was_on_it() {
    for (stage, is_known) in [(Stage::WaitingForPerson, false), (Stage::Weighing, true)] {
        let (mut line, heard) = asked(start("0000000112"));
        let scan = ScanRef::Asked(heard.scan);
        line.reach(scan, stage, 0);
        line.run(301 * SECOND);
        assert_eq!(line.words().last().map(String::as_str), Some("no_result"));
        assert_eq!(times_cancelled(&line, heard.scan), 1);
        line.complete(scan, 1);
        assert_eq!(!is_nobodys(&line), is_known);
    }
}

#[test]
fn a_scan_that_has_ended_is_not_cancelled_when_its_result_does_not_come() {
    let (mut line, heard) = asked(start("0000000112"));
    let scan = ScanRef::Asked(heard.scan);
    let result = super::line::result(1);
    line.scanner.ended(scan, Ending::Completed(result)).unwrap();
    line.run(61 * SECOND);
    assert_eq!(line.words(), ["connected", "Preparing 0", "no_result"]);
    assert_eq!(times_cancelled(&line, heard.scan), 0);
    line.complete(scan, 1);
    assert!(!is_nobodys(&line), "it was over before");
}

#[test]
fn a_scanner_that_waits_for_somebody_announced_before_the_bridge_was_restarted_is_told_to_stop() {
    // However many there are, the scan that was asked for last is not forgotten.
    let (mut line, heard) = asked(start("0000000999"));
    for scan in 17..40 {
        line.reach(ScanRef::Asked(scan), Stage::WaitingForPerson, 0);
        assert_eq!(times_cancelled(&line, scan), 1);
    }
    assert_eq!(line.words(), ["connected", "Preparing 0"]);
    line.keep(1, &record(ScanRef::Asked(39), 1, |_| {}));
    line.settle();
    let Some(Event::Earlier(Ok(record))) = line.events.last() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(record.subject.number, None);
    line.complete(ScanRef::Asked(heard.scan), 2);
    assert!(matches!(line.events.last(), Some(Event::Record(record)) if record.flags.contains(&Flag::SubjectMismatch)));
}
