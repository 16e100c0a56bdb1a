//! The messages of the progress contract, as far as the page needs them.

use jiff::Timestamp;
use serde::Deserialize;

/// Longest text that is shown.
const MAX_TEXT: usize = 160;

/// `{scanner}/status`, and `_/status` of the agent.
#[derive(Debug, Deserialize)]
pub(super) struct StateMessage {
    pub(super) state: String,
    pub(super) since: Option<Timestamp>,
    pub(super) code: Option<String>,
}

/// `{scanner}/scan` and `{scanner}/progress`.
#[derive(Debug, Deserialize)]
pub(super) struct ScanMessage {
    pub(super) scan: String,
    #[serde(default)]
    pub(super) seq: u64,
    pub(super) status: Option<String>,
    pub(super) stage: Option<String>,
    #[serde(default)]
    pub(super) progress: u8,
    pub(super) message: Option<String>,
    pub(super) attempt: Option<u32>,
    pub(super) expires_at: Option<Timestamp>,
}

/// `{scanner}/last`.
#[derive(Debug, Deserialize)]
pub(super) struct LastMessage {
    pub(super) scan: String,
    pub(super) result: String,
    pub(super) upload: Option<String>,
    pub(super) time: Option<Timestamp>,
}

/// `_/info`.
#[derive(Debug, Deserialize)]
pub(super) struct InfoMessage {
    #[serde(default)]
    pub(super) scanners: Vec<InfoScanner>,
}

#[derive(Debug, Deserialize)]
pub(super) struct InfoScanner {
    pub(super) scanner: String,
    pub(super) model: Option<String>,
}

/// The part of a text that is shown.
pub(super) fn shown_text(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The same of a text that is kept.
pub(super) fn shortened(text: String) -> String {
    shown_text(&text).to_owned()
}
