//! The cable is pulled, the bridge forgets, the disk refuses.

use firmware_protocol::{ResultStore, ScanRef, Stage};
use scanner_protocol::{Command, Event, LineEvent, RecordId, Tick};

use super::line::{Line, id, record, result, result_id, session};
use crate::SECOND;

const WALK_UP: ScanRef = ScanRef::WalkUp(1);

/// A whole dialogue, cut after `cut_at` bytes. `is_seen`: the port goes with the cable; otherwise the line falls silent alone.
fn cut(cut_at: Option<usize>, is_seen: bool) -> Line {
    let mut line = Line::new();
    line.cut_at = cut_at;
    line.settle();
    line.reach(WALK_UP, Stage::Weighing, 10);
    line.reach(WALK_UP, Stage::Measuring, 50);
    line.complete(WALK_UP, 1);
    if cut_at.is_some() {
        assert!(!line.is_plugged, "cut at {cut_at:?}");
        line.cut_at = None;
        if is_seen {
            line.port(LineEvent::Down);
            line.run(SECOND);
            line.port(LineEvent::Up);
        } else {
            line.run(6 * SECOND);
            line.is_plugged = true;
        }
        line.run(6 * SECOND);
    }
    line
}

#[test]
fn a_cable_pulled_at_any_byte_costs_no_result_and_doubles_none() {
    let whole = cut(None, true).wire.len();
    for is_seen in [true, false] {
        for at in 0..whole {
            let mut line = cut(Some(at), is_seen);
            let results = line.events.iter().filter_map(result_id).collect::<Vec<_>>();
            assert_eq!(results, [id(1)], "cut at {at}: {:?}", line.events);
            assert!(
                line.scanner.store_mut().oldest().is_none(),
                "cut at {at}: the scanner knows that it is stored"
            );
            let mut is_announced = false;
            for event in &line.events {
                match event {
                    Event::Stage { .. } => is_announced = true,
                    Event::Record(_) | Event::DeviceError(_) => is_announced = false,
                    Event::Connected(_) => {}
                    other => panic!("cut at {at}: {other:?}"),
                }
            }
            assert!(!is_announced, "cut at {at}: a scan without an end: {:?}", line.events);
        }
    }
}

#[test]
fn a_scan_that_runs_when_the_line_goes_ends_and_goes_on_as_another() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Weighing, 10);
    line.port(LineEvent::Down);
    line.run(SECOND);
    line.port(LineEvent::Up);
    line.reach(WALK_UP, Stage::Measuring, 50);
    line.complete(WALK_UP, 1);
    assert_eq!(
        line.words(),
        [
            "connected",
            "Weighing 10",
            "port_lost",
            "connected",
            "Measuring 50",
            "record 1"
        ]
    );
}

#[test]
fn a_result_that_is_not_called_stored_is_sent_again_and_not_told_again() {
    let mut line = Line::new();
    line.stores = false;
    line.settle();
    line.complete(WALK_UP, 1);
    let sent = line.wire.len();
    line.run(40 * SECOND);
    assert!(line.wire.len() > sent + 300, "it was sent again");
    line.port(LineEvent::Down);
    line.port(LineEvent::Up);
    assert_eq!(line.words(), ["connected", "record 1", "connected"]);
    assert_eq!(
        line.scanner.store_mut().oldest().unwrap().result,
        result(1),
        "the scanner keeps it"
    );
    line.command(Command::Stored(RecordId(id(1)))).unwrap();
    line.settle();
    assert!(line.scanner.store_mut().oldest().is_none());
}

#[test]
fn a_result_that_is_not_stored_holds_up_the_next_one_in_the_next_session_too() {
    let mut line = Line::new();
    line.stores = false;
    line.settle();
    line.complete(WALK_UP, 1);
    line.port(LineEvent::Down);
    line.port(LineEvent::Up);
    line.reach(ScanRef::WalkUp(2), Stage::Calculating, 0);
    line.complete(ScanRef::WalkUp(2), 2);
    line.run(600 * SECOND);
    assert_eq!(
        line.words(),
        ["connected", "record 1", "connected", "ReadingResults 0"],
        "the disk is full; the scanner has the result"
    );
    line.command(Command::Stored(RecordId(id(1)))).unwrap();
    line.settle();
    assert_eq!(line.words(), ["record 2"]);
}

#[test]
fn a_bridge_that_was_restarted_hears_the_result_again_under_the_same_identity() {
    let mut line = Line::new();
    line.stores = false;
    line.settle();
    line.complete(WALK_UP, 1);
    assert_eq!(line.words(), ["connected", "record 1"]);
    line.session = session(2);
    line.session.handle_line(Tick(line.now), LineEvent::Up);
    line.stores = true;
    line.run(6 * SECOND);
    assert_eq!(line.words(), ["connected", "record 1"]);
    assert!(line.scanner.store_mut().oldest().is_none());
}

#[test]
fn what_was_measured_while_the_bridge_was_away_comes_in_order() {
    let mut line = Line::new();
    line.is_plugged = false;
    for number in 1..=3 {
        line.keep(number, &record(ScanRef::WalkUp(number), number, |_| {}));
    }
    line.run(60 * SECOND);
    line.is_plugged = true;
    line.settle();
    assert_eq!(
        line.words(),
        ["no_answer", "connected", "record 1", "record 2", "record 3"]
    );
}

#[test]
fn a_port_that_takes_nothing_gathers_no_frames_and_no_calls() {
    let mut session = session(1);
    session.handle_line(Tick(0), LineEvent::Up);
    assert!(session.poll_transmit().is_some());
    let mut calls = 0;
    while let Some(at) = session.poll_timeout().filter(|at| at.0 < 60 * SECOND) {
        session.handle_timeout(at);
        assert_eq!(session.poll_transmit(), None);
        calls += 1;
    }
    assert!(calls < 100, "{calls} calls in a minute");
    session.handle_sent(Tick(60 * SECOND));
    assert!(session.poll_transmit().is_some());
}

#[test]
fn a_released_scanner_is_left_in_peace_until_the_port_is_opened_anew() {
    let mut line = Line::new();
    line.settle();
    line.command(Command::Release).unwrap();
    assert_eq!(line.session.poll_timeout(), None);
    assert_eq!(line.session.poll_transmit(), None);
    line.complete(WALK_UP, 1);
    assert_eq!(line.words(), ["connected"]);
    line.port(LineEvent::Up);
    line.run(6 * SECOND);
    assert_eq!(line.words(), ["connected", "record 1"]);
}
