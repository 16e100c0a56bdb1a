//! Why no token was given, and how that is answered (RFC 6749, section 5.2).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cloud_api::OAuthError;
use serde::Serialize;

use super::secret::SecretError;

/// An answer of the token end point without a token.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(super) error: OAuthError,
    description: &'static str,
    /// The client used HTTP Basic, so the answer names that scheme.
    pub(super) basic: bool,
    pub(super) retry_after: Option<i64>,
}

impl Refusal {
    pub(super) fn new(error: OAuthError, description: &'static str) -> Self {
        Self {
            error,
            description,
            basic: false,
            retry_after: None,
        }
    }

    /// The app may not have what it asks for.
    pub(super) fn outside() -> Self {
        Self::new(OAuthError::InvalidScope, "The app was not given this scope.")
    }

    /// The refresh token buys nothing.
    pub(super) fn dead_token() -> Self {
        Self::new(
            OAuthError::InvalidGrant,
            "The refresh token is unknown, expired, used or of another app.",
        )
    }

    /// The client may ask again after so long.
    pub(super) fn after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the store failed at the token end point"
        );
        Self::new(OAuthError::TemporarilyUnavailable, "The store is not available.").after(5)
    }
}

impl From<SecretError> for Refusal {
    fn from(error: SecretError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "no token could be made");
        Self::new(
            OAuthError::TemporarilyUnavailable,
            "No token can be made at the moment.",
        )
        .after(5)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            error: &'static str,
            error_description: &'static str,
        }
        let status = StatusCode::from_u16(self.error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let body = Body {
            error: self.error.as_str(),
            error_description: self.description,
        };
        let mut response = (status, Json(body)).into_response();
        if self.basic {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"boditrax\""),
            );
        }
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
