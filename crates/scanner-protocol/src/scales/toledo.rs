//! Toledo continuous output: STX, three status words, six digits, six digits of tare (the short form has none), CR and perhaps a
//! check character.

use std::time::Duration;

use scan_model::{Decimal, Integrity};

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    scales::{signed, unsigned},
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of, frame},
    weight::{Weight, WeightMode},
};

pub(crate) static TOLEDO: Grammar = Grammar {
    protocol: Protocol::Toledo,
    // Indicators of many makers speak it.
    maker: None,
    // With and without a parity bit.
    head: Head::new(&[
        any_of(b"\x02\x82"),
        STATUS_WORDS,
        STATUS_WORDS,
        STATUS_WORDS,
        any_of(b" 0123456789\xa0\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9"),
    ]),
    line_start_only: false,
    longest: LONG + 1,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Stream(3),
    request: None,
};

const STX: u8 = 0x02;
const CR: u8 = 0x0d;
/// What a port without parity shows of a seven-bit frame.
const PARITY: u8 = 0x80;
/// Set in every status word.
const STATUS: u8 = 0x20;
const STATUS_WORDS: ByteSet = {
    let mut set = [false; 256];
    let mut byte = 0;
    while byte < set.len() {
        set[byte] = byte & STATUS as usize != 0;
        byte += 1;
    }
    set
};
/// Bytes up to and with CR, without the check character.
const SHORT: usize = 11;
const LONG: usize = 17;

fn scan(sent: &[u8], rest: Rest) -> Front {
    let mut bytes = [0; LONG + 1];
    let held = sent.len().min(bytes.len());
    for (byte, sent) in bytes.iter_mut().zip(sent) {
        *byte = sent & !PARITY;
    }
    let bytes = &bytes[..held];
    let body = bytes.get(1..).unwrap_or_default();
    let fits = |(at, &byte): (usize, &u8)| match at {
        0..=2 => STATUS_WORDS[usize::from(byte)],
        _ => is_digit(byte),
    };
    let end = if bytes.get(SHORT - 1) == Some(&CR) { SHORT } else { LONG };
    if !body.iter().take(end - 2).enumerate().all(fits) || bytes.get(end - 1).is_some_and(|&byte| byte != CR) {
        return Front::No;
    }
    if held < end || held == end && rest == Rest::Open {
        return Front::More;
    }
    let frame_bytes = &bytes[..end];
    match bytes.get(end) {
        Some(&check) if check == check_character(frame_bytes) => {
            frame(end + 1, decode(frame_bytes, Integrity::Verified).map(Content::Weight))
        }
        // A scale without check characters goes on with its next frame, or ends its lines as others do.
        None | Some(&(STX | b'\n')) => frame(end, decode(frame_bytes, Integrity::None).map(Content::Weight)),
        Some(_) => Front::Bad(
            end + 1,
            Fault::new(
                RejectReason::ChecksumMismatch,
                end,
                "the check character does not fit the bytes",
            ),
        ),
    }
}

const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b' '
}

/// The two's complement of the low seven bits of the sum of everything before.
fn check_character(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0_u8, |sum, &byte| sum.wrapping_add(byte))
        .wrapping_neg()
        & !PARITY
}

fn decode(bytes: &[u8], integrity: Integrity) -> Result<Weight, Fault> {
    let &[_, a, b, c, ..] = bytes else {
        return Err(Fault::new(RejectReason::Truncated, 0, "a frame has three status words"));
    };
    if c & 0b111 != 0 {
        let detail = "the third status word names a unit other than pounds and kilograms";
        return Err(Fault::new(RejectReason::UnknownUnits, 3, detail));
    }
    let overload = b & 1 << 2 != 0;
    let number = |at: usize| {
        let digits = unsigned(&bytes[at..at + 6]).filter(|digits| digits.scale() == 0);
        digits.map(|digits| placed(digits.mantissa(), a & 0b111))
    };
    let value = if overload {
        None
    } else {
        let number = number(4).ok_or_else(|| Fault::new(RejectReason::BadNumber, 4, "the weight is no number"))?;
        Some(signed(b & 1 << 1 != 0, number))
    };
    let is_net = b & 1 != 0;
    Ok(Weight {
        overload,
        mode: Some(if is_net { WeightMode::Net } else { WeightMode::Gross }),
        tare: if bytes.len() == LONG { number(10) } else { None },
        integrity,
        ..Weight::shown(b & 1 << 3 == 0, value, if b & 1 << 4 == 0 { "[lb_av]" } else { "kg" })
    })
}

/// Six digits with the point where the status word says: 0 is hundreds, 2 ones, 3 tenths.
fn placed(digits: i64, point: u8) -> Decimal {
    match point {
        0 => Decimal::new(digits * 100, 0),
        1 => Decimal::new(digits * 10, 0),
        _ => Decimal::new(digits, point - 2),
    }
}
