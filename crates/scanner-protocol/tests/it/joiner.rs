//! Bluetooth values of one weighing find each other.

use scan_model::{DeviceTime, Flag, Record};
use scanner_protocol::{Characteristic, Event, Joiner, Options, Protocol, RejectReason, Tick, decode_again};

use crate::{
    SECOND,
    families::{ble, xiaomi},
};

use Characteristic::{BodyComposition, Weight};

fn value(id: &str) -> Vec<u8> {
    ble().into_iter().find(|(name, ..)| name == id).unwrap().1
}

fn joiner() -> Joiner {
    Joiner::new(Options::default())
}

fn events(joiner: &mut Joiner) -> Vec<Event> {
    std::iter::from_fn(|| joiner.poll_event())
        .filter(|event| !matches!(event, Event::Stage { .. }))
        .collect()
}

fn records(joiner: &mut Joiner) -> Vec<Record> {
    let records = events(joiner).into_iter().map(|event| match event {
        Event::Record(record) => *record,
        other => panic!("{other:?}"),
    });
    records.collect()
}

fn sent(record: &Record, name: &str) -> Option<String> {
    record.get(name.parse().unwrap()).map(|sent| sent.value.to_string())
}

#[test]
fn a_weight_and_the_composition_behind_it_are_one_record() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &value("wss-bf720"));
    assert_eq!(joiner.poll_timeout(), Some(Tick(10 * SECOND)));
    joiner.handle_value(Tick(2 * SECOND), BodyComposition, &value("bcs-bf720"));
    let records = records(&mut joiner);
    let [record] = &records[..] else { panic!("{records:?}") };
    for (name, expected) in [
        ("body_weight", "79.960"),
        ("body_mass_index", "23.8"),
        ("height", "1.830"),
        ("fat_percentage", "19.4"),
        ("basal_metabolic_rate_kj", "6879"),
        ("soft_lean_mass", "61.180"),
        ("impedance_50khz", "452.0"),
        // Derived: 79.96 × 0.806 − 61.18, 43.25 / 79.96, 6879 / 4.184.
        ("bone_mass", "3.3"),
        ("water_percentage", "54.1"),
        ("basal_metabolic_rate_kcal", "1644"),
    ] {
        assert_eq!(sent(record, name).as_deref(), Some(expected), "{name}");
    }
    assert_eq!(record.flags, []);
    assert_eq!(
        record.device_time,
        DeviceTime::Reported("2026-05-12T18:53:54".parse().unwrap())
    );
    assert_eq!(
        record.subject.number, None,
        "a scale's own number of a person names nobody"
    );
    assert_eq!(decode_again(Protocol::SigBcs, &record.raw).unwrap(), *record);
    assert_eq!(joiner.poll_timeout(), None);
}

#[test]
fn a_composition_may_come_first() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), BodyComposition, &value("bcs-bf720"));
    joiner.handle_value(Tick(SECOND), Weight, &value("wss-bf720"));
    assert_eq!(records(&mut joiner).len(), 1);
}

#[test]
fn a_weight_that_stays_alone_is_a_record_after_five_seconds() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &value("wss-basic"));
    joiner.handle_timeout(Tick(5 * SECOND - 1));
    assert_eq!(events(&mut joiner), []);
    joiner.handle_timeout(Tick(5 * SECOND));
    assert_eq!(sent(&records(&mut joiner)[0], "body_weight").as_deref(), Some("70.000"));

    // What comes later is somebody else's.
    joiner.handle_value(Tick(10 * SECOND), Weight, &value("wss-pounds"));
    joiner.handle_value(Tick(15 * SECOND), BodyComposition, &value("bcs-bf720"));
    joiner.handle_disconnected(Tick(16 * SECOND));
    let records = records(&mut joiner);
    assert_eq!(records.len(), 2);
    assert!(!records[1].is_measurement());
}

#[test]
fn values_of_two_users_or_two_times_are_never_joined() {
    let weight = value("wss-bf720");
    let mut other_user = weight.clone();
    other_user[10] = 2;
    let mut composition = vec![0x06, 0x00, 0xc2, 0x00];
    composition.extend_from_slice(&weight[3..11]);
    let mut other_time = composition.clone();
    other_time[10] += 1;
    for (weight, composition, records_expected) in [
        (&weight, &composition, 1),
        (&other_user, &composition, 2),
        (&weight, &other_time, 2),
    ] {
        let mut joiner = joiner();
        joiner.handle_value(Tick(0), Weight, weight);
        joiner.handle_value(Tick(1), BodyComposition, composition);
        joiner.handle_disconnected(Tick(2));
        assert_eq!(records(&mut joiner).len(), records_expected);
    }
}

/// A composition in two parts: both say so in bit 12, and both have the user.
fn parts(user: u8) -> [Vec<u8>; 2] {
    let muscle = [&[0x14, 0x10, 0xc2, 0x00, user][..], &[0x97, 0x01]].concat();
    let weight = [&[0x04, 0x14, 0xc2, 0x00, user][..], &[0x78, 0x3e]].concat();
    [muscle, weight]
}

#[test]
fn two_parts_of_a_composition_are_one_record() {
    let mut joiner = joiner();
    for part in parts(1) {
        joiner.handle_value(Tick(0), BodyComposition, &part);
    }
    joiner.handle_timeout(Tick(5 * SECOND));
    let records = records(&mut joiner);
    assert_eq!(records.len(), 1);
    assert_eq!(sent(&records[0], "muscle_percentage").as_deref(), Some("40.7"));
    assert_eq!(sent(&records[0], "body_weight").as_deref(), Some("79.960"));
    assert_eq!(decode_again(Protocol::SigBcs, &records[0].raw).unwrap(), records[0]);
}

#[test]
fn a_half_composition_is_discarded() {
    let [first, _] = parts(1);
    let [_, other_second] = parts(2);
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), BodyComposition, &first);
    joiner.handle_value(Tick(0), BodyComposition, &other_second);
    joiner.handle_value(Tick(0), BodyComposition, &value("bcs-bf720"));
    let events = events(&mut joiner);
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(joiner.counters().rejected(RejectReason::Truncated), 2);
}

#[test]
fn a_composition_with_its_own_weight_and_the_same_weight_behind_it_are_one_record() {
    let mut joiner = joiner();
    for part in parts(1) {
        joiner.handle_value(Tick(0), BodyComposition, &part);
    }
    joiner.handle_value(Tick(SECOND), Weight, &value("wss-bf720"));
    joiner.handle_disconnected(Tick(2 * SECOND));
    let records = records(&mut joiner);
    let [record] = &records[..] else { panic!("{records:?}") };
    for (name, expected) in [
        ("body_weight", "79.960"),
        ("muscle_percentage", "40.7"),
        // These the weight alone has.
        ("body_mass_index", "23.8"),
        ("height", "1.830"),
    ] {
        assert_eq!(sent(record, name).as_deref(), Some(expected), "{name}");
    }
    assert_ne!(record.device_time, DeviceTime::Absent);
    assert_eq!(decode_again(Protocol::SigBcs, &record.raw).unwrap(), *record);
}

#[test]
fn a_placeholder_is_no_measurement_and_a_failure_is_told() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), BodyComposition, &value("bcs-bf788-placeholder"));
    joiner.handle_disconnected(Tick(1));
    assert_eq!(events(&mut joiner), []);
    for (characteristic, id) in [(Weight, "wss-unsuccessful"), (BodyComposition, "bcs-unsuccessful")] {
        joiner.handle_value(Tick(2), characteristic, &value(id));
        assert!(matches!(&events(&mut joiner)[..], [Event::DeviceError(error)] if error.name == "unsuccessful"));
    }
    joiner.handle_value(Tick(3), BodyComposition, &value("bcs-truncated"));
    assert!(
        matches!(&events(&mut joiner)[..], [Event::Rejected(rejected)] if rejected.reason == RejectReason::Truncated)
    );
}

#[test]
fn the_same_weighing_sent_again_is_one_and_equal_weights_without_a_clock_are_two() {
    let mut joiner = joiner();
    let weigh = |joiner: &mut Joiner, at, id: &str| {
        joiner.handle_value(Tick(at), Weight, &value(id));
        joiner.handle_disconnected(Tick(at + 1));
        events(joiner)
    };
    assert!(matches!(&weigh(&mut joiner, 0, "wss-bf720")[..], [Event::Record(_)]));
    assert_eq!(weigh(&mut joiner, 60 * SECOND, "wss-bf720"), [Event::Repeated]);
    assert!(
        matches!(&weigh(&mut joiner, 70 * SECOND, "wss-basic")[..], [Event::Record(record)] if record.flags.is_empty())
    );
    assert!(
        matches!(&weigh(&mut joiner, 80 * SECOND, "wss-basic")[..], [Event::Record(record)] if record.flags == [Flag::PossibleDuplicate])
    );
}

/// A published value with another state, impedance and weight.
fn mi(state: u8, ohms: u16, weight: u16) -> Vec<u8> {
    let mut value = xiaomi().remove(0).1;
    value[1] = 0x04 | state;
    value[9..11].copy_from_slice(&ohms.to_le_bytes());
    value[11..13].copy_from_slice(&weight.to_le_bytes());
    value
}

const STABLE: u8 = 1 << 5;
const IMPEDANCE: u8 = 1 << 1;
const REMOVED: u8 = 1 << 7;

#[test]
fn a_xiaomi_weighing_is_one_record_with_its_impedance() {
    let mut joiner = joiner();
    for (at, value) in (0..).zip([
        mi(0, 0, 11_000),
        mi(STABLE, 0, 11_560),
        mi(STABLE, 0, 11_560),
        mi(STABLE | IMPEDANCE, 512, 11_560),
        mi(STABLE | IMPEDANCE, 512, 11_560),
        mi(STABLE | IMPEDANCE | REMOVED, 512, 11_560),
    ]) {
        joiner.handle_xiaomi(Tick(at), &value);
    }
    let first = records(&mut joiner);
    assert_eq!(first.len(), 1);
    assert_eq!(sent(&first[0], "body_weight").as_deref(), Some("57.800"));
    assert_eq!(sent(&first[0], "impedance_50khz").as_deref(), Some("512"));
    assert_eq!(first[0].protocol, "xiaomi");

    // The next person in shoes: no impedance comes, and the scale's clock has gone on.
    let mut next = mi(STABLE, 0, 16_000);
    next[8] += 1;
    joiner.handle_xiaomi(Tick(10 * SECOND), &next);
    joiner.handle_timeout(Tick(15 * SECOND));
    let second = records(&mut joiner);
    assert_eq!(sent(&second[0], "body_weight").as_deref(), Some("80.000"));
    assert_eq!(second[0].measurements.len(), 1);
}

#[test]
fn xiaomi_pounds_and_catties_and_short_values_are_understood() {
    let mut pounds = mi(STABLE | IMPEDANCE, 512, 16_540);
    pounds[0] = 0x03;
    let mut catties = mi(STABLE | IMPEDANCE, 512, 16_000);
    catties[0] = 0x10;
    for (value, expected) in [(pounds, "165.40 [lb_av]"), (catties, "80.000 kg")] {
        let mut joiner = joiner();
        joiner.handle_xiaomi(Tick(0), &value);
        let sent = records(&mut joiner)[0].get(scan_model::Metric::BODY_WEIGHT).unwrap();
        assert_eq!(format!("{} {}", sent.value, sent.unit), expected);
    }
    let mut joiner = joiner();
    joiner.handle_xiaomi(Tick(0), &[2, 4]);
    assert!(matches!(&events(&mut joiner)[..], [Event::Rejected(_)]));
}
