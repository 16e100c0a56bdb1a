//! Selection of fields (contract section 6.1).

use cloud_api::ErrorCode;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{
    error::{ApiError, Result},
    params::Params,
};
use crate::oauth::token_cache::Caller;

/// A field of an entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Objects and lists are left out of `*`.
    pub(super) scalar: bool,
}

/// A field that holds one value or a reference.
pub(super) const fn scalar(name: &'static str) -> Field {
    Field { name, scalar: true }
}

/// A field that holds an object or a list.
pub(super) const fn object(name: &'static str) -> Field {
    Field { name, scalar: false }
}

/// Something that is answered field by field.
pub(super) trait Entity {
    /// Every field, in the order in which all of them are answered.
    const FIELDS: &'static [Field];

    /// Counts its changes.
    fn version(&self) -> i64;

    /// Whether the caller's scopes open the field at all, on any entity.
    fn opens(caller: &Caller, field: &str) -> bool;

    /// Whether the field of this very entity is open to the caller.
    fn is_open(&self, caller: &Caller, field: &str) -> bool;

    /// The field's value; `Null` if it is not set.
    fn value(&self, field: &str) -> Value;
}

/// One field of an entity, by itself: not wrapped.
///
/// # Errors
/// 404 if the collection has no such field, 403 if it is not open to the caller.
pub(super) fn bare<E: Entity>(entity: &E, caller: &Caller, name: &str) -> Result<Value> {
    let name = name.to_ascii_lowercase();
    if !E::FIELDS.iter().any(|field| field.name == name) {
        return Err(ApiError::not_found());
    }
    if !E::opens(caller, &name) || !entity.is_open(caller, &name) {
        return Err(ApiError::new(ErrorCode::FieldForbidden, "The token's scopes do not open this field.").field(name));
    }
    Ok(entity.value(&name))
}

/// Fields that the server sets, as they are now.
pub(super) fn server_set(entity: &impl Entity) -> Vec<(&'static str, Value)> {
    ["id", "created", "updated", "createdby"]
        .map(|name| (name, entity.value(name)))
        .into()
}

/// JSON object whose members come in a chosen order.
#[derive(Debug, Clone, Default)]
pub(super) struct Object(pub(super) Vec<(String, Value)>);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Which fields an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection {
    picks: Vec<Pick>,
    /// Drop what is unknown or not open instead of refusing it.
    lenient: bool,
}

/// One selected field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pick {
    name: String,
    inner: Vec<Pick>,
}

impl Selection {
    /// What the request selects, or `default` if it selects nothing.
    fn of(params: &Params, default: &str) -> Result<Self> {
        let text = params.get("fields").unwrap_or(default).to_ascii_lowercase();
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut rest = compact.as_str();
        let picks = parse(&mut rest, 0)?;
        if !rest.is_empty() {
            return Err(not_understood());
        }
        Ok(Self {
            picks,
            lenient: params.flag("lenient"),
        })
    }

    /// What a collection answers of each entity: the id if nothing is selected.
    ///
    /// # Errors
    /// The selection is not understood, or names a field that the collection does not have or the caller's scopes do not open.
    pub(super) fn of_list<E: Entity>(params: &Params, caller: &Caller) -> Result<Self> {
        Self::of(params, "id")?.checked::<E>(caller)
    }

    /// What one entity answers: everything that is open if nothing is selected.
    ///
    /// # Errors
    /// As [`Self::of_list`].
    pub(super) fn of_one<E: Entity>(params: &Params, caller: &Caller) -> Result<Self> {
        Self::of(params, "**")?.checked::<E>(caller)
    }

    fn checked<E: Entity>(self, caller: &Caller) -> Result<Self> {
        if self.lenient {
            return Ok(self);
        }
        for pick in self.picks.iter().filter(|pick| !pick.name.starts_with('*')) {
            let field = E::FIELDS.iter().find(|field| field.name == pick.name);
            // A reference is answered as an id: there is nothing inside to choose from.
            if field.is_none_or(|field| field.scalar && !pick.inner.is_empty()) {
                return Err(ApiError::new(ErrorCode::UnknownField, "There is no such field.").field(pick.path()));
            }
            if !E::opens(caller, &pick.name) {
                return Err(
                    ApiError::new(ErrorCode::FieldForbidden, "The token's scopes do not open this field.")
                        .field(&pick.name),
                );
            }
        }
        Ok(self)
    }

    /// The selected fields of an entity that are open.
    pub(super) fn view<E: Entity>(&self, entity: &E, caller: &Caller) -> Object {
        let mut object = Object::default();
        let mut add = |name: &str, value: Value| {
            if !object.0.iter().any(|(known, _)| known == name) {
                object.0.push((name.to_owned(), value));
            }
        };
        for pick in &self.picks {
            let all = pick.name == "**";
            for field in E::FIELDS {
                // `raw` is large: it is answered only to those who name it.
                let wanted = field.name == pick.name
                    || (all && field.name != "raw")
                    || (pick.name == "*" && field.scalar && field.name != "raw");
                if wanted && entity.is_open(caller, field.name) {
                    add(field.name, pick.narrow(entity.value(field.name)));
                }
            }
        }
        object
    }
}

impl Pick {
    /// The field, with the first one inside it.
    fn path(&self) -> String {
        match self.inner.first() {
            Some(inner) => format!("{}.{}", self.name, inner.path()),
            None => self.name.clone(),
        }
    }

    /// The chosen members of an object.
    fn narrow(&self, value: Value) -> Value {
        if self.inner.is_empty() {
            return value;
        }
        match value {
            Value::Object(members) => self
                .inner
                .iter()
                .map(|pick| {
                    let member = members.get(&pick.name).cloned().unwrap_or(Value::Null);
                    (pick.name.clone(), pick.narrow(member))
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }
}

/// Reads a list up to its end or a closing bracket.
fn parse(rest: &mut &str, depth: usize) -> Result<Vec<Pick>> {
    if depth > 4 {
        return Err(not_understood());
    }
    let mut picks = Vec::new();
    loop {
        let end = rest.find([',', '.', '(', ')']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() || name.len() > 64 {
            return Err(not_understood());
        }
        *rest = after;
        let inner = match rest.chars().next() {
            Some('.') => {
                *rest = &rest[1..];
                let end = rest.find([',', ')']).unwrap_or(rest.len());
                let (path, after) = rest.split_at(end);
                let mut path = path;
                let inner = parse(&mut path, depth + 1)?;
                if !path.is_empty() {
                    return Err(not_understood());
                }
                *rest = after;
                inner
            }
            Some('(') => {
                *rest = &rest[1..];
                let inner = parse(rest, depth + 1)?;
                *rest = rest.strip_prefix(')').ok_or_else(not_understood)?;
                inner
            }
            _ => Vec::new(),
        };
        picks.push(Pick {
            name: name.to_owned(),
            inner,
        });
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Ok(picks),
        }
    }
}

fn not_understood() -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, "The selection of fields is not understood.").field("fields")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<String> {
        fn show(picks: &[Pick]) -> String {
            let one = |pick: &Pick| match pick.inner.is_empty() {
                true => pick.name.clone(),
                false => format!("{}({})", pick.name, show(&pick.inner)),
            };
            picks.iter().map(one).collect::<Vec<_>>().join(",")
        }
        let params = Params(vec![("fields".to_owned(), text.to_owned())]);
        Selection::of(&params, "id")
            .ok()
            .map(|selection| show(&selection.picks))
    }

    #[test]
    fn lists_dots_and_brackets_are_understood() {
        for (text, expected) in [
            ("id,date,status", "id,date,status"),
            (" ID , Date ", "id,date"),
            ("member.firstname", "member(firstname)"),
            (
                "member(id,firstname),measurements(bodyweight,fatmass)",
                "member(id,firstname),measurements(bodyweight,fatmass)",
            ),
            ("a(b(c),d.e)", "a(b(c),d(e))"),
            ("*", "*"),
        ] {
            assert_eq!(names(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_broken_selection_is_refused() {
        for text in ["", ",", "a,", "a(", "a()", "a)", "a(b", ".a", "a.", "a((((((b))))))"] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
