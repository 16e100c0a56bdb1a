//! Sessions: who meets whom, and when they part.

use firmware_protocol::{
    frame::{Frame, FrameReader},
    *,
};

use crate::{
    by_hand::{ByHand, sent},
    talk::{Heard, Store, at, device, drain_host, host, keep, talk, talk_unstored},
};

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

/// The frames in `bytes` that `arrives` lets through, as they were.
fn sieved(bytes: &[u8], arrives: impl Fn(Frame<'_>) -> bool) -> Vec<u8> {
    let mut reader = FrameReader::new();
    bytes
        .split_inclusive(|byte| *byte == 0)
        .filter(|piece| {
            piece.iter().all(|byte| match reader.push(*byte) {
                Some(Ok((_, frame))) => arrives(frame),
                _ => true,
            })
        })
        .flatten()
        .copied()
        .collect()
}

/// Why the session ends, for the scanner, on a line that lets through so much of either side, and when; how many frames it sent until then.
/// The bridge has something to say of its own.
fn end_of_session(
    device: &mut Device<Store>,
    host: &mut Host,
    to_host: impl Fn(Frame<'_>) -> bool,
    to_device: impl Fn(Frame<'_>) -> bool,
) -> Option<(CloseReason, u64, usize)> {
    let mut frames = 0;
    let clock = Clock {
        unix_seconds: 1,
        offset_minutes: 0,
    };
    for millis in (0..60_000).step_by(22) {
        host.handle_timeout(at(millis));
        device.handle_timeout(at(millis));
        // A frame takes so long.
        if let Some(frame) = device.poll_transmit(at(millis)) {
            frames += 1;
            host.handle_bytes(at(millis), &sieved(frame, &to_host));
        }
        let mut heard = Heard::default();
        drain_host(host, &mut heard, true);
        while let Some(frame) = host.poll_transmit(at(millis)) {
            device.handle_bytes(at(millis), &sieved(frame, &to_device));
        }
        if millis % 1000 < 22 {
            // If there is room for it.
            let _ = host.set_clock(clock);
        }
        match device.poll_event() {
            None | Some(DeviceEvent::SetClock(_)) => {}
            Some(DeviceEvent::Disconnected(reason)) => return Some((reason, millis, frames)),
            Some(other) => panic!("{other:?}"),
        }
    }
    None
}

#[test]
fn a_side_that_lives_and_never_confirms_is_met_anew() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    device.log(LogLevel::Info, "is anybody listening").unwrap();
    let is_no_answer = |frame: Frame<'_>| !matches!(frame, Frame::Done { .. });
    let (reason, after, _) =
        end_of_session(&mut device, &mut host, |_| true, is_no_answer).expect("the session lived on");
    assert_eq!(reason, CloseReason::Unanswered);
    assert!((4000..6000).contains(&after), "{after} ms");
}

#[test]
fn a_part_that_never_arrives_ends_the_session_however_promptly_it_is_asked_for() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    keep(&mut device, 1);
    let is_not_the_first_part = |frame: Frame<'_>| {
        !matches!(
            frame,
            Frame::Part {
                index: 0,
                last: false,
                ..
            }
        )
    };
    let (reason, after, frames) =
        end_of_session(&mut device, &mut host, is_not_the_first_part, |_| true).expect("the session lived on");
    assert_eq!(reason, CloseReason::Unanswered);
    assert!((2000..8000).contains(&after), "{after} ms");
    assert!(frames < 100, "{frames} frames: the line is never full of repeats");
}

#[test]
fn a_side_that_says_hello_and_never_hears_us_has_no_session() {
    let (mut device, mut bridge) = (device(1), ByHand::new(Side::Host));
    let greeted = |device: &mut Device<Store>, bridge: &mut ByHand, millis| {
        device.handle_bytes(at(millis), &bridge.greet());
        device.handle_timeout(at(millis));
        let sent = sent(|| device.poll_transmit(at(millis)).map(<[u8]>::to_vec));
        std::iter::from_fn(|| device.poll_event()).for_each(drop);
        sent
    };
    let hello = greeted(&mut device, &mut bridge, 0);
    bridge.hear(&hello);
    greeted(&mut device, &mut bridge, 0);
    assert!(device.is_connected());
    // From here on nothing of ours arrives: it greets as it did.
    for millis in (250..3500).step_by(250) {
        greeted(&mut device, &mut bridge, millis);
        assert!(device.is_connected(), "{millis} ms");
    }
    for millis in (3500..5000).step_by(250) {
        greeted(&mut device, &mut bridge, millis);
    }
    assert!(!device.is_connected());
}

#[test]
fn a_scanner_that_sleeps_until_its_next_deadline_is_not_late_with_a_result_or_a_message() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    let rests = |device: &Device<Store>| device.poll_timeout().unwrap() > at(0);
    assert!(rests(&device));
    device.log(LogLevel::Info, "wake up").unwrap();
    assert!(!rests(&device), "a message waits");
    talk_unstored(&mut device, &mut host, at(0));
    assert!(rests(&device));
    keep(&mut device, 1);
    assert!(!rests(&device), "a result waits");
    talk_unstored(&mut device, &mut host, at(0));
    assert!(
        rests(&device),
        "it has arrived, and is sent again if nobody says that it is stored"
    );
    keep(&mut device, 2);
    assert!(rests(&device), "the first one goes first");
}
