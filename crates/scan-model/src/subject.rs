//! Who a device says was measured.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Decimal;

/// Sex as devices know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
}

/// Which of the maker's estimation formulas was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyType {
    /// Most people.
    Standard,
    /// Trains hard and often.
    Athlete,
    /// The device decided.
    Auto,
}

/// What the device was told or told us about the person: inputs, not measurements. `Debug` prints nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The number typed or scanned at the device, as sent. All zeros means that nobody was named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub number: Option<String>,
    /// Sex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gender: Option<Gender>,
    /// Age in years.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age: Option<Decimal>,
    /// Height in centimetres; also a measurement, [`crate::Metric::HEIGHT`], in the device's own unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub height: Option<Decimal>,
    /// Estimation formula.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body_type: Option<BodyType>,
    /// Weight of clothes in kilograms that the device has already deducted. Never subtract it again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clothes_weight: Option<Decimal>,
    /// Activity level, 1 (low) to 3 (high).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub activity_level: Option<Decimal>,
}

impl Subject {
    /// The number that names somebody: all zeros and blanks name nobody. Leading zeros are kept.
    pub fn named(&self) -> Option<&str> {
        let number = self.number.as_deref()?.trim();
        (!number.is_empty() && number.bytes().any(|b| b != b'0')).then_some(number)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(..)")
    }
}
