//! Measured values on the wire, and the answer to adding them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

/// REST name (lower case, joined) to value. The number keeps the digits it was written with: `80.50` stays `80.50`.
pub type Measurements = BTreeMap<String, Number>;

/// A text that is no JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a decimal number")]
pub struct NotANumber;

/// A JSON number with exactly the digits of a decimal, such as `scan_model::Decimal` prints them.
///
/// # Errors
/// [`NotANumber`] if `decimal` does not print as a JSON number.
pub fn number(decimal: impl std::fmt::Display) -> Result<Number, NotANumber> {
    decimal.to_string().parse().map_err(|_| NotANumber)
}

/// Answer to `POST` and `PUT` of `/readings/{id}/measurements`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AddedMeasurements {
    /// Always true in an answer with a success status.
    #[serde(default)]
    pub success: bool,
    /// Values that are new or were replaced.
    #[serde(default)]
    pub added: usize,
    /// Values that were there already.
    #[serde(default)]
    pub unchanged: usize,
    /// What was accepted with a remark.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// A remark about a value that was accepted nevertheless. Names the measurement, never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Name as it was sent; empty if the server did not say.
    pub name: String,
    /// `unknown_measurement` or `implausible_value`; empty if the server did not say.
    pub code: String,
    /// Text for a person.
    pub message: String,
}

/// A server may word its warnings otherwise; that must never make an accepted upload look broken.
impl<'de> Deserialize<'de> for Warning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let member = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(match &value {
            Value::String(text) => Self {
                name: String::new(),
                code: String::new(),
                message: text.clone(),
            },
            _ => Self {
                name: member("name"),
                code: member("code"),
                message: member("message"),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_digits_through_json() {
        let text = r#"{"bodyweight":80.50,"fatmass":0.0,"phaseangle":-6.20}"#;
        let parsed: Measurements = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&parsed).unwrap(), text);
        let through_value: Measurements = serde_json::from_value(serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&through_value).unwrap(), text);
        assert_eq!(number("80.50").unwrap().to_string(), "80.50");
    }

    #[test]
    fn what_json_does_not_call_a_number_is_refused() {
        for bad in ["", "80,5", "+1", ".5", "NaN", "1 "] {
            assert_eq!(number(bad), Err(NotANumber), "{bad}");
        }
    }

    #[test]
    fn warnings_of_any_shape_are_read() {
        let text = r#"{"success":true,"added":1,"unchanged":0,"warnings":["odd",{"name":"x","n":1},7]}"#;
        let added: AddedMeasurements = serde_json::from_str(text).unwrap();
        assert_eq!(added.warnings.len(), 3);
        assert_eq!(added.warnings[0].message, "odd");
        assert_eq!(added.warnings[1].name, "x");
    }
}
