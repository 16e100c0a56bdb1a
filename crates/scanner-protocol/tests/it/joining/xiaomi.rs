//! One weighing on a Xiaomi scale.

use scanner_protocol::{Characteristic::Weight, Tick};

use super::{events, joiner, records, weight};
use crate::SECOND;

/// 57.8 kg on a Xiaomi scale.
fn mi(state: u8, second: u8) -> Vec<u8> {
    vec![2, state, 0xe3, 7, 1, 29, 17, 53, second, 0, 2, 0x28, 0x2d]
}

const STABLE: u8 = 1 << 5;
const IMPEDANCE: u8 = 1 << 1;
const REMOVED: u8 = 1 << 7;

#[test]
fn a_xiaomi_weight_waits_five_seconds_for_its_impedance_from_its_first_value_on() {
    let mut joiner = joiner();
    joiner.handle_xiaomi(Tick(0), &mi(STABLE, 1));
    joiner.handle_xiaomi(Tick(4 * SECOND), &mi(STABLE, 1));
    assert_eq!(joiner.poll_timeout(), Some(Tick(5 * SECOND)));
    joiner.handle_timeout(Tick(5 * SECOND - 1));
    assert_eq!(events(&mut joiner), []);
    joiner.handle_timeout(Tick(5 * SECOND));
    assert_eq!(records(&mut joiner).len(), 1);
    assert_eq!(joiner.poll_timeout(), None);
    // The same weighing, sent again.
    joiner.handle_xiaomi(Tick(6 * SECOND), &mi(STABLE, 2));
    joiner.handle_xiaomi(Tick(7 * SECOND), &mi(STABLE | IMPEDANCE, 3));
    joiner.handle_timeout(Tick(20 * SECOND));
    assert_eq!(events(&mut joiner), []);
}

#[test]
fn a_xiaomi_weighing_ends_when_the_person_moves_or_steps_off_or_the_scale_is_gone() {
    for end in [
        Some(mi(0, 2)),
        Some(mi(STABLE | REMOVED, 2)),
        Some(mi(STABLE | IMPEDANCE | REMOVED, 2)),
        None,
    ] {
        let mut joiner = joiner();
        joiner.handle_xiaomi(Tick(0), &mi(STABLE, 1));
        match &end {
            Some(value) => joiner.handle_xiaomi(Tick(1), value),
            None => joiner.handle_disconnected(Tick(1)),
        }
        let first = records(&mut joiner);
        assert_eq!((first.len(), first[0].measurements.len()), (1, 1), "{end:?}");
        joiner.handle_xiaomi(Tick(2), &mi(STABLE | IMPEDANCE, 3));
        let second = records(&mut joiner);
        assert_eq!(
            (second.len(), second[0].measurements.len()),
            (1, 2),
            "{end:?}: the next person"
        );
    }
}

#[test]
fn the_earlier_deadline_of_two_is_the_next() {
    let mut joiner = joiner();
    joiner.handle_value(Tick(SECOND), Weight, &weight(None, None));
    joiner.handle_xiaomi(Tick(0), &mi(STABLE, 1));
    assert_eq!(joiner.poll_timeout(), Some(Tick(5 * SECOND)));
    joiner.handle_timeout(Tick(5 * SECOND));
    assert_eq!(records(&mut joiner)[0].protocol, "xiaomi");
    assert_eq!(joiner.poll_timeout(), Some(Tick(6 * SECOND)));
    joiner.handle_timeout(Tick(6 * SECOND));
    assert_eq!(records(&mut joiner)[0].protocol, "sig-wss");
}
