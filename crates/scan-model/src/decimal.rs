//! Exact decimal numbers, with the digits the device sent.
//!
//! A scanner sends `24.0`; the outbox, the JSON and the hub's answer must all say `24.0`. A binary float can hold neither
//! the value nor the number of decimals, so a value is a scaled integer from the wire to the last JSON document.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A decimal number `mantissa / 10^scale`, at most 18 digits, at most 9 of them after the point.
///
/// `80.5` and `80.50` are equal as numbers and differ in the digits they print. Serialised as a string.
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

/// A text that is not a decimal number: optional minus, digits, optional point with digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number of at most 18 digits")]
pub struct NotDecimal;

impl Decimal {
    /// Zero without decimals.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };
    /// The most decimals a value can carry.
    pub const MAX_SCALE: u8 = 9;
    const MAX_MANTISSA: i64 = 999_999_999_999_999_999;

    /// `mantissa / 10^scale`: `Decimal::new(805, 1)` is `80.5`.
    ///
    /// # Panics
    /// If `scale` is above [`Self::MAX_SCALE`] or `mantissa` has more than 18 digits.
    pub const fn new(mantissa: i64, scale: u8) -> Self {
        assert!(scale <= Self::MAX_SCALE, "at most nine decimals");
        assert!(
            mantissa <= Self::MAX_MANTISSA && mantissa >= -Self::MAX_MANTISSA,
            "at most 18 digits"
        );
        Self { mantissa, scale }
    }

    /// Reads ASCII text as a device or a JSON document writes it: optional minus, at least one digit, optional point with
    /// at least one digit. No plus sign, no exponent, no blanks.
    ///
    /// # Errors
    /// [`NotDecimal`] for any other text and for more than 18 digits or nine decimals.
    pub const fn parse(text: &[u8]) -> Result<Self, NotDecimal> {
        let (negative, mut at) = match text.first() {
            Some(b'-') => (true, 1),
            _ => (false, 0),
        };
        let mut mantissa: i64 = 0;
        let mut digits = 0;
        let mut scale = 0;
        let mut point = false;
        while at < text.len() {
            match text[at] {
                digit @ b'0'..=b'9' if digits < 18 => {
                    mantissa = mantissa * 10 + (digit - b'0') as i64;
                    digits += 1;
                    if point {
                        scale += 1;
                    }
                }
                b'.' if !point && digits > 0 => point = true,
                _ => return Err(NotDecimal),
            }
            at += 1;
        }
        if digits == 0 || (point && scale == 0) || scale > Self::MAX_SCALE {
            return Err(NotDecimal);
        }
        Ok(Self {
            mantissa: if negative { -mantissa } else { mantissa },
            scale,
        })
    }

    /// The digits as an integer, without the point.
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// The number of digits after the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Whether the value is zero, however many decimals it prints.
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The absolute value, with the same decimals.
    pub const fn abs(self) -> Self {
        Self {
            mantissa: self.mantissa.abs(),
            scale: self.scale,
        }
    }

    /// The value multiplied by `factor` and rounded half away from zero to `scale` decimals: pounds to kilograms is
    /// `pounds.converted(Decimal::new(45_359_237, 8), 2)`. `None` if the result does not fit.
    pub fn converted(self, factor: Self, scale: u8) -> Option<Self> {
        if scale > Self::MAX_SCALE {
            return None;
        }
        let product = i128::from(self.mantissa) * i128::from(factor.mantissa);
        let (from, to) = (u32::from(self.scale + factor.scale), u32::from(scale));
        let value = if from > to {
            let unit = 10_i128.pow(from - to);
            let half = if product < 0 { -unit / 2 } else { unit / 2 };
            (product + half) / unit
        } else {
            product * 10_i128.pow(to - from)
        };
        let mantissa = i64::try_from(value).ok().filter(|m| m.abs() <= Self::MAX_MANTISSA)?;
        Some(Self { mantissa, scale })
    }

    /// The value as a binary float, for comparisons with a tolerance only. Never write the result anywhere.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a tolerance check needs no more than 15 digits"
    )]
    pub fn approx(self) -> f64 {
        self.mantissa as f64 / POWERS[usize::from(self.scale)]
    }
}

/// `10^n` for every possible scale.
const POWERS: [f64; Decimal::MAX_SCALE as usize + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let aligned = |d: &Self| i128::from(d.mantissa) * 10_i128.pow(u32::from(scale - d.scale));
        aligned(self).cmp(&aligned(other))
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self {
            mantissa: i64::from(value),
            scale: 0,
        }
    }
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let unit = 10_u64.pow(u32::from(self.scale));
        write!(
            f,
            "{sign}{}.{:0width$}",
            digits / unit,
            digits % unit,
            width = usize::from(self.scale)
        )
    }
}

/// Prints nothing of the value: a measured number in a log is a leak.
impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decimal(..)")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_digits_sent_are_the_digits_printed() {
        for text in [
            "0",
            "-8.8",
            "24.0",
            "80.50",
            "0.05",
            "-0.5",
            "1831",
            "999999999999999999",
            "0.000000001",
        ] {
            assert_eq!(decimal(text).to_string(), text);
        }
    }

    #[test]
    fn texts_that_are_not_decimals_are_refused() {
        for text in [
            "",
            "-",
            ".",
            "5.",
            ".5",
            "+5",
            "1e3",
            "8x.2",
            "1.2.3",
            " 1",
            "--1",
            "1234567890123456789",
            "0.0000000001",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(NotDecimal), "{text:?}");
        }
    }

    #[test]
    fn values_compare_as_numbers() {
        assert_eq!(decimal("80.5"), decimal("80.50"));
        assert!(decimal("-8.8") < decimal("-8.75"));
        assert!(decimal("9") > decimal("8.999"));
    }

    #[test]
    fn conversions_round_half_away_from_zero() {
        let pound = Decimal::new(45_359_237, 8);
        assert_eq!(decimal("206.2").converted(pound, 2).unwrap().to_string(), "93.53");
        assert_eq!(
            decimal("0.125").converted(Decimal::from(1), 2).unwrap().to_string(),
            "0.13"
        );
        assert_eq!(
            decimal("-0.125").converted(Decimal::from(1), 2).unwrap().to_string(),
            "-0.13"
        );
        assert_eq!(
            decimal("3972").converted(Decimal::new(1, 3), 3).unwrap().to_string(),
            "3.972"
        );
    }
}
