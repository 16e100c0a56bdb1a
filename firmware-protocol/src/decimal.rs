//! Exact decimal numbers.

use core::fmt;

use serde::{Deserialize, Serialize};

/// `mantissa / 10^scale`: `Decimal::new(805, 1)` is `80.5`, and stays different from `80.50` in the digits it prints.
///
/// A scanner knows its values as integers of some unit (grams, tenths of an ohm); a binary float would put `80.49999` into
/// somebody's health record. On the wire: the scale as one byte, then the mantissa as a zigzag varint.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(u8, i32)", try_from = "(u8, i32)")]
pub struct Decimal {
    mantissa: i32,
    scale: u8,
}

/// A scale above [`Decimal::MAX_SCALE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {} decimals", Decimal::MAX_SCALE)]
pub struct TooManyDecimals;

impl Decimal {
    /// The most digits after the point.
    pub const MAX_SCALE: u8 = 9;

    /// `mantissa / 10^scale`.
    ///
    /// # Panics
    /// If `scale` is above [`Self::MAX_SCALE`]. Firmware writes it as a constant; for a value from elsewhere see [`Self::try_new`].
    pub const fn new(mantissa: i32, scale: u8) -> Self {
        assert!(scale <= Self::MAX_SCALE, "at most nine decimals");
        Self { mantissa, scale }
    }

    /// `mantissa / 10^scale`.
    ///
    /// # Errors
    /// [`TooManyDecimals`] if `scale` is above [`Self::MAX_SCALE`].
    pub const fn try_new(mantissa: i32, scale: u8) -> Result<Self, TooManyDecimals> {
        if scale <= Self::MAX_SCALE {
            Ok(Self { mantissa, scale })
        } else {
            Err(TooManyDecimals)
        }
    }

    /// The digits without the point.
    pub const fn mantissa(self) -> i32 {
        self.mantissa
    }

    /// The number of digits after the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }
}

impl From<Decimal> for (u8, i32) {
    fn from(value: Decimal) -> Self {
        (value.scale, value.mantissa)
    }
}

impl TryFrom<(u8, i32)> for Decimal {
    type Error = TooManyDecimals;

    fn try_from((scale, mantissa): (u8, i32)) -> Result<Self, TooManyDecimals> {
        Self::try_new(mantissa, scale)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let unit = 10_u32.pow(u32::from(self.scale));
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

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn the_digits_measured_are_the_digits_printed() {
        for (mantissa, scale, text) in [
            (805, 1, "80.5"),
            (8050, 2, "80.50"),
            (-88, 1, "-8.8"),
            (-5, 1, "-0.5"),
            (0, 1, "0.0"),
            (1831, 0, "1831"),
            (i32::MIN, 9, "-2.147483648"),
        ] {
            assert_eq!(Decimal::new(mantissa, scale).to_string(), text);
        }
    }

    #[test]
    fn a_scale_no_decimal_has_is_refused_on_the_wire() {
        assert!(postcard::from_bytes::<Decimal>(&[9, 2]).is_ok());
        assert!(postcard::from_bytes::<Decimal>(&[10, 2]).is_err());
    }
}
