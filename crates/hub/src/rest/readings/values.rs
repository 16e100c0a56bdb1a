//! Measured values of a request: their names, units and ranges, and how they join those that are stored.

use std::collections::btree_map::Entry;

use cloud_api::{AddedMeasurements, ErrorCode, Measurements, Warning, number};
use scan_model::{Decimal, Metric, Unit};
use serde_json::{Number, Value, json};

use crate::rest::error::{ApiError, Result};

/// Most values a reading can have: twice the vocabulary.
const MAX_VALUES: usize = 512;
/// Longest name of a value.
const MAX_NAME: usize = 64;

/// Checked values of one request.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// By REST name, in the metric unit.
    known: Measurements,
    /// By lower-cased name as sent: never dropped, though nobody knows what they mean.
    extra: Measurements,
    warnings: Vec<Warning>,
}

/// What is stored of a reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) known: Measurements,
    pub(super) extra: Measurements,
}

impl Values {
    /// Reads any of the accepted forms: an object, a list, a list in export naming. `strict` refuses unknown names.
    pub(super) fn read(body: &Value, strict: bool) -> Result<Self> {
        let mut values = Self::default();
        match body {
            Value::Object(members) if members.len() <= MAX_VALUES => {
                for (name, value) in members {
                    values.add(name, value, None, strict)?;
                }
            }
            Value::Array(items) if items.len() <= MAX_VALUES => {
                for item in items {
                    let text = |name: &str| item.get(name).and_then(Value::as_str);
                    let name = text("name").or_else(|| text("BodyMetricTypeId"));
                    let value = item.get("value").or_else(|| item.get("Value"));
                    let (Some(name), Some(value)) = (name, value) else {
                        return Err(ApiError::invalid(
                            "measurements",
                            "Every measurement has a name and a value.",
                        ));
                    };
                    values.add(name, value, text("unit"), strict)?;
                }
            }
            _ => {
                return Err(ApiError::invalid(
                    "measurements",
                    "Send an object or a list of at most 512 measurements.",
                ));
            }
        }
        Ok(values)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.extra.is_empty()
    }

    fn add(&mut self, name: &str, value: &Value, unit: Option<&str>, strict: bool) -> Result<()> {
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(ApiError::invalid(
                "measurements",
                "A measurement's name has 1 to 64 characters.",
            ));
        }
        let sent = decimal(value)
            .ok_or_else(|| ApiError::invalid(name, "A measurement is a plain decimal number of at most 18 digits."))?;
        let Some(metric) = Metric::from_alias(name) else {
            if strict {
                return Err(
                    ApiError::new(ErrorCode::UnknownMeasurement, "The vocabulary has no such name.").field(name),
                );
            }
            self.warn(
                name,
                ErrorCode::UnknownMeasurement,
                "The vocabulary has no such name; kept under `extra`.",
            );
            return put(&mut self.extra, name.to_lowercase(), digits(value, sent)?);
        };
        let metric_value = converted(metric, sent, unit)
            .ok_or_else(|| ApiError::invalid(name, format!("This measurement is stored in `{}`.", metric.unit())))?;
        if !metric.is_plausible(metric_value) {
            return Err(ApiError::new(ErrorCode::ImplausibleValue, "The value cannot be true.").field(name));
        }
        if !metric.is_usual(metric_value) {
            self.warn(name, ErrorCode::ImplausibleValue, "The value is unusual.");
        }
        let stored = if unit.is_none() {
            digits(value, sent)
        } else {
            digits(&Value::Null, metric_value)
        };
        put(&mut self.known, metric.rest_name(), stored?)
    }

    fn warn(&mut self, name: &str, code: ErrorCode, message: &str) {
        self.warnings.push(Warning {
            name: name.to_owned(),
            code: code.to_string(),
            message: message.to_owned(),
        });
    }
}

impl Stored {
    /// What two columns hold.
    pub(super) fn parse(known: &str, extra: &str) -> Self {
        let parse = |text| serde_json::from_str(text).unwrap_or_default();
        Self {
            known: parse(known),
            extra: parse(extra),
        }
    }

    /// Joins values: an equal one is left as it is, another is a conflict unless it may `replace`.
    pub(super) fn join(&mut self, values: Values, replace: bool) -> Result<AddedMeasurements> {
        let mut answer = AddedMeasurements {
            success: true,
            warnings: values.warnings,
            ..AddedMeasurements::default()
        };
        for (stored, new) in [(&mut self.known, values.known), (&mut self.extra, values.extra)] {
            for (name, value) in new {
                match stored.get(&name) {
                    Some(old) if same(old, &value) => answer.unchanged += 1,
                    Some(_) if !replace => {
                        return Err(ApiError::new(
                            ErrorCode::MeasurementConflict,
                            "Another value is stored for this measurement.",
                        )
                        .field(name));
                    }
                    _ => {
                        answer.added += 1;
                        stored.insert(name, value);
                    }
                }
            }
        }
        Ok(answer)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.extra.is_empty()
    }

    /// Whether every one of these values is here.
    pub(super) fn covers(&self, others: &Self) -> bool {
        let all = |here: &Measurements, there: &Measurements| {
            there
                .iter()
                .all(|(name, value)| here.get(name).is_some_and(|known| same(known, value)))
        };
        all(&self.known, &others.known) && all(&self.extra, &others.extra)
    }

    /// The values with their labels, units and codes.
    pub(super) fn list(&self) -> Value {
        let known = self.known.iter().map(|(name, value)| match Metric::from_alias(name) {
            Some(metric) => json!({
                "name": name, "label": metric.entry().label, "value": value, "unit": metric.unit(),
                "loinc": metric.entry().loinc.filter(|loinc| loinc.exact).map(|loinc| loinc.code),
            }),
            None => json!({"name": name, "label": name, "value": value, "unit": null, "loinc": null}),
        });
        known.collect()
    }
}

/// The number with the digits it was sent with; a form sends it as text.
fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.as_str().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The value in the metric's own unit.
fn converted(metric: Metric, value: Decimal, unit: Option<&str>) -> Option<Decimal> {
    let unit = match unit {
        None => return Some(value),
        Some("lb") => Unit::Pound,
        Some("in") => Unit::Inch,
        Some("kJ") => Unit::KilojoulePerDay,
        Some("kcal") => Unit::KilocaloriePerDay,
        Some("years") => Unit::Year,
        Some("kg/m²") => Unit::KilogramPerSquareMetre,
        Some("Ω") => Unit::Ohm,
        Some("°") => Unit::Degree,
        Some("") => Unit::One,
        Some(code) => code.parse().ok()?,
    };
    match (unit, metric.unit()) {
        (Unit::KilocaloriePerDay, Unit::KilojoulePerDay) => value.converted(Decimal::new(4_184, 3), 0),
        (Unit::KilojoulePerDay, Unit::KilocaloriePerDay) => value.converted(Decimal::new(239_005_736, 9), 0),
        (unit, wanted) => unit
            .to_metric(value)
            .filter(|(_, unit)| *unit == wanted)
            .map(|(value, _)| value),
    }
}

/// The number that was sent, or one with the digits of `value` where another form was.
fn digits(sent: &Value, value: Decimal) -> Result<Number> {
    match sent {
        Value::Number(number) => Ok(number.clone()),
        _ => number(value).map_err(|_| ApiError::invalid("measurements", "A measurement is a plain decimal number.")),
    }
}

fn put(values: &mut Measurements, name: String, value: Number) -> Result<()> {
    match values.entry(name) {
        Entry::Vacant(free) => {
            free.insert(value);
            Ok(())
        }
        Entry::Occupied(taken) => Err(ApiError::invalid(
            taken.key().as_str(),
            "The measurement is there twice.",
        )),
    }
}

fn same(a: &Number, b: &Number) -> bool {
    let decimal = |number: &Number| number.as_str().parse::<Decimal>().ok();
    decimal(a).is_some() && decimal(a) == decimal(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Values> {
        Values::read(&serde_json::from_str(text).unwrap(), false)
    }

    fn stored(text: &str) -> String {
        serde_json::to_string(&read(text).unwrap().known).unwrap()
    }

    #[test]
    fn every_accepted_form_yields_the_same_digits() {
        for form in [
            r#"{"bodyweight":80.50}"#,
            r#"{"BodyWeight":80.50}"#,
            r#"{"weight":"80.50"}"#,
            r#"[{"name":"bodyweight","value":80.50,"unit":"kg"}]"#,
            r#"[{"name":"bodyweight","value":80.50}]"#,
            r#"[{"BodyMetricTypeId":"BodyWeight","Value":80.50}]"#,
        ] {
            assert_eq!(stored(form), r#"{"bodyweight":80.50}"#, "{form}");
        }
    }

    #[test]
    fn other_units_of_the_dimension_are_converted() {
        for (form, expected) in [
            (
                r#"[{"name":"bodyweight","value":206.2,"unit":"lb"}]"#,
                r#"{"bodyweight":93.53}"#,
            ),
            (
                r#"[{"name":"bodyweight","value":80500,"unit":"g"}]"#,
                r#"{"bodyweight":80.500}"#,
            ),
            (
                r#"[{"name":"height","value":70.0,"unit":"[in_i]"}]"#,
                r#"{"height":177.8}"#,
            ),
            (
                r#"[{"name":"basalmetabolicratekj","value":1919,"unit":"kcal"}]"#,
                r#"{"basalmetabolicratekj":8029}"#,
            ),
        ] {
            assert_eq!(stored(form), expected, "{form}");
        }
        assert!(read(r#"[{"name":"bodyweight","value":80,"unit":"cm"}]"#).is_err());
        assert!(read(r#"[{"name":"bodyweight","value":80,"unit":"stone"}]"#).is_err());
    }

    #[test]
    fn unknown_names_are_kept_with_a_warning_or_refused_if_strict() {
        let values = read(r#"{"shoeSize":43,"bodyweight":80.5}"#).unwrap();
        assert_eq!(serde_json::to_string(&values.extra).unwrap(), r#"{"shoesize":43}"#);
        assert_eq!(values.warnings[0].code, "unknown_measurement");
        let strict = Values::read(&json!({"shoesize": 43}), true).unwrap_err();
        assert_eq!(strict.code, ErrorCode::UnknownMeasurement);
    }

    #[test]
    fn values_out_of_range_are_refused_or_warned_about() {
        assert_eq!(
            read(r#"{"bodyweight":0.1}"#).unwrap_err().code,
            ErrorCode::ImplausibleValue
        );
        assert_eq!(
            read(r#"{"bodyweight":260}"#).unwrap().warnings[0].code,
            "implausible_value"
        );
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for bad in [
            r#"{"bodyweight":null}"#,
            r#"{"bodyweight":"80,5"}"#,
            r#"{"bodyweight":1e2}"#,
            r#"{"bodyweight":true}"#,
            r#"{"":1}"#,
            r#"[1]"#,
            r#""x""#,
            r#"{"weight":80.5,"bodyweight":81}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().code, ErrorCode::ValidationFailed, "{bad}");
        }
    }

    #[test]
    fn joining_counts_keeps_and_protects() {
        let mut stored = Stored::default();
        let added = stored
            .join(read(r#"{"bodyweight":80.50,"fatmass":15.2}"#).unwrap(), false)
            .unwrap();
        assert_eq!((added.added, added.unchanged), (2, 0));
        let again = stored
            .join(read(r#"{"bodyweight":80.5,"musclemass":60}"#).unwrap(), false)
            .unwrap();
        assert_eq!((again.added, again.unchanged), (1, 1));
        assert_eq!(stored.known["bodyweight"].to_string(), "80.50");
        let other = stored.join(read(r#"{"bodyweight":80.6}"#).unwrap(), false).unwrap_err();
        assert_eq!(other.code, ErrorCode::MeasurementConflict);
        let replaced = stored.join(read(r#"{"bodyweight":80.6}"#).unwrap(), true).unwrap();
        assert_eq!(replaced.added, 1);
        assert_eq!(stored.known["bodyweight"].to_string(), "80.6");
    }
}
