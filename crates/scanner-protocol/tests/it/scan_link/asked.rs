//! Scans that the bridge asks for.

use firmware_protocol::{Capabilities, DeviceEvent, Ending, ScanKind, ScanRef, Sex, Stage, Start};
use scan_model::{
    Flag,
    subject::{BodyType, Gender, Subject},
};
use scanner_protocol::{Command, Event, Refused, StartScan, Ticket};

use super::line::{Line, identity, record, session};

pub(super) fn start(number: &str) -> StartScan {
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
pub(super) fn asked(start: StartScan) -> (Line, Start) {
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
