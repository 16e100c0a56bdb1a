//! The BMH05108 measuring module of kiosk makers. Experimental: read from the frames of a public client.
//!
//! Two sources name the unit of its weight differently, so nothing it sends becomes a measurement: its frames are shown to technicians
//! who want to calibrate it with a known weight.

use std::time::Duration;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    message::Message,
    stream::{Content, Front, Grammar, Head, Rest, Weighing, any_of, between},
};

pub(crate) static BMH05108: Grammar = Grammar {
    protocol: Protocol::Bmh05108,
    maker: None,
    head: Head::new(&[any_of(&[MODULE]), between(SHORTEST, u8::MAX), any_of(&COMMANDS)]),
    line_start_only: false,
    longest: 256,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Nothing,
    request: None,
};

/// The first byte of what the module sends; the host's frames begin with 55 hex.
const MODULE: u8 = 0xaa;
/// Start, length, command and check byte.
const SHORTEST: u8 = 4;
/// What it answers to, sends by itself (the three packets of results), reports (FF), and 10, of which one frame is published. Other bytes
/// in this place are noise: a start byte alone says little, and each frame that begins with one costs a sum.
const COMMANDS: [u8; 9] = [0x10, 0xa0, 0xa1, 0xb0, 0xb1, 0xd0, 0xd1, 0xd2, 0xff];

fn scan(bytes: &[u8], rest: Rest) -> Front {
    let Some(&length) = bytes.get(1) else {
        return Front::More;
    };
    if length < SHORTEST || bytes.get(2).is_some_and(|command| !COMMANDS.contains(command)) {
        return Front::No;
    }
    let length = usize::from(length);
    let Some(whole) = bytes.get(..length) else {
        return Front::More;
    };
    let sum = sum(whole);
    if sum == 0 {
        return Front::Frame(length, Content::Message(decode(&whole[2..length - 1])));
    }
    match bytes.get(length) {
        None if rest == Rest::Open => Front::More,
        // One published frame is so: its check byte covers one byte more than its length says.
        Some(&behind) if sum.wrapping_add(behind) == 0 => Front::Bad(
            length + 1,
            Fault::new(
                RejectReason::LengthMismatch,
                1,
                "the frame is longer than its length says",
            ),
        ),
        _ => Front::Bad(
            length,
            Fault::new(
                RejectReason::ChecksumMismatch,
                length - 1,
                "the bytes and the check byte do not add up to zero",
            ),
        ),
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, &byte| sum.wrapping_add(byte))
}

/// What a frame says; `content` is its command and data, so its first byte is byte 2 of the frame.
fn decode(content: &[u8]) -> Message {
    let byte = |at: usize| content.get(at - 2).copied();
    let i16_at = |at| Some(i16::from_le_bytes([byte(at)?, byte(at + 1)?]));
    let u32_at = |at| {
        Some(u32::from_le_bytes([
            byte(at)?,
            byte(at + 1)?,
            byte(at + 2)?,
            byte(at + 3)?,
        ]))
    };
    let command = content.first().copied().unwrap_or(0);
    let mut fields = vec![("command", format!("{command:02X}"))];
    let mut add = |name, value: Option<i64>| {
        if let Some(value) = value {
            fields.push((name, value.to_string()));
        }
    };
    match command {
        0xa0 => add("status", byte(3).map(i64::from)),
        0xa1 => {
            add("stable_raw", i16_at(5).map(i64::from));
            add("realtime_raw", i16_at(7).map(i64::from));
            add("adc", u32_at(9).map(i64::from));
        }
        0xb0 => add("result", byte(3).map(i64::from)),
        0xb1 => {
            add("state", byte(4).map(i64::from));
            // Long frames have five segments, short ones the phase and one impedance; the length counts start, length and check byte.
            if content.len() + 3 >= 27 {
                let names = [
                    "right_hand_raw",
                    "left_hand_raw",
                    "trunk_raw",
                    "right_foot_raw",
                    "left_foot_raw",
                ];
                for (name, at) in names.into_iter().zip([6, 10, 14, 18, 22]) {
                    add(name, u32_at(at).map(i64::from));
                }
            } else {
                add("phase_raw", i16_at(6).map(i64::from));
                add("impedance_raw", u32_at(8).map(i64::from));
            }
        }
        0xd0..=0xd2 => {
            add("total", byte(3).map(|part| i64::from(part >> 4).max(1)));
            add("index", byte(3).map(|part| i64::from(part & 0x0f)));
            let payload = content.get(2..).unwrap_or_default();
            fields.push(("payload", payload.iter().map(|byte| format!("{byte:02x}")).collect()));
        }
        0xff => add("error", byte(3).map(i64::from)),
        _ => {}
    }
    Message { fields }
}
