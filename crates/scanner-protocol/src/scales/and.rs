//! A&D scales: the standard format `ST,+00070.50 kg`, also with the result of a comparator (`ST,OK,+…`), and the format of the
//! indicators and their many clones, `ST,GS,+0070.50kg`.

use std::time::Duration;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    scales::{signed, unsigned},
    stream::{Content, Front, Grammar, Head, Rest, Weighing, any_of, frame, is_line_end},
    weight::{Weight, WeightMode},
};

pub(crate) static AND: Grammar = Grammar {
    protocol: Protocol::And,
    // Many scales of other makers send the same.
    maker: None,
    head: Head::new(&[any_of(b"SQUOL"), any_of(b"TSLO"), any_of(b","), any_of(b"+- GNTPLOH")]),
    line_start_only: false,
    longest: 32,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Stream(3),
    request: None,
};

/// Digits and point in the standard format.
const STANDARD_NUMBER: usize = 8;
/// Characters of its unit, right-aligned.
const STANDARD_UNIT: usize = 3;
/// Digits and point of an indicator: seven in the manual; clones leave out or add a blank.
const INDICATOR_NUMBER: std::ops::RangeInclusive<usize> = 6..=8;

/// Units of the format and their UCUM codes, where there is one.
const UNITS: [(&[u8], &str); 15] = [
    (b"kg", "kg"),
    (b"g", "g"),
    (b"lb", "[lb_av]"),
    (b"oz", "[oz_av]"),
    (b"ozt", "[oz_tr]"),
    (b"t", "t"),
    (b"N", "N"),
    (b"PC", "pcs"),
    (b"%", "%"),
    (b"ct", "[car_m]"),
    (b"mom", "mom"),
    (b"dwt", "[pwt_tr]"),
    (b"GN", "[gr]"),
    (b"tl", "tl"),
    (b"DS", "DS"),
];

/// What the first two letters say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    Stable,
    StableCount,
    Unstable,
    Overload,
}

fn scan(bytes: &[u8], _: Rest) -> Front {
    match (header(bytes), bytes.get(2), bytes.get(3)) {
        (Some(_), Some(b','), Some(b'+' | b'-' | b' ' | b'G' | b'N' | b'T' | b'P' | b'L' | b'O' | b'H')) => {}
        (Some(_), Some(b','), None) | (Some(_), None, None) => return Front::More,
        (None, None, _) if bytes.len() == 1 => return Front::More,
        _ => return Front::No,
    }
    match bytes.iter().position(|byte| !(0x20..=0x7e).contains(byte)) {
        Some(end) if is_line_end(bytes[end]) => frame(end + 1, decode(&bytes[..end]).map(Content::Weight)),
        Some(_) => Front::No,
        None => Front::More,
    }
}

fn header(bytes: &[u8]) -> Option<Header> {
    match bytes.get(..2)? {
        b"ST" => Some(Header::Stable),
        b"QT" => Some(Header::StableCount),
        b"US" => Some(Header::Unstable),
        // The AD-4404 says it the other way.
        b"OL" | b"LO" => Some(Header::Overload),
        _ => None,
    }
}

fn decode(line: &[u8]) -> Result<Weight, Fault> {
    let fault = |reason, detail| Fault::new(reason, 0, detail);
    let unknown_layout = || fault(RejectReason::BadFrame, "neither the standard nor the indicator layout");
    let header = header(line).ok_or_else(unknown_layout)?;
    let mut pieces = line[2..].split(|&byte| byte == b',').skip(1);
    let (mode, shown) = match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(shown), None, None) | (Some(b"LO" | b"OK" | b"HI" | b"--"), Some(shown), None) => (None, standard(shown)),
        (Some(mode), Some(shown), None) => (Some(indicator_mode(mode).ok_or_else(unknown_layout)?), indicator(shown)),
        _ => return Err(unknown_layout()),
    };
    let Shown {
        is_negative,
        number,
        unit,
    } = shown.ok_or_else(unknown_layout)?;
    let (_, unit) = UNITS
        .iter()
        .find(|(word, _)| *word == unit.trim_ascii())
        .ok_or_else(|| fault(RejectReason::UnknownUnits, "a unit that no scale of this kind has"))?;
    let value = if header == Header::Overload {
        None
    } else {
        let number = unsigned(number.trim_ascii_end());
        let number = number.ok_or_else(|| fault(RejectReason::BadNumber, "the weight is no number"))?;
        Some(signed(is_negative, number))
    };
    Ok(Weight {
        overload: header == Header::Overload,
        mode: if header == Header::StableCount {
            Some(WeightMode::Count)
        } else {
            mode
        },
        ..Weight::shown(matches!(header, Header::Stable | Header::StableCount), value, unit)
    })
}

/// The columns of the weight.
struct Shown<'a> {
    is_negative: bool,
    number: &'a [u8],
    unit: &'a [u8],
}

/// By their places: the unit has blanks before it that look like blanks of the number.
fn standard(shown: &[u8]) -> Option<Shown<'_>> {
    Shown::cut(shown, STANDARD_NUMBER).filter(|shown| shown.unit.len() == STANDARD_UNIT)
}

/// By what they hold.
fn indicator(shown: &[u8]) -> Option<Shown<'_>> {
    let digits = shown.iter().skip(1);
    let number = digits
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b' '))
        .count();
    Shown::cut(shown, number).filter(|shown| INDICATOR_NUMBER.contains(&shown.number.len()))
}

impl<'a> Shown<'a> {
    /// A sign, so many characters of a number, and a unit.
    fn cut(shown: &'a [u8], number: usize) -> Option<Self> {
        let (sign, shown) = shown.split_first()?;
        let (number, unit) = shown.split_at_checked(number)?;
        matches!(sign, b'+' | b'-' | b' ').then_some(Self {
            is_negative: *sign == b'-',
            number,
            unit,
        })
    }
}

/// Two letters, or their first and a blank.
fn indicator_mode(word: &[u8]) -> Option<WeightMode> {
    match word {
        b"GS" | b"G " => Some(WeightMode::Gross),
        b"NT" | b"N " => Some(WeightMode::Net),
        b"TR" | b"T " => Some(WeightMode::Tare),
        b"PT" | b"P " => Some(WeightMode::PresetTare),
        _ => None,
    }
}
