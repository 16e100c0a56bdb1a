//! How old a result is when it arrives.

use std::time::Duration;

use firmware_protocol::{RecordHeader, ResultNumber, ScanRef, Stage};
use jiff::Timestamp;
use scan_model::Age;
use scanner_protocol::{Command, Event, LineEvent, RecordId};

use super::line::{BOOT, Line, id, record, result};
use crate::SECOND;

const WALK_UP: ScanRef = ScanRef::WalkUp(1);
const DAY: u64 = 24 * 60 * 60 * SECOND;

/// What the sample's clock shows.
fn clock() -> Timestamp {
    Timestamp::from_second(1_750_000_000).unwrap()
}

/// The one result that the session found.
fn age(line: &mut Line) -> Age {
    let mut ages = line.events.drain(..).filter_map(|event| match event {
        Event::Record(record) | Event::Earlier(Ok(record)) => Some(record.age.unwrap()),
        _ => None,
    });
    let age = ages.next().unwrap();
    assert_eq!(ages.next(), None);
    age
}

fn counted(age: Age) -> Duration {
    let Age::Counted(age) = age else { panic!("{age:?}") };
    age
}

/// A result that was kept by the scanner and comes when the port is opened.
fn kept(now: u64, kept_as: ResultNumber, change: impl FnOnce(&mut RecordHeader)) -> Age {
    let mut line = Line::new();
    line.settle();
    line.port(LineEvent::Down);
    let bytes = record(WALK_UP, kept_as.number, |header| {
        header.result = kept_as;
        change(header);
    });
    line.scanner.store_mut().append(kept_as, &bytes).unwrap();
    line.now = now;
    line.port(LineEvent::Up);
    line.run(5 * SECOND);
    age(&mut line)
}

#[test]
fn a_result_that_waited_over_a_weekend_is_as_old_as_that() {
    let friday = 4 * DAY;
    let measured = |header: &mut RecordHeader| header.uptime_ms = (friday / 1000) as u32;
    let age = counted(kept(friday + 62 * 60 * 60 * SECOND, result(1), measured));
    let waited = Duration::from_hours(62);
    // And until the two have greeted each other.
    assert!(age >= waited && age < waited + Duration::from_secs(5), "{age:?}");
}

#[test]
fn of_a_result_that_is_older_than_its_scanners_start_the_scanners_clock_tells() {
    let before = ResultNumber {
        boot: BOOT - 1,
        number: 1,
    };
    assert_eq!(kept(DAY, before, |_| {}), Age::ByClock(clock()));
    assert_eq!(kept(DAY, before, |header| header.clock = None), Age::Unknown);
    // No time that there is.
    let never = |header: &mut RecordHeader| header.clock.as_mut().unwrap().unix_seconds = u64::MAX;
    assert_eq!(kept(DAY, before, never), Age::Unknown);
}

#[test]
fn an_uptime_that_is_full_or_still_to_come_tells_nothing() {
    let full = |header: &mut RecordHeader| header.uptime_ms = u32::MAX;
    assert_eq!(kept(DAY, result(1), full), Age::ByClock(clock()));
    // The scanner's uptime is full before it tells it.
    assert_eq!(kept(60 * DAY, result(1), |_| {}), Age::ByClock(clock()));
    // Its memory was erased, and an earlier start had the same number.
    let tomorrow = |header: &mut RecordHeader| header.uptime_ms = (2 * DAY / 1000) as u32;
    assert_eq!(kept(DAY, result(1), tomorrow), Age::ByClock(clock()));
}

#[test]
fn a_result_of_a_scan_that_was_seen_is_no_older_than_the_last_that_was_heard_of_it() {
    // The scanner's oscillator runs slow, by an hour until now; or its uptime is full.
    for uptime_ms in [0, u32::MAX] {
        let mut line = Line::new();
        line.settle();
        line.run(60 * 60 * SECOND);
        line.reach(WALK_UP, Stage::Measuring, 50);
        line.run(20 * SECOND);
        line.reach(WALK_UP, Stage::Calculating, 0);
        line.keep(1, &record(WALK_UP, 1, |header| header.uptime_ms = uptime_ms));
        line.run(2 * SECOND);
        let age = counted(age(&mut line));
        assert!(age < Duration::from_secs(3), "{age:?}");
    }
}

/// A session that has been open for four hours, with a scanner whose oscillator is 1 % slow, and what its uptime is.
fn four_hours() -> (Line, u32) {
    let mut line = Line::new();
    line.settle();
    line.run(4 * 60 * 60 * SECOND);
    (line, 4 * 60 * 60 * 990)
}

#[test]
fn a_result_that_comes_at_once_of_a_scan_that_was_not_seen_is_fresh_however_far_the_clocks_are_apart() {
    let (mut line, uptime_ms) = four_hours();
    line.keep(1, &record(WALK_UP, 1, |header| header.uptime_ms = uptime_ms));
    line.settle();
    assert_eq!(age(&mut line), Age::Counted(Duration::from_secs(120)));
}

#[test]
fn of_a_result_that_had_to_wait_the_scanners_clock_tells_once_the_uptime_was_told_long_ago() {
    let (mut line, uptime_ms) = four_hours();
    line.stores = false;
    for number in [1, 2] {
        let scan = ScanRef::WalkUp(number);
        line.keep(number, &record(scan, number, |header| header.uptime_ms = uptime_ms));
    }
    line.run(60 * SECOND);
    assert!(matches!(age(&mut line), Age::Counted(_)));
    line.command(Command::Stored(RecordId(id(1)))).unwrap();
    line.settle();
    assert_eq!(age(&mut line), Age::ByClock(clock()));
}

#[test]
fn a_result_of_an_earlier_scan_has_its_own_age_while_another_one_runs() {
    let mut line = Line::new();
    line.settle();
    line.now += DAY;
    line.run(10 * SECOND);
    line.reach(ScanRef::WalkUp(2), Stage::Weighing, 0);
    line.keep(1, &record(WALK_UP, 1, |header| header.uptime_ms = 0));
    line.run(2 * SECOND);
    let age = counted(age(&mut line));
    assert!(age > Duration::from_hours(24), "{age:?}");
}
