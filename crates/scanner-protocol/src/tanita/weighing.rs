//! Tanita scales with fixed columns: the answer of WB-100 and WB-110 to `DR`, and the weight output of BC-418.
//!
//! The 26-byte answer of the WB models in body mass index mode is not read: no page shows its columns.

use std::time::Duration;

use scan_model::Decimal;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of, between, frame},
    weight::Weight,
};

/// `S     75.0kg`: polled, at most twice a second; the first stable weight that repeats once counts.
pub(crate) static WB: Grammar = Grammar {
    protocol: Protocol::TanitaWb,
    maker: Some("Tanita"),
    head: WB_COLUMNS,
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
    head: WEIGHT_OUTPUT_COLUMNS,
    line_start_only: false,
    longest: 9,
    silence: Duration::from_millis(500),
    scan: scan_weight_output,
    weighing: Weighing::Stream(3),
    request: None,
};

const TEXT: ByteSet = between(0x20, 0x7e);

/// `S`, a letter, two blanks, six columns of weight, two of unit, CR LF.
#[rustfmt::skip]
const WB_COLUMNS: Head = Head::new(&[
    any_of(b"S"), any_of(b" DI"), any_of(b" "), any_of(b" "),
    TEXT, TEXT, TEXT, TEXT, TEXT, TEXT,
    any_of(b"kl"), any_of(b"gb"), any_of(b"\r"), any_of(b"\n"),
]);

/// `K` or `L`, a letter, five columns of weight, CR LF.
#[rustfmt::skip]
const WEIGHT_OUTPUT_COLUMNS: Head = Head::new(&[
    any_of(b"KL"), any_of(b"SDI"),
    TEXT, TEXT, TEXT, any_of(b". -"), TEXT,
    any_of(b"\r"), any_of(b"\n"),
]);

fn scan_wb(bytes: &[u8], rest: Rest) -> Front {
    if let Some(scan) = WB.incomplete(bytes, rest) {
        return scan;
    }
    let unit = match &bytes[10..12] {
        b"kg" => "kg",
        b"lb" => "[lb_av]",
        _ => return Front::No,
    };
    weight(WB.longest, bytes[1], 4, &bytes[4..10], unit)
}

fn scan_weight_output(bytes: &[u8], rest: Rest) -> Front {
    if let Some(scan) = WEIGHT_OUTPUT.incomplete(bytes, rest) {
        return scan;
    }
    let unit = if bytes[0] == b'K' { "kg" } else { "[lb_av]" };
    weight(WEIGHT_OUTPUT.longest, bytes[1], 2, &bytes[2..7], unit)
}

/// The line of `length` bytes whose weight is `shown` from column `at`.
fn weight(length: usize, state: u8, at: usize, shown: &[u8], unit: &'static str) -> Front {
    let overload = state == b'I';
    // A platform that was relieved of its zero shows less than nothing.
    let number = Decimal::parse(shown.trim_ascii_start()).ok();
    let value = number.filter(|value| value.scale() == 1);
    let result = match value {
        // What stands in the columns then is not published.
        _ if overload => Ok(None),
        Some(value) => Ok(Some(value)),
        None => Err(Fault::new(
            RejectReason::BadNumber,
            at,
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
