//! Why a call failed.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use http::StatusCode;

use crate::{
    Remedy,
    remedy::{of_foreign, of_refusal},
};

/// The calls that a [`Client`](crate::Client) makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Get a token.
    Authenticate,
    /// Read the index object.
    Index,
    /// Register a performer.
    RegisterPerformer,
    /// Tell that a performer is alive.
    Heartbeat,
    /// Find a reading by its `externalid`.
    FindReading,
    /// Read one reading.
    ReadReading,
    /// Create a reading, with its result or without.
    CreateReading,
    /// Add the measurements of a reading.
    AddMeasurements,
    /// Complete a reading.
    CompleteReading,
}

impl Call {
    /// Whether what is sent is one reading's: such an answer may be about that reading alone.
    #[must_use]
    pub fn carries_reading(self) -> bool {
        matches!(
            self,
            Self::CreateReading | Self::AddMeasurements | Self::CompleteReading
        )
    }

    /// Whether the path names one reading: only there a 404 is about that reading.
    #[must_use]
    pub fn names_reading(self) -> bool {
        matches!(self, Self::ReadReading | Self::AddMeasurements | Self::CompleteReading)
    }

    /// Whether it adds something to the readings, so that a repeat may add it twice.
    fn posts_reading(self) -> bool {
        matches!(self, Self::CreateReading | Self::AddMeasurements)
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::Authenticate => "get a token",
            Self::Index => "read the index",
            Self::RegisterPerformer => "register the performer",
            Self::Heartbeat => "send the heartbeat",
            Self::FindReading => "find the reading",
            Self::ReadReading => "read the reading",
            Self::CreateReading => "create the reading",
            Self::AddMeasurements => "add the measurements",
            Self::CompleteReading => "complete the reading",
        }
    }
}

/// Which call, at which server. Printed as `create the reading at https://hub.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The call.
    pub call: Call,
    /// Base URL of the server.
    pub server: Arc<str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.call.phrase(), self.server)
    }
}

/// Why a call failed. [`CallError::remedy`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The app's secret is not there, so nothing was sent.
    #[error("cannot {at}: the client secret is not available")]
    Secret {
        /// The call.
        at: Place,
        /// Why.
        source: secret_ref::ReadError,
    },
    /// No connection: the server cannot have seen the call.
    #[error("cannot {at}: no connection")]
    Unreachable {
        /// The call.
        at: Place,
        /// Why.
        source: reqwest::Error,
    },
    /// The server's certificate is not trusted, or is for another name.
    #[error("cannot {at}: the server's certificate is not trusted")]
    Untrusted {
        /// The call.
        at: Place,
        /// Why.
        source: reqwest::Error,
    },
    /// The connection broke or the time was up: the server may have done what was asked, or not.
    #[error("failed to {at}: the answer was lost")]
    Lost {
        /// The call.
        at: Place,
        /// Why.
        source: reqwest::Error,
    },
    /// A success whose JSON cannot be read: the server has most likely done what was asked.
    #[error("failed to {at}: the answer (status {status}) {defect}")]
    Garbled {
        /// The call.
        at: Place,
        /// Status of the answer.
        status: StatusCode,
        /// What is wrong with the JSON.
        defect: Defect,
    },
    /// The answer does not come from the API.
    #[error("failed to {at}: the answer (status {status}) is {what}")]
    Foreign {
        /// The call.
        at: Place,
        /// Status of the answer.
        status: StatusCode,
        /// What came instead.
        what: NotOurs,
    },
    /// The server said no.
    #[error("failed to {at}: {0}", refusal)]
    Refused {
        /// The call.
        at: Place,
        /// What the server said.
        refusal: Box<Refusal>,
    },
    /// The server answered, but does not say whether it has the reading, or offers no way to ask.
    #[error("cannot {at}: the server offers no way to ask for it")]
    CannotAsk {
        /// The call.
        at: Place,
    },
}

impl CallError {
    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Secret { .. } => Remedy::Pause(crate::Pause::Unauthorised),
            Self::Unreachable { .. } | Self::Lost { .. } | Self::Garbled { .. } => Remedy::RetryLater { after: None },
            Self::Untrusted { .. } => Remedy::Pause(crate::Pause::UntrustedServer),
            Self::Foreign { status, what, .. } => of_foreign(*status, *what),
            Self::Refused { at, refusal } => of_refusal(at.call, refusal),
            Self::CannotAsk { .. } => Remedy::Uncertain,
        }
    }

    /// Whether the server may have done what was asked although this error came back. A call that failed for want of a
    /// token was not made.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self {
            _ if self.call() == Call::Authenticate => false,
            Self::Lost { .. } | Self::Garbled { .. } => true,
            // A gateway may have passed the call on, and a server may fall over its own success. 503 says it was not
            // taken on.
            Self::Refused { refusal, .. } => {
                refusal.status.is_server_error() && refusal.status != StatusCode::SERVICE_UNAVAILABLE
            }
            // A success in a form that is not expected, or a redirect to what was made (RFC 9110 section 15.4.4).
            Self::Foreign { at, status, .. } => {
                at.call.posts_reading() && (status.is_success() || *status == StatusCode::SEE_OTHER)
            }
            Self::Secret { .. } | Self::Unreachable { .. } | Self::Untrusted { .. } | Self::CannotAsk { .. } => false,
        }
    }

    /// Whether the server answered at all.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Garbled { .. } | Self::Foreign { .. } | Self::Refused { .. } | Self::CannotAsk { .. } => true,
            Self::Secret { .. } | Self::Unreachable { .. } | Self::Untrusted { .. } | Self::Lost { .. } => false,
        }
    }

    /// The failure as a word for programs: the server's code where it gave one of the contract's, such as
    /// `implausible_value`, else a word of ours: always `[a-z0-9_]+`.
    #[must_use]
    pub fn code(&self) -> Cow<'_, str> {
        match self {
            Self::Secret { .. } => "secret_unavailable".into(),
            Self::Unreachable { .. } => "unreachable".into(),
            Self::Untrusted { .. } => "untrusted_server".into(),
            Self::Lost { .. } => "answer_lost".into(),
            Self::Garbled { .. } => "answer_broken".into(),
            Self::Foreign { .. } => "not_the_api".into(),
            Self::Refused { refusal, .. } => refusal.word(),
            Self::CannotAsk { .. } => "cannot_ask".into(),
        }
    }

    /// The call that failed.
    #[must_use]
    pub fn call(&self) -> Call {
        match self {
            Self::Secret { at, .. }
            | Self::Unreachable { at, .. }
            | Self::Untrusted { at, .. }
            | Self::Lost { at, .. }
            | Self::Garbled { at, .. }
            | Self::Foreign { at, .. }
            | Self::Refused { at, .. }
            | Self::CannotAsk { at } => at.call,
        }
    }

    /// What the server said, if it said no.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}

/// What a server said when it said no. Printed as status and code; the server's own words may repeat what was sent and
/// are only handed out by [`Refusal::text`].
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// The server's code, such as `implausible_value`, if it is one of the contract's.
    pub code: Option<String>,
    /// The field it is about, if that is a plain name.
    pub field: Option<String>,
    /// How long the server wants to be left alone.
    pub retry_after: Option<Duration>,
    /// What to look for in the server's log, if that is a plain id.
    pub request_id: Option<String>,
    pub(crate) text: String,
}

impl Refusal {
    /// The server's own words, with a code that is not the contract's before them: at most 2 KiB, tokens taken out. They may repeat what was sent: keep them sealed, do not
    /// log them.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The contract's code that the server gave, else `http_` and the status: `[a-z0-9_]+`.
    #[must_use]
    pub fn word(&self) -> Cow<'_, str> {
        match &self.code {
            Some(code) => code.as_str().into(),
            None => format!("http_{}", self.status.as_u16()).into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {} ({}", self.status.as_u16(), self.word())?;
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        f.write_str(")")?;
        match &self.request_id {
            Some(id) => write!(f, ", request {id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({self})")
    }
}

/// What is wrong with the JSON of a success. The parser's own message is not kept: it quotes values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// It ends too early.
    Cut,
    /// It is no JSON.
    Syntax,
    /// It is JSON of another shape.
    Shape,
}

impl From<&serde_json::Error> for Defect {
    fn from(error: &serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Eof | serde_json::error::Category::Io => Self::Cut,
            serde_json::error::Category::Syntax => Self::Syntax,
            serde_json::error::Category::Data => Self::Shape,
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "is cut off",
            Self::Syntax => "is broken JSON",
            Self::Shape => "is JSON of an unknown shape",
        })
    }
}

/// What came where an answer of the API belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOurs {
    /// A web page.
    Html,
    /// Neither JSON nor a web page.
    ContentType,
    /// A redirect to another path of the same server.
    RedirectWithin,
    /// A redirect to another server. Never followed: the token would go along.
    RedirectAway,
    /// More than an answer of the API can be.
    TooLarge,
}

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "a web page, not JSON",
            Self::ContentType => "not JSON",
            Self::RedirectWithin => "a redirect to another path of this server",
            Self::RedirectAway => "a redirect to another server",
            Self::TooLarge => "larger than any answer of the API",
        })
    }
}
