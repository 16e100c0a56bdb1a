//! The cases of the vectors: sessions, frames and what is none, messages, records.

use firmware_protocol::{
    frame::{self, Frame, Hello, MAX_FRAME},
    *,
};
use serde_json::{Value, json};

use super::{
    hex,
    words::{describe, device_message, host_message, words},
};
use crate::sample;

pub(super) fn sessions() -> Vec<Value> {
    [(1_u32, 2_u32), (2, 1), (0xA1B2_C3D4, 5)]
        .iter()
        .map(|(scanner, bridge)| {
            let id = frame::session(*scanner, *bridge);
            json!({ "scanner_nonce": scanner, "bridge_nonce": bridge, "session": id })
        })
        .collect()
}

pub(super) fn frames() -> Vec<Value> {
    let session = 0x1234_5678;
    let versions = VersionRange { oldest: 1, newest: 1 };
    let long: Vec<u8> = (0..240).map(|byte| byte as u8).collect();
    let cases = [
        (
            Side::Device,
            "hello to nobody",
            Frame::Hello(Hello {
                nonce: 0xA1B2_C3D4,
                seen: 0,
                versions,
            }),
        ),
        (
            Side::Host,
            "hello back",
            Frame::Hello(Hello {
                nonce: 5,
                seen: 0xA1B2_C3D4,
                versions,
            }),
        ),
        (
            Side::Host,
            "cancel 9",
            Frame::Part {
                session,
                seq: 0,
                index: 0,
                last: true,
                payload: &[3, 9],
            },
        ),
        (
            Side::Device,
            "longest part",
            Frame::Part {
                session,
                seq: 255,
                index: 1,
                last: false,
                payload: &long,
            },
        ),
        (
            Side::Device,
            "empty last part",
            Frame::Part {
                session,
                seq: 3,
                index: 2,
                last: true,
                payload: &[],
            },
        ),
        (Side::Host, "done", Frame::Done { session, seq: 0 }),
        (
            Side::Host,
            "want",
            Frame::Want {
                session,
                seq: 7,
                index: 2,
            },
        ),
        (Side::Device, "alive", Frame::Alive { session }),
    ];
    let mut buffer = [0; MAX_FRAME];
    cases
        .iter()
        .map(|(from, name, frame)| {
            let length = frame::encode(*from, frame, &mut buffer);
            json!({ "name": name, "from": words(*from), "wire": hex(&buffer[..length]) })
        })
        .collect()
}

/// Wire bytes that are no frame.
pub(super) fn rejects() -> Vec<Value> {
    let session = 0x1234_5678;
    let mut good = [0; MAX_FRAME];
    let length = frame::encode(Side::Host, &Frame::Done { session, seq: 0 }, &mut good);
    let mut flipped = good;
    flipped[4] ^= 1;
    let long = [1; MAX_FRAME + 20];
    let mut overlong = long.to_vec();
    overlong.push(0);
    vec![
        json!({ "why": "checksum", "wire": hex(&flipped[..length]) }),
        json!({ "why": "no COBS: the first byte points behind the end", "wire": "0511220000" }),
        json!({ "why": "longer than a frame can be", "wire": hex(&overlong) }),
        json!({ "why": "shorter than a checksum", "wire": "02110000" }),
    ]
}

pub(super) fn messages() -> Vec<Value> {
    let mut buffer = [0; MAX_MESSAGE];
    let mut all = Vec::new();
    for message in sample::device_messages() {
        let length = message.encode(&mut buffer);
        all.push(json!({ "from": "scanner", "hex": hex(&buffer[..length]), "says": device_message(&message) }));
    }
    for message in sample::host_messages() {
        let length = message.encode(&mut buffer);
        all.push(json!({ "from": "bridge", "hex": hex(&buffer[..length]), "says": host_message(&message) }));
    }
    all
}

pub(super) fn records() -> Vec<Value> {
    let full = sample::full_record(ResultNumber { boot: 7, number: 3 });
    [("small", small_record()), ("full", full)]
        .iter()
        .map(|(name, bytes)| describe(name, bytes))
        .collect()
}

/// Two values, an impedance, another value.
pub(super) fn small_record() -> Vec<u8> {
    let number = ResultNumber { boot: 7, number: 3 };
    let mut buffer = [0; 256];
    let mut writer = RecordWriter::new(&mut buffer, &sample::header(number)).unwrap();
    writer.value(MetricId::BODY_WEIGHT, Decimal::new(805, 1)).unwrap();
    writer
        .value(MetricId::PHASE_ANGLE_RIGHT_LEG, Decimal::new(-88, 1))
        .unwrap();
    let (segment, frequency) = (Segment::LeftLeg, Frequency::Khz50);
    let (resistance, reactance) = (Decimal::new(2420, 1), Decimal::new(-260, 1));
    writer
        .impedance(Impedance {
            segment,
            frequency,
            resistance,
            reactance,
        })
        .unwrap();
    writer.value(MetricId::WAIST_GIRTH, Decimal::new(8125, 2)).unwrap();
    writer.finish().to_vec()
}

/// The wire bytes of [`rejects`].
pub(super) fn not_frames() -> Vec<Vec<u8>> {
    let unhex = |wire: &str| {
        let at = (0..wire.len()).step_by(2);
        at.map(|at| u8::from_str_radix(&wire[at..at + 2], 16).unwrap())
            .collect()
    };
    rejects()
        .iter()
        .map(|case| unhex(case["wire"].as_str().unwrap()))
        .collect()
}

/// Messages with a known number and fields that cannot be read: who says them, why they cannot, their bytes.
pub(super) fn unreadable() -> Vec<(Side, &'static str, Vec<u8>)> {
    let mut buffer = [0; MAX_MESSAGE];
    let length = HostMessage::Start(sample::start(9)).encode(&mut buffer);
    let start = buffer[..length].to_vec();
    // Number of the message, of the scan, kind, screened, ten digits with their count; then the options, a decimal in the third.
    let (screened, count, digits, sex, height) = (3, 4, 5, 15, 20);
    assert_eq!(start[sex - 1..height + 1], [b'2', 1, 2, 1, 28, 1, 1]);
    let changed = |at: usize, byte: u8| {
        let mut start = start.clone();
        start[at] = byte;
        start
    };
    let mut long_number = changed(count, 19);
    long_number.splice(digits..digits, *b"123456789");

    let length = DeviceMessage::Identity(sample::identity(7)).encode(&mut buffer);
    let identity = buffer[..length].to_vec();
    // Number of the message, chip, boot, uptime; then the texts, each with its count before it.
    let maker = 1 + 16 + 1 + 1;
    assert_eq!(identity[maker..][..8], *b"\x07Example");
    let mut long_maker = identity.clone();
    long_maker.splice(maker..maker + 1, *b"\x110123456789");
    let mut maker_no_utf8 = identity;
    maker_no_utf8[maker + 1] = 0xFF;
    let mut long_log = vec![5, 3, 97];
    long_log.extend_from_slice(&[b'l'; 97]);

    let (scanner, bridge) = (Side::Device, Side::Host);
    vec![
        (scanner, "maker of 17 bytes", long_maker),
        (scanner, "maker that is no UTF-8", maker_no_utf8),
        (scanner, "scan that is neither 0 nor 1", vec![1, 2, 1, 3, 40]),
        (scanner, "ending 4", vec![3, 0, 1, 4, 0]),
        (scanner, "record of 65536 bytes announced", vec![2, 7, 1, 0x80, 0x80, 4]),
        (scanner, "text of 97 bytes", long_log),
        (bridge, "no fields", vec![3]),
        (
            bridge,
            "varint of six bytes for 32 bits",
            vec![3, 0x89, 0x80, 0x80, 0x80, 0x80, 0],
        ),
        (
            bridge,
            "varint of more than 32 bits",
            vec![3, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F],
        ),
        (bridge, "bool of 2", changed(screened, 2)),
        (bridge, "number of 19 bytes", long_number),
        (bridge, "number that is no UTF-8", changed(digits, 0xFF)),
        (bridge, "option that is neither 0 nor 1", changed(sex, 2)),
        (bridge, "scale of 10", changed(height, 10)),
    ]
}

pub(super) fn unreadable_messages() -> Vec<Value> {
    unreadable()
        .iter()
        .map(|(from, why, bytes)| json!({ "from": words(*from), "why": why, "hex": hex(bytes) }))
        .collect()
}

/// A record with a section, a metric, a segment and a frequency of a later version.
pub(super) fn records_of_later_scanners() -> Vec<Value> {
    let record = signed(&[
        unsigned(),
        vec![3, 5, 0, 1, 2, 3, 4, 5],
        vec![1, 4, 0, 0xE7, 0x07, 1, 10],
        vec![2, 6, 0, 99, 88, 0, 8, 0, 7],
    ]);
    vec![describe("of a later scanner", &record)]
}

/// Bytes that are no record: the bridge sets them aside.
pub(super) fn rejected_records() -> Vec<(&'static str, Vec<u8>)> {
    let mut flipped = signed(&[unsigned()]);
    flipped[9] ^= 1;
    let mut number = signed(&[unsigned()]);
    number.truncate(3);
    vec![
        ("checksum", flipped),
        ("shorter than a checksum", number),
        ("header that ends early", signed(&[unsigned()[..20].to_vec()])),
        (
            "section longer than the record",
            signed(&[unsigned(), vec![3, 6, 0, 1, 2, 3, 4, 5]]),
        ),
        ("section head that ends early", signed(&[unsigned(), vec![3, 6]])),
        (
            "value cut by the end of its section",
            signed(&[unsigned(), vec![1, 2, 0, 1, 1]]),
        ),
        ("value with scale 10", signed(&[unsigned(), vec![1, 3, 0, 1, 10, 2]])),
    ]
}

pub(super) fn not_records() -> Vec<Value> {
    rejected_records()
        .iter()
        .map(|(why, bytes)| json!({ "why": why, "hex": hex(bytes) }))
        .collect()
}

/// A record of one value, without its checksum.
fn unsigned() -> Vec<u8> {
    let mut record = sample::record(ResultNumber { boot: 7, number: 4 }, 1);
    record.truncate(record.len() - 4);
    record
}

/// The pieces of a record with their checksum.
fn signed(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut record = pieces.concat();
    record.extend_from_slice(&frame::crc32(&record).to_le_bytes());
    record
}

#[test]
fn messages_with_fields_that_cannot_be_read_are_refused() {
    for (from, why, bytes) in unreadable() {
        let error = match from {
            Side::Device => DeviceMessage::decode(&bytes).err(),
            Side::Host => HostMessage::decode(&bytes).err(),
        };
        assert_eq!(error, Some(MessageError::Malformed), "{why}");
    }
}

#[test]
fn bytes_that_are_no_record_are_refused() {
    for (why, bytes) in rejected_records() {
        assert!(Record::parse(&bytes).is_err(), "{why}");
    }
}

#[test]
fn bytes_that_are_no_frame_are_refused() {
    for (bytes, case) in not_frames().iter().zip(rejects()) {
        let mut reader = frame::FrameReader::new();
        let refused = bytes
            .iter()
            .filter_map(|byte| reader.push(*byte).map(|frame| frame.is_err()))
            .collect::<Vec<_>>();
        assert_eq!(refused, [true], "{}", case["why"]);
    }
}
