//! Results that are not as they should be.

use firmware_protocol::{
    Completeness, Decimal, Ending, Frequency, Impedance, MetricId, Record, RecordWriter, ScanRef, Segment, Stage,
};
use scan_model::{DeviceTime, Flag};
use scanner_protocol::{Command, Content, Event, Protocol, RecordId, Refused, RejectReason, decode_all};

use super::line::{Line, id, record, result};
use crate::SECOND;

const WALK_UP: ScanRef = ScanRef::WalkUp(1);

/// The record of a scan with these items, and what the session makes of it.
fn sent(
    change: impl FnOnce(&mut firmware_protocol::RecordHeader),
    items: impl FnOnce(&mut RecordWriter<'_>),
) -> (Vec<u8>, Event, Line) {
    let model = record(WALK_UP, 1, change);
    let header = Record::parse(&model).unwrap().header;
    let mut buffer = [0; 1024];
    let mut writer = RecordWriter::new(&mut buffer, &header).unwrap();
    items(&mut writer);
    let bytes = writer.finish().to_vec();
    let mut line = Line::new();
    line.settle();
    line.keep(1, &bytes);
    line.settle();
    let event = line.events.pop().unwrap();
    (bytes, event, line)
}

#[test]
fn a_record_that_was_damaged_in_the_scanner_is_rejected_with_its_bytes_and_can_be_confirmed() {
    let mut bytes = record(WALK_UP, 1, |_| {});
    bytes[40] ^= 1;
    let mut line = Line::new();
    line.stores = false;
    line.settle();
    line.reach(WALK_UP, Stage::Calculating, 0);
    line.keep(1, &bytes);
    line.scanner.ended(WALK_UP, Ending::Completed(result(1))).unwrap();
    line.settle();
    let Some(Event::Rejected(rejected)) = line.events.pop() else {
        panic!("{:?}", line.events)
    };
    assert_eq!((rejected.reason, rejected.raw), (RejectReason::ChecksumMismatch, bytes));
    assert_eq!(line.session.counters().rejected(RejectReason::ChecksumMismatch), 1);
    line.command(Command::Stored(RecordId(rejected.result_id.unwrap())))
        .unwrap();
    line.run(60 * SECOND);
    assert_eq!(line.words(), ["connected", "ReadingResults 0"]);
    line.complete(ScanRef::WalkUp(2), 2);
    assert_eq!(line.words(), ["record 2"], "the next result is not held up");
}

#[test]
fn a_record_of_another_result_than_it_is_sent_as_is_rejected_and_holds_up_nothing() {
    let bytes = record(WALK_UP, 2, |_| {});
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Calculating, 0);
    line.keep(1, &bytes);
    line.scanner.ended(WALK_UP, Ending::Completed(result(1))).unwrap();
    line.settle();
    let Some(Event::Rejected(rejected)) = line.events.last() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(
        (rejected.reason, &rejected.raw, &rejected.result_id),
        (RejectReason::BadFrame, &bytes, &Some(id(1)))
    );
    line.complete(ScanRef::WalkUp(2), 2);
    assert_eq!(
        line.words(),
        ["connected", "ReadingResults 0", "bad_frame 1", "record 2"]
    );
    let units = decode_all(Protocol::ScanLink, &line.wire);
    let results: Vec<_> = units
        .iter()
        .filter_map(|unit| match &unit.outcome {
            Ok(Content::Record(record)) => Some(("record", record.result_id.clone())),
            Ok(_) => None,
            Err(rejected) => Some((rejected.reason.name(), rejected.result_id.clone())),
        })
        .collect();
    assert_eq!(results, [("bad_frame", Some(id(1))), ("record", Some(id(2)))]);
}

#[test]
fn a_damaged_record_does_not_end_a_scan_that_still_runs() {
    let mut bytes = record(WALK_UP, 1, |_| {});
    bytes[40] ^= 1;
    let mut line = Line::new();
    line.settle();
    line.reach(ScanRef::WalkUp(2), Stage::Weighing, 0);
    line.keep(1, &bytes);
    line.settle();
    assert_eq!(line.words(), ["connected", "Weighing 0", "earlier checksum_mismatch 1"]);
}

#[test]
fn a_scan_whose_damaged_record_came_before_its_end_is_not_waited_for() {
    let mut bytes = record(WALK_UP, 1, |_| {});
    bytes[40] ^= 1;
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Calculating, 0);
    line.keep(1, &bytes);
    line.settle();
    line.scanner.ended(WALK_UP, Ending::Completed(result(1))).unwrap();
    line.settle();
    assert_eq!(
        line.words(),
        [
            "connected",
            "ReadingResults 0",
            "earlier checksum_mismatch 1",
            "no_result"
        ]
    );
}

#[test]
fn values_of_a_newer_firmware_are_counted_and_the_rest_is_kept() {
    let (bytes, event, line) = sent(
        |_| {},
        |writer| {
            writer.value(MetricId(60_000), Decimal::new(1, 0)).unwrap();
            writer.value(MetricId(60_001), Decimal::new(2, 0)).unwrap();
            writer.value(MetricId::BODY_WEIGHT, Decimal::new(805, 1)).unwrap();
            let unknown = |segment, frequency| Impedance {
                segment,
                frequency,
                resistance: Decimal::new(1, 0),
                reactance: Decimal::new(1, 0),
            };
            writer.impedance(unknown(Segment::Other(77), Frequency::Khz50)).unwrap();
            // The vocabulary has the low frequency between the legs alone.
            writer.impedance(unknown(Segment::LeftArm, Frequency::Low)).unwrap();
            writer.impedance(unknown(Segment::BothLegs, Frequency::Low)).unwrap();
        },
    );
    let Event::Record(record) = event else {
        panic!("{event:?}")
    };
    let names: Vec<_> = record.measurements.iter().map(|sent| sent.metric.name()).collect();
    assert_eq!(
        names,
        ["body_weight", "resistance_both_legs_low", "reactance_both_legs_low"]
    );
    assert_eq!(record.raw, bytes);
    assert_eq!(line.session.counters().values_unknown, 6);
}

#[test]
fn two_values_of_one_measurement_are_a_contradiction_and_the_same_one_twice_is_not() {
    let weights = |values: [i32; 2]| {
        sent(
            |_| {},
            |writer| {
                values
                    .iter()
                    .for_each(|&value| writer.value(MetricId::BODY_WEIGHT, Decimal::new(value, 1)).unwrap())
            },
        )
    };
    let (_, event, _) = weights([805, 805]);
    assert!(matches!(event, Event::Record(record) if record.measurements.len() == 1));
    let (bytes, event, _) = weights([805, 806]);
    let Event::Rejected(rejected) = event else {
        panic!("{event:?}")
    };
    assert_eq!(
        (rejected.reason, rejected.raw, rejected.result_id),
        (RejectReason::DuplicateTag, bytes, Some(id(1)))
    );
}

#[test]
fn the_header_shows_in_flags_and_times() {
    let weight = |writer: &mut RecordWriter<'_>| writer.value(MetricId::BODY_WEIGHT, Decimal::new(805, 1)).unwrap();
    let (_, event, _) = sent(
        |header| {
            header.completeness = Completeness::NoSegments;
            header.clock = None;
            header.subject.number.clear();
        },
        weight,
    );
    let Event::Record(record) = event else {
        panic!("{event:?}")
    };
    assert_eq!(
        (record.flags, record.device_time),
        (vec![Flag::SegmentalError], DeviceTime::Absent)
    );
    assert_eq!(record.subject.number, None);
    for clock in [(u64::MAX, 0), (1_750_000_000, i16::MAX)] {
        let (_, event, _) = sent(
            |header| {
                header.clock = Some(firmware_protocol::Clock {
                    unix_seconds: clock.0,
                    offset_minutes: clock.1,
                });
            },
            weight,
        );
        assert!(matches!(event, Event::Record(record) if record.device_time == DeviceTime::Invalid));
    }
}

#[test]
fn an_identity_that_no_result_of_the_link_has_is_refused() {
    let mut line = Line::new();
    line.settle();
    let good = id(1);
    let (device, numbers) = good.split_at(32);
    for text in [
        String::new(),
        "17".to_owned(),
        device.to_owned(),
        format!("{}{numbers}", &device[1..]),
        format!("{}g{numbers}", &device[1..]),
        format!("é{}{numbers}", &device[2..]),
        format!("{}{numbers}", device.to_uppercase()),
        format!("{device}-7-+1"),
        format!("{device}-07-1"),
        format!("{device}-7-4294967296"),
        format!("{good}-1"),
    ] {
        let refused = line.command(Command::Stored(RecordId(text.clone())));
        assert_eq!(refused, Err(Refused::UnknownResult), "{text}");
    }
    assert_eq!(line.command(Command::Stored(RecordId(good))), Ok(()));
}
