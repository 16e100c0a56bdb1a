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
            let id = frame::crc32(&[scanner.to_le_bytes(), bridge.to_le_bytes()].concat());
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
    let small = writer.finish().to_vec();
    let full = sample::full_record(number);
    [("small", small), ("full", full)]
        .iter()
        .map(|(name, bytes)| describe(name, bytes))
        .collect()
}

#[test]
fn bytes_that_are_no_frame_are_refused() {
    for case in rejects() {
        let wire = case["wire"].as_str().unwrap();
        let bytes: Vec<u8> = (0..wire.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&wire[at..at + 2], 16).unwrap())
            .collect();
        let mut reader = frame::FrameReader::new();
        let refused = bytes
            .iter()
            .filter_map(|byte| reader.push(*byte).map(|frame| frame.is_err()))
            .collect::<Vec<_>>();
        assert_eq!(refused, [true], "{}", case["why"]);
    }
}
