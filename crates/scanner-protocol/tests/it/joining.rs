//! Which Bluetooth values belong together, and what follows from them together.

mod named;
mod xiaomi;

use scan_model::{DeviceTime, Record};
use scanner_protocol::{Characteristic, Event, Joiner, Options, RejectReason, Tick};

use crate::SECOND;

use Characteristic::{BodyComposition, Weight};

const NOON: [u8; 7] = [0xea, 7, 5, 12, 12, 0, 0];
const LATER: [u8; 7] = [0xea, 7, 5, 12, 12, 0, 1];

/// 70 kg, with the time and the user where they are given.
fn weight(time: Option<[u8; 7]>, user: Option<u8>) -> Vec<u8> {
    let flags = u8::from(time.is_some()) << 1 | u8::from(user.is_some()) << 2;
    let mut value = vec![flags, 0xb0, 0x36];
    value.extend(time.into_iter().flatten());
    value.extend(user);
    value
}

/// A composition with these flags and fields beside the time and the user.
fn composition(flags: u16, fat: u16, time: Option<[u8; 7]>, user: Option<u8>, words: &[u16]) -> Vec<u8> {
    let flags = flags | u16::from(time.is_some()) << 1 | u16::from(user.is_some()) << 2;
    let mut value = [flags.to_le_bytes(), fat.to_le_bytes()].concat();
    value.extend(time.into_iter().flatten());
    value.extend(user);
    value.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    value
}

/// It has a second part.
const PART: u16 = 1 << 12;
const KILOJOULES: u16 = 1 << 3;
const MUSCLE: u16 = 1 << 4;
const SOFT_LEAN: u16 = 1 << 7;
const WATER: u16 = 1 << 8;
const WEIGHT: u16 = 1 << 10;

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

/// The records of a weight and a composition that come in this order and in the other.
fn both_ways(weight: &[u8], composition: &[u8]) -> [Vec<Record>; 2] {
    let joined = |values: [(Characteristic, &[u8]); 2]| {
        let mut joiner = joiner();
        for (at, (characteristic, value)) in (0..).zip(values) {
            joiner.handle_value(Tick(at), characteristic, value);
        }
        joiner.handle_disconnected(Tick(9));
        records(&mut joiner)
    };
    [
        joined([(Weight, weight), (BodyComposition, composition)]),
        joined([(BodyComposition, composition), (Weight, weight)]),
    ]
}

#[test]
fn time_and_user_decide_where_both_values_have_them() {
    for (time, user, other_time, other_user, is_one) in [
        (None, None, None, None, true),
        (Some(NOON), Some(1), Some(NOON), Some(1), true),
        (Some(NOON), Some(1), None, None, true),
        (None, None, Some(NOON), Some(1), true),
        (Some(NOON), None, None, Some(1), true),
        (Some(NOON), Some(1), Some(LATER), Some(1), false),
        (Some(NOON), Some(1), Some(NOON), Some(2), false),
        (None, Some(1), None, Some(2), false),
        (Some(NOON), None, Some(LATER), None, false),
    ] {
        let composition = composition(0, 194, other_time, other_user, &[]);
        for records in both_ways(&weight(time, user), &composition) {
            assert_eq!(
                records.len(),
                if is_one { 1 } else { 2 },
                "{time:?} {user:?} {other_time:?} {other_user:?}"
            );
            if let [record] = &records[..] {
                assert_eq!(record.protocol, "sig-bcs");
                assert_eq!(
                    (
                        sent(record, "body_weight").as_deref(),
                        sent(record, "fat_percentage").as_deref()
                    ),
                    (Some("70.000"), Some("19.4"))
                );
                let known = match time.or(other_time) {
                    Some(_) => DeviceTime::Reported("2026-05-12T12:00:00".parse().unwrap()),
                    None => DeviceTime::Absent,
                };
                assert_eq!(record.device_time, known);
            }
        }
    }
}

#[test]
fn two_values_of_one_kind_are_two_people() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &weight(None, Some(1)));
    joiner.handle_value(Tick(1), Weight, &[0, 0x54, 0x3d]);
    assert_eq!(sent(&records(&mut joiner)[0], "body_weight").as_deref(), Some("70.000"));
    joiner.handle_value(Tick(2), BodyComposition, &composition(0, 194, None, None, &[]));
    let second = records(&mut joiner);
    assert_eq!(sent(&second[0], "body_weight").as_deref(), Some("78.500"));
    assert_eq!(sent(&second[0], "fat_percentage").as_deref(), Some("19.4"));
}

#[test]
fn a_weight_that_differs_from_that_of_a_composition_is_somebody_elses() {
    let whole = composition(WEIGHT, 194, None, Some(1), &[0x36b0]);
    for (user, tenths, at, is_the_same) in [
        (Some(1), 700, SECOND, true),
        (None, 700, SECOND, true),
        (Some(2), 700, SECOND, false),
        (Some(1), 785, 3 * SECOND, false),
        (None, 800, SECOND, false),
        (Some(1), 700, 5 * SECOND - 1, true),
        (Some(1), 700, 5 * SECOND, false),
    ] {
        let mut alone = weight(None, user);
        alone[1..3].copy_from_slice(&u16::to_le_bytes(tenths * 20));
        for order in [[BodyComposition, Weight], [Weight, BodyComposition]] {
            let mut joiner = joiner();
            for (at, characteristic) in [0, at].into_iter().zip(order) {
                let value = if characteristic == Weight { &alone } else { &whole };
                joiner.handle_value(Tick(at), characteristic, value);
            }
            joiner.handle_disconnected(Tick(at + 1));
            let mut weights: Vec<_> = events(&mut joiner)
                .iter()
                .filter_map(|event| match event {
                    Event::Record(record) => Some((sent(record, "fat_percentage"), sent(record, "body_weight"))),
                    _ => None,
                })
                .collect();
            weights.sort();
            let of_weight = (!is_the_same).then(|| (None, Some(format!("{}.{}00", tenths / 10, tenths % 10))));
            let of_composition = (Some("19.4".to_owned()), Some("70.000".to_owned()));
            let expected: Vec<_> = of_weight.into_iter().chain([of_composition]).collect();
            assert_eq!(weights, expected, "user {user:?}, {tenths} after {at} us, {order:?}");
            let is_repeat = is_the_same && order[0] == BodyComposition;
            assert_eq!(joiner.counters().repeats_dropped, u64::from(is_repeat));
        }
    }
    // The composition of the next person is not swallowed, and a second weight neither.
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), BodyComposition, &whole);
    joiner.handle_value(
        Tick(1),
        BodyComposition,
        &composition(WEIGHT, 200, None, Some(1), &[0x36b1]),
    );
    let mut second = weight(None, Some(1));
    second[1] = 0xb1;
    joiner.handle_value(Tick(2), Weight, &second);
    joiner.handle_value(Tick(3), Weight, &second);
    joiner.handle_disconnected(Tick(4));
    let found = events(&mut joiner);
    let [
        Event::Record(one),
        Event::Record(other),
        Event::Repeated,
        Event::Record(alone),
    ] = &found[..]
    else {
        panic!("{found:?}")
    };
    for (record, weight, fat) in [
        (one, "70.000", Some("19.4")),
        (other, "70.005", Some("20.0")),
        (alone, "70.005", None),
    ] {
        assert_eq!(sent(record, "body_weight").as_deref(), Some(weight));
        assert_eq!(sent(record, "fat_percentage").as_deref(), fat);
    }
}

#[test]
fn the_parts_of_a_composition_agree_like_weight_and_composition() {
    for (time, user, other_time, other_user, is_one) in [
        (None, None, None, None, true),
        (Some(NOON), Some(1), None, None, true),
        (None, None, Some(NOON), Some(1), true),
        (Some(NOON), Some(1), Some(NOON), Some(1), true),
        (Some(NOON), Some(1), Some(LATER), Some(1), false),
        (None, Some(1), None, Some(2), false),
    ] {
        let mut joiner = joiner();
        joiner.handle_value(
            Tick(0),
            BodyComposition,
            &composition(PART | MUSCLE, 194, time, user, &[407]),
        );
        joiner.handle_value(
            Tick(1),
            BodyComposition,
            &composition(PART | WEIGHT, 194, other_time, other_user, &[0x36b0]),
        );
        joiner.handle_disconnected(Tick(2));
        let found = events(&mut joiner);
        let halves = if is_one { 0 } else { 2 };
        assert_eq!(joiner.counters().rejected(RejectReason::Truncated), halves);
        match &found[..] {
            [Event::Record(record)] if is_one => {
                assert_eq!(
                    (
                        sent(record, "muscle_percentage").as_deref(),
                        sent(record, "body_weight").as_deref()
                    ),
                    (Some("40.7"), Some("70.000"))
                );
                assert_eq!(record.device_time != DeviceTime::Absent, time.or(other_time).is_some());
            }
            [Event::Rejected(_), Event::Rejected(_)] if !is_one => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn parts_with_two_weights_are_of_two_people() {
    let mut joiner = joiner();
    for weight in [0x36b0, 0x3e80] {
        let part = composition(PART | WEIGHT, 194, None, None, &[weight]);
        joiner.handle_value(Tick(0), BodyComposition, &part);
    }
    joiner.handle_disconnected(Tick(1));
    assert!(matches!(
        events(&mut joiner)[..],
        [Event::Rejected(_), Event::Rejected(_)]
    ));
}

#[test]
fn the_user_of_either_part_is_the_user_of_the_whole() {
    for (first, second) in [(Some(1), None), (None, Some(1))] {
        let mut joiner = joiner();
        joiner.handle_value(
            Tick(0),
            BodyComposition,
            &composition(PART | MUSCLE, 194, None, first, &[407]),
        );
        joiner.handle_value(
            Tick(0),
            BodyComposition,
            &composition(PART | MUSCLE, 194, None, second, &[407]),
        );
        joiner.handle_value(Tick(0), Weight, &weight(None, Some(2)));
        joiner.handle_disconnected(Tick(1));
        assert_eq!(
            records(&mut joiner).len(),
            2,
            "another user's weight does not belong to it"
        );
    }
}

#[test]
fn a_part_makes_the_whole_unsuccessful_and_both_make_it_a_placeholder() {
    let told = |first: &[u8], second: &[u8]| {
        let mut joiner = joiner();
        joiner.handle_value(Tick(0), BodyComposition, first);
        joiner.handle_value(Tick(0), BodyComposition, second);
        joiner.handle_disconnected(Tick(1));
        let found = events(&mut joiner);
        found
            .iter()
            .map(|event| match event {
                Event::Record(_) => "record",
                Event::DeviceError(_) => "error",
                _ => "other",
            })
            .collect::<Vec<_>>()
    };
    let part = |fat: u16, muscle: u16| composition(PART | MUSCLE, fat, None, None, &[muscle]);
    assert_eq!(told(&part(194, 407), &part(194, 407)), ["record"]);
    assert_eq!(told(&part(0xffff, 0), &part(194, 407)), ["error"]);
    assert_eq!(told(&part(194, 407), &part(0xffff, 0)), ["error"]);
    assert_eq!(told(&part(0xffff, 0), &part(0xffff, 0)), ["error"]);
    assert_eq!(told(&part(0, 0), &part(0, 0)), [""; 0]);
    assert_eq!(told(&part(0, 0), &part(0, 407)), ["record"]);
    assert_eq!(told(&part(0, 407), &part(0, 0)), ["record"]);
}

#[test]
fn a_weight_is_good_although_the_composition_failed_its_own_or_another_users() {
    for (user, failed) in [(None, None), (Some(1), Some(1)), (Some(1), Some(2))] {
        let mut joiner = joiner();
        joiner.handle_value(Tick(0), Weight, &weight(None, user));
        joiner.handle_value(Tick(1), BodyComposition, &composition(0, 0xffff, None, failed, &[]));
        let found = events(&mut joiner);
        let [Event::Record(record), Event::DeviceError(_)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(sent(record, "body_weight").as_deref(), Some("70.000"));
        joiner.handle_disconnected(Tick(2));
        assert_eq!(events(&mut joiner), []);
    }
}

#[test]
fn the_first_part_of_a_composition_waits_five_seconds_for_the_second() {
    let first = composition(PART | MUSCLE, 194, None, None, &[407]);
    let second = composition(PART | WEIGHT, 194, None, None, &[0x36b0]);
    for (at, is_one) in [(5 * SECOND - 1, true), (5 * SECOND, false), (3600 * SECOND, false)] {
        let mut joiner = joiner();
        joiner.handle_value(Tick(0), BodyComposition, &first);
        assert_eq!(joiner.poll_timeout(), Some(Tick(5 * SECOND)));
        joiner.handle_value(Tick(at), BodyComposition, &second);
        if is_one {
            joiner.handle_disconnected(Tick(at));
        }
        let found = events(&mut joiner);
        match &found[..] {
            [Event::Record(record)] if is_one => assert!(sent(record, "muscle_percentage").is_some()),
            [Event::Rejected(half)] if !is_one => {
                assert_eq!(half.reason, RejectReason::Truncated);
                assert_eq!(half.raw[2..], first);
                // The second part is now the first half of another one, and waits as long.
                assert_eq!(joiner.poll_timeout(), Some(Tick(at + 5 * SECOND)));
            }
            other => panic!("{at} us: {other:?}"),
        }
    }
    let mut joiner = joiner();
    joiner.handle_value(Tick(7), BodyComposition, &first);
    joiner.handle_timeout(Tick(5 * SECOND + 6));
    assert_eq!(events(&mut joiner), []);
    joiner.handle_timeout(Tick(5 * SECOND + 7));
    assert!(matches!(events(&mut joiner)[..], [Event::Rejected(_)]));
    assert_eq!(joiner.poll_timeout(), None);
}

#[test]
fn a_half_composition_is_not_kept_for_the_next_connection() {
    let mut joiner = joiner();
    joiner.handle_value(
        Tick(0),
        BodyComposition,
        &composition(PART | MUSCLE, 194, None, None, &[407]),
    );
    joiner.handle_disconnected(Tick(1));
    joiner.handle_value(
        Tick(2),
        BodyComposition,
        &composition(PART | WEIGHT, 194, None, None, &[0x36b0]),
    );
    joiner.handle_disconnected(Tick(3));
    let found = events(&mut joiner);
    assert!(
        matches!(found[..], [Event::Rejected(_), Event::Rejected(_)]),
        "{found:?}"
    );
    assert_eq!(joiner.counters().rejected(RejectReason::Truncated), 2);
    assert_eq!(joiner.poll_timeout(), None);
}

/// The record of a composition with this weight.
fn composed(flags: u16, fat: u16, words: &[u16]) -> Record {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), BodyComposition, &composition(flags, fat, None, None, words));
    joiner.handle_disconnected(Tick(1));
    records(&mut joiner).remove(0)
}

#[test]
fn bone_mass_is_what_is_neither_fat_nor_soft_and_must_be_plausible() {
    // 80 kg, 25 % fat: 60 kg are left.
    for (soft_lean, bone) in [
        (11_400, Some("3.0")),
        (11_900, Some("0.5")),
        (11_901, None),
        (10_000, Some("10.0")),
        (9_999, None),
        (12_100, None),
    ] {
        let record = composed(SOFT_LEAN | WEIGHT, 250, &[soft_lean, 16_000]);
        assert_eq!(
            sent(&record, "bone_mass").as_deref(),
            bone,
            "soft lean mass {soft_lean}"
        );
    }
    assert_eq!(sent(&composed(WEIGHT, 250, &[16_000]), "bone_mass"), None);
}

#[test]
fn the_share_of_water_and_kilocalories_follow_from_what_is_sent() {
    let record = composed(KILOJOULES | WATER | WEIGHT, 250, &[6879, 8_650, 16_000]);
    // 43.25 of 80 kg; 6879 / 4.184.
    assert_eq!(sent(&record, "water_percentage").as_deref(), Some("54.1"));
    assert_eq!(sent(&record, "basal_metabolic_rate_kcal").as_deref(), Some("1644"));
    let nobody = composed(WATER | WEIGHT, 250, &[8_650, 0]);
    assert_eq!(sent(&nobody, "water_percentage"), None, "a share of nothing");
    assert_eq!(sent(&nobody, "basal_metabolic_rate_kcal"), None);
}
