//! Units a device can send, and their UCUM codes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Decimal;

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)+) => {
        /// A unit of measurement. Printed and serialised as its UCUM code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Unit { $($(#[$doc])* $name,)+ }

        impl Unit {
            /// The UCUM code; `1` for a plain number.
            pub const fn ucum(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }

        impl FromStr for Unit {
            type Err = UnknownUnit;

            fn from_str(code: &str) -> Result<Self, UnknownUnit> {
                match code { $($code => Ok(Self::$name),)+ _ => Err(UnknownUnit) }
            }
        }
    };
}

units! {
    /// A score, rating or other plain number.
    One = "1",
    /// Kilograms.
    Kilogram = "kg",
    /// Grams, as baby scales send them.
    Gram = "g",
    /// Avoirdupois pounds.
    Pound = "[lb_av]",
    /// Centimetres.
    Centimetre = "cm",
    /// Metres, as Bluetooth scales send heights.
    Metre = "m",
    /// International inches.
    Inch = "[in_i]",
    /// Per cent.
    Percent = "%",
    /// Kilograms per square metre.
    KilogramPerSquareMetre = "kg/m2",
    /// Years of age.
    Year = "a",
    /// Kilocalories per day.
    KilocaloriePerDay = "kcal/d",
    /// Kilojoules per day.
    KilojoulePerDay = "kJ/d",
    /// Ohms.
    Ohm = "Ohm",
    /// Degrees of an angle.
    Degree = "deg",
    /// Litres.
    Litre = "L",
    /// Square metres.
    SquareMetre = "m2",
}

/// A text that is no UCUM code of this vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a unit of the measurement vocabulary")]
pub struct UnknownUnit;

impl Unit {
    /// `value` in this unit, in the metric unit that is stored and uploaded, by the rounding rules of the vocabulary:
    /// pounds to 0.01 kg and inches to 0.1 cm, half away from zero; grams and metres exactly. A metric value is unchanged.
    /// `None` if the result has more digits than a [`Decimal`] holds.
    pub fn to_metric(self, value: Decimal) -> Option<(Decimal, Self)> {
        let (converted, unit) = match self {
            Self::Pound => (value.converted(Decimal::new(45_359_237, 8), 2), Self::Kilogram),
            Self::Inch => (value.converted(Decimal::new(254, 2), 1), Self::Centimetre),
            Self::Gram => (value.converted(Decimal::new(1, 3), value.scale() + 3), Self::Kilogram),
            Self::Metre => (
                value.converted(Decimal::from(100), value.scale().saturating_sub(2)),
                Self::Centimetre,
            ),
            metric => (Some(value), metric),
        };
        converted.map(|value| (value, unit))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ucum())
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.ucum())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        code.parse().map_err(de::Error::custom)
    }
}
