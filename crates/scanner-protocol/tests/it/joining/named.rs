//! Values that bear the time of their weighing find each other late and among others; those without it do not.

use scan_model::Record;
use scanner_protocol::{Characteristic, Event, Joiner, Tick};

use super::{LATER, NOON, WEIGHT, composition, events, joiner, records, sent, weight};
use crate::{SECOND, families::ble};

use Characteristic::{BodyComposition, Weight};

/// As published: 79.960 kg, with time, user, body mass index and height.
fn bf720() -> Vec<u8> {
    ble().into_iter().find(|(name, ..)| name == "wss-bf720").unwrap().1
}

/// A composition that bears the time and the user of [`bf720`].
fn of_bf720() -> Vec<u8> {
    let time = bf720()[3..10].try_into().unwrap();
    composition(0, 194, Some(time), Some(1), &[])
}

/// Noon and `second`.
fn at(second: u8) -> [u8; 7] {
    let mut time = NOON;
    time[6] = second;
    time
}

/// Weight and fat of each record.
fn numbers(records: &[Record]) -> Vec<(Option<String>, Option<String>)> {
    let number = |record: &Record, name| sent(record, name);
    records
        .iter()
        .map(|record| (number(record, "body_weight"), number(record, "fat_percentage")))
        .collect()
}

fn pair(weight: Option<&str>, fat: Option<&str>) -> (Option<String>, Option<String>) {
    (weight.map(str::to_owned), fat.map(str::to_owned))
}

/// A weight of so many steps of five grams.
fn steps(steps: u16, time: Option<[u8; 7]>, user: Option<u8>) -> Vec<u8> {
    let mut value = weight(time, user);
    value[1..3].copy_from_slice(&steps.to_le_bytes());
    value
}

#[test]
fn a_composition_that_comes_late_finds_its_weight_by_time_and_user() {
    for (after, is_one) in [(6 * SECOND, true), (10 * SECOND - 1, true), (10 * SECOND, false)] {
        for order in [[Weight, BodyComposition], [BodyComposition, Weight]] {
            let mut joiner = joiner();
            for (at, characteristic) in [0, after].into_iter().zip(order) {
                let value = if characteristic == Weight { bf720() } else { of_bf720() };
                joiner.handle_timeout(Tick(at));
                joiner.handle_value(Tick(at), characteristic, &value);
            }
            joiner.handle_disconnected(Tick(after));
            let records = records(&mut joiner);
            let both = pair(Some("79.960"), Some("19.4"));
            assert_eq!(numbers(&records).contains(&both), is_one, "{after} us, {order:?}");
            assert_eq!(records.len(), if is_one { 1 } else { 2 }, "{after} us, {order:?}");
        }
    }
}

#[test]
fn a_weight_of_a_person_in_shoes_is_reported_after_ten_seconds() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &bf720());
    assert_eq!(joiner.poll_timeout(), Some(Tick(10 * SECOND)));
    joiner.handle_timeout(Tick(10 * SECOND - 1));
    assert_eq!(events(&mut joiner), []);
    joiner.handle_timeout(Tick(10 * SECOND));
    assert_eq!(numbers(&records(&mut joiner)), [pair(Some("79.960"), None)]);
    assert_eq!(joiner.poll_timeout(), None);
}

#[test]
fn without_a_time_a_composition_must_follow_within_five_seconds_whatever_the_weight_bears() {
    for (after, is_one) in [(5 * SECOND - 1, true), (5 * SECOND, false)] {
        for (time, user) in [(Some(NOON), Some(1)), (None, Some(1)), (Some(NOON), None)] {
            let mut joiner = joiner();
            joiner.handle_value(Tick(0), Weight, &weight(time, user));
            joiner.handle_value(Tick(after), BodyComposition, &composition(0, 194, None, Some(1), &[]));
            joiner.handle_disconnected(Tick(after));
            assert_eq!(records(&mut joiner).len(), if is_one { 1 } else { 2 }, "{time:?}");
        }
    }
}

#[test]
fn a_scale_may_send_all_weights_that_it_kept_before_all_compositions() {
    let seconds = 0..30_u8;
    for both_have_users in [true, false] {
        let user = both_have_users.then_some(1);
        let mut joiner = joiner();
        for second in seconds.clone() {
            let value = steps(14_000 + u16::from(second), Some(at(second)), user);
            joiner.handle_value(Tick(u64::from(second)), Weight, &value);
        }
        for second in seconds.clone().rev() {
            let value = composition(0, 200 + u16::from(second), Some(at(second)), user, &[]);
            joiner.handle_value(Tick(6 * SECOND), BodyComposition, &value);
        }
        let found = records(&mut joiner);
        assert_eq!(joiner.poll_timeout(), None);
        let expected = seconds.clone().rev().map(|second| {
            let grams = 70_000 + 5 * u32::from(second);
            let weight = format!("{}.{:03}", grams / 1000, grams % 1000);
            (Some(weight), Some(format!("{}.{}", 20 + second / 10, second % 10)))
        });
        assert_eq!(numbers(&found), expected.collect::<Vec<_>>());
    }
}

#[test]
fn of_what_a_scale_kept_the_user_decides_between_two_of_the_same_second() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &steps(14_000, Some(NOON), Some(1)));
    joiner.handle_value(Tick(1), Weight, &steps(16_000, Some(NOON), Some(2)));
    joiner.handle_value(Tick(2), BodyComposition, &composition(0, 201, Some(NOON), Some(1), &[]));
    joiner.handle_value(Tick(3), BodyComposition, &composition(0, 202, Some(NOON), Some(2), &[]));
    assert_eq!(
        numbers(&records(&mut joiner)),
        [pair(Some("70.000"), Some("20.1")), pair(Some("80.000"), Some("20.2"))]
    );
}

#[test]
fn a_composition_without_a_time_belongs_to_nothing_but_what_came_directly_before_it() {
    let nameless = |fat| composition(0, fat, None, None, &[]);
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &steps(14_000, Some(NOON), Some(1)));
    joiner.handle_value(Tick(1), Weight, &steps(16_000, Some(LATER), Some(2)));
    joiner.handle_value(Tick(2), BodyComposition, &nameless(202));
    // Not the first person's, who waits yet.
    joiner.handle_value(Tick(3), BodyComposition, &nameless(203));
    joiner.handle_disconnected(Tick(4));
    assert_eq!(
        numbers(&records(&mut joiner)),
        [
            pair(Some("80.000"), Some("20.2")),
            pair(Some("70.000"), None),
            pair(None, Some("20.3"))
        ]
    );
}

#[test]
fn two_weights_of_one_time_and_user_are_two_weighings_of_which_the_later_waits() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &steps(14_000, Some(NOON), Some(1)));
    joiner.handle_value(Tick(1), Weight, &steps(14_001, Some(NOON), Some(1)));
    assert_eq!(numbers(&records(&mut joiner)), [pair(Some("70.000"), None)]);
    joiner.handle_value(Tick(2), BodyComposition, &composition(0, 194, Some(NOON), Some(1), &[]));
    assert_eq!(numbers(&records(&mut joiner)), [pair(Some("70.005"), Some("19.4"))]);
}

#[test]
fn a_value_that_is_sent_twice_counts_once() {
    // With its time, without, and with a composition that has none.
    for (weight, composed) in [
        (bf720(), of_bf720()),
        (weight(None, None), composition(0, 194, None, None, &[])),
        (bf720(), composition(0, 194, None, None, &[])),
    ] {
        let mut joiner = joiner();
        for _ in 0..2 {
            joiner.handle_value(Tick(0), Weight, &weight);
        }
        joiner.handle_value(Tick(1), BodyComposition, &composed);
        joiner.handle_disconnected(Tick(2));
        let found = events(&mut joiner);
        assert!(matches!(found[..], [Event::Repeated, Event::Record(_)]), "{found:?}");
        assert_eq!(joiner.counters().repeats_dropped, 1);
    }
}

#[test]
fn a_value_that_comes_again_after_it_was_joined_is_no_second_weighing() {
    let whole = composition(WEIGHT, 194, Some(NOON), Some(1), &[0x36b0]);
    let nameless = composition(0, 194, None, None, &[]);
    let same = weight(Some(NOON), Some(1));
    for values in [
        [(Weight, bf720()), (BodyComposition, of_bf720()), (Weight, bf720())],
        [(Weight, bf720()), (BodyComposition, nameless), (Weight, bf720())],
        [
            (Weight, bf720()),
            (BodyComposition, of_bf720()),
            (BodyComposition, of_bf720()),
        ],
        [
            (Weight, same.clone()),
            (BodyComposition, whole.clone()),
            (Weight, same.clone()),
        ],
    ] {
        let mut joiner = joiner();
        for (at, (characteristic, value)) in (0..).zip(&values) {
            joiner.handle_value(Tick(at), *characteristic, value);
        }
        joiner.handle_disconnected(Tick(3));
        let found = events(&mut joiner);
        assert!(matches!(found[..], [Event::Record(_), Event::Repeated]), "{values:?}");
    }
    // This weight says nothing new at all.
    let mut joiner = joiner();
    joiner.handle_value(Tick(0), BodyComposition, &whole);
    joiner.handle_value(Tick(1), Weight, &same);
    joiner.handle_value(Tick(2), Weight, &same);
    joiner.handle_disconnected(Tick(3));
    let found = events(&mut joiner);
    assert!(matches!(
        found[..],
        [Event::Record(_), Event::Repeated, Event::Repeated]
    ));
}

#[test]
fn more_values_than_thirty_two_do_not_wait_and_none_is_lost() {
    let mut joiner = joiner();
    let value = |second| steps(14_000 + u16::from(second), Some(at(second)), None);
    for second in 0..32 {
        joiner.handle_value(Tick(0), Weight, &value(second));
    }
    assert_eq!(events(&mut joiner), []);
    joiner.handle_value(Tick(0), Weight, &value(32));
    assert_eq!(
        numbers(&records(&mut joiner)),
        [pair(Some("70.000"), None)],
        "the oldest"
    );
    // Half a composition takes room, too.
    joiner.handle_value(
        Tick(0),
        BodyComposition,
        &composition(super::PART, 194, None, None, &[]),
    );
    assert_eq!(numbers(&records(&mut joiner)), [pair(Some("70.005"), None)]);
    joiner.handle_disconnected(Tick(1));
    let rest = events(&mut joiner);
    assert!(matches!(rest.last(), Some(Event::Rejected(_))));
    assert_eq!(rest.len(), 32);
}

#[test]
fn a_composition_that_failed_or_was_not_kept_ends_the_wait_of_its_own_weight_alone() {
    for (fat, is_failure) in [(0xffff, true), (0, false)] {
        let mut joiner = joiner();
        joiner.handle_value(Tick(0), Weight, &steps(14_000, Some(NOON), Some(1)));
        joiner.handle_value(Tick(1), Weight, &steps(16_000, Some(LATER), Some(1)));
        joiner.handle_value(Tick(2), BodyComposition, &composition(0, fat, Some(NOON), Some(1), &[]));
        let found = events(&mut joiner);
        let Some(Event::Record(alone)) = found.first() else {
            panic!("{found:?}")
        };
        assert_eq!(sent(alone, "body_weight").as_deref(), Some("70.000"));
        assert_eq!(matches!(found[1..], [Event::DeviceError(_)]), is_failure);
        assert_eq!(matches!(found[1..], []), !is_failure);
        joiner.handle_value(
            Tick(3),
            BodyComposition,
            &composition(0, 194, Some(LATER), Some(1), &[]),
        );
        assert_eq!(numbers(&records(&mut joiner)), [pair(Some("80.000"), Some("19.4"))]);
    }
}

#[test]
fn what_a_connection_leaves_behind_does_not_wait_for_the_next() {
    let mut joiner: Joiner = joiner();
    joiner.handle_value(Tick(0), Weight, &bf720());
    joiner.handle_disconnected(Tick(1));
    joiner.handle_value(Tick(2), BodyComposition, &of_bf720());
    joiner.handle_disconnected(Tick(3));
    assert_eq!(records(&mut joiner).len(), 2);
}
