//! Identifiers: emitted as numbers, accepted as numbers or strings of digits.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

/// Identifier of an entity: a positive integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub i64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        from_value(&value).ok_or_else(|| D::Error::custom("an id is a positive integer"))
    }
}

/// How a caller names a facility: by id, or by the facility's own key in the membership system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FacilityRef {
    /// A JSON number.
    Id(Id),
    /// A JSON string, compared with the facility's `externalid` first and taken as an id otherwise.
    Name(String),
}

impl Serialize for FacilityRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => id.serialize(serializer),
            Self::Name(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for FacilityRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(name) => Ok(Self::Name(name)),
            other => from_value(&other)
                .map(Self::Id)
                .ok_or_else(|| D::Error::custom("a facility is an id or the facility's externalid")),
        }
    }
}

fn from_value(value: &Value) -> Option<Id> {
    let id = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    (id > 0).then_some(Id(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_a_number_or_a_string_and_written_as_a_number() {
        assert_eq!(serde_json::from_str::<Id>("9041").unwrap(), Id(9041));
        assert_eq!(serde_json::from_str::<Id>("\"9041\"").unwrap(), Id(9041));
        assert_eq!(serde_json::to_string(&Id(9041)).unwrap(), "9041");
    }

    #[test]
    fn what_is_no_positive_integer_is_no_id() {
        for bad in ["0", "-1", "1.5", "\"\"", "\"x\"", "null", "[1]", "99999999999999999999"] {
            assert!(serde_json::from_str::<Id>(bad).is_err(), "{bad} was taken for an id");
        }
    }

    #[test]
    fn a_facility_is_an_id_as_number_or_a_name_as_string() {
        assert_eq!(
            serde_json::from_str::<FacilityRef>("3").unwrap(),
            FacilityRef::Id(Id(3))
        );
        assert_eq!(
            serde_json::from_str::<FacilityRef>("\"gym-7\"").unwrap(),
            FacilityRef::Name("gym-7".into())
        );
    }
}
