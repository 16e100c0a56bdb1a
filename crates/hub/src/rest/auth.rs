//! Who calls, and whether they may.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use cloud_api::{ErrorCode, Scope};

use super::{
    error::{ApiError, Result},
    params::Params,
};
use crate::{
    clock,
    oauth::{secret, token_cache::Caller},
    state::Hub,
};

/// The caller of an authorised request.
#[derive(Debug, Clone)]
pub(super) struct Auth(pub(super) Arc<Caller>);

impl std::ops::Deref for Auth {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl Auth {
    /// Refuses a caller who has none of `scopes`; `what` is a verb and a collection, for the text.
    pub(super) fn require(&self, scopes: &'static [Scope], what: &str) -> Result<()> {
        if self.scopes.contains_any(scopes) {
            Ok(())
        } else {
            Err(ApiError::scope(scopes, what))
        }
    }

    pub(super) fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }
}

impl FromRequestParts<Hub> for Auth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self> {
        let params = Params::parse(parts.uri.query().unwrap_or_default());
        let token = presented(&parts.headers, &params)?;
        hub.tokens
            .caller(hub.store.read(), &secret::digest(token), clock::now())
            .await?
            .map(Self)
            .ok_or_else(|| ApiError::new(ErrorCode::InvalidToken, "The token is unknown, expired or revoked."))
    }
}

/// The one token of a request: by header or by query, never by both (RFC 6750 section 2).
fn presented<'a>(headers: &'a HeaderMap, params: &'a Params) -> Result<&'a str> {
    let mut tokens = Vec::with_capacity(1);
    for value in headers.get_all(header::AUTHORIZATION) {
        let (scheme, token) = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "The Authorization header is not `Bearer TOKEN`.",
            ));
        }
        tokens.push(token.trim());
    }
    tokens.extend(
        params
            .0
            .iter()
            .filter(|(name, _)| name == "access_token")
            .map(|(_, token)| token.as_str()),
    );
    match tokens[..] {
        [] => Err(ApiError::new(ErrorCode::MissingToken, "An access token is required.")),
        [token] => Ok(token),
        _ => Err(ApiError::new(
            ErrorCode::InvalidRequest,
            "More than one token was presented.",
        )),
    }
}
