//! A scanner's end against a bridge that does the handshake and then says anything.
#![no_main]

use firmware_protocol::*;
use libfuzzer_sys::fuzz_target;
use peer::{Op, Peer};

fuzz_target!(|input: &[u8]| {
    let mut input = input;
    let mut now = Instant::START;
    let identity = Identity {
        device: DeviceId([1; 16]),
        boot: 1,
        uptime_ms: 0,
        maker: text("m"),
        model: text("m"),
        serial: text("s"),
        firmware: text("f"),
        capabilities: Capabilities::default(),
    };
    let mut device = Device::new(identity, RamStore::<4, 700>::new(), LineConfig::new(1), now);
    let mut peer = Peer::new(Side::Host);
    let mut kept = 0;
    let mut connected = false;
    while let Some(op) = peer.next(&mut input) {
        match op {
            Op::Bytes(bytes) => device.handle_bytes(now, &bytes),
            Op::Wait(micros) => {
                now = now + micros;
                device.handle_timeout(now);
            }
            Op::Line(up) => device.handle_line(now, up),
            Op::Act(what, with) => {
                let scan = ScanRef::WalkUp(u32::from(with[0]));
                let _ = match what % 5 {
                    0 => device.progress(Progress {
                        scan,
                        stage: Stage::from_code(with[1]),
                        percent: with[2],
                    }),
                    1 => device.ended(scan, Ending::Cancelled),
                    2 => device.fault(Fault::from_code(with[1]), 7),
                    3 => device.log(LogLevel::Info, "line"),
                    _ => {
                        let record = vec![with[1]; usize::from(with[2]) * 3 % 700];
                        if device
                            .store_mut()
                            .append(
                                ResultNumber {
                                    boot: 1,
                                    number: kept + 1,
                                },
                                &record,
                            )
                            .is_ok()
                        {
                            kept += 1;
                        }
                        Ok(())
                    }
                };
            }
        }
        while let Some(event) = device.poll_event() {
            match event {
                DeviceEvent::Connected { .. } => assert!(!std::mem::replace(&mut connected, true)),
                DeviceEvent::Disconnected(_) => assert!(std::mem::replace(&mut connected, false)),
                _ => {}
            }
        }
        assert_eq!(connected, device.is_connected());
        let mut frames = 0;
        while let Some(frame) = device.poll_transmit(now) {
            peer.hear(frame);
            frames += 1;
            assert!(frames < 64, "it never comes to rest");
        }
        let _ = device.poll_timeout();
    }
});
