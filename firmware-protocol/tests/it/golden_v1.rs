//! The bytes of version 1.
//!
//! Scanners with this version stand in the field. If a test here fails, the code is wrong: revert it, and never edit this
//! file. What is new gets new message numbers, codes, metrics or record sections, and a golden file of its own version.

use firmware_protocol::{
    frame::{self, Frame, Hello, MAX_FRAME},
    *,
};

fn scanner_says(message: &DeviceMessage, expected: &[u8]) {
    let mut buffer = [0; MAX_MESSAGE];
    let length = message.encode(&mut buffer);
    assert_eq!(&buffer[..length], expected, "{message:?}");
    assert_eq!(DeviceMessage::decode(expected), Ok((message.clone(), &[][..])));
}

fn bridge_says(message: &HostMessage, expected: &[u8]) {
    let mut buffer = [0; MAX_MESSAGE];
    let length = message.encode(&mut buffer);
    assert_eq!(&buffer[..length], expected, "{message:?}");
    assert_eq!(HostMessage::decode(expected), Ok((message.clone(), &[][..])));
}

fn on_the_wire(from: Side, frame: &Frame<'_>, expected: &[u8]) {
    let mut buffer = [0; MAX_FRAME];
    let length = frame::encode(from, frame, &mut buffer);
    assert_eq!(&buffer[..length], expected, "{frame:?}");
    let mut reader = frame::FrameReader::new();
    let (last, first) = expected.split_last().unwrap();
    assert!(first.iter().all(|byte| reader.push(*byte).is_none()));
    assert_eq!(reader.push(*last), Some(Ok((from, *frame))));
}

#[test]
fn v1_identity() {
    let identity = Identity {
        device: DeviceId(*b"chip-0001\0\0\0\0\0\0\0"),
        boot: 7,
        uptime_ms: 1234,
        maker: text("Example"),
        model: text("BC-1"),
        serial: text("SN-42"),
        firmware: text("1.4.0"),
        capabilities: Capabilities::LIVE_STAGES.with(Capabilities::IMPEDANCES),
    };
    scanner_says(&DeviceMessage::Identity(identity), &[
        0x00, // identity
        b'c', b'h', b'i', b'p', b'-', b'0', b'0', b'0', b'1', 0, 0, 0, 0, 0, 0, 0, // device
        0x07, // boot
        0xd2, 0x09, // 1234 ms, varint
        0x07, b'E', b'x', b'a', b'm', b'p', b'l', b'e', // maker, length first
        0x04, b'B', b'C', b'-', b'1', // model
        0x05, b'S', b'N', b'-', b'4', b'2', // serial
        0x05, b'1', b'.', b'4', b'.', b'0', // firmware
        0x0c, // capabilities: live stages 4, impedances 8
    ]);
}

#[test]
fn v1_progress() {
    let progress = Progress { scan: ScanRef::WalkUp(3), stage: Stage::Weighing, percent: 40 };
    scanner_says(&DeviceMessage::Progress(progress), &[
        0x01, // progress
        0x00, 0x03, // walk-up, number 3
        0x03, // weighing
        0x28, // 40 per cent
    ]);
}

#[test]
fn v1_result_head() {
    let head = ResultHead { result: ResultNumber { boot: 7, number: 300 }, length: 1100 };
    scanner_says(&DeviceMessage::Result(head), &[
        0x02, // result
        0x07, // boot
        0xac, 0x02, // number 300, varint
        0xcc, 0x08, // 1100 bytes of record follow, varint
    ]);
}

#[test]
fn v1_ended() {
    let result = ResultNumber { boot: 7, number: 3 };
    let ended = |scan, ending| DeviceMessage::Ended { scan, ending };
    scanner_says(&ended(ScanRef::WalkUp(3), Ending::Completed(result)), &[
        0x03, // ended
        0x00, 0x03, // walk-up, number 3
        0x00, 0x07, 0x03, // completed: boot 7, number 3
    ]);
    scanner_says(&ended(ScanRef::Asked(9), Ending::Failed(Fault::PersonMoved)), &[
        0x03, // ended
        0x01, 0x09, // asked, number 9
        0x01, 0x04, // failed: person moved
    ]);
    scanner_says(&ended(ScanRef::Asked(9), Ending::Cancelled), &[
        0x03, 0x01, 0x09,
        0x02, // cancelled
    ]);
    scanner_says(&ended(ScanRef::Asked(9), Ending::Refused(Refusal::NotScreened)), &[
        0x03, 0x01, 0x09,
        0x03, 0x05, // refused: not screened
    ]);
}

#[test]
fn v1_fault_and_log() {
    scanner_says(&DeviceMessage::Fault { fault: Fault::ZeroPoint, detail: 17 }, &[
        0x04, // fault
        0x03, // zero point
        0x11, // the maker's 17
    ]);
    scanner_says(&DeviceMessage::Log { level: LogLevel::Info, text: text("warm") }, &[
        0x05, // log
        0x03, // info
        0x04, b'w', b'a', b'r', b'm',
    ]);
}

#[test]
fn v1_what_the_bridge_says() {
    let subject = Subject {
        number: text("0112"),
        sex: Some(Sex::Female),
        age: Some(28),
        height: Some(Decimal::new(1670, 1)),
        body_type: None,
        clothes_weight: Some(Decimal::new(5, 1)),
        activity_level: None,
    };
    let start = Start { scan: 9, kind: ScanKind::BodyComposition, screened: true, subject };
    let clock = Clock { unix_seconds: 1_750_000_000, offset_minutes: -570 };
    bridge_says(&HostMessage::Stored(ResultNumber { boot: 7, number: 300 }), &[
        0x00, // stored
        0x07, 0xac, 0x02, // boot 7, number 300
    ]);
    bridge_says(&HostMessage::SetClock(clock), &[
        0x01, // set clock
        0x80, 0xc3, 0xbb, 0xc2, 0x06, // 1,750,000,000 s, varint
        0xf3, 0x08, // -570 minutes, zigzag varint
    ]);
    bridge_says(&HostMessage::Start(start), &[
        0x02, // start
        0x09, // number 9
        0x02, // body composition
        0x01, // screened
        0x04, b'0', b'1', b'1', b'2', // subject number
        0x01, 0x02, // sex is known: female
        0x01, 0x1c, // age is known: 28
        0x01, 0x01, 0x8c, 0x1a, // height is known: one decimal, 1670 zigzag
        0x00, // body type is not known
        0x01, 0x01, 0x0a, // clothes are known: one decimal, 5 zigzag
        0x00, // activity level is not known
    ]);
    bridge_says(&HostMessage::Cancel(9), &[
        0x03, // cancel
        0x09, // number 9
    ]);
}

#[test]
fn v1_frames() {
    let session = 0x1234_5678;
    let hello = Hello { nonce: 0xA1B2_C3D4, seen: 0, versions: VersionRange { oldest: 1, newest: 1 } };
    on_the_wire(Side::Device, &Frame::Hello(hello), &[
        0x08, // COBS: the next zero is 8 bytes on
        0x11, // scanner, hello
        b'S', b'L',
        0xd4, 0xc3, 0xb2, 0xa1, // nonce, little-endian
        0x01, 0x01, 0x01, 0x07, // nobody seen: four zeros, COBS-coded; then 7 to the end
        0x01, 0x01, // versions 1 to 1
        0x60, 0x22, 0xf1, 0x3d, // CRC-32, little-endian
        0x00,
    ]);
    on_the_wire(Side::Host, &Frame::Part { session, seq: 0, index: 0, last: true, payload: &[3, 9] }, &[
        0x06,
        0x23, // bridge, last part
        0x78, 0x56, 0x34, 0x12, // session, little-endian
        0x01, // message 0, COBS-coded
        0x07, // part 0, COBS-coded
        0x03, 0x09, // cancel 9
        0x5e, 0x96, 0xff, 0xb5, // CRC-32
        0x00,
    ]);
    on_the_wire(Side::Device, &Frame::Part { session, seq: 3, index: 2, last: false, payload: b"ab" }, &[
        0x0e,
        0x12, // scanner, part
        0x78, 0x56, 0x34, 0x12, // session
        0x03, // message 3
        0x02, // part 2
        b'a', b'b',
        0xba, 0x88, 0x2f, 0x10, // CRC-32
        0x00,
    ]);
    on_the_wire(Side::Host, &Frame::Done { session, seq: 7 }, &[
        0x0b,
        0x24, // bridge, done
        0x78, 0x56, 0x34, 0x12, // session
        0x07, // message 7
        0xcf, 0xb5, 0xc9, 0xcf, // CRC-32
        0x00,
    ]);
    on_the_wire(Side::Host, &Frame::Want { session, seq: 7, index: 2 }, &[
        0x0c,
        0x25, // bridge, want
        0x78, 0x56, 0x34, 0x12, // session
        0x07, 0x02, // message 7, from part 2
        0x81, 0x93, 0x6f, 0x91, // CRC-32
        0x00,
    ]);
    on_the_wire(Side::Device, &Frame::Alive { session }, &[
        0x0a,
        0x16, // scanner, alive
        0x78, 0x56, 0x34, 0x12, // session
        0xf1, 0xcd, 0xab, 0xa7, // CRC-32
        0x00,
    ]);
}

#[test]
fn v1_the_session_is_the_crc_of_both_nonces() {
    // The scanner's nonce first, both little-endian.
    assert_eq!(frame::crc32(&[0xd4, 0xc3, 0xb2, 0xa1, 0x05, 0x00, 0x00, 0x00]), 0x371B_D6F3);
    assert_eq!(frame::session(0xA1B2_C3D4, 5), 0x371B_D6F3);
}

#[test]
fn v1_record() {
    let header = RecordHeader {
        result: ResultNumber { boot: 7, number: 3 },
        scan: ScanRef::WalkUp(3),
        kind: ScanKind::BodyComposition,
        completeness: Completeness::Full,
        uptime_ms: 61_500,
        clock: Some(Clock { unix_seconds: 1_750_000_000, offset_minutes: 60 }),
        subject: Subject { age: Some(28), ..Subject::default() },
    };
    let mut buffer = [0; 64];
    let mut writer = RecordWriter::new(&mut buffer, &header).unwrap();
    writer.value(MetricId::BODY_WEIGHT, Decimal::new(805, 1)).unwrap();
    writer.value(MetricId::PHASE_ANGLE_RIGHT_LEG, Decimal::new(-88, 1)).unwrap();
    let (resistance, reactance) = (Decimal::new(2420, 1), Decimal::new(-260, 1));
    let (segment, frequency) = (Segment::LeftLeg, Frequency::Khz50);
    writer.impedance(Impedance { segment, frequency, resistance, reactance }).unwrap();
    let expected = [
        0x07, 0x03, // boot 7, number 3
        0x00, 0x03, // walk-up, number 3
        0x02, // body composition
        0x00, // full
        0xbc, 0xe0, 0x03, // 61,500 ms, varint
        0x01, 0x80, 0xc3, 0xbb, 0xc2, 0x06, 0x78, // clock: 1,750,000,000 s, +60 minutes zigzag
        0x00, 0x00, 0x01, 0x1c, 0x00, 0x00, 0x00, 0x00, // subject: the age alone
        0x01, 0x09, 0x00, // values, 9 bytes
        0x01, 0x01, 0xca, 0x0c, // metric 1, one decimal, 805 zigzag
        0x83, 0x01, 0x01, 0xaf, 0x01, // metric 131 varint, one decimal, -88 zigzag
        0x02, 0x08, 0x00, // impedances, 8 bytes
        0x02, 0x02, // left leg, 50 kHz
        0x01, 0xe8, 0x25, // one decimal, 2420 zigzag
        0x01, 0x87, 0x04, // one decimal, -260 zigzag
        0x68, 0xf0, 0x26, 0xf6, // CRC-32
    ];
    assert_eq!(writer.finish(), expected);
}
