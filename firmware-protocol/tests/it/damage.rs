//! Every truncation, every bit flip and every repetition of every message.

use firmware_protocol::{
    frame::{self, Frame, FrameReader, MAX_FRAME},
    *,
};

use crate::{
    line::{Damage, Happening, SECOND, World},
    sample,
};

/// Every message with who sends it, encoded.
fn messages() -> Vec<(Side, Vec<u8>)> {
    let mut buffer = [0; MAX_MESSAGE];
    let mut all = Vec::new();
    for message in sample::device_messages() {
        let length = message.encode(&mut buffer);
        all.push((Side::Device, buffer[..length].to_vec()));
    }
    for message in sample::host_messages() {
        let length = message.encode(&mut buffer);
        all.push((Side::Host, buffer[..length].to_vec()));
    }
    all
}

fn frame_of(from: Side, seq: u8, payload: &[u8]) -> Vec<u8> {
    let mut buffer = [0; MAX_FRAME];
    let part = Frame::Part {
        session: 0x1234_5678,
        seq,
        index: 0,
        last: true,
        payload,
    };
    let length = frame::encode(from, &part, &mut buffer);
    buffer[..length].to_vec()
}

/// The payloads of the good parts in `bytes`.
fn read(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = FrameReader::new();
    let mut payloads = Vec::new();
    for byte in bytes {
        if let Some(Ok((_, Frame::Part { payload, .. }))) = reader.push(*byte) {
            payloads.push(payload.to_vec());
        }
    }
    payloads
}

#[test]
fn messages_come_out_as_they_went_in() {
    for message in sample::device_messages() {
        let mut buffer = [0; MAX_MESSAGE];
        let length = message.encode(&mut buffer);
        assert_eq!(DeviceMessage::decode(&buffer[..length]), Ok((message, &[][..])));
    }
    for message in sample::host_messages() {
        let mut buffer = [0; MAX_MESSAGE];
        let length = message.encode(&mut buffer);
        assert_eq!(HostMessage::decode(&buffer[..length]), Ok((message, &[][..])));
    }
}

#[test]
fn a_frame_with_any_bit_turned_is_never_read_and_costs_at_most_its_neighbour() {
    let next = [
        frame_of(Side::Device, 1, b"next"),
        frame_of(Side::Device, 2, b"the one after"),
    ]
    .concat();
    for (from, payload) in messages() {
        let good = frame_of(from, 0, &payload);
        for bit in 0..8 * good.len() {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes.extend_from_slice(&next);
            let payloads = read(&bytes);
            let behind: &[&[u8]] = if bit / 8 == good.len() - 1 {
                &[b"the one after"]
            } else {
                &[b"next", b"the one after"]
            };
            assert_eq!(payloads, behind, "bit {bit} of {payload:x?}");
        }
    }
}

#[test]
fn a_frame_cut_anywhere_is_never_read_and_costs_at_most_its_neighbour() {
    for (from, payload) in messages() {
        let good = frame_of(from, 0, &payload);
        let mut next = vec![0];
        next.extend_from_slice(&frame_of(Side::Device, 1, b"next"));
        for length in 0..good.len() - 1 {
            let head_lost = [&good[good.len() - length..], &next].concat();
            let tail_lost = [&good[..length], &next].concat();
            assert_eq!(read(&tail_lost), [b"next"], "the first {length} bytes of {payload:x?}");
            assert_eq!(read(&head_lost), [b"next"], "the last {length} bytes of {payload:x?}");
        }
    }
}

#[test]
fn a_message_cut_or_changed_behind_a_good_checksum_is_refused_or_is_another_message() {
    for (from, payload) in messages() {
        let decode = |bytes: &[u8]| match from {
            Side::Device => DeviceMessage::decode(bytes).is_ok(),
            Side::Host => HostMessage::decode(bytes).is_ok(),
        };
        for length in 0..payload.len() {
            assert!(!decode(&payload[..length]), "the first {length} bytes of {payload:x?}");
        }
        for bit in 0..8 * payload.len() {
            let mut bytes = payload.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            decode(&bytes);
        }
    }
}

#[test]
fn a_record_cut_or_changed_anywhere_is_never_a_result() {
    let record = sample::full_record(ResultNumber { boot: 7, number: 3 });
    assert!(Record::parse(&record).is_ok());
    for length in 0..record.len() {
        assert!(Record::parse(&record[..length]).is_err(), "the first {length} bytes");
    }
    for bit in 0..8 * record.len() {
        let mut bytes = record.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Record::parse(&bytes).err(), Some(RecordError::Checksum), "bit {bit}");
    }
}

/// A scan that the bridge asks for, its result, and a line of the log.
fn conversation(damage: Option<Damage>) -> World {
    let mut world = World::new(5);
    world.damage = damage;
    assert!(world.run_to(20 * SECOND, |world| world.device_connected && world.host_connected));
    world.happen(Happening::Ask);
    world.happen(Happening::Log);
    world.happen(Happening::Result { values: 4 });
    assert!(world.run_to(world.now + 60 * SECOND, World::is_quiet), "{damage:?}");
    world.run_until(world.now + SECOND);
    world
}

#[test]
fn a_conversation_survives_the_loss_repetition_or_change_of_any_of_its_frames() {
    let plain = conversation(None);
    let frames = plain.frames.clone();
    assert!(frames.len() >= 12, "{frames:?}");
    for (frame, length) in frames.into_iter().enumerate() {
        conversation(Some(Damage::Repeated { frame }));
        for keep in 0..length {
            conversation(Some(Damage::Cut { frame, keep }));
        }
        for bit in 0..8 * length {
            conversation(Some(Damage::Flipped { frame, bit }));
        }
    }
}
