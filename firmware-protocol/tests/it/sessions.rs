//! Sessions: who meets whom, and when they part.

use firmware_protocol::*;

use crate::talk::{Heard, at, device, drain_host, host, keep, talk};

#[test]
fn both_sides_meet_whoever_speaks_first_and_a_restart_of_either_is_noticed() {
    let (mut device, mut host) = (device(1), host(2));
    let heard = talk(&mut device, &mut host, at(0));
    assert_eq!(heard.at_device, [DeviceEvent::Connected { version: 1 }]);
    assert_eq!(heard.at_host, ["connected 7"]);

    device = self::device(3);
    assert_eq!(
        talk(&mut device, &mut host, at(10)).at_host,
        ["disconnected PeerRestarted", "connected 7"]
    );

    host = self::host(4);
    let restarted = DeviceEvent::Disconnected(CloseReason::PeerRestarted);
    assert_eq!(
        talk(&mut device, &mut host, at(20)).at_device,
        [restarted, DeviceEvent::Connected { version: 1 }]
    );
}

#[test]
fn a_scanner_that_has_the_same_seed_at_every_start_is_noticed_as_well() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    device.log(LogLevel::Info, "first life").unwrap();
    talk(&mut device, &mut host, at(0));
    device = self::device(1);
    keep(&mut device, 1);
    let heard = talk(&mut device, &mut host, at(10)).at_host;
    assert_eq!(heard, ["disconnected PeerRestarted", "connected 7", "result 7-1"]);
}

#[test]
fn silence_ends_a_session_and_signs_of_life_keep_it() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    for second in 1..20 {
        assert!(talk(&mut device, &mut host, at(1000 * second)).at_host.is_empty());
    }
    host.handle_timeout(at(30_000));
    let mut heard = Heard::default();
    drain_host(&mut host, &mut heard, true);
    assert_eq!(heard.at_host, ["disconnected Silence"]);
}

#[test]
fn an_echo_on_the_line_is_nobody() {
    let mut device = device(1);
    for _ in 0..5 {
        if let Some(frame) = device.poll_transmit(at(0)).map(<[u8]>::to_vec) {
            device.handle_bytes(at(0), &frame);
        }
    }
    assert_eq!(device.poll_event(), None);
    assert!(device.counters().echoes > 0 && !device.is_connected());
}

#[test]
fn half_a_frame_from_before_does_not_swallow_a_hello() {
    let (mut device, mut host) = (device(1), host(2));
    let hello = device.poll_transmit(at(0)).unwrap().to_vec();
    host.handle_bytes(at(0), &hello[..9]);
    host.handle_bytes(at(0), &hello);
    assert_eq!(
        (
            host.counters().frames,
            host.counters().not_frames + host.counters().bad_checksums
        ),
        (1, 1)
    );
}

#[test]
fn the_side_that_opens_first_tells_the_other_though_its_hello_was_lost() {
    let (mut device, mut host) = (device(1), host(2));
    // Their first hellos cross.
    let (from_device, from_host) = (
        device.poll_transmit(at(0)).unwrap().to_vec(),
        host.poll_transmit(at(0)).unwrap().to_vec(),
    );
    device.handle_bytes(at(0), &from_host);
    host.handle_bytes(at(0), &from_device);
    let from_device = device.poll_transmit(at(0)).unwrap().to_vec();
    host.poll_transmit(at(0)).expect("the hello that is lost");
    host.handle_bytes(at(0), &from_device);
    assert!(host.version().is_some() && !device.is_connected());
    let sign_of_life = host.poll_transmit(at(0)).unwrap().to_vec();
    device.handle_bytes(at(0), &sign_of_life);
    assert!(device.is_connected());
}

#[test]
fn a_side_that_lives_and_never_confirms_is_met_anew() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    device.log(LogLevel::Info, "is anybody listening").unwrap();
    for millis in (0..10_000).step_by(50) {
        // Only the signs of life of the host arrive.
        while device.poll_transmit(at(millis)).is_some() {}
        host.handle_timeout(at(millis));
        while let Some(frame) = host.poll_transmit(at(millis)) {
            device.handle_bytes(at(millis), frame);
        }
        device.handle_timeout(at(millis));
        if let Some(event) = device.poll_event() {
            assert!(
                matches!(
                    event,
                    DeviceEvent::Disconnected(CloseReason::Unanswered | CloseReason::PeerRestarted)
                ),
                "{event:?}"
            );
            return;
        }
    }
    panic!("the session lived on");
}
