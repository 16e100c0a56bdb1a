//! What becomes of a result between two sides.

use firmware_protocol::{
    frame::{Frame, FrameReader},
    *,
};

use crate::{
    by_hand::{ByHand, sent},
    sample,
    talk::{Heard, Store, at, device, drain_host, host, keep, talk, talk_by_two_clocks, talk_unstored},
};

#[test]
fn a_result_is_sent_until_it_is_stored_and_forgotten_then() {
    let (mut device, mut host) = (device(1), host(2));
    keep(&mut device, 1);
    keep(&mut device, 2);
    // The disk is full.
    let heard = talk_unstored(&mut device, &mut host, at(0));
    assert_eq!(heard.at_host, ["connected 7", "result 7-1"]);
    for second in 1..30 {
        assert!(
            talk_unstored(&mut device, &mut host, at(1000 * second))
                .at_host
                .is_empty()
        );
    }
    assert_eq!(
        talk_unstored(&mut device, &mut host, at(30_000)).at_host,
        ["result 7-1"]
    );
    for second in 31..60 {
        assert!(talk(&mut device, &mut host, at(1000 * second)).at_host.is_empty());
    }
    assert_eq!(
        talk(&mut device, &mut host, at(60_000)).at_host,
        ["result 7-1", "result 7-2"]
    );
    assert_eq!(device.store_mut().oldest(), None);
}

#[test]
fn a_new_bridge_that_has_the_result_says_so_without_taking_it_again() {
    let (mut device, mut host) = (device(1), host(2));
    let key = keep(&mut device, 1);
    // The bridge dies between the disk and the confirmation.
    let heard = talk_unstored(&mut device, &mut host, at(0));
    assert!(heard.at_host.contains(&"result 7-1".to_owned()));
    host = self::host(3);
    host.confirm_stored(key);
    let heard = talk(&mut device, &mut host, at(1));
    assert_eq!(heard.at_host, ["connected 7"]);
    let stored = DeviceEvent::Stored(key.result);
    assert!(heard.at_device.contains(&stored), "{:?}", heard.at_device);
    assert_eq!(device.store_mut().oldest(), None);
}

#[test]
fn a_new_bridge_gets_a_result_that_was_not_stored_at_once() {
    let (mut device, mut host) = (device(1), host(2));
    keep(&mut device, 1);
    // The program dies with the result in its hands, and the disk knows nothing of it.
    let dies = talk_unstored(&mut device, &mut host, at(0));
    assert_eq!(dies.at_host, ["connected 7", "result 7-1"]);
    host = self::host(3);
    assert_eq!(
        talk(&mut device, &mut host, at(1)).at_host,
        ["connected 7", "result 7-1"]
    );
}

#[test]
fn a_result_that_turns_out_to_be_stored_is_not_sent_to_its_end() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    let key = keep(&mut device, 1);
    let first = device.poll_transmit(at(0)).unwrap().to_vec();
    host.handle_bytes(at(0), &first[..20]);
    host.confirm_stored(key);
    host.handle_bytes(at(0), &first[20..]);
    let answer = host.poll_transmit(at(0)).unwrap().to_vec();
    device.handle_bytes(at(0), &answer);
    let stored = host.poll_transmit(at(0)).unwrap().to_vec();
    device.handle_bytes(at(0), &stored);
    assert_eq!(device.poll_event(), Some(DeviceEvent::Stored(key.result)));
    let confirmation = device.poll_transmit(at(0)).unwrap().len();
    assert!(
        confirmation < 20 && device.poll_transmit(at(0)).is_none(),
        "the second part was sent"
    );
}

#[test]
fn a_scanner_whose_memory_was_erased_does_not_have_a_new_result_taken_for_an_old_one() {
    let (mut device, mut host) = (device(1), host(2));
    keep(&mut device, 1);
    let heard = talk(&mut device, &mut host, at(60_000));
    assert_eq!(heard.at_host, ["connected 7", "result 7-1"]);
    // The session is lost and found, and a result comes a second time: that is known.
    device.handle_line(at(61_000), false);
    device.handle_line(at(61_000), true);
    keep(&mut device, 1);
    let heard = talk(&mut device, &mut host, at(61_000));
    assert_eq!(heard.at_host, ["disconnected PeerRestarted", "connected 7"]);
    // Started again under the same count: the next person's first result has the key of the old one.
    device = Device::new(sample::identity(7), Store::new(), LineConfig::new(3), at(0));
    keep(&mut device, 1);
    let mut at_host = talk_by_two_clocks(&mut device, &mut host, (at(1_000), at(62_000)), true).at_host;
    at_host.retain(|words| !words.starts_with("disconnected"));
    assert_eq!(at_host, ["connected 7", "result 7-1"]);
}

#[test]
fn damage_in_the_scanners_memory_is_handed_over_as_such_and_holds_nothing_up() {
    let (mut device, mut host) = (device(1), host(2));
    let result = ResultNumber { boot: 7, number: 1 };
    let mut record = sample::record(result, 10);
    record[30] ^= 4;
    device.store_mut().append(result, &record).unwrap();
    keep(&mut device, 2);
    assert_eq!(
        talk(&mut device, &mut host, at(0)).at_host,
        ["connected 7", "damaged 7-1", "result 7-2"]
    );
}

/// Memory whose oldest entry has lost its length, as where flash was erased.
struct Garbled(RamStore<4, 1200>);

impl Garbled {
    const RESULT: ResultNumber = ResultNumber { boot: 7, number: 1 };
}

impl ResultStore for Garbled {
    fn oldest(&self) -> Option<Waiting> {
        let oldest = self.0.oldest()?;
        let length = if oldest.result == Self::RESULT {
            0xFFFF_FFFF
        } else {
            oldest.length
        };
        Some(Waiting { length, ..oldest })
    }

    fn read(&self, result: ResultNumber, offset: usize, into: &mut [u8]) {
        self.0.read(result, offset, into);
    }

    fn remove(&mut self, result: ResultNumber) -> bool {
        self.0.remove(result)
    }
}

#[test]
fn a_record_longer_than_any_can_be_is_handed_over_as_damaged_and_holds_nothing_up() {
    let mut store = RamStore::new();
    for number in [1, 2] {
        let result = ResultNumber { boot: 7, number };
        store.append(result, &sample::record(result, 100)).unwrap();
    }
    let mut device = Device::new(sample::identity(7), Garbled(store), LineConfig::new(1), at(0));
    let heard = talk(&mut device, &mut host(2), at(0)).at_host;
    assert_eq!(heard, ["connected 7", "damaged 7-1", "result 7-2"]);
}

/// What the bridge hears of a scanner that says something again before each of its frames.
fn hear_a_loop(device: &mut Device<Store>, host: &mut Host, say: impl Fn(&mut Device<Store>)) -> Vec<String> {
    let mut heard = Heard::default();
    for _ in 0..8 {
        say(device);
        let frame = device.poll_transmit(at(0)).expect("there is always something to say");
        host.handle_bytes(at(0), frame);
        drain_host(host, &mut heard, true);
        while let Some(frame) = host.poll_transmit(at(0)) {
            device.handle_bytes(at(0), frame);
            while device.poll_event().is_some() {}
        }
    }
    heard.at_host
}

#[test]
fn a_scanner_that_logs_in_its_loop_sends_its_results_in_turn_with_the_lines() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    keep(&mut device, 1);
    keep(&mut device, 2);
    let heard = hear_a_loop(&mut device, &mut host, |device| {
        while device.log(LogLevel::Debug, "line").is_ok() {}
    });
    assert_eq!(heard[..4], ["line", "result 7-1", "line", "result 7-2"]);
}

#[test]
fn the_end_of_a_scan_comes_before_its_result_if_nothing_else_waits() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    let result = keep(&mut device, 1).result;
    device.ended(ScanRef::WalkUp(1), Ending::Completed(result)).unwrap();
    let heard = talk(&mut device, &mut host, at(0)).at_host;
    assert_eq!(
        heard,
        [format!("{:?}", Ending::Completed(result)), "result 7-1".to_owned()]
    );
}

/// What firmware says of the scan of this number in one go, and what the bridge shall hear.
fn scan(device: &mut Device<Store>, number: u32) -> [String; 4] {
    let scan = ScanRef::WalkUp(number);
    let ending = Ending::Completed(ResultNumber { boot: 7, number });
    let stage = Stage::Calculating;
    device.log(LogLevel::Info, "line").unwrap();
    device
        .progress(Progress {
            scan,
            stage,
            percent: 0,
        })
        .unwrap();
    keep(device, number);
    device.ended(scan, ending).unwrap();
    [
        "line".to_owned(),
        "calculating 0".to_owned(),
        format!("{ending:?}"),
        format!("result 7-{number}"),
    ]
}

#[test]
fn a_result_does_not_overtake_what_is_said_of_its_scan_in_one_go() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    for number in [1, 2] {
        let said = scan(&mut device, number);
        assert_eq!(talk(&mut device, &mut host, at(0)).at_host, said);
    }
}

#[test]
fn a_result_does_not_overtake_its_scan_after_another_one_was_confirmed_in_its_turn() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    let known = keep(&mut device, 1);
    device.log(LogLevel::Info, "line").unwrap();
    // The line has gone first, and it would be the turn of result 1, which the bridge has on disk already.
    let line = device.poll_transmit(at(0)).unwrap().to_vec();
    host.confirm_stored(known);
    while let Some(frame) = host.poll_transmit(at(0)) {
        device.handle_bytes(at(0), frame);
        while device.poll_event().is_some() {}
    }
    let said = scan(&mut device, 2);
    host.handle_bytes(at(0), &line);
    let heard = talk(&mut device, &mut host, at(0)).at_host;
    assert_eq!((heard[0].as_str(), &heard[1..]), ("line", &said[..]));
}

#[test]
fn a_scanner_that_repeats_the_end_of_a_scan_in_its_loop_sends_its_result() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    let ending = Ending::Completed(keep(&mut device, 1).result);
    let heard = hear_a_loop(&mut device, &mut host, |device| {
        while device.ended(ScanRef::WalkUp(1), ending).is_ok() {}
    });
    assert_eq!(heard[..2], [format!("{ending:?}"), "result 7-1".to_owned()]);
}

#[test]
fn a_result_that_is_confirmed_twice_is_forgotten_once() {
    let (mut device, mut bridge) = (device(1), ByHand::new(Side::Host));
    let result = keep(&mut device, 1).result;
    device.handle_bytes(at(0), &bridge.greet());
    bridge.hear(&sent(|| device.poll_transmit(at(0)).map(<[u8]>::to_vec)));
    let mut buffer = [0; MAX_MESSAGE];
    let length = HostMessage::Stored(result).encode(&mut buffer);
    let mut events = Vec::new();
    for _ in 0..2 {
        device.handle_bytes(at(0), &bridge.say(&buffer[..length]));
        events.extend(std::iter::from_fn(|| device.poll_event()));
    }
    let connected = DeviceEvent::Connected { version: 1 };
    assert_eq!(events, [connected, DeviceEvent::Stored(result)]);
}

#[test]
fn what_a_newer_scanner_appends_to_a_result_is_skipped_and_the_record_is_kept_as_it_is() {
    let result = ResultNumber { boot: 7, number: 1 };
    let record = sample::record(result, 100);
    let (mut host, mut scanner) = (host(1), ByHand::new(Side::Device));
    scanner.meet(&mut host);
    let mut buffer = [0; MAX_MESSAGE];
    let length = DeviceMessage::Identity(sample::identity(7)).encode(&mut buffer);
    host.handle_bytes(at(0), &scanner.say(&buffer[..length]));
    assert!(matches!(host.poll_event(), Some(HostEvent::Connected(_))));

    let length = u16::try_from(record.len()).unwrap();
    let length = DeviceMessage::Result(ResultHead { result, length }).encode(&mut buffer);
    let bytes = scanner.say(&[&buffer[..length], &record, b"appended by version 9"].concat());
    host.handle_bytes(at(0), &bytes);
    let Some(HostEvent::Result(received)) = host.poll_event() else {
        panic!("no result")
    };
    assert_eq!(received.bytes, record);
    assert!(received.record.is_ok());

    let mut listener = Listener::new();
    let heard = bytes.iter().any(|byte| {
        matches!(listener.push(*byte), Some(firmware_protocol::Heard::Result(_, listened, Ok(_))) if listened == record)
    });
    assert!(heard);
}

#[test]
fn a_result_of_another_length_than_its_head_says_is_handed_over_as_damaged_and_confirmed() {
    let result = ResultNumber { boot: 7, number: 1 };
    let record = sample::record(result, 100);
    let overlong = vec![5; 5000];
    // Announced as so long; what comes; how much of it is handed over. Of the overlong one that is 17 parts without the head.
    for (announced, comes, kept) in [
        (record.len() - 1, &record, record.len()),
        (record.len() + 1, &record, record.len()),
        (MAX_RECORD, &overlong, 17 * 240 - 5),
    ] {
        let (mut host, mut scanner) = (host(1), ByHand::new(Side::Device));
        scanner.meet(&mut host);
        let mut buffer = [0; MAX_MESSAGE];
        let length = DeviceMessage::Identity(sample::identity(7)).encode(&mut buffer);
        host.handle_bytes(at(0), &scanner.say(&buffer[..length]));
        assert!(matches!(host.poll_event(), Some(HostEvent::Connected(_))));

        let length = u16::try_from(announced).unwrap();
        let head = ResultHead { result, length };
        let length = DeviceMessage::Result(head).encode(&mut buffer);
        let bytes = scanner.say(&[&buffer[..length], comes].concat());
        host.handle_bytes(at(0), &bytes);
        let Some(HostEvent::Result(received)) = host.poll_event() else {
            panic!("nothing of a result of {announced} bytes")
        };
        let key = received.key;
        assert_eq!((key.result, received.bytes), (result, &comes[..kept]));
        assert_eq!(received.record.err(), Some(RecordError::Malformed));
        host.confirm_stored(key);
        let answer = sent(|| host.poll_transmit(at(0)).map(<[u8]>::to_vec));
        let mut reader = FrameReader::new();
        let stored = answer.iter().any(|byte| match reader.push(*byte) {
            Some(Ok((Side::Host, Frame::Part { payload, .. }))) => {
                HostMessage::decode(payload) == Ok((HostMessage::Stored(result), &[][..]))
            }
            _ => false,
        });
        assert!(stored, "a result of {announced} bytes is sent for ever");

        let mut listener = Listener::new();
        let heard = bytes.iter().any(|byte| {
            matches!(
                listener.push(*byte),
                Some(firmware_protocol::Heard::Result(_, listened, Err(RecordError::Malformed)))
                    if *listened == comes[..kept]
            )
        });
        assert!(
            heard,
            "a listener takes a result of {announced} bytes for something else"
        );
    }
}
