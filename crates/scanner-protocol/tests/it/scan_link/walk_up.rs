//! Somebody steps on.

use firmware_protocol::{DeviceEvent, Ending, ResultStore, ScanRef, Stage};
use scan_model::{DeviceTime, Integrity, Unit, subject::Gender};
use scanner_protocol::{Command, Event, LineEvent, RecordId};

use super::line::{Line, id, identity, record, result};
use crate::SECOND;

const WALK_UP: ScanRef = ScanRef::WalkUp(1);

fn scan(line: &mut Line) -> Vec<u8> {
    line.settle();
    line.reach(WALK_UP, Stage::Weighing, 0);
    line.reach(WALK_UP, Stage::Weighing, 60);
    line.reach(WALK_UP, Stage::Measuring, 50);
    line.reach(WALK_UP, Stage::Calculating, 0);
    line.complete(WALK_UP, 1)
}

#[test]
fn a_walk_up_scan_shows_its_stages_and_ends_with_its_record_in_any_pieces() {
    for piece in [1, 7, usize::MAX] {
        let mut line = Line::new();
        line.piece = piece;
        scan(&mut line);
        assert_eq!(
            line.words(),
            [
                "connected",
                "Weighing 0",
                "Weighing 60",
                "Measuring 50",
                "ReadingResults 0",
                "record 1"
            ],
            "in pieces of {piece}"
        );
        assert!(line.heard.contains(&DeviceEvent::Stored(result(1))));
        assert!(
            line.scanner.store_mut().oldest().is_none(),
            "what is stored is forgotten"
        );
        line.run(120 * SECOND);
        assert_eq!(line.words(), [""; 0], "nothing more comes of it");
        let counters = line.session.counters();
        assert_eq!(
            (counters.records, counters.rejected_in_all(), counters.bytes_skipped),
            (1, 0, 0)
        );
    }
}

#[test]
fn the_record_says_what_the_scanner_measured_digit_by_digit() {
    let mut line = Line::new();
    let sent = scan(&mut line);
    let Some(Event::Record(record)) = line.events.pop() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(
        (record.protocol.as_str(), record.integrity),
        ("scan-link", Integrity::Verified)
    );
    assert_eq!(record.result_id, Some(id(1)));
    assert_eq!(record.raw, sent);
    let device = [
        &record.device.maker,
        &record.device.model,
        &record.device.serial,
        &record.device.firmware,
    ];
    assert_eq!(
        device.map(|text| text.as_deref()),
        ["Example", "BC-1", "SN-42", "1.4.0"].map(Some)
    );
    let value = |name: &str| {
        let sent = record.get(name.parse().unwrap()).unwrap();
        (sent.value.to_string(), sent.unit)
    };
    assert_eq!(value("body_weight"), ("80.50".to_owned(), Unit::Kilogram));
    assert_eq!(value("fat_percentage"), ("24.0".to_owned(), Unit::Percent));
    assert_eq!(value("resistance_right_arm_50khz"), ("321.6".to_owned(), Unit::Ohm));
    assert_eq!(value("reactance_both_legs_1000khz"), ("-32.8".to_owned(), Unit::Ohm));
    assert_eq!(record.measurements.len(), 2 + 2 * 36);
    assert_eq!(record.subject.number.as_deref(), Some("0000000112"));
    assert_eq!(record.subject.gender, Some(Gender::Female));
    assert_eq!(record.subject.age.unwrap().to_string(), "28");
    assert_eq!(record.subject.height.unwrap().to_string(), "167.0");
    // 15:06:40 UTC, an hour later where the scanner stands.
    assert_eq!(
        record.device_time,
        DeviceTime::Reported("2025-06-15T16:06:40".parse().unwrap())
    );
}

#[test]
fn a_scan_that_fails_before_it_has_a_result_ends_once() {
    for (ending, word) in [
        (Ending::Cancelled, "cancelled"),
        (Ending::Failed(firmware_protocol::Fault::PersonMoved), "person_moved"),
        (Ending::Refused(firmware_protocol::Refusal::StoreFull), "store_full"),
    ] {
        let mut line = Line::new();
        line.settle();
        line.reach(WALK_UP, Stage::Weighing, 10);
        line.scanner.ended(WALK_UP, ending).unwrap();
        line.run(120 * SECOND);
        assert_eq!(line.words(), ["connected", "Weighing 10", word]);
    }
}

#[test]
fn a_result_of_an_earlier_scan_does_not_end_the_one_that_runs() {
    let mut line = Line::new();
    line.settle();
    line.reach(ScanRef::WalkUp(2), Stage::Measuring, 10);
    line.keep(1, &record(WALK_UP, 1, |_| {}));
    line.settle();
    line.reach(ScanRef::WalkUp(2), Stage::Measuring, 80);
    line.complete(ScanRef::WalkUp(2), 2);
    assert_eq!(
        line.words(),
        [
            "connected",
            "Measuring 10",
            "earlier record 1",
            "Measuring 80",
            "record 2"
        ]
    );
}

#[test]
fn a_scan_of_the_same_number_from_before_the_scanners_restart_is_another_one() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Measuring, 10);
    let old = firmware_protocol::ResultNumber { boot: 6, number: 9 };
    let bytes = record(WALK_UP, 9, |header| header.result = old);
    line.scanner.store_mut().append(old, &bytes).unwrap();
    line.settle();
    assert_eq!(line.words(), ["connected", "Measuring 10", "earlier record 9"]);
}

#[test]
fn who_steps_on_while_the_last_result_is_still_awaited_is_announced_after_it() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Calculating, 0);
    // The end is told, the result is not in the scanner's memory yet.
    line.scanner.ended(WALK_UP, Ending::Completed(result(1))).unwrap();
    line.settle();
    line.reach(ScanRef::WalkUp(2), Stage::Weighing, 10);
    line.reach(ScanRef::WalkUp(2), Stage::Weighing, 20);
    assert_eq!(line.words(), ["connected", "ReadingResults 0"]);
    line.keep(1, &record(WALK_UP, 1, |_| {}));
    line.settle();
    line.complete(ScanRef::WalkUp(2), 2);
    assert_eq!(line.words(), ["record 1", "Weighing 20", "record 2"]);
}

#[test]
fn a_scan_that_another_one_takes_the_place_of_ends() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Weighing, 10);
    line.reach(ScanRef::WalkUp(2), Stage::Weighing, 20);
    assert_eq!(
        line.words(),
        ["connected", "Weighing 10", "scan_displaced", "Weighing 20"]
    );
}

#[test]
fn a_result_that_never_comes_ends_its_scan_after_a_minute() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Calculating, 0);
    line.scanner.ended(WALK_UP, Ending::Completed(result(1))).unwrap();
    line.run(59 * SECOND);
    assert_eq!(line.words(), ["connected", "ReadingResults 0"]);
    line.run(2 * SECOND);
    assert_eq!(line.words(), ["no_result"]);
}

#[test]
fn a_result_that_waits_for_the_one_before_it_to_be_stored_is_waited_for() {
    let mut line = Line::new();
    line.stores = false;
    line.settle();
    line.complete(WALK_UP, 1);
    line.reach(ScanRef::WalkUp(2), Stage::Weighing, 0);
    line.complete(ScanRef::WalkUp(2), 2);
    assert_eq!(line.words(), ["connected", "record 1", "Weighing 0"]);
    line.run(3600 * SECOND);
    assert_eq!(line.words(), [""; 0], "the disk is full; the scanner has the result");
    // Another scanner's, which tells nothing of this one.
    let other = id(1).replacen('6', "7", 1);
    line.command(Command::Stored(RecordId(other))).unwrap();
    line.run(3600 * SECOND);
    assert_eq!(line.words(), [""; 0]);
    line.command(Command::Stored(RecordId(id(1)))).unwrap();
    line.settle();
    assert_eq!(line.words(), ["record 2"]);
}

#[test]
fn a_result_gets_its_minute_once_the_one_before_it_is_stored() {
    let mut line = Line::new();
    line.stores = false;
    line.settle();
    line.complete(WALK_UP, 1);
    line.reach(ScanRef::WalkUp(2), Stage::Calculating, 0);
    line.scanner
        .ended(ScanRef::WalkUp(2), Ending::Completed(result(2)))
        .unwrap();
    line.run(600 * SECOND);
    line.command(Command::Stored(RecordId(id(1)))).unwrap();
    line.run(59 * SECOND);
    assert_eq!(line.words(), ["connected", "record 1", "ReadingResults 0"]);
    line.run(2 * SECOND);
    assert_eq!(line.words(), ["no_result"]);
}

#[test]
fn a_result_that_another_scanner_holds_holds_up_none_of_this_one() {
    let mut line = Line::new();
    line.stores = false;
    line.settle();
    line.complete(WALK_UP, 1);
    line.port(LineEvent::Down);
    let mut other = identity();
    other.device = firmware_protocol::DeviceId(*b"chip-0002\0\0\0\0\0\0\0");
    line.scanner = firmware_protocol::Device::new(
        other,
        firmware_protocol::RamStore::new(),
        firmware_protocol::LineConfig::new(99),
        firmware_protocol::Instant::from_micros(line.now),
    );
    line.port(LineEvent::Up);
    line.reach(WALK_UP, Stage::Calculating, 0);
    line.scanner.ended(WALK_UP, Ending::Completed(result(1))).unwrap();
    line.run(61 * SECOND);
    assert_eq!(
        line.words(),
        ["connected", "record 1", "connected", "ReadingResults 0", "no_result"]
    );
}

#[test]
fn a_scan_that_hangs_is_given_up_five_minutes_after_its_last_progress() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Weighing, 10);
    line.run(250 * SECOND);
    // No news, and yet the scanner is at it.
    line.reach(WALK_UP, Stage::Weighing, 10);
    line.run(250 * SECOND);
    line.reach(WALK_UP, Stage::Other(99), 0);
    line.run(299 * SECOND);
    assert_eq!(line.words(), ["connected", "Weighing 10"]);
    line.run(2 * SECOND);
    assert_eq!(line.words(), ["no_result"]);
    line.complete(WALK_UP, 1);
    assert_eq!(line.words(), ["record 1"], "what it still gets comes by itself");
}

#[test]
fn a_result_that_comes_before_the_end_of_its_scan_is_told_ends_it() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Calculating, 0);
    line.keep(1, &record(WALK_UP, 1, |_| {}));
    line.settle();
    assert_eq!(line.words(), ["connected", "ReadingResults 0", "record 1"]);
}

#[test]
fn what_is_said_of_a_scan_after_its_result_begins_and_ends_nothing() {
    for is_next_there in [false, true] {
        let mut line = Line::new();
        line.settle();
        if is_next_there {
            line.reach(ScanRef::WalkUp(2), Stage::Weighing, 0);
        }
        line.keep(1, &record(WALK_UP, 1, |_| {}));
        line.settle();
        line.reach(WALK_UP, Stage::Calculating, 0);
        line.scanner
            .ended(WALK_UP, Ending::Failed(firmware_protocol::Fault::PersonMoved))
            .unwrap();
        line.scanner.ended(WALK_UP, Ending::Completed(result(1))).unwrap();
        line.settle();
        line.reach(ScanRef::WalkUp(2), Stage::Measuring, 0);
        line.complete(ScanRef::WalkUp(2), 2);
        let expected = if is_next_there {
            ["connected", "Weighing 0", "earlier record 1", "Measuring 0", "record 2"].as_slice()
        } else {
            &["connected", "record 1", "Measuring 0", "record 2"]
        };
        assert_eq!(line.words(), expected);
    }
}

#[test]
fn a_scan_is_not_taken_for_that_of_the_same_number_from_before_the_scanners_restart() {
    let mut line = Line::new();
    line.settle();
    let old = firmware_protocol::ResultNumber { boot: 6, number: 9 };
    let bytes = record(WALK_UP, 9, |header| header.result = old);
    line.scanner.store_mut().append(old, &bytes).unwrap();
    line.settle();
    line.reach(WALK_UP, Stage::Measuring, 10);
    line.complete(WALK_UP, 1);
    assert_eq!(line.words(), ["connected", "record 9", "Measuring 10", "record 1"]);
}

#[test]
fn a_scan_is_not_taken_for_that_of_the_same_number_from_before_the_scanners_memory_was_erased() {
    let mut line = Line::new();
    line.settle();
    line.complete(WALK_UP, 1);
    line.scanner = firmware_protocol::Device::new(
        identity(),
        firmware_protocol::RamStore::new(),
        firmware_protocol::LineConfig::new(99),
        firmware_protocol::Instant::START,
    );
    line.run(6 * SECOND);
    line.reach(WALK_UP, Stage::Measuring, 10);
    assert_eq!(line.words(), ["connected", "record 1", "connected", "Measuring 10"]);
}

#[test]
fn stages_and_log_lines_that_mean_nothing_to_this_version_are_left_out() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Other(99), 10);
    line.scanner
        .log(firmware_protocol::LogLevel::Info, "load cells warm")
        .unwrap();
    line.reach(WALK_UP, Stage::Weighing, 255);
    line.reach(WALK_UP, Stage::Preparing, 0);
    assert_eq!(line.words(), ["connected", "Weighing 99"]);
}
