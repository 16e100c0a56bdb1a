//! What is known of one scanner: its state, and its scan as long as that is good.

use jiff::Timestamp;
use serde::Serialize;

use super::messages::{ScanMessage, StateMessage, shown_text};

/// Life of a snapshot that does not say how long it is good: the contract's 15 minutes.
const SCAN_MS: i64 = 15 * 60 * 1000;

/// A scanner as its topics tell of it.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    pub(super) model: Option<String>,
    state: Option<StateMessage>,
    scan: Option<RunningScan>,
    /// The scan that ended last: its late messages are not news.
    ended: Option<String>,
}

#[derive(Debug)]
struct RunningScan {
    message: ScanMessage,
    good_until: i64,
}

/// A scanner as the page gets it.
#[derive(Serialize)]
pub(super) struct ShownScanner<'a> {
    facility: &'a str,
    agent: &'a str,
    scanner: &'a str,
    model: Option<&'a str>,
    /// A performer's state, `offline` also for a dead agent, or `unknown`.
    state: &'a str,
    since: Option<String>,
    code: Option<&'a str>,
    scan: Option<ShownScan<'a>>,
}

#[derive(Serialize)]
struct ShownScan<'a> {
    status: Option<&'a str>,
    stage: Option<&'a str>,
    progress: u8,
    message: Option<&'a str>,
    attempt: Option<u32>,
}

impl Scanner {
    /// Takes a message of one of its channels.
    pub(super) fn apply(&mut self, channel: &str, payload: &[u8], now: i64) {
        match channel {
            "status" => self.state = serde_json::from_slice(payload).ok(),
            // The retained snapshot is emptied when the scan has ended.
            "scan" if payload.is_empty() => {
                if let Some(running) = self.scan.take() {
                    self.ended = Some(running.message.scan);
                }
            }
            "scan" | "progress" => {
                if let Ok(message) = serde_json::from_slice(payload) {
                    self.advance(message, now);
                }
            }
            _ => {}
        }
    }

    /// The scan has ended: what still comes of it is not shown.
    pub(super) fn end(&mut self, scan: &str) {
        if self.scan.as_ref().is_some_and(|running| running.message.scan == scan) {
            self.scan = None;
        }
        self.ended = Some(scan.to_owned());
    }

    /// When the scan that runs stops being good, if no message comes before.
    pub(super) fn good_until(&self) -> Option<i64> {
        self.scan.as_ref().map(|running| running.good_until)
    }

    /// What is shown of it while its agent is `online`, or not, or nobody knows.
    pub(super) fn shown<'a>(
        &'a self,
        facility: &'a str,
        agent: &'a str,
        scanner: &'a str,
        online: Option<bool>,
        now: i64,
    ) -> ShownScanner<'a> {
        let (state, said) = match (online, &self.state) {
            (Some(true), Some(said)) => (shown_text(&said.state), Some(said)),
            (Some(false), _) => ("offline", None),
            (None, _) | (Some(true), None) => ("unknown", None),
        };
        let running = self
            .scan
            .as_ref()
            .filter(|scan| online == Some(true) && now < scan.good_until);
        ShownScanner {
            facility,
            agent,
            scanner,
            model: self.model.as_deref(),
            state,
            since: said.and_then(|said| said.since).map(|since| since.to_string()),
            code: said.and_then(|said| said.code.as_deref()).map(shown_text),
            scan: running.map(|RunningScan { message, .. }| ShownScan {
                status: message.status.as_deref().map(shown_text),
                stage: message.stage.as_deref().map(shown_text),
                progress: message.progress.min(100),
                message: message.message.as_deref().map(shown_text),
                attempt: message.attempt,
            }),
        }
    }

    fn advance(&mut self, message: ScanMessage, now: i64) {
        if self.ended.as_ref() == Some(&message.scan) {
            return;
        }
        let says = message.expires_at.map_or(now + SCAN_MS, Timestamp::as_millisecond);
        match &mut self.scan {
            Some(running) if running.message.scan == message.scan => {
                // The same change comes on two topics, each good for its own time.
                running.good_until = running.good_until.max(says);
                if message.seq >= running.message.seq {
                    running.message = message;
                }
            }
            _ => {
                self.scan = Some(RunningScan {
                    message,
                    good_until: says,
                })
            }
        }
    }
}
