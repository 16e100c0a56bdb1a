//! `Idempotency-Key`: the first answer is kept 24 h and given again.
//!
//! Looking up, doing and keeping happen in one transaction, so a second request with the key waits for the first and
//! then gets its answer. Errors are not kept: nothing was done.

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use cloud_api::{ErrorCode, headers};
use sha2::{Digest as _, Sha256};
use sqlx::SqliteConnection;

use super::{
    answer::Answer,
    error::{ApiError, Result},
};
use crate::store::answers::{self, AnswerRow};

/// How long an answer is kept.
pub(crate) const KEPT_MS: i64 = 24 * 3600 * 1000;

/// The key of a request, if it has one.
#[derive(Debug)]
pub(super) struct Key(Option<String>, Method, String);

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let key = match parts.headers.get(headers::IDEMPOTENCY_KEY) {
            None => None,
            Some(value) => match value.to_str() {
                Ok(key) if (1..=headers::IDEMPOTENCY_KEY_MAX).contains(&key.len()) => Some(key.to_owned()),
                _ => {
                    return Err(ApiError::new(
                        ErrorCode::InvalidRequest,
                        "An Idempotency-Key has 1 to 128 printable characters.",
                    ));
                }
            },
        };
        Ok(Self(key, parts.method.clone(), parts.uri.path().to_owned()))
    }
}

/// A key in use: what to look up and what to keep.
#[derive(Debug)]
pub(super) struct Claim {
    app: i64,
    key: String,
    request: Vec<u8>,
}

impl Key {
    /// The claim of this request; `None` without a key.
    pub(super) fn claim(self, app: i64, body: &[u8]) -> Option<Claim> {
        let Self(key, method, path) = self;
        let request = || {
            Sha256::new()
                .chain_update(method.as_str())
                .chain_update([0])
                .chain_update(&path)
                .chain_update([0])
                .chain_update(body)
                .finalize()
                .to_vec()
        };
        key.map(|key| Claim {
            app,
            key,
            request: request(),
        })
    }
}

impl Claim {
    /// The answer that was given to this request before, if any.
    pub(super) async fn replay(&self, tx: &mut SqliteConnection) -> Result<Option<Answer>> {
        let Some(kept) = answers::find(tx, self.app, &self.key).await? else {
            return Ok(None);
        };
        if kept.request != self.request {
            return Err(ApiError::new(
                ErrorCode::IdempotencyMismatch,
                "This Idempotency-Key was used for another request.",
            ));
        }
        Ok(Some(Answer {
            status: kept.status,
            location: kept.location,
            etag: kept.etag,
            body: kept.body,
            replayed: true,
        }))
    }

    /// The key as the client sent it.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// What is kept of the answer.
    pub(super) fn row(&self, answer: &Answer) -> AnswerRow {
        AnswerRow {
            request: self.request.clone(),
            status: answer.status,
            location: answer.location.clone(),
            etag: answer.etag.clone(),
            body: answer.body.clone(),
        }
    }

    /// Keeps the answer.
    pub(super) async fn keep(self, tx: &mut SqliteConnection, answer: &Answer, now: i64) -> Result<()> {
        Ok(answers::add(tx, self.app, &self.key, &self.row(answer), now).await?)
    }
}
