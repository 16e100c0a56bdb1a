//! What a column of a table holds: by the map of the command line, or by its own header.

use std::str::FromStr;

use scan_model::{Decimal, Metric, Unit};

/// What a column holds, by its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(super) header: String,
    pub(super) content: Holds,
}

/// What stands in the fields of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    SubjectNumber,
    Gender,
    Age,
    /// Date and time, year first.
    MeasuredAt,
    Value(Metric, Unit),
}

/// A column of the command line that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadColumn {
    /// No equals sign.
    #[error("write a column as HEADER=NAME or HEADER=NAME:UNIT")]
    Form,
    /// No such measurement.
    #[error("`{name}` is no measurement, nor subject_number, gender, age or measured_at")]
    Name {
        /// What was written.
        name: String,
    },
    /// No such unit.
    #[error("`{unit}` is no unit: use a UCUM code such as kg, [lb_av] or %")]
    Unit {
        /// What was written.
        unit: String,
    },
    /// A unit of something else.
    #[error("`{name}` is not measured in {unit}")]
    OtherUnit {
        /// Of which measurement.
        name: String,
        /// What was written.
        unit: Unit,
    },
}

impl FromStr for Column {
    type Err = BadColumn;

    fn from_str(text: &str) -> Result<Self, BadColumn> {
        let (header, name) = text.rsplit_once('=').ok_or(BadColumn::Form)?;
        let (name, unit) = match name.split_once(':') {
            Some((name, unit)) => (name, Some(unit)),
            None => (name, None),
        };
        let unit = unit
            .map(|unit| unit.parse().map_err(|_| BadColumn::Unit { unit: unit.to_owned() }))
            .transpose()?;
        let name = name.trim();
        let content = Holds::named(name, unit).ok_or_else(|| BadColumn::Name { name: name.to_owned() })?;
        if let Some(unit) = content.unit_of_something_else() {
            let name = name.to_owned();
            return Err(BadColumn::OtherUnit { name, unit });
        }
        Ok(Self {
            header: header.trim().to_owned(),
            content,
        })
    }
}

impl Holds {
    fn named(name: &str, unit: Option<Unit>) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "subject_number" | "id" => Self::SubjectNumber,
            "gender" | "sex" => Self::Gender,
            "age" => Self::Age,
            "measured_at" => Self::MeasuredAt,
            other => {
                let metric = Metric::from_alias(other)?;
                Self::Value(metric, unit.unwrap_or(metric.unit()))
            }
        })
    }

    /// What a header says by itself: `Weight`, `Weight(kg)`, `Weight (lb)`.
    pub(super) fn of(header: &str) -> Option<Self> {
        let (name, unit) = match header.split_once('(') {
            Some((name, unit)) => (name, Some(unit.trim_end().trim_end_matches(')'))),
            None => (header, None),
        };
        let unit = match unit {
            None => None,
            Some("lb" | "lbs") => Some(Unit::Pound),
            Some("in") => Some(Unit::Inch),
            Some("kcal") => Some(Unit::KilocaloriePerDay),
            Some("kg/m²") => Some(Unit::KilogramPerSquareMetre),
            // What stands in the brackets is more than a unit: only a map can tell.
            Some(other) => Some(other.parse().ok()?),
        };
        Self::named(name.trim(), unit).filter(|content| content.unit_of_something_else().is_none())
    }

    /// The unit, if it measures something else: `Fat (%)` is not a fat mass.
    fn unit_of_something_else(self) -> Option<Unit> {
        let Self::Value(metric, unit) = self else { return None };
        let measures = unit.to_metric(Decimal::from(1)).map(|(_, unit)| unit);
        (measures != Some(metric.unit())).then_some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_cannot_be_understood_is_refused() {
        for (text, named) in [
            ("Weight", "HEADER=NAME"),
            ("W=shoe", "`shoe`"),
            ("W=body_weight:stone", "`stone`"),
            ("W=body_weight:cm", "`body_weight` is not measured in cm"),
        ] {
            let error = text.parse::<Column>().unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        assert_eq!("a=b=weight:[lb_av]".parse::<Column>().unwrap().header, "a=b");
    }
}
