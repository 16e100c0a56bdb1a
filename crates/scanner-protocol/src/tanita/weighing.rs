//! Tanita scales with fixed columns: the answer of WB-100 and WB-110 to `DR`, and the weight output of BC-418.
//!
//! The 26-byte answer of the WB models in body mass index mode is not read: no page shows its columns.

use std::time::Duration;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    scales::unsigned,
    stream::{Content, Grammar, Rest, Scan, Weighing, frame, starts},
    weight::Weight,
};

/// `S     75.0kg`: polled, at most twice a second; the first stable weight that repeats once counts.
pub(crate) static WB: Grammar = Grammar {
    protocol: Protocol::TanitaWb,
    maker: Some("Tanita"),
    starts: starts(b"S"),
    seconds: starts(b" DI"),
    line_start_only: false,
    longest: 14,
    silence: Duration::from_millis(500),
    scan: scan_wb,
    weighing: Weighing::Stream(2),
    request: Some(b"DR\r\n"),
};

/// `KS075.0`: sent by itself.
pub(crate) static WEIGHT_OUTPUT: Grammar = Grammar {
    protocol: Protocol::TanitaWeight,
    maker: Some("Tanita"),
    starts: starts(b"KL"),
    seconds: starts(b"SDI"),
    line_start_only: false,
    longest: 9,
    silence: Duration::from_millis(500),
    scan: scan_weight_output,
    weighing: Weighing::Stream(3),
    request: None,
};

/// `S`, a letter, two blanks, six columns of weight, two of unit, CR LF.
fn scan_wb(bytes: &[u8], rest: Rest) -> Scan {
    let fits = |at: usize, byte: u8| match at {
        1 => matches!(byte, b' ' | b'D' | b'I'),
        2 | 3 => byte == b' ',
        4..=9 => (0x20..=0x7e).contains(&byte),
        10 => matches!(byte, b'k' | b'l'),
        11 => matches!(byte, b'g' | b'b'),
        12 => byte == b'\r',
        13 => byte == b'\n',
        _ => true,
    };
    match columns(bytes, WB.longest, rest, fits) {
        Some(scan) => scan,
        None => {
            let unit = match &bytes[10..12] {
                b"kg" => "kg",
                b"lb" => "[lb_av]",
                _ => return Scan::No,
            };
            weight(bytes, WB.longest, bytes[1], &bytes[4..10], unit)
        }
    }
}

/// `K` or `L`, a letter, five columns of weight, CR LF.
fn scan_weight_output(bytes: &[u8], rest: Rest) -> Scan {
    let fits = |at: usize, byte: u8| match at {
        1 => matches!(byte, b'S' | b'D' | b'I'),
        5 => matches!(byte, b'.' | b' ' | b'-'),
        2..=6 => (0x20..=0x7e).contains(&byte),
        7 => byte == b'\r',
        8 => byte == b'\n',
        _ => true,
    };
    match columns(bytes, WEIGHT_OUTPUT.longest, rest, fits) {
        Some(scan) => scan,
        None => {
            let unit = if bytes[0] == b'K' { "kg" } else { "[lb_av]" };
            weight(bytes, WEIGHT_OUTPUT.longest, bytes[1], &bytes[2..7], unit)
        }
    }
}

/// `None` if all columns of a line are there and fit.
fn columns(bytes: &[u8], length: usize, rest: Rest, fits: impl Fn(usize, u8) -> bool) -> Option<Scan> {
    let all_fit = bytes.iter().take(length).enumerate().all(|(at, &byte)| fits(at, byte));
    match (all_fit, bytes.len() < length, rest) {
        (true, false, _) => None,
        (true, true, Rest::Open) => Some(Scan::More),
        _ => Some(Scan::No),
    }
}

fn weight(bytes: &[u8], length: usize, state: u8, shown: &[u8], unit: &'static str) -> Scan {
    let overload = state == b'I';
    let is_one_decimal = |value: &scan_model::Decimal| value.scale() == 1;
    let value = unsigned(shown).or_else(|| negative(shown)).filter(is_one_decimal);
    let result = match value {
        // What stands in the columns then is not published.
        _ if overload => Ok(None),
        Some(value) => Ok(Some(value)),
        None => Err(Fault::new(
            RejectReason::BadNumber,
            bytes.len().min(length) - shown.len(),
            "the weight is no number with one decimal",
        )),
    };
    frame(
        length,
        result.map(|value| {
            Content::Weight(Weight {
                overload,
                ..Weight::shown(matches!(state, b' ' | b'S'), value, unit)
            })
        }),
    )
}

/// A platform that was relieved of its zero shows less than nothing.
fn negative(shown: &[u8]) -> Option<scan_model::Decimal> {
    scan_model::Decimal::parse(shown.trim_ascii_start()).ok()
}
