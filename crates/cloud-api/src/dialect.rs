//! What a particular cloud calls things: paths, field names, verbs, and what it can do.
//!
//! The vendor's collection reference is not public, so its names are guesses until somebody who holds it confirms
//! them. They all sit here; correcting one touches no other room. A deployment that knows better than the built-in
//! table sets the public fields of its [`Dialect`] from its configuration.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Id;

type Word = Cow<'static, str>;

/// The words of one cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Name in the configuration.
    pub name: Word,
    /// False where names are guesses: writing to such a server needs the operator's consent.
    pub confirmed: bool,
    /// Path of the token end point.
    pub token_path: Word,
    /// Path of the REST API with its version, without a slash at the end.
    pub api_root: Word,
    /// Collection of readings.
    pub readings: Word,
    /// Collection of performers.
    pub scanperformers: Word,
    /// Last segment of the measurements of a reading.
    pub measurements: Word,
    /// Method of an edit.
    pub edit: EditVerb,
    /// Query parameter that selects fields.
    pub fields_parameter: Word,
    /// Members whose name differs from ours: our name to theirs. Also applied to query filters.
    pub field_names: BTreeMap<Word, Word>,
    /// What the server can do beyond the published steps.
    pub capabilities: Capabilities,
}

/// Method of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditVerb {
    /// `PUT`, merging.
    Put,
    /// `PATCH`.
    Patch,
}

/// What a server can do beyond the published steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// `GET {api root}` answers the index object, which then tells the rest.
    pub index: bool,
    /// A reading is found again by its `externalid`. Without it a lost answer leaves the reading uncertain.
    pub find_by_externalid: bool,
    /// `Idempotency-Key` is honoured.
    pub idempotency_key: bool,
}

impl Dialect {
    /// Names that [`Dialect::named`] knows.
    pub const NAMES: [&'static str; 2] = ["hub", "boditrax"];

    /// The dialect of that name; `None` if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "hub" => Some(Self::hub()),
            "boditrax" => Some(Self::boditrax()),
            _ => None,
        }
    }

    /// Our own hub; confirmed by its tests.
    #[must_use]
    pub fn hub() -> Self {
        Self {
            name: "hub".into(),
            confirmed: true,
            token_path: "/oauth/token".into(),
            api_root: "/rest/v2.10".into(),
            readings: "readings".into(),
            scanperformers: "scanperformers".into(),
            measurements: "measurements".into(),
            edit: EditVerb::Put,
            fields_parameter: "fields".into(),
            field_names: BTreeMap::new(),
            capabilities: Capabilities {
                index: true,
                find_by_externalid: true,
                idempotency_key: true,
            },
        }
    }

    /// The vendor's cloud. Token path, API root and collection names are published, everything else is a guess.
    #[must_use]
    pub fn boditrax() -> Self {
        Self {
            name: "boditrax".into(),
            confirmed: false,
            capabilities: Capabilities {
                index: false,
                find_by_externalid: false,
                idempotency_key: false,
            },
            ..Self::hub()
        }
    }

    /// Path of a collection, such as `/rest/v2.10/readings` for [`Dialect::readings`].
    #[must_use]
    pub fn collection_path(&self, collection: &str) -> String {
        format!("{}/{collection}", self.api_root)
    }

    /// Path of an entity.
    #[must_use]
    pub fn entity_path(&self, collection: &str, id: Id) -> String {
        format!("{}/{collection}/{id}", self.api_root)
    }

    /// Path of a part of an entity, such as `/rest/v2.10/readings/9041/measurements`.
    #[must_use]
    pub fn part_path(&self, collection: &str, id: Id, part: &str) -> String {
        format!("{}/{collection}/{id}/{part}", self.api_root)
    }

    /// What this cloud calls a field of ours.
    #[must_use]
    pub fn field<'a>(&'a self, ours: &'a str) -> &'a str {
        self.field_names.get(ours).map_or(ours, |theirs| theirs)
    }

    /// Writes a body in this cloud's words. Only the members of the outermost object are renamed.
    ///
    /// # Errors
    /// The body does not serialise.
    pub fn encode(&self, body: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
        if self.field_names.is_empty() {
            return serde_json::to_vec(body);
        }
        let mut value = serde_json::to_value(body)?;
        rename(&mut value, self.field_names.iter());
        serde_json::to_vec(&value)
    }

    /// Reads a body that is in this cloud's words: an object, or an array of objects.
    ///
    /// # Errors
    /// The body is no JSON or does not have the shape of `T`.
    pub fn decode<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, serde_json::Error> {
        if self.field_names.is_empty() {
            return serde_json::from_slice(body);
        }
        let mut value: Value = serde_json::from_slice(body)?;
        let entities = match &mut value {
            Value::Array(entities) => entities.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for entity in entities {
            rename(entity, self.field_names.iter().map(|(ours, theirs)| (theirs, ours)));
        }
        serde_json::from_value(value)
    }
}

/// All names are taken out before any is put back, so that two fields may swap names.
fn rename<'a>(value: &mut Value, names: impl Iterator<Item = (&'a Word, &'a Word)>) {
    if let Value::Object(members) = value {
        let moved: Vec<_> = names
            .filter_map(|(from, to)| Some((to.to_string(), members.remove(from.as_ref())?)))
            .collect();
        members.extend(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ReadingPatch, Status};

    #[test]
    fn every_listed_dialect_exists_and_only_the_hub_is_confirmed() {
        for name in Dialect::NAMES {
            let dialect = Dialect::named(name).unwrap();
            assert_eq!(dialect.name, name);
            assert_eq!(dialect.confirmed, name == "hub");
        }
        assert_eq!(Dialect::named("klingon"), None);
    }

    #[test]
    fn paths_are_those_of_the_published_url_shape() {
        let hub = Dialect::hub();
        assert_eq!(hub.collection_path(&hub.readings), "/rest/v2.10/readings");
        assert_eq!(
            hub.part_path(&hub.readings, Id(9041), &hub.measurements),
            "/rest/v2.10/readings/9041/measurements"
        );
    }

    #[test]
    fn renamed_fields_go_out_and_come_back_even_when_they_swap() {
        let mut dialect = Dialect::boditrax();
        dialect.field_names = [("status".into(), "message".into()), ("message".into(), "status".into())].into();
        let patch = ReadingPatch {
            status: Some(Status::Claimed),
            message: Some("hello".into()),
            ..ReadingPatch::default()
        };
        let sent = dialect.encode(&patch).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&sent).unwrap(),
            serde_json::json!({"message":"claimed","status":"hello"})
        );
        assert_eq!(dialect.decode::<ReadingPatch>(&sent).unwrap(), patch);
        let list = format!("[{}]", String::from_utf8(sent).unwrap());
        assert_eq!(
            dialect.decode::<Vec<ReadingPatch>>(list.as_bytes()).unwrap(),
            vec![patch]
        );
    }
}
