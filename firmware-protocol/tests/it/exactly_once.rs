//! Two endpoints and a line that drops, duplicates, reorders, flips and cuts, with power cuts on both sides.
//!
//! `PROPTEST_CASES=100000 cargo test --release` for the long run.

use proptest::prelude::*;

use crate::{
    line::{Faults, SECOND},
    world::{Happening, World},
};

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => prop_oneof![3 => 0..20_usize, 1 => 60..400_usize].prop_map(|values| Happening::Result { values }),
        3 => Just(Happening::Say),
        3 => Just(Happening::Ask),
        2 => (1..6 * SECOND).prop_map(|micros| Happening::PullCable { micros }),
        1 => Just(Happening::RestartDevice),
        1 => Just(Happening::RestartHost),
        1 => any::<bool>().prop_map(Happening::DiskFull),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let rate = || prop_oneof![2 => Just(0_u16), 2 => 0..100_u16, 1 => 100..600_u16];
    (rate(), rate(), rate(), rate(), rate()).prop_map(|(drop, duplicate, delay, flip, cut)| Faults {
        drop,
        duplicate,
        delay,
        flip,
        cut,
    })
}

proptest! {
    #[test]
    fn every_result_arrives_exactly_once_and_the_handshake_always_recovers(
        seed: u64,
        faults in faults(),
        fsync in prop_oneof![Just(1000_u64), 1000..SECOND],
        happenings in prop::collection::vec((0..SECOND, happening()), 0..16),
    ) {
        let mut world = World::new(seed);
        world.faults = faults;
        world.fsync = fsync;
        for (pause, happening) in happenings {
            world.run_until(world.now + pause);
            world.happen(happening);
        }
        world.run_until(world.now + SECOND);

        // The line heals and the disk has room: from here on, everything has to come right by itself.
        world.faults = Faults::default();
        world.happen(Happening::PullCable { micros: 0 });
        world.happen(Happening::DiskFull(false));
        let healed = world.now;
        prop_assert!(
            world.run_to(healed + 6 * SECOND, |world| world.device_connected && world.host_connected),
            "no session six seconds after the line healed"
        );
        prop_assert!(
            world.run_to(healed + 120 * SECOND, World::is_quiet),
            "{} of {} results stored", world.stored.len(), world.measured.len()
        );
        let in_order: Vec<_> = world.measured.iter().map(|(key, _)| *key).collect();
        prop_assert_eq!(&world.stored, &in_order);
        // Nothing comes a second time when the scanner's patience with unconfirmed results ends.
        world.run_until(world.now + 65 * SECOND);
        prop_assert_eq!(world.stored.len(), world.measured.len());
    }
}
