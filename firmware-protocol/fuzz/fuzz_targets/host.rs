//! A bridge's end against a scanner that does the handshake and then says anything. None of the eight results that were given out or
//! confirmed last is given out twice, unless the scanner's count of starts or its uptime went back in between.
#![no_main]

use std::collections::VecDeque;

use firmware_protocol::*;
use libfuzzer_sys::fuzz_target;
use peer::{Op, Peer};

/// So many results a bridge's end remembers. A scanner that sends a ninth before the first is confirmed breaks the protocol.
const REMEMBERED: usize = 8;

fuzz_target!(|input: &[u8]| {
    let mut input = input;
    let mut now = Instant::START;
    let mut host = Host::new(LineConfig::new(1), now);
    let mut peer = Peer::new(Side::Device);
    let mut remembered = VecDeque::new();
    let mut last = None;
    while let Some(op) = peer.next(&mut input) {
        match op {
            Op::Bytes(bytes) => host.handle_bytes(now, &bytes),
            Op::Wait(micros) => {
                now = now + micros;
                host.handle_timeout(now);
            }
            Op::Line(up) => host.handle_line(now, up),
            Op::Act(what, with) => {
                let _ = match what % 4 {
                    0 => host.cancel(u32::from(with[0])),
                    1 => host.set_clock(Clock {
                        unix_seconds: 1,
                        offset_minutes: 2,
                    }),
                    _ => {
                        if let Some(key) = remembered.remove(usize::from(with[0]) % REMEMBERED) {
                            host.confirm_stored(key);
                            remembered.push_back(key);
                        }
                        Ok(())
                    }
                };
            }
        }
        while let Some(event) = host.poll_event() {
            match event {
                HostEvent::Connected(identity) => {
                    let said = (identity.device, identity.boot, identity.uptime_ms);
                    if last
                        .replace(said)
                        .is_some_and(|before| before.0 == said.0 && said < before)
                    {
                        remembered.retain(|key: &ResultKey| key.device != said.0);
                    }
                }
                HostEvent::Result(received) => {
                    assert!(!remembered.contains(&received.key), "given out twice");
                    if remembered.len() == REMEMBERED {
                        remembered.pop_front();
                    }
                    remembered.push_back(received.key);
                }
                _ => {}
            }
        }
        let mut frames = 0;
        while let Some(frame) = host.poll_transmit(now) {
            peer.hear(frame);
            frames += 1;
            assert!(frames < 64, "it never comes to rest");
        }
        let _ = host.poll_timeout();
    }
});
