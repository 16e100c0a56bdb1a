//! seca 460 RS-232: once a second STX, hexadecimal digits as text, CR, LF and ETX. Experimental: read from the maker's two pages.
//!
//! The digits are the kind of data, the digits that the scale shows, the format in which it shows them, one or two control bytes and a check
//! byte. What the formats are, and so the unit and the place of the point, is not to be found; nor is it certain which control bit is
//! which, or which bytes the check byte (generator 107 hex; 00 where a scale computes none) covers. So blocks are cut and shown to
//! technicians, and nothing becomes a measurement.

use std::time::Duration;

use crate::{
    Protocol,
    message::Message,
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of},
};

pub(crate) static SECA_460: Grammar = Grammar {
    protocol: Protocol::Seca460,
    maker: Some("seca"),
    head: COLUMNS,
    line_start_only: false,
    longest: 18,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Nothing,
    request: None,
};

const DIGIT: ByteSet = any_of(b"0123456789");
const HEX: ByteSet = any_of(b"0123456789ABCDEFabcdef");
const END: &[u8] = b"\r\n\x03";

/// As far as both kinds of block go; the longer one has two digits more.
#[rustfmt::skip]
const COLUMNS: Head = Head::new(&[
    any_of(b"\x02"), any_of(b"A"), any_of(b"014"),
    DIGIT, DIGIT, DIGIT, DIGIT, HEX, HEX, HEX, HEX, HEX, HEX,
    any_of(b"\r0123456789ABCDEFabcdef"), any_of(b"\n0123456789ABCDEFabcdef"), any_of(b"\r\x03"),
]);

/// How many digits each part of a block has: kind, shown, format, control, check byte.
const WEIGHT: [usize; 5] = [2, 5, 1, 4, 2];
const SENSOR: [usize; 5] = [2, 4, 2, 2, 2];
const NAMES: [&str; 5] = ["kind", "digits", "display_type", "control", "check"];

fn scan(bytes: &[u8], _: Rest) -> Front {
    if !SECA_460.head.fits(bytes) {
        return Front::No;
    }
    let parts = match bytes.get(2) {
        None => return Front::More,
        Some(b'4') => SENSOR,
        Some(_) => WEIGHT,
    };
    let [kind, shown, ..] = parts;
    let text = &bytes[1..];
    let length = parts.iter().sum::<usize>();
    let fits = |(at, &byte): (usize, &u8)| match at {
        _ if at < kind => true,
        _ if at < kind + shown => DIGIT[usize::from(byte)],
        _ if at < length => HEX[usize::from(byte)],
        _ => END.get(at - length).is_none_or(|&end| end == byte),
    };
    if !text.iter().enumerate().all(fits) {
        return Front::No;
    }
    if text.len() < length + END.len() {
        return Front::More;
    }
    let mut at = 0;
    let fields = NAMES.into_iter().zip(parts).map(|(name, digits)| {
        let part = &text[at..at + digits];
        at += digits;
        (name, part.iter().map(|&byte| char::from(byte)).collect())
    });
    Front::Frame(
        1 + length + END.len(),
        Content::Message(Message {
            fields: fields.collect(),
        }),
    )
}
