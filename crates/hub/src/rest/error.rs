//! Error answers (contract section 10).

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cloud_api::{ErrorBody, ErrorCode, Scope};
use serde_json::Value;

/// An error answer. Its text never repeats a value of the request.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) code: ErrorCode,
    body: Box<ErrorBody>,
    /// Scopes, one of which would have been needed.
    scopes: &'static [Scope],
    retry_after: Option<u32>,
}

/// What a handler answers.
pub(crate) type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(code: ErrorCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            body: Box::new(ErrorBody {
                error: text.into().into_owned(),
                code: Some(code.to_string()),
                status: Some(code.status()),
                ..ErrorBody::default()
            }),
            scopes: &[],
            retry_after: None,
        }
    }

    /// An entity that is not there, or outside the token's view, which must look the same.
    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is no such entity.")
    }

    /// A value that is not allowed.
    pub(crate) fn invalid(field: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ValidationFailed, text).field(field)
    }

    /// The token lacks the scope; `what` is a verb and a collection.
    pub(crate) fn scope(scopes: &'static [Scope], what: &str) -> Self {
        let mut error = Self::new(ErrorCode::InsufficientScope, format!("This token may not {what}."));
        error.scopes = scopes;
        error
    }

    /// Too many wait already.
    pub(crate) fn too_many_watchers() -> Self {
        let mut error = Self::new(ErrorCode::Unavailable, "Too many are watching at the moment.");
        error.retry_after = Some(10);
        error
    }

    /// A fault of the hub's own, which its log explains.
    pub(crate) fn internal() -> Self {
        Self::new(
            ErrorCode::Internal,
            "The server failed; the request id leads to its log.",
        )
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.body.field = Some(field.into());
        self
    }

    pub(crate) fn details(mut self, details: Value) -> Self {
        self.body.details = Some(details);
        self
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        match error {
            // A full disk, a file held by another program: the same request may well succeed later.
            sqlx::Error::Database(_) | sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                let mut error = Self::new(ErrorCode::Unavailable, "The store is not available.");
                error.retry_after = Some(5);
                error
            }
            _ => Self::internal(),
        }
    }
}

/// The body is written by the frame around all routes, which knows the request's id and what the caller accepts.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        let challenge = match self.code {
            ErrorCode::MissingToken => Some("Bearer realm=\"boditrax\"".to_owned()),
            ErrorCode::InvalidToken => Some("Bearer realm=\"boditrax\", error=\"invalid_token\"".to_owned()),
            ErrorCode::InsufficientScope => {
                let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
                Some(format!(
                    "Bearer realm=\"boditrax\", error=\"insufficient_scope\", scope=\"{}\"",
                    scopes.join(" ")
                ))
            }
            _ => None,
        };
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Failure(self.body));
        response
    }
}

/// An error body on its way to the frame.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub(super) Box<ErrorBody>);
