//! Success answers: JSON with its version, and the ways a client avoids getting or changing what it does not know.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cloud_api::{ErrorCode, headers};
use serde::Serialize;

use super::{
    error::{ApiError, Result},
    fields::{Entity, Selection},
};
use crate::oauth::token_cache::Caller;

/// A JSON answer that can be kept and given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) body: Vec<u8>,
    /// Kept from an earlier request with the same key.
    pub(super) replayed: bool,
}

impl Answer {
    pub(super) fn json(body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "an answer did not serialise");
            ApiError::internal()
        })?;
        Ok(Self {
            status: 200,
            location: None,
            etag: None,
            body,
            replayed: false,
        })
    }

    /// An entity of this version.
    pub(super) fn entity(body: &impl Serialize, version: i64) -> Result<Self> {
        Ok(Self {
            etag: Some(etag(version)),
            ..Self::json(body)?
        })
    }

    /// The selected fields of an entity that are open to the caller.
    pub(super) fn selected<E: Entity>(entity: &E, selection: &Selection, caller: &Caller) -> Result<Self> {
        Self::entity(&selection.view(entity, caller), entity.version())
    }

    /// An entity that was added.
    pub(super) fn created(self, location: String) -> Self {
        Self {
            status: 201,
            location: Some(location),
            ..self
        }
    }

    /// What `?validate=1` answers when every check passed.
    pub(super) fn validated() -> Self {
        Self {
            status: 200,
            location: None,
            etag: None,
            body: br#"{"success":true,"validated":true}"#.to_vec(),
            replayed: false,
        }
    }

    /// 304 if the client has this version already.
    pub(super) fn unless_known(self, request: &HeaderMap) -> Response {
        let known = self
            .etag
            .as_ref()
            .is_some_and(|etag| lists(request, header::IF_NONE_MATCH, etag));
        let mut response = self.into_response();
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = axum::body::Body::empty();
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        response
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        let mut add = |name: HeaderName, text: Option<String>| {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
                headers.insert(name, value);
            }
        };
        add(header::LOCATION, self.location);
        add(header::ETAG, self.etag);
        add(
            HeaderName::from_static(headers::IDEMPOTENCY_REPLAYED),
            self.replayed.then(|| "true".to_owned()),
        );
        response
    }
}

/// Refuses an edit of another version than the client has seen.
pub(super) fn check_if_match(request: &HeaderMap, version: i64) -> Result<()> {
    if !request.contains_key(header::IF_MATCH) || lists(request, header::IF_MATCH, &etag(version)) {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::EtagMismatch, "The entity was changed since."))
}

fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// Whether a header's list of tags holds this one; weak and strong forms of a tag are the same here.
fn lists(request: &HeaderMap, name: HeaderName, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}
