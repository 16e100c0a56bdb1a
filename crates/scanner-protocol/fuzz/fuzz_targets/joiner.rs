//! Any values of a Bluetooth scale at any time: no panic, no deadline that has passed, nothing left after a disconnection.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner_protocol::{Characteristic, Event, Joiner, Options, Protocol, Tick, decode_again};

fuzz_target!(|data: &[u8]| {
    let mut joiner = Joiner::new(Options::default());
    let mut now = 0;
    let mut rest = data;
    while let [action, gap, length, values @ ..] = rest {
        let (value, behind) = values.split_at(usize::from(*length % 32).min(values.len()));
        rest = behind;
        now += u64::from(*gap) * 50_000;
        match action % 5 {
            0 => joiner.handle_value(Tick(now), Characteristic::BodyComposition, value),
            1 => joiner.handle_value(Tick(now), Characteristic::Weight, value),
            2 => joiner.handle_xiaomi(Tick(now), value),
            3 => joiner.handle_timeout(Tick(now)),
            _ => joiner.handle_disconnected(Tick(now)),
        }
        if action % 5 != 4 {
            assert!(joiner.poll_timeout().is_none_or(|deadline| deadline > Tick(now)));
        }
        while let Some(event) = joiner.poll_event() {
            let Event::Record(record) = event else { continue };
            let protocol: Protocol = record.protocol.parse().expect("a protocol");
            assert!(protocol == Protocol::Xiaomi || decode_again(protocol, &record.raw).is_ok());
        }
    }
    joiner.handle_disconnected(Tick(now));
    assert_eq!(joiner.poll_timeout(), None);
});
