//! Rice Lake 350-10 and the medical line: `     10.0 lb Gross`, one line for each press of the print key; while the scale shows the body
//! mass index, a labelled [`block`].

pub(crate) mod block;

use std::time::Duration;

use scan_model::Decimal;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    stream::{Content, Front, Grammar, Head, Rest, Weighing, any_of, frame, line},
    weight::{Weight, WeightMode},
};

pub(crate) static RICE_LAKE: Grammar = Grammar {
    protocol: Protocol::RiceLake,
    maker: Some("Rice Lake"),
    head: Head::new(&[any_of(b" -0123456789GTNPgtnp")]),
    line_start_only: true,
    longest: 256,
    silence: Duration::from_secs(1),
    scan,
    // The scale prints once the weight is stable, for a person who pressed a key.
    weighing: Weighing::Printed,
    request: None,
};

/// Characters of the weight, right-aligned.
const NUMBER: usize = 9;

fn scan(bytes: &[u8], rest: Rest) -> Front {
    if bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return block::scan(bytes, rest);
    }
    // A line is one of ours from its unit on: numbers alone are anybody's.
    let text = line(bytes).unwrap_or(bytes);
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let (number, unit) = (words.next(), words.next());
    let begins = number.is_none_or(|word| word.iter().all(|byte| matches!(byte, b'-' | b'.' | b'0'..=b'9')))
        && unit.is_none_or(|unit| matches!(unit, b"lb" | b"kg" | b"l" | b"k"));
    if !begins {
        return Front::No;
    }
    match (line(bytes), unit) {
        (Some(_), None) => Front::No,
        (Some(line), Some(_)) => frame(line.len() + 1, decode(line).map(Content::Weight)),
        (None, _) if rest == Rest::Silence => match unit {
            Some(_) => Front::Bad(
                bytes.len(),
                Fault::new(RejectReason::Truncated, bytes.len(), "the line has no end"),
            ),
            None => Front::No,
        },
        (None, _) => Front::More,
    }
}

fn decode(line: &[u8]) -> Result<Weight, Fault> {
    let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let bad = |detail| Fault::new(RejectReason::BadFrame, 0, detail);
    let (Some(digits), Some(unit), Some(mode), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(bad("a line is a number, a unit and `Gross` or `Net`"));
    };
    let number =
        Decimal::parse(digits).map_err(|_| Fault::new(RejectReason::BadNumber, 0, "the weight is no number"))?;
    let unit = match unit {
        b"kg" => "kg",
        b"lb" => "[lb_av]",
        _ => {
            return Err(Fault::new(
                RejectReason::UnknownUnits,
                0,
                "neither kilograms nor pounds",
            ));
        }
    };
    let mode = match mode {
        b"Gross" => WeightMode::Gross,
        b"Net" => WeightMode::Net,
        _ => return Err(bad("neither `Gross` nor `Net`")),
    };
    // What is left of `     80.5 kg` when a stall or a late start took its front is another weight.
    let indent = line.iter().take_while(|&&byte| byte == b' ').count();
    if indent + digits.len() < NUMBER {
        return Err(bad(
            "the weight does not fill its nine characters: its beginning may be missing",
        ));
    }
    Ok(Weight {
        mode: Some(mode),
        ..Weight::shown(true, Some(number), unit)
    })
}
