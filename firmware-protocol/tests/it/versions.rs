//! What an older and a newer side make of each other.

use firmware_protocol::*;

use crate::{
    by_hand::{ByHand, sent},
    sample,
    talk::{Heard, Store, at, device, drain_host, host, talk},
};

fn versions(oldest: u8, newest: u8) -> LineConfig {
    LineConfig {
        versions: VersionRange { oldest, newest },
        ..LineConfig::new(u32::from(newest))
    }
}

#[test]
fn old_firmware_and_a_new_bridge_speak_the_newest_version_both_know() {
    for (old, new, common) in [((1, 1), (1, 9), 1), ((2, 5), (4, 9), 5), ((4, 9), (2, 5), 5)] {
        let mut device = Device::new(sample::identity(7), Store::new(), versions(old.0, old.1), at(0));
        let mut host = Host::new(versions(new.0, new.1), at(0));
        let heard = talk(&mut device, &mut host, at(0));
        assert_eq!(heard.at_device, [DeviceEvent::Connected { version: common }]);
        assert_eq!(host.version(), Some(common));
    }
}

#[test]
fn sides_without_a_common_version_say_so_once_and_meet_after_an_update() {
    let mut device = Device::new(sample::identity(7), Store::new(), versions(1, 3), at(0));
    let mut host = Host::new(versions(4, 9), at(0));
    let heard = talk(&mut device, &mut host, at(0));
    assert_eq!(heard.at_host, ["incompatible 1 to 3"]);
    assert_eq!(
        heard.at_device,
        [DeviceEvent::Incompatible(VersionRange { oldest: 4, newest: 9 })]
    );
    for second in 1..30 {
        let heard = talk(&mut device, &mut host, at(1000 * second));
        assert!(heard.at_host.is_empty() && heard.at_device.is_empty());
    }
    host = Host::new(versions(3, 10), at(0));
    assert_eq!(talk(&mut device, &mut host, at(40_000)).at_host, ["connected 7"]);
}

#[test]
fn a_side_without_a_common_version_that_falls_silent_is_gone_and_told_again_when_it_comes_back() {
    let mut device = Device::new(sample::identity(7), Store::new(), versions(1, 3), at(0));
    let mut host = Host::new(versions(4, 9), at(0));
    talk(&mut device, &mut host, at(0));
    let mut heard = Heard::default();
    let mut device_heard = Vec::new();
    for second in 1..60 {
        let now = at(1000 * second);
        host.handle_timeout(now);
        device.handle_timeout(now);
        // The cable is out.
        while host.poll_transmit(now).is_some() || device.poll_transmit(now).is_some() {}
        drain_host(&mut host, &mut heard, true);
        device_heard.extend(std::iter::from_fn(|| device.poll_event()));
        assert!(heard.at_host.is_empty() || second > 10, "two hellos may be lost");
    }
    assert_eq!(heard.at_host, ["disconnected Silence"]);
    assert_eq!(device_heard, [DeviceEvent::Disconnected(CloseReason::Silence)]);
    assert_eq!(
        talk(&mut device, &mut host, at(60_000)).at_host,
        ["incompatible 1 to 3"]
    );
    // Its port is closed.
    host.handle_line(at(61_000), false);
    heard.at_host.clear();
    drain_host(&mut host, &mut heard, true);
    assert_eq!(heard.at_host, ["disconnected LineDown"]);
}

#[test]
fn a_side_that_speaks_other_versions_than_before_is_another_one_though_its_nonce_is_the_same() {
    let (mut device, mut bridge) = (device(1), ByHand::new(Side::Host));
    let mut greet = |oldest, newest| {
        bridge.speak(oldest, newest);
        // The second hello has seen the scanner's nonce.
        for _ in 0..2 {
            device.handle_bytes(at(0), &bridge.greet());
            bridge.hear(&sent(|| device.poll_transmit(at(0)).map(<[u8]>::to_vec)));
        }
        std::iter::from_fn(|| device.poll_event()).collect::<Vec<_>>()
    };
    let incompatible = |oldest, newest| DeviceEvent::Incompatible(VersionRange { oldest, newest });
    let connected = DeviceEvent::Connected { version: 1 };
    let restarted = DeviceEvent::Disconnected(CloseReason::PeerRestarted);
    assert_eq!(greet(4, 9), [incompatible(4, 9)]);
    assert_eq!(greet(1, 9), std::slice::from_ref(&connected), "updated");
    assert_eq!(greet(1, 8), [restarted.clone(), connected]);
    assert_eq!(greet(4, 8), [restarted, incompatible(4, 8)], "and down again");
}

#[test]
fn an_old_bridge_acknowledges_what_a_newer_scanner_says_and_keeps_what_it_knows() {
    let (mut host, mut scanner) = (host(1), ByHand::new(Side::Device));
    scanner.meet(&mut host);

    let mut buffer = [0; MAX_MESSAGE];
    let length = DeviceMessage::Identity(sample::identity(7)).encode(&mut buffer);
    let mut identity = buffer[..length].to_vec();
    identity.extend_from_slice(b"appended by version 9");
    let stage = [1, 0, 1, 200, 5]; // progress of walk-up 1 in a stage of a later version
    let mut heard = Heard::default();
    let mut done = Vec::new();
    // Then a result that lacks the end of its head, and the end of a scan that lacks everything.
    for message in [&identity[..], &[99, 1, 2, 3], &stage, &[2, 7, 0x80], &[3]] {
        let frame = scanner.say(message);
        host.handle_bytes(at(0), &frame);
        drain_host(&mut host, &mut heard, true);
        done.extend(scanner.hear(&sent(|| host.poll_transmit(at(0)).map(<[u8]>::to_vec))));
    }
    assert_eq!(heard.at_host, ["connected 7", "other 5", "headless [2, 7, 128]"]);
    assert_eq!(done, [0, 1, 2, 3, 4]);
    assert_eq!(host.counters().unknown_messages, 3);
}

#[test]
fn old_firmware_acknowledges_what_a_newer_bridge_says_and_obeys_what_it_knows() {
    let (mut device, mut bridge) = (device(1), ByHand::new(Side::Host));
    device.handle_bytes(at(0), &bridge.greet());
    bridge.hear(&sent(|| device.poll_transmit(at(0)).map(<[u8]>::to_vec)));
    let mut events = Vec::new();
    let mut done = Vec::new();
    let too_long_for_firmware = [98; 240];
    for message in [&[77, 0, 0][..], &too_long_for_firmware, &[3, 42]] {
        let frame = bridge.say(message);
        device.handle_bytes(at(0), &frame);
        events.extend(std::iter::from_fn(|| device.poll_event()));
        done.extend(bridge.hear(&sent(|| device.poll_transmit(at(0)).map(<[u8]>::to_vec))));
    }
    assert_eq!(events, [DeviceEvent::Connected { version: 1 }, DeviceEvent::Cancel(42)]);
    assert_eq!(done, [0, 1, 2]);
}

#[test]
fn a_record_of_a_newer_scanner_keeps_its_known_values_and_skips_unknown_sections() {
    let result = ResultNumber { boot: 7, number: 1 };
    let mut record = sample::record(result, 2);
    record.truncate(record.len() - 4);
    record.extend_from_slice(&[3, 5, 0, 1, 2, 3, 4, 5]); // a section of kind 3
    record.extend_from_slice(&[1, 4, 0, 0xE7, 0x07, 1, 10]); // value 0.5 of metric 999
    record.extend_from_slice(&[2, 6, 0, 99, 88, 0, 8, 0, 7]); // path 99 at frequency 88: 4 and -4 ohms
    record.extend_from_slice(&frame::crc32(&record).to_le_bytes());
    let record = Record::parse(&record).unwrap();
    assert_eq!(record.unknown_sections, 1);
    let items: Vec<_> = record.items().collect();
    assert_eq!(items[2], Item::Value(MetricId(999), Decimal::new(5, 1)));
    let Item::Impedance(impedance) = items[3] else {
        panic!("an impedance")
    };
    assert_eq!(
        (impedance.segment, impedance.frequency),
        (Segment::Other(99), Frequency::Other(88))
    );
    assert_eq!(items.len(), 4);
}
