//! A bridge's end against a scanner that does the handshake and then says anything. No result is given out twice, unless the
//! scanner's count of starts or its uptime went back in between.
#![no_main]

use std::collections::HashSet;

use firmware_protocol::*;
use libfuzzer_sys::fuzz_target;
use peer::{Op, Peer};

fuzz_target!(|input: &[u8]| {
    let mut input = input;
    let mut now = Instant::START;
    let mut host = Host::new(LineConfig::new(1), now);
    let mut peer = Peer::new(Side::Device);
    let mut given_out = HashSet::new();
    let mut order = Vec::new();
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
                        if let Some(key) = order.get(usize::from(with[0])) {
                            host.confirm_stored(*key);
                        }
                        Ok(())
                    }
                };
            }
        }
        while let Some(event) = host.poll_event() {
            match event {
                HostEvent::Connected(identity) => {
                    let seen = last.replace((identity.device, identity.boot, identity.uptime_ms));
                    if last < seen {
                        given_out.clear();
                    }
                }
                HostEvent::Result(received) => {
                    // The memory holds eight: a scanner that sends a ninth before the first is confirmed breaks the protocol.
                    if order.len() < 8 {
                        assert!(given_out.insert(received.key), "given out twice");
                    }
                    order.push(received.key);
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
