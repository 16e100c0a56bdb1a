//! The parsed file with the place of everything in it, so that a fault is reported with its line and key.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use crate::Fault;

/// A TOML document whose sections are taken out one by one.
pub(crate) struct Document<'i> {
    text: &'i str,
    sections: DeTable<'i>,
    places: Vec<Place>,
}

/// Where something stands: `scanner[1].port` and the bytes of its key and value.
struct Place {
    key: String,
    key_span: Range<usize>,
    span: Range<usize>,
}

impl<'i> Document<'i> {
    pub(crate) fn parse(text: &'i str) -> Result<Self, Fault> {
        let sections = DeTable::parse(text)
            .map_err(|error| Fault {
                line: error.span().map(|span| line_of(text, span.start)),
                key: None,
                problem: error.message().to_owned(),
            })?
            .into_inner();
        let mut places = Vec::new();
        note_places(&sections, "", &mut places);
        Ok(Self { text, sections, places })
    }

    /// Takes the section `name` out, typed; `None` if the file does not have it.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Fault> {
        self.take_value(name).map(|value| self.typed(value)).transpose()
    }

    /// Takes a list of sections such as `[[scanner]]` out, untyped; empty if the file does not have it.
    pub(crate) fn take_list(&mut self, name: &str) -> Result<Vec<Spanned<DeValue<'i>>>, Fault> {
        match self.take_value(name).map(Spanned::into_inner) {
            None => Ok(Vec::new()),
            Some(DeValue::Array(list)) => Ok(list.into_iter().collect()),
            Some(_) => Err(self.fault(name, format!("there may be several: write it as `[[{name}]]`"))),
        }
    }

    /// Gives `value`, which came out of this document, its type.
    pub(crate) fn typed<T: DeserializeOwned>(&self, value: Spanned<DeValue<'i>>) -> Result<T, Fault> {
        let whole = value.span();
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| {
            let mut span = error.span().unwrap_or(whole);
            let mut key = self.key_at(&span);
            // A fault that only a whole section shows is placed at the key its text begins with.
            if let Some(place) = key
                .as_deref()
                .and_then(|section| self.named_by(error.message(), section))
            {
                (key, span) = (Some(place.key.clone()), place.key_span.clone());
            }
            // What stands there may be a secret that was written where its reference belongs.
            let problem = if key.as_deref().is_some_and(names_a_secret) && error.message().starts_with("invalid") {
                "a secret is given as a reference: `file:PATH`, `credential:NAME` or `env:NAME`".to_owned()
            } else {
                error.message().to_owned()
            };
            Fault {
                line: Some(line_of(self.text, span.start)),
                key,
                problem,
            }
        })
    }

    /// A fault of the value that `key` names, such as `scanner[1].port`; of its section if the key itself is not there.
    pub(crate) fn fault(&self, key: &str, problem: impl Into<String>) -> Fault {
        let parents = std::iter::successors(Some(key), |key| key.rfind(['.', '[']).map(|end| &key[..end]));
        let place = parents
            .into_iter()
            .find_map(|key| self.places.iter().find(|place| place.key == key));
        Fault {
            line: place.map(|place| line_of(self.text, place.key_span.start)),
            key: Some(key.to_owned()),
            problem: problem.into(),
        }
    }

    /// Refuses what nobody took out.
    pub(crate) fn finish(self, allowed: &[&str]) -> Result<(), Fault> {
        match self.sections.keys().min_by_key(|key| key.span().start) {
            None => Ok(()),
            Some(unknown) => {
                let name = unknown.get_ref();
                let allowed = allowed
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ");
                Err(self.fault(name, format!("unknown section `{name}`, expected one of {allowed}")))
            }
        }
    }

    fn take_value(&mut self, name: &str) -> Option<Spanned<DeValue<'i>>> {
        self.sections.remove(name)
    }

    /// The key of `section` that `message` begins with in backticks.
    fn named_by(&self, message: &str, section: &str) -> Option<&Place> {
        let word = message
            .strip_prefix('`')?
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()?;
        let key = format!("{section}.{word}");
        self.places.iter().find(|place| place.key == key)
    }

    /// The innermost key around `span`.
    fn key_at(&self, span: &Range<usize>) -> Option<String> {
        let around = |outer: &Range<usize>| outer.start <= span.start && span.end <= outer.end;
        let innermost = self
            .places
            .iter()
            .rfind(|place| around(&place.key_span) || around(&place.span))?;
        Some(innermost.key.clone())
    }
}

/// Notes the place of every key below `table`, a table before what is in it.
fn note_places(table: &DeTable<'_>, parent: &str, places: &mut Vec<Place>) {
    for (key, value) in table {
        let path = if parent.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{parent}.{}", key.get_ref())
        };
        note_value(path, key.span(), value, places);
    }
}

fn note_value(key: String, key_span: Range<usize>, value: &Spanned<DeValue<'_>>, places: &mut Vec<Place>) {
    let parent = key.clone();
    places.push(Place {
        key,
        key_span,
        span: value.span(),
    });
    match value.get_ref() {
        DeValue::Table(table) => note_places(table, &parent, places),
        DeValue::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                note_value(format!("{parent}[{at}]"), item.span(), item, places);
            }
        }
        _ => {}
    }
}

fn names_a_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    ["secret", "password", "token"].iter().any(|word| last.contains(word))
}

/// Number of the line that holds the byte, from 1.
fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|&b| b == b'\n').count()
}
