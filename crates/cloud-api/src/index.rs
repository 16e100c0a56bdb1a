//! The index object at the root of the REST API: what the server offers to the token that asks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `GET {api root}`. A server that does not know this resource offers nothing beyond the published steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Version of the API, such as `2.10`.
    pub version: String,
    /// How a walk-up scan may be sent.
    #[serde(default)]
    pub walkup: Walkup,
    /// Whether several readings may be sent in one call.
    #[serde(default)]
    pub batch: bool,
    /// Whether `Idempotency-Key` is honoured.
    #[serde(default)]
    pub idempotency: bool,
    /// Collections by name.
    #[serde(default)]
    pub collections: BTreeMap<String, IndexCollection>,
}

/// One collection of an [`Index`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexCollection {
    /// Path of the collection on the same server.
    pub url: String,
    /// Methods that the presented token may use on the collection.
    #[serde(default)]
    pub verbs: Vec<String>,
}

/// How a walk-up scan may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Walkup {
    /// One `POST /readings` with status, date and measurements.
    #[serde(rename = "one-call")]
    OneCall,
    /// Create, add measurements, complete: three calls. What every server takes.
    #[default]
    #[serde(rename = "steps", other)]
    Steps,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_way_of_walk_up_falls_back_to_steps() {
        let index: Index = serde_json::from_str(r#"{"version":"2.10","walkup":"by-pigeon","new":1}"#).unwrap();
        assert_eq!(index.walkup, Walkup::Steps);
        let index: Index = serde_json::from_str(r#"{"version":"2.10","walkup":"one-call"}"#).unwrap();
        assert_eq!(index.walkup, Walkup::OneCall);
    }
}
