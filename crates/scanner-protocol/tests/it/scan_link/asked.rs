//! Scans that the bridge asks for.

use firmware_protocol::{Capabilities, DeviceEvent, Ending, ResultNumber, ScanKind, ScanRef, Sex, Stage, Start};
use scan_model::{
    Flag,
    subject::{BodyType, Gender, Subject},
};
use scanner_protocol::{Command, Event, LineEvent, Refused, StartScan, Ticket};

use super::line::{Line, identity, record, session};
use crate::SECOND;

fn start(number: &str) -> StartScan {
    StartScan {
        subject: Subject {
            number: Some(number.to_owned()),
            gender: Some(Gender::Female),
            age: Some("28.9".parse().unwrap()),
            height: Some("167.0".parse().unwrap()),
            body_type: Some(BodyType::Athlete),
            ..Subject::default()
        },
        ticket: Ticket::from_random(0x1_2345_6789),
        goal_body_fat: None,
        current_is_safe: true,
    }
}

/// A line on which a scan was asked for, and what the scanner heard.
fn asked(start: StartScan) -> (Line, Start) {
    let mut line = Line::new();
    line.settle();
    line.command(Command::Start(start)).unwrap();
    line.settle();
    let heard = line.heard.iter().find_map(|event| match event {
        DeviceEvent::Start(start) => Some(start.clone()),
        _ => None,
    });
    (line, heard.unwrap())
}

#[test]
fn the_scanner_is_told_who_stands_on_it_and_the_result_is_theirs() {
    let (mut line, heard) = asked(start("0000000112"));
    assert_eq!((heard.kind, heard.screened), (ScanKind::BodyComposition, true));
    assert_eq!(
        (heard.subject.number.as_str(), heard.subject.sex, heard.subject.age),
        ("0000000112", Some(Sex::Female), Some(28))
    );
    assert_eq!(heard.subject.height.unwrap().to_string(), "167.0");
    assert_eq!(heard.subject.body_type, Some(firmware_protocol::BodyType::Athlete));
    let scan = ScanRef::Asked(heard.scan);
    line.reach(scan, Stage::WaitingForPerson, 0);
    line.reach(scan, Stage::Weighing, 0);
    line.complete(scan, 1);
    assert!(
        matches!(line.events.last(), Some(Event::Record(record)) if !record.flags.contains(&Flag::SubjectMismatch))
    );
    assert_eq!(
        line.words(),
        [
            "connected",
            "Preparing 0",
            "WaitingForMember 0",
            "Weighing 0",
            "record 1"
        ]
    );
}

#[test]
fn a_result_that_names_somebody_else_is_flagged() {
    let (mut line, heard) = asked(start("0000000999"));
    line.complete(ScanRef::Asked(heard.scan), 1);
    assert!(matches!(line.events.last(), Some(Event::Record(record)) if record.flags.contains(&Flag::SubjectMismatch)));
}

#[test]
fn without_the_question_about_pacemakers_only_a_weight_is_asked_for() {
    let (_, heard) = asked(StartScan {
        current_is_safe: false,
        ..start("1")
    });
    assert_eq!((heard.kind, heard.screened), (ScanKind::Weight, false));
}

#[test]
fn a_scanner_is_asked_for_what_it_can_do_with_this_person() {
    use ScanKind::{BodyComposition, Shape, Weight};
    let weight = Capabilities::STARTS_WEIGHT;
    let body = Capabilities::STARTS_BODY_COMPOSITION;
    let shape = Capabilities::STARTS_SHAPE;
    for (capabilities, screened, unscreened) in [
        // Told by nothing but what it sends.
        (Capabilities::CANCELS, Some(Weight), Some(Weight)),
        (Capabilities::IMPEDANCES, Some(BodyComposition), Some(Weight)),
        (Capabilities::SHAPE, Some(Shape), Some(Shape)),
        (
            Capabilities::SHAPE.with(Capabilities::IMPEDANCES),
            Some(BodyComposition),
            Some(Weight),
        ),
        // Told.
        (weight.with(Capabilities::IMPEDANCES), Some(Weight), Some(Weight)),
        (weight.with(body), Some(BodyComposition), Some(Weight)),
        (shape.with(weight), Some(Shape), Some(Weight)),
        (shape.with(body), Some(BodyComposition), Some(Shape)),
        (body, Some(BodyComposition), None),
    ] {
        for (current_is_safe, kind) in [(true, screened), (false, unscreened)] {
            let mut identity = identity();
            identity.capabilities = capabilities.with(Capabilities::STARTS_SCANS);
            let mut line = Line::with(identity, session(1));
            line.settle();
            let asked = line.command(Command::Start(StartScan {
                current_is_safe,
                ..start("1")
            }));
            line.settle();
            let heard = line.heard.iter().find_map(|event| match event {
                DeviceEvent::Start(start) => Some((start.kind, start.screened)),
                _ => None,
            });
            assert_eq!(heard, kind.map(|kind| (kind, current_is_safe)), "{capabilities:?}");
            assert_eq!(asked.err(), kind.is_none().then_some(Refused::NotAsked));
        }
    }
}

#[test]
fn a_scan_that_the_scanner_refuses_ends_with_the_reason() {
    let (mut line, heard) = asked(start("1"));
    let refusal = firmware_protocol::Refusal::SubjectIncomplete;
    line.scanner
        .ended(ScanRef::Asked(heard.scan), Ending::Refused(refusal))
        .unwrap();
    line.settle();
    assert_eq!(line.words(), ["connected", "Preparing 0", "subject_incomplete"]);
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

#[test]
fn a_scan_asked_for_before_the_bridge_was_restarted_keeps_the_name_it_was_given() {
    let mut line = Line::new();
    line.settle();
    line.keep(1, &record(ScanRef::Asked(17), 1, |_| {}));
    line.settle();
    assert!(
        matches!(line.events.last(), Some(Event::Record(record)) if record.subject.named() == Some("0000000112") && record.flags.is_empty())
    );
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let mut line = Line::new();
    line.is_plugged = false;
    assert_eq!(line.command(Command::Start(start("1"))), Err(Refused::Offline));
    line.is_plugged = true;
    line.settle();
    assert_eq!(
        line.command(Command::Start(start("a number that is too long"))),
        Err(Refused::Person("a person's number of at most 18 characters"))
    );
    let mut old = start("1");
    old.subject.age = Some("256".parse().unwrap());
    assert!(matches!(line.command(Command::Start(old)), Err(Refused::Person(_))));
    let mut tall = start("1");
    tall.subject.height = Some("12345678901.0".parse().unwrap());
    assert!(matches!(line.command(Command::Start(tall)), Err(Refused::Person(_))));
    line.reach(ScanRef::WalkUp(1), Stage::Weighing, 0);
    assert_eq!(line.command(Command::Start(start("1"))), Err(Refused::Busy));
    assert_eq!(
        line.command(Command::Cancel),
        Err(Refused::NotSupported),
        "it was not asked for"
    );
    assert_eq!(line.words(), ["connected", "Weighing 0"]);

    let mut identity = identity();
    identity.capabilities = Capabilities::LIVE_STAGES;
    let mut line = Line::with(identity, session(1));
    line.settle();
    assert_eq!(line.command(Command::Start(start("1"))), Err(Refused::NotSupported));
    let now = "2026-11-20T10:15:00+01:00[Europe/Berlin]".parse().unwrap();
    assert_eq!(line.command(Command::SetClock(now)), Err(Refused::NotSupported));
}

#[test]
fn the_scanners_clock_is_set_to_the_hosts_with_its_zone() {
    let mut line = Line::new();
    line.settle();
    let now = "2026-11-20T10:15:00-03:30[America/St_Johns]".parse().unwrap();
    line.command(Command::SetClock(now)).unwrap();
    line.settle();
    let clock = firmware_protocol::Clock {
        unix_seconds: 1_795_182_300,
        offset_minutes: -210,
    };
    assert!(line.heard.contains(&DeviceEvent::SetClock(clock)), "{:?}", line.heard);
}
