//! Errors: codes with their HTTP status, the body our hub writes, and the reading of anybody's error body.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How much of an error body a client keeps: 2 KiB.
pub const KEPT_BYTES: usize = 2048;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $word:literal $status:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$item])* $variant,)*
        }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The HTTP status that goes with the code.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|code| code.as_str() == word).ok_or(UnknownCode)
            }
        }
    };
}

/// A word that is no code of this contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of this contract")]
pub struct UnknownCode;

codes! {
    /// Codes of the REST API (contract section 10).
    ErrorCode {
        /// The body is no JSON, or not the JSON that belongs here.
        InvalidJson = "invalid_json" 400,
        /// The request contradicts itself or lacks something.
        InvalidRequest = "invalid_request" 400,
        /// A field was selected that the collection does not have.
        UnknownField = "unknown_field" 400,
        /// A filter or sort order that is not understood.
        InvalidFilter = "invalid_filter" 400,
        /// No token was presented.
        MissingToken = "missing_token" 401,
        /// The token is unknown, expired or revoked.
        InvalidToken = "invalid_token" 401,
        /// The facility sells scans and none is left.
        ScanLicenceRequired = "scan_licence_required" 402,
        /// The token lacks the scope.
        InsufficientScope = "insufficient_scope" 403,
        /// The token's scopes do not open the field.
        FieldForbidden = "field_forbidden" 403,
        /// The facility has not consented to the app.
        FacilityNotConsented = "facility_not_consented" 403,
        /// Plain HTTP where HTTPS is needed.
        HttpsRequired = "https_required" 403,
        /// No such entity, or one outside the token's view.
        NotFound = "not_found" 404,
        /// No such collection.
        UnknownCollection = "unknown_collection" 404,
        /// No such version of the API.
        UnknownVersion = "unknown_version" 404,
        /// The resource knows other methods; `Allow` lists them.
        MethodNotAllowed = "method_not_allowed" 405,
        /// No form that the caller accepts.
        NotAcceptable = "not_acceptable" 406,
        /// Another performer was faster.
        AlreadyClaimed = "already_claimed" 409,
        /// A move that the states do not allow.
        InvalidTransition = "invalid_transition" 409,
        /// A member with this e-mail address is there already.
        DuplicateMember = "duplicate_member" 409,
        /// Another value is stored under this name.
        MeasurementConflict = "measurement_conflict" 409,
        /// The first request with this key is still running.
        IdempotencyInProgress = "idempotency_in_progress" 409,
        /// The performer is leased to another instance.
        PerformerTaken = "performer_taken" 409,
        /// The entity was changed since.
        EtagMismatch = "etag_mismatch" 412,
        /// The body is larger than allowed.
        BodyTooLarge = "body_too_large" 413,
        /// The body's media type is not understood.
        UnsupportedMediaType = "unsupported_media_type" 415,
        /// A value is not allowed.
        ValidationFailed = "validation_failed" 422,
        /// A measurement that the vocabulary does not have.
        UnknownMeasurement = "unknown_measurement" 422,
        /// A value outside the hard range.
        ImplausibleValue = "implausible_value" 422,
        /// The server sets this field.
        ReadOnlyField = "read_only_field" 422,
        /// The key was used with another body.
        IdempotencyMismatch = "idempotency_mismatch" 422,
        /// One-call upload where it is not offered.
        WalkupNotOffered = "walkup_not_offered" 422,
        /// The request must carry an `Idempotency-Key`.
        IdempotencyKeyRequired = "idempotency_key_required" 428,
        /// Too many requests.
        RateLimited = "rate_limited" 429,
        /// A fault of the server.
        Internal = "internal" 500,
        /// Not now.
        Unavailable = "unavailable" 503,
    }
}

codes! {
    /// Codes of the token end point (contract section 3.9, RFC 6749 section 5.2).
    OAuthError {
        /// A parameter is missing or repeated.
        InvalidRequest = "invalid_request" 400,
        /// Unknown app, wrong or reset secret.
        InvalidClient = "invalid_client" 401,
        /// Dead code, refresh token or linked account.
        InvalidGrant = "invalid_grant" 400,
        /// The app may not use this grant.
        UnauthorizedClient = "unauthorized_client" 400,
        /// A grant that is not offered.
        UnsupportedGrantType = "unsupported_grant_type" 400,
        /// A scope that the app was not given.
        InvalidScope = "invalid_scope" 400,
        /// Too many failures.
        SlowDown = "slow_down" 429,
        /// The store is away.
        TemporarilyUnavailable = "temporarily_unavailable" 503,
    }
}

/// One of several validation faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFault {
    /// The field.
    pub field: String,
    /// Code of the fault.
    pub code: String,
    /// Text for people.
    pub error: String,
}

/// Body of an error answer. Written by the hub as it stands; read from anybody's answer by [`ErrorBody::read`].
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ErrorBody {
    /// Always false.
    pub success: bool,
    /// Text for people.
    pub error: String,
    /// A code such as those of [`ErrorCode`] or [`OAuthError`], where the server gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// HTTP status as the body repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The field that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Further facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// All faults, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldFault>,
    /// What to look for in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ErrorBody {
    /// Reads an error body of any known shape: `error` as text or as object with `message`, `error_description`,
    /// `message`, `title`, `detail`, or plain text. At most [`KEPT_BYTES`] of text are kept. The caller redacts its
    /// own tokens before it logs the text.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Self::from_members(&members, body),
            _ => Self {
                error: excerpt(body),
                ..Self::default()
            },
        }
    }

    fn from_members(members: &Map<String, Value>, body: &[u8]) -> Self {
        let inner = members.get("error").and_then(Value::as_object);
        let text_in = |map: &Map<String, Value>, name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let text = |name: &str| text_in(members, name);
        let of_inner = |name: &str| inner.and_then(|inner| text_in(inner, name));
        // RFC 6749 puts the code into `error` and the text beside it.
        let described = text("error_description");
        let oauth_code = described.as_ref().and_then(|_| text("error"));
        let bare_oauth_code = text("error").filter(|word| word.parse::<OAuthError>().is_ok());
        let message = of_inner("message")
            .or(described)
            .or_else(|| text("error"))
            .or_else(|| text("message"))
            .or_else(|| text("detail"))
            .or_else(|| text("title"))
            .unwrap_or_else(|| excerpt(body));
        Self {
            success: false,
            error: shorten(message),
            code: text("code")
                .or_else(|| of_inner("code"))
                .or(oauth_code)
                .or(bare_oauth_code),
            status: members
                .get("status")
                .and_then(Value::as_u64)
                .and_then(|status| status.try_into().ok()),
            field: text("field"),
            details: members.get("details").cloned(),
            errors: members
                .get("errors")
                .and_then(|errors| serde_json::from_value(errors.clone()).ok())
                .unwrap_or_default(),
            request_id: text("request_id"),
        }
    }
}

fn excerpt(body: &[u8]) -> String {
    let cut = &body[..body.len().min(KEPT_BYTES)];
    String::from_utf8_lossy(cut)
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect()
}

fn shorten(mut text: String) -> String {
    let mut end = text.len().min(KEPT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_bodies_of_every_known_shape_are_read() {
        let cases = [
            (
                r#"{"success":false,"error":"No.","code":"not_found","status":404}"#,
                "No.",
                Some("not_found"),
            ),
            (r#"{"error":{"message":"No.","code":"x1"}}"#, "No.", Some("x1")),
            (
                r#"{"error":"invalid_grant","error_description":"No."}"#,
                "No.",
                Some("invalid_grant"),
            ),
            (
                r#"{"error":"invalid_client"}"#,
                "invalid_client",
                Some("invalid_client"),
            ),
            (r#"{"message":"No."}"#, "No.", None),
            (r#"{"title":"Bad","detail":"No.","code":"x2"}"#, "No.", Some("x2")),
            (r#"{"title":"Bad"}"#, "Bad", None),
            (r#"{"error":17}"#, r#"{"error":17}"#, None),
            ("Bad gateway", "Bad gateway", None),
            ("", "", None),
        ];
        for (body, message, code) in cases {
            let read = ErrorBody::read(body.as_bytes());
            assert_eq!((read.error.as_str(), read.code.as_deref()), (message, code), "{body}");
        }
    }

    #[test]
    fn a_long_or_broken_body_is_cut_without_panic() {
        let long = "é".repeat(3000);
        assert!(ErrorBody::read(long.as_bytes()).error.len() <= KEPT_BYTES + 3);
        let json = serde_json::to_vec(&serde_json::json!({"error": format!("x{long}")})).unwrap();
        assert_eq!(ErrorBody::read(&json).error.len(), KEPT_BYTES - 1);
        assert!(!ErrorBody::read(&[0xff, 0xfe, 0x00]).error.contains('\0'));
    }

    #[test]
    fn the_hubs_body_is_written_in_the_order_of_the_contract() {
        let body = ErrorBody {
            error: "The reading has already been claimed by another performer.".into(),
            code: Some(ErrorCode::AlreadyClaimed.to_string()),
            status: Some(ErrorCode::AlreadyClaimed.status()),
            field: Some("scanperformer".into()),
            details: Some(serde_json::json!({"scanperformer": 4})),
            request_id: Some("01JNG3V5K8".into()),
            ..ErrorBody::default()
        };
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"success":false,"error":"The reading has already been claimed by another performer.","code":"already_claimed","status":409,"field":"scanperformer","details":{"scanperformer":4},"request_id":"01JNG3V5K8"}"#
        );
        assert_eq!(ErrorBody::read(&serde_json::to_vec(&body).unwrap()), body);
    }
}
