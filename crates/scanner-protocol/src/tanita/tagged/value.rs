//! Numbers, texts, dates and lengths as the tagged format writes them.

use jiff::civil::{Date, Time};
use scan_model::Decimal;

/// A value that must be a number and is not.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tanita) struct NotANumber;

/// A number: optional minus, one to five digits, optional point with one or two digits, right-aligned with blanks by some
/// models. An empty value means that the device has none.
pub(in crate::tanita) fn number(value: &[u8]) -> Result<Option<Decimal>, NotANumber> {
    let mut text = value;
    while let [b' ', rest @ ..] = text {
        text = rest;
    }
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let point = digits.iter().position(|&byte| byte == b'.');
    let (whole, decimals) = match point {
        Some(at) => (at, digits.len() - at - 1),
        None => (digits.len(), 0),
    };
    let right_size = (1..=5).contains(&whole) && decimals <= 2;
    if !right_size {
        return Err(NotANumber);
    }
    Decimal::parse(text).map(Some).map_err(|_| NotANumber)
}

/// A text, without its quotes where it has them. `None` if it is empty.
pub(super) fn text(value: &[u8]) -> Option<String> {
    let inner = unquoted(value);
    (!inner.is_empty()).then(|| inner.iter().map(|&byte| char::from(byte)).collect())
}

/// A date as the device shows it: a first part of four digits is the year, so is a last part of four digits; otherwise the first
/// part is a year after 2000. The month is never first. `None` for a date that does not exist.
pub(in crate::tanita) fn date(value: &[u8]) -> Option<Date> {
    let mut parts = unquoted(value).split(|&byte| byte == b'/');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match (first.len(), third.len()) {
        (4, _) => (digits(first)?, second, third),
        (_, 4) => (digits(third)?, second, first),
        (2, _) => (2000 + digits(first)?, second, third),
        _ => return None,
    };
    Date::new(year, small(month)?, small(day)?).ok()
}

/// A time of day, `hh:mm` or `hh:mm:ss`. `None` for a time that does not exist.
pub(in crate::tanita) fn time(value: &[u8]) -> Option<Time> {
    let mut parts = unquoted(value).split(|&byte| byte == b':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let second = parts.next().map_or(Some(0), small)?;
    if parts.next().is_some() {
        return None;
    }
    Time::new(small(hour)?, small(minute)?, second, 0).ok()
}

/// Stones and pounds, `XX.YY.Y`, in pounds.
pub(super) fn stone_pounds(value: &[u8]) -> Result<Option<Decimal>, NotANumber> {
    let inner = unquoted(value).trim_ascii_start();
    if inner.is_empty() {
        return Ok(None);
    }
    let at = inner.iter().position(|&byte| byte == b'.').ok_or(NotANumber)?;
    let stones = digits(&inner[..at]).ok_or(NotANumber)?;
    let pounds = number(&inner[at + 1..])?
        .filter(|pounds| !negative(*pounds))
        .ok_or(NotANumber)?;
    Ok(Some(composed(stones, 14, pounds)))
}

/// Feet and inches, in inches: `5-11.5`, with `-`, `.` or `'` between them. `None` for another form: the manuals name the unit
/// and the width, not the form, and a weight must not be lost with a height nobody can read.
pub(super) fn feet_inches(value: &[u8]) -> Option<Decimal> {
    let inner = unquoted(value).trim_ascii_start();
    let at = inner.iter().position(|byte| matches!(byte, b'-' | b'.' | b'\''))?;
    let feet = digits(&inner[..at])?;
    let inches = number(&inner[at + 1..]).ok()??;
    (!negative(inches) && inches < Decimal::from(12)).then(|| composed(feet, 12, inches))
}

/// `large * factor + small`, with the decimals of `small`. Wire numbers have at most seven digits: nothing overflows.
fn composed(large: i16, factor: i64, small: Decimal) -> Decimal {
    let shift = 10_i64.pow(u32::from(small.scale()));
    Decimal::new(i64::from(large) * factor * shift + small.mantissa(), small.scale())
}

fn negative(value: Decimal) -> bool {
    value.mantissa() < 0
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        bare => bare,
    }
}

/// One to four digits.
fn digits(text: &[u8]) -> Option<i16> {
    if !(1..=4).contains(&text.len()) {
        return None;
    }
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + i16::from(byte - b'0'))
    })
}

/// One or two digits.
fn small(text: &[u8]) -> Option<i8> {
    i8::try_from(digits(text).filter(|_| text.len() <= 2)?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    fn printed(value: Result<Option<Decimal>, NotANumber>) -> String {
        match value {
            Ok(Some(number)) => number.to_string(),
            Ok(None) => "none".into(),
            Err(NotANumber) => "error".into(),
        }
    }

    #[test]
    fn numbers_keep_their_digits_and_lose_their_padding() {
        for (sent, expected) in [
            ("80.5", "80.5"),
            ("  64.2", "64.2"),
            ("-8.80", "-8.80"),
            ("12345.67", "12345.67"),
            ("0", "0"),
            ("", "none"),
            ("   ", "none"),
        ] {
            assert_eq!(printed(number(sent.as_bytes())), expected, "{sent:?}");
        }
    }

    #[test]
    fn what_no_device_writes_is_no_number() {
        for sent in [
            "8x.2", "123456", "1.234", "1.", ".5", "-", "- 5", "5 ", "+5", "\"5\"", "1e2", "--5", "1.2.3", "-.5",
        ] {
            assert_eq!(printed(number(sent.as_bytes())), "error", "{sent:?}");
        }
    }

    #[test]
    fn dates_are_read_year_first_or_day_first_and_never_month_first() {
        let day = civil::date(2019, 2, 18);
        for sent in ["\"18/02/2019\"", "\"2019/02/18\"", "\"19/02/18\"", "18/02/2019"] {
            assert_eq!(date(sent.as_bytes()), Some(day), "{sent}");
        }
        for sent in [
            "02/18/2019",
            "31/02/2024",
            "18-02-2019",
            "18/02",
            "18/02/19/1",
            "",
            "1/2/3",
            "18/002/2019",
            "-1/02/2019",
        ] {
            assert_eq!(date(sent.as_bytes()), None, "{sent}");
        }
    }

    #[test]
    fn times_have_two_or_three_parts() {
        assert_eq!(time(b"\"17:35\""), Some(civil::time(17, 35, 0, 0)));
        assert_eq!(time(b"\"23:48:53\""), Some(civil::time(23, 48, 53, 0)));
        for sent in ["25:61", "24:00", "17", "17:35:00:1", "17:3x", ""] {
            assert_eq!(time(sent.as_bytes()), None, "{sent}");
        }
    }

    #[test]
    fn stones_and_feet_become_pounds_and_inches_with_the_digits_sent() {
        assert_eq!(printed(stone_pounds(b"11.03.2")), "157.2");
        assert_eq!(printed(stone_pounds(b" 9.13")), "139");
        assert_eq!(printed(stone_pounds(b"")), "none");
        for sent in ["11", "x.03.2", "11.", "11.-3.2", "-1.03.2"] {
            assert_eq!(printed(stone_pounds(sent.as_bytes())), "error", "{sent}");
        }
        for (sent, expected) in [("5-11.5", "71.5"), ("5.11", "71"), ("6'0", "72")] {
            assert_eq!(feet_inches(sent.as_bytes()).unwrap().to_string(), expected);
        }
        for sent in ["5-12", "511", "x-1", "5-", "5--1", ""] {
            assert_eq!(feet_inches(sent.as_bytes()), None, "{sent}");
        }
    }

    #[test]
    fn texts_lose_their_quotes_alone() {
        assert_eq!(text(b"\" 0042\""), Some(" 0042".into()));
        assert_eq!(text(b"112"), Some("112".into()));
        assert_eq!(text(b"\"\""), None);
    }
}
