//! Every truncation, every bit flip and every repetition of every message.

use firmware_protocol::{
    frame::{self, Frame, FrameReader, MAX_FRAME},
    *,
};

use crate::{
    line::{Damage, SECOND},
    sample,
    world::{Happening, World},
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

/// Reads a message; of a good one what it is written as, and how many bytes follow it.
fn rewrite(from: Side, bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut buffer = [0; MAX_MESSAGE];
    let (length, behind) = match from {
        Side::Device => {
            let (message, behind) = DeviceMessage::decode(bytes).ok()?;
            (message.encode(&mut buffer), behind.len())
        }
        Side::Host => {
            let (message, behind) = HostMessage::decode(bytes).ok()?;
            (message.encode(&mut buffer), behind.len())
        }
    };
    Some((buffer[..length].to_vec(), behind))
}

#[test]
fn a_message_cut_or_changed_behind_a_good_checksum_is_refused_or_is_another_message() {
    for (from, payload) in messages() {
        for length in 0..payload.len() {
            let cut = rewrite(from, &payload[..length]);
            assert_eq!(cut, None, "the first {length} bytes of {payload:x?}");
        }
        for bit in 0..8 * payload.len() {
            let mut bytes = payload.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Some((written, behind)) = rewrite(from, &bytes) else {
                continue;
            };
            let read = &bytes[..bytes.len() - behind];
            if written.len() == read.len() {
                assert_eq!(written, read, "bit {bit} of {payload:x?} is read as what it is not");
            } else {
                // A zero that was a number of its own has become the end of the one before it: longer than it need be.
                assert!(written.len() < read.len(), "bit {bit} of {payload:x?}");
                assert_eq!(rewrite(from, &written), Some((written.clone(), 0)));
            }
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

/// Every message of both sides, a result of one part and one of three.
fn conversation(damage: Option<Damage>) -> World {
    let mut world = World::new(5);
    world.damage = damage;
    assert!(world.run_to(20 * SECOND, |world| world.device_connected && world.host_connected));
    for number in 1..=4 {
        world.happen(Happening::Say);
        if number <= 3 {
            world.happen(Happening::Ask);
        }
        // Longer than it takes to repeat what is lost.
        world.run_until(world.now + SECOND / 5);
    }
    world.happen(Happening::Result { values: 4 });
    world.happen(Happening::Result { values: 150 });
    assert!(world.run_to(world.now + 60 * SECOND, World::is_quiet), "{damage:?}");
    world.run_until(world.now + SECOND);
    assert!(world.from_device.all_heard(4), "{damage:?}: {:?}", world.from_device);
    assert!(world.from_host.all_heard(3), "{damage:?}: {:?}", world.from_host);
    world
}

#[test]
fn a_conversation_survives_the_loss_repetition_or_change_of_any_of_its_frames() {
    let plain = conversation(None);
    let frames = plain.frames.clone();
    let full = frames.iter().filter(|length| **length == MAX_FRAME).count();
    assert!(frames.len() >= 26 && full == 2, "{frames:?}");
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
