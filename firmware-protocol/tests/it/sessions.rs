//! Sessions: who meets whom, what an older or newer side makes of the other, and what becomes of results between them.

use firmware_protocol::{
    frame::{self, Frame, FrameReader, Hello, MAX_FRAME},
    *,
};

use crate::sample;

type Store = RamStore<4, 1200>;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn device(seed: u32) -> Device<Store> {
    Device::new(sample::identity(7), RamStore::new(), LineConfig::new(seed), at(0))
}

fn host(seed: u32) -> Host {
    Host::new(LineConfig::new(seed), at(0))
}

fn versions(oldest: u8, newest: u8) -> LineConfig {
    LineConfig {
        versions: VersionRange { oldest, newest },
        ..LineConfig::new(u32::from(newest))
    }
}

/// What both sides heard.
#[derive(Default)]
struct Heard {
    at_device: Vec<DeviceEvent>,
    /// Events of the host in words, results as `result 7-3`.
    at_host: Vec<String>,
    /// What the scanner sent.
    from_device: Vec<u8>,
}

/// Lets both talk at one moment until nobody has anything to say. The host stores what it gets if `store` says so.
fn talk_with(device: &mut Device<Store>, host: &mut Host, now: Instant, store: impl Fn(ResultKey) -> bool) -> Heard {
    let mut heard = Heard::default();
    loop {
        let mut quiet = true;
        device.handle_timeout(now);
        host.handle_timeout(now);
        heard.at_device.extend(std::iter::from_fn(|| device.poll_event()));
        drain_host(host, &mut heard, &store);
        while let Some(frame) = device.poll_transmit(now) {
            quiet = false;
            heard.from_device.extend_from_slice(frame);
            host.handle_bytes(now, frame);
            drain_host(host, &mut heard, &store);
        }
        while let Some(frame) = host.poll_transmit(now) {
            quiet = false;
            device.handle_bytes(now, frame);
            heard.at_device.extend(std::iter::from_fn(|| device.poll_event()));
        }
        if quiet {
            return heard;
        }
    }
}

/// Lets both talk whose clocks differ, until nobody has anything to say; what the host heard.
fn talk_late(device: &mut Device<Store>, host: &mut Host, at_host: Instant, at_device: Instant) -> Vec<String> {
    let mut heard = Heard::default();
    loop {
        let mut quiet = true;
        while let Some(frame) = device.poll_transmit(at_device) {
            quiet = false;
            host.handle_bytes(at_host, frame);
            drain_host(host, &mut heard, |_| true);
        }
        while let Some(frame) = host.poll_transmit(at_host) {
            quiet = false;
            device.handle_bytes(at_device, frame);
            while device.poll_event().is_some() {}
        }
        if quiet {
            return heard.at_host;
        }
    }
}

fn talk(device: &mut Device<Store>, host: &mut Host, now: Instant) -> Heard {
    talk_with(device, host, now, |_| true)
}

fn drain_host(host: &mut Host, heard: &mut Heard, store: impl Fn(ResultKey) -> bool) {
    loop {
        let mut got = None;
        let words = match host.poll_event() {
            None => return,
            Some(HostEvent::Connected(identity)) => format!("connected {}", identity.boot),
            Some(HostEvent::Disconnected(reason)) => format!("disconnected {reason:?}"),
            Some(HostEvent::Incompatible(versions)) => format!("incompatible {versions}"),
            Some(HostEvent::Progress(progress)) => format!("{} {}", progress.stage.word(), progress.percent),
            Some(HostEvent::Ended { ending, .. }) => format!("{ending:?}"),
            Some(HostEvent::Fault { fault, .. }) => fault.word().to_owned(),
            Some(HostEvent::Log { text, .. }) => text.as_str().to_owned(),
            Some(HostEvent::Result(received)) => {
                got = Some(received.key);
                let kind = if received.record.is_ok() { "result" } else { "damaged" };
                format!("{kind} {}", received.key.result)
            }
        };
        heard.at_host.push(words);
        if let Some(key) = got {
            if store(key) {
                host.confirm_stored(key);
            } else {
                host.forget(key);
            }
        }
    }
}

fn keep(device: &mut Device<Store>, number: u32) -> ResultKey {
    let result = ResultNumber { boot: 7, number };
    device.store_mut().append(result, &sample::record(result, 100)).unwrap();
    ResultKey {
        device: sample::identity(7).device,
        result,
    }
}

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
    drain_host(&mut host, &mut heard, |_| true);
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
fn old_firmware_and_a_new_bridge_speak_the_newest_version_both_know() {
    for (old, new, common) in [((1, 1), (1, 9), 1), ((2, 5), (4, 9), 5), ((4, 9), (2, 5), 5)] {
        let mut device = Device::new(sample::identity(7), RamStore::new(), versions(old.0, old.1), at(0));
        let mut host = Host::new(versions(new.0, new.1), at(0));
        let heard = talk(&mut device, &mut host, at(0));
        assert_eq!(heard.at_device, [DeviceEvent::Connected { version: common }]);
        assert_eq!(host.version(), Some(common));
    }
}

#[test]
fn sides_without_a_common_version_say_so_once_and_meet_after_an_update() {
    let mut device = Device::new(sample::identity(7), RamStore::new(), versions(1, 3), at(0));
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

/// A side of a later version, played by hand.
struct Newer {
    side: Side,
    hello: Hello,
    session: u32,
    seq: u8,
}

impl Newer {
    fn new(side: Side) -> Self {
        let versions = VersionRange { oldest: 1, newest: 9 };
        Self {
            side,
            hello: Hello {
                nonce: 77,
                seen: 0,
                versions,
            },
            session: 0,
            seq: 0,
        }
    }

    /// The hello of a later version: with more behind it.
    fn greet(&mut self) -> Vec<u8> {
        let mut raw = vec![if self.side == Side::Device { 0x11 } else { 0x21 }];
        raw.extend_from_slice(b"SL");
        raw.extend_from_slice(&self.hello.nonce.to_le_bytes());
        raw.extend_from_slice(&self.hello.seen.to_le_bytes());
        raw.extend_from_slice(&[1, 9, 0xAA, 0xBB]);
        raw.extend_from_slice(&frame::crc32(&raw).to_le_bytes());
        let mut encoded = vec![0; cobs::max_encoding_length(raw.len())];
        let length = cobs::encode(&raw, &mut encoded);
        encoded.truncate(length);
        encoded.push(0);
        encoded
    }

    fn say(&mut self, message: &[u8]) -> Vec<u8> {
        let parts = message.chunks(frame::MAX_PAYLOAD);
        let last = parts.len() - 1;
        let mut bytes = Vec::new();
        for (index, payload) in parts.enumerate() {
            let mut buffer = [0; MAX_FRAME];
            let part = Frame::Part {
                session: self.session,
                seq: self.seq,
                index: u8::try_from(index).unwrap(),
                last: index == last,
                payload,
            };
            let length = frame::encode(self.side, &part, &mut buffer);
            bytes.extend_from_slice(&buffer[..length]);
        }
        self.seq = self.seq.wrapping_add(1);
        bytes
    }

    /// Hears frames; returns the numbers of the messages that were acknowledged.
    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut reader = FrameReader::new();
        let mut done = Vec::new();
        for byte in bytes {
            match reader.push(*byte) {
                Some(Ok((_, Frame::Hello(hello)))) => {
                    self.hello.seen = hello.nonce;
                    let (device, host) = match self.side {
                        Side::Device => (self.hello.nonce, hello.nonce),
                        Side::Host => (hello.nonce, self.hello.nonce),
                    };
                    let pair = [device.to_le_bytes(), host.to_le_bytes()].concat();
                    self.session = frame::crc32(&pair);
                }
                Some(Ok((_, Frame::Done { seq, .. }))) => done.push(seq),
                _ => {}
            }
        }
        done
    }
}

fn sent(mut poll: impl FnMut() -> Option<Vec<u8>>) -> Vec<u8> {
    std::iter::from_fn(&mut poll).flatten().collect()
}

#[test]
fn an_old_bridge_acknowledges_what_a_newer_scanner_says_and_keeps_what_it_knows() {
    let (mut host, mut scanner) = (host(1), Newer::new(Side::Device));
    host.handle_bytes(at(0), &scanner.greet());
    scanner.hear(&sent(|| host.poll_transmit(at(0)).map(<[u8]>::to_vec)));
    host.handle_bytes(at(0), &scanner.greet());

    let mut buffer = [0; MAX_MESSAGE];
    let length = DeviceMessage::Identity(sample::identity(7)).encode(&mut buffer);
    let mut identity = buffer[..length].to_vec();
    identity.extend_from_slice(b"appended by version 9");
    let stage = [1, 0, 1, 200, 5]; // progress of walk-up 1 in a stage of a later version
    let mut heard = Heard::default();
    let mut done = Vec::new();
    for message in [&identity[..], &[99, 1, 2, 3], &stage, &[3]] {
        let frame = scanner.say(message);
        host.handle_bytes(at(0), &frame);
        drain_host(&mut host, &mut heard, |_| true);
        done.extend(scanner.hear(&sent(|| host.poll_transmit(at(0)).map(<[u8]>::to_vec))));
    }
    assert_eq!(heard.at_host, ["connected 7", "other 5"]);
    assert_eq!(done, [0, 1, 2, 3]);
    assert_eq!(host.counters().unknown_messages, 2);
}

#[test]
fn old_firmware_acknowledges_what_a_newer_bridge_says_and_obeys_what_it_knows() {
    let (mut device, mut bridge) = (device(1), Newer::new(Side::Host));
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

#[test]
fn a_result_is_sent_until_it_is_stored_and_forgotten_then() {
    let (mut device, mut host) = (device(1), host(2));
    keep(&mut device, 1);
    keep(&mut device, 2);
    // The disk is full.
    let heard = talk_with(&mut device, &mut host, at(0), |_| false);
    assert_eq!(heard.at_host, ["connected 7", "result 7-1"]);
    for second in 1..30 {
        assert!(
            talk_with(&mut device, &mut host, at(1000 * second), |_| false)
                .at_host
                .is_empty()
        );
    }
    assert_eq!(
        talk_with(&mut device, &mut host, at(30_000), |_| false).at_host,
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
    let heard = talk_with(&mut device, &mut host, at(0), |_| false);
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
    device = Device::new(sample::identity(7), RamStore::new(), LineConfig::new(3), at(0));
    keep(&mut device, 1);
    let mut at_host = talk_late(&mut device, &mut host, at(62_000), at(1_000));
    at_host.retain(|words| !words.starts_with("disconnected"));
    assert_eq!(at_host, ["connected 7", "result 7-1"]);
}

#[test]
fn a_new_bridge_gets_a_result_that_was_not_stored_at_once() {
    let (mut device, mut host) = (device(1), host(2));
    keep(&mut device, 1);
    // The program dies with the result in its hands, and the disk knows nothing of it.
    let dies = talk_with(&mut device, &mut host, at(0), |_| false);
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
        let (mut host, mut scanner) = (host(1), Newer::new(Side::Device));
        host.handle_bytes(at(0), &scanner.greet());
        scanner.hear(&sent(|| host.poll_transmit(at(0)).map(<[u8]>::to_vec)));
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

#[test]
fn no_byte_of_a_record_is_printed_for_debugging() {
    let (mut device, mut host) = (device(1), host(2));
    let mut listener = Listener::new();
    let result = keep(&mut device, 1).result;
    let record = sample::record(result, 100);
    let mut shown = String::new();
    let from_device = talk_with(&mut device, &mut host, at(0), |_| false).from_device;
    let mut reader = FrameReader::new();
    for byte in from_device {
        if let Some(heard) = listener.push(byte) {
            shown += &format!("{heard:?}");
        }
        if let Some(frame) = reader.push(byte) {
            shown += &format!("{frame:?}");
        }
    }
    let received = Received {
        key: keep(&mut device, 2),
        bytes: &record,
        record: Record::parse(&record),
    };
    let items = received.record.as_ref().unwrap().items();
    shown += &format!("{received:?} {items:?} {device:?} {host:?} {listener:?} {reader:?}");
    shown += &format!("{:?}", device.store_mut());
    assert!(shown.contains("385"), "{shown}");
    for bytes in record.windows(4) {
        let bytes = format!("{bytes:?}");
        assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "{bytes} in {shown}");
    }
}

#[test]
fn progress_that_waits_is_replaced_and_everything_else_keeps_its_order() {
    let (mut device, mut host) = (device(1), host(2));
    let scan = ScanRef::WalkUp(1);
    let progress = |percent| Progress {
        scan,
        stage: Stage::Weighing,
        percent,
    };
    assert_eq!(device.progress(progress(0)), Err(NotSent::NotConnected));
    talk(&mut device, &mut host, at(0));
    for percent in [10, 20, 30] {
        device.progress(progress(percent)).unwrap();
    }
    device.fault(Fault::Power, 3).unwrap();
    device.progress(progress(40)).unwrap();
    device.ended(scan, Ending::Failed(Fault::PersonMoved)).unwrap();
    assert_eq!(device.log(LogLevel::Info, "one too many"), Err(NotSent::Busy));
    let heard = talk(&mut device, &mut host, at(0)).at_host;
    assert_eq!(heard, ["weighing 30", "power", "weighing 40", "Failed(PersonMoved)"]);
}

#[test]
fn progress_that_is_under_way_is_not_replaced() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    let progress = |percent| Progress {
        scan: ScanRef::WalkUp(1),
        stage: Stage::Weighing,
        percent,
    };
    device.progress(progress(10)).unwrap();
    let under_way = device.poll_transmit(at(0)).unwrap().to_vec();
    device.progress(progress(20)).unwrap();
    device.progress(progress(30)).unwrap();
    host.handle_bytes(at(0), &under_way);
    assert_eq!(
        talk(&mut device, &mut host, at(0)).at_host,
        ["weighing 10", "weighing 30"]
    );
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

#[test]
fn a_listener_reads_a_capture_without_taking_part() {
    let (mut device, mut host) = (device(1), host(2));
    keep(&mut device, 1);
    let heard = talk(&mut device, &mut host, at(0));
    let mut listener = Listener::new();
    let mut words = Vec::new();
    for byte in b"noise\0".iter().chain(&heard.from_device) {
        match listener.push(*byte) {
            Some(firmware_protocol::Heard::Noise(_)) => words.push("noise".to_owned()),
            Some(firmware_protocol::Heard::Message(DeviceMessage::Identity(identity))) => {
                words.push(identity.model.as_str().to_owned());
            }
            Some(firmware_protocol::Heard::Result(_, bytes, record)) => {
                words.push(format!(
                    "{} bytes, {} items",
                    bytes.len(),
                    record.unwrap().items().count()
                ));
            }
            _ => {}
        }
    }
    assert_eq!(words, ["noise", "BC-1", "385 bytes, 100 items"]);
}
