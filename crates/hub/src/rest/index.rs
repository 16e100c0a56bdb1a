//! The index object: what the server offers, and what the presented token may use of it.

use axum::response::{IntoResponse as _, Response};
use cloud_api::{API_VERSION, Index, IndexCollection, Scope, Walkup};

use super::{ROOT, answer::Answer, auth::Auth, error::Result};

/// A collection and the scopes that open it (contract section 5.3).
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) name: &'static str,
    pub(super) read: &'static [Scope],
    pub(super) add: &'static [Scope],
    pub(super) edit: &'static [Scope],
}

/// Every collection that is served.
pub(super) const COLLECTIONS: [&Collection; 4] = [&FACILITIES, &MEMBERS, &READINGS, &SCANPERFORMERS];

pub(super) const FACILITIES: Collection = Collection {
    name: "facilities",
    read: &[Scope::ScanPerformer, Scope::UserManagement, Scope::Reporting],
    add: &[],
    edit: &[Scope::UserManagement],
};

pub(super) const MEMBERS: Collection = Collection {
    name: "members",
    read: &[Scope::UserManagement, Scope::FrontEnd],
    add: &[Scope::UserManagement],
    edit: &[Scope::UserManagement],
};

pub(super) const READINGS: Collection = Collection {
    name: "readings",
    read: &[
        Scope::Reporting,
        Scope::MeasurementAnalysis,
        Scope::ScanPerformer,
        Scope::ScanCreator,
    ],
    add: &[Scope::ScanCreator],
    edit: &[Scope::ScanPerformer],
};

pub(super) const SCANPERFORMERS: Collection = Collection {
    name: "scanperformers",
    read: &[Scope::ScanPerformer, Scope::ScanCreator],
    add: &[Scope::ScanPerformer],
    edit: &[Scope::ScanPerformer],
};

pub(super) async fn index(auth: Auth) -> Result<Response> {
    let collections = COLLECTIONS.iter().filter_map(|collection| {
        let verbs: Vec<_> = [
            ("GET", collection.read),
            ("POST", collection.add),
            ("PUT", collection.edit),
        ]
        .into_iter()
        .filter(|(_, scopes)| auth.scopes.contains_any(scopes))
        .map(|(verb, _)| verb.to_owned())
        .collect();
        let entry = IndexCollection {
            url: format!("{ROOT}/{}", collection.name),
            verbs,
        };
        (!entry.verbs.is_empty()).then(|| (collection.name.to_owned(), entry))
    });
    let index = Index {
        version: API_VERSION.to_owned(),
        walkup: Walkup::OneCall,
        batch: false,
        idempotency: true,
        collections: collections.collect(),
    };
    Ok(Answer::json(&index)?.into_response())
}
