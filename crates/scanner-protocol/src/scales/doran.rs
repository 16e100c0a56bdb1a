//! Doran DS8030 and DS6150: a status, the sign, six columns of weight, and what the chosen output adds behind them. Experimental: read
//! from two pages of a manual, the one before them is missing.
//!
//! `GR` and `SD` say stable here, `gr` and `S_` moving: of Tanita WB scales `SD` is moving. The continuous output, `FH` in the scale's
//! menu, puts a byte with unit and sign, D7 and E4 (hex) in the same places and does not tell whether the weight is moving, so none of
//! its weights ever settles. In the other outputs gross, net, tare and height may stand between the weight and a unit: then nothing says
//! for certain what the unit is of, and the frame is shown to technicians alone.

use std::time::Duration;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    message::Message,
    scales::{signed, unsigned},
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of, frame},
    weight::Weight,
};

pub(crate) static DORAN: Grammar = Grammar {
    protocol: Protocol::Doran,
    maker: Some("Doran"),
    head: COLUMNS,
    line_start_only: false,
    longest: 64,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Stream(3),
    request: None,
};

const SHOWN: ByteSet = any_of(b" .0123456789");
/// Where the weight stands, and where what is behind it.
const WEIGHT: usize = 4;
const BEHIND: usize = 10;

#[rustfmt::skip]
const COLUMNS: Head = Head::new(&[
    any_of(b"\x02"), any_of(b"GgS\x80\x82\xb0\xb2"), any_of(b"RrD _\xd7"), any_of(b" -\xe4"),
    SHOWN, SHOWN, SHOWN, SHOWN, SHOWN, SHOWN,
]);

/// What stands before the weight.
struct Status {
    is_stable: bool,
    is_negative: bool,
    /// Of the continuous output alone.
    unit: Option<&'static str>,
}

fn scan(bytes: &[u8], _: Rest) -> Front {
    if !DORAN.head.fits(bytes) {
        return Front::No;
    }
    let Some(&[_, first, second, third, ..]) = bytes.first_chunk::<WEIGHT>() else {
        return Front::More;
    };
    let Some(status) = status([first, second, third]) else {
        return Front::No;
    };
    let Some(behind) = bytes.get(BEHIND..) else {
        return Front::More;
    };
    let Some(end) = behind.iter().position(|byte| !(0x20..=0x7e).contains(byte)) else {
        return if status.unit.is_none() || behind.is_empty() {
            Front::More
        } else {
            Front::No
        };
    };
    let is_end = match status.unit {
        Some(_) => end == 0 && behind[end] == b'\r',
        None => matches!(behind[end], b'\r' | 0x03),
    };
    if !is_end {
        return Front::No;
    }
    frame(BEHIND + end + 1, decode(&status, &bytes[..BEHIND], &behind[..end]))
}

fn status(sent: [u8; 3]) -> Option<Status> {
    let text = |is_stable| {
        Some(Status {
            is_stable,
            is_negative: sent[2] == b'-',
            unit: None,
        })
    };
    let continuous = |is_negative, unit| {
        Some(Status {
            is_stable: false,
            is_negative,
            unit: Some(unit),
        })
    };
    match sent {
        [b'G', b'R', b' ' | b'-'] | [b'S', b'D', b' ' | b'-'] => text(true),
        [b'g', b'r', b' ' | b'-'] | [b'S', b'_' | b' ', b' ' | b'-'] => text(false),
        [0x80, 0xd7, 0xe4] => continuous(false, "[lb_av]"),
        [0x82, 0xd7, 0xe4] => continuous(false, "kg"),
        [0xb0, 0xd7, 0xe4] => continuous(true, "[lb_av]"),
        [0xb2, 0xd7, 0xe4] => continuous(true, "kg"),
        _ => None,
    }
}

fn decode(status: &Status, columns: &[u8], behind: &[u8]) -> Result<Content, Fault> {
    // Each number has a point: without it, a digit of the next one has come into its place.
    let number = unsigned(&columns[WEIGHT..]).filter(|number| number.scale() > 0);
    let number = number.ok_or_else(|| {
        let detail = "the weight is no number with a point";
        Fault::new(RejectReason::BadNumber, WEIGHT, detail)
    })?;
    let number = signed(status.is_negative, number);
    Ok(match status.unit.or_else(|| unit(behind)) {
        Some(unit) => Content::Weight(Weight::shown(status.is_stable, Some(number), unit)),
        None => Content::Message(Message {
            fields: vec![
                ("state", if status.is_stable { "stable" } else { "moving" }.to_owned()),
                ("weight", number.to_string()),
                ("behind", String::from_utf8_lossy(behind).into_owned()),
            ],
        }),
    })
}

/// The unit that stands right behind the weight.
fn unit(behind: &[u8]) -> Option<&'static str> {
    let behind = behind.trim_ascii_start();
    let letters = behind.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    match &behind[..letters] {
        b"kg" | b"KG" => Some("kg"),
        b"lb" | b"LB" => Some("[lb_av]"),
        _ => None,
    }
}
