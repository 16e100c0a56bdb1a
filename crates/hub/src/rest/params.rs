//! The query of a request, with repeats.

use axum::{extract::FromRequestParts, http::request::Parts};
use cloud_api::ErrorCode;

use super::error::{ApiError, Result};

/// Parameters that are no filters.
pub(super) const RESERVED: [&str; 15] = [
    "access_token",
    "cursor",
    "energy",
    "envelope",
    "fields",
    "format",
    "lenient",
    "limit",
    "page",
    "pagesize",
    "since",
    "sort",
    "strict",
    "units",
    "validate",
];

/// Name and value of every parameter, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(pub(super) Vec<(String, String)>);

impl Params {
    pub(super) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The last value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on: present and not `0` or `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value != "0" && value != "false")
    }

    /// An integer from `from` to `to`; `None` if absent.
    pub(super) fn integer(&self, name: &str, from: i64, to: i64) -> Result<Option<i64>> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) if (from..=to).contains(&value) => Ok(Some(value)),
            _ => Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!("{name} is a number from {from} to {to}."),
            )
            .field(name)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let params = Self::parse(parts.uri.query().unwrap_or_default());
        // Answering other units than were asked for would be worse than refusing.
        for (name, served) in [("units", "metric"), ("energy", "kj")] {
            if params
                .get(name)
                .is_some_and(|asked| !asked.eq_ignore_ascii_case(served))
            {
                return Err(
                    ApiError::new(ErrorCode::InvalidRequest, format!("This server answers {served} only.")).field(name),
                );
            }
        }
        Ok(params)
    }
}
