//! What is known of every scanner, from the topics of the progress contract. Pure: messages and the time go in, a
//! snapshot comes out.
//!
//! The promise is that nothing stale looks live: while the broker is away nothing is known; a dead agent's scanners are
//! offline whatever they said last; a running scan is shown only as long as its last message is good.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Scanners at most: ten times a large chain's site. A flood of made-up topics must not fill the memory.
const MAX_SCANNERS: usize = 512;
/// Finished scans that are shown.
const MAX_OUTCOMES: usize = 20;
/// Longest text that is shown.
const MAX_TEXT: usize = 160;
/// Life of a snapshot that does not say how long it is good: the contract's 15 minutes.
const SCAN_MS: i64 = 15 * 60 * 1000;

/// State of the way to the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Link {
    /// No broker is configured.
    #[default]
    None,
    /// Connected and subscribed.
    Connected,
    /// Not reachable; tried again.
    Away,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct Board {
    link: Link,
    agents: BTreeMap<(String, String), Agent>,
    /// Newest first.
    outcomes: VecDeque<Outcome>,
}

#[derive(Debug, Default)]
struct Agent {
    online: Option<bool>,
    scanners: BTreeMap<String, Scanner>,
}

#[derive(Debug, Default)]
struct Scanner {
    model: Option<String>,
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

#[derive(Debug, Clone, Serialize)]
struct Outcome {
    facility: String,
    agent: String,
    scanner: String,
    #[serde(skip)]
    scan: String,
    result: String,
    upload: Option<String>,
    time: Option<String>,
}

/// `{scanner}/status`, and `_/status` of the agent.
#[derive(Debug, Deserialize)]
struct StateMessage {
    state: String,
    since: Option<Timestamp>,
    code: Option<String>,
}

/// `{scanner}/scan` and `{scanner}/progress`.
#[derive(Debug, Deserialize)]
struct ScanMessage {
    scan: String,
    #[serde(default)]
    seq: u64,
    status: Option<String>,
    stage: Option<String>,
    #[serde(default)]
    progress: u8,
    message: Option<String>,
    attempt: Option<u32>,
    expires_at: Option<Timestamp>,
}

/// `{scanner}/last`.
#[derive(Debug, Deserialize)]
struct LastMessage {
    scan: String,
    result: String,
    upload: Option<String>,
    time: Option<Timestamp>,
}

/// `_/info`.
#[derive(Debug, Deserialize)]
struct InfoMessage {
    #[serde(default)]
    scanners: Vec<InfoScanner>,
}

#[derive(Debug, Deserialize)]
struct InfoScanner {
    scanner: String,
    model: Option<String>,
}

#[derive(Serialize)]
struct Snapshot<'a> {
    broker: Link,
    scanners: Vec<ShownScanner<'a>>,
    outcomes: &'a VecDeque<Outcome>,
}

#[derive(Serialize)]
struct ShownScanner<'a> {
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

impl Board {
    /// The broker accepted the subscription: what is retained comes now, the rest is unknown.
    pub(super) fn connected(&mut self) {
        self.link = Link::Connected;
        self.agents.clear();
    }

    /// The broker is not reachable.
    pub(super) fn away(&mut self) {
        self.link = Link::Away;
        self.agents.clear();
    }

    /// Takes a message. `topic` is what follows `{root}/1/`. What is not understood is ignored, as the contract asks.
    pub(super) fn apply(&mut self, topic: &str, payload: &[u8], now: i64) {
        let segments: Vec<_> = topic.split('/').collect();
        let [facility, agent, scanner, channel] = segments[..] else {
            return;
        };
        if ![facility, agent].into_iter().all(is_name) || !(scanner == "_" || is_name(scanner)) {
            return;
        }
        let Some(known) = self.agent(facility, agent) else {
            return;
        };
        if scanner == "_" {
            known.apply(channel, payload);
            return;
        }
        if channel == "last" {
            if let Ok(last) = serde_json::from_slice::<LastMessage>(payload) {
                known.scanner(scanner).end(&last.scan);
                self.finish([facility, agent, scanner], last);
            }
            return;
        }
        known.scanner(scanner).apply(channel, payload, now);
    }

    /// The board as the page gets it.
    pub(super) fn snapshot(&self, now: i64) -> Arc<str> {
        let scanners = self.agents.iter().flat_map(|((facility, agent), known)| {
            known
                .scanners
                .iter()
                .map(move |(name, scanner)| scanner.shown(facility, agent, name, known.online, now))
        });
        let snapshot = Snapshot {
            broker: self.link,
            scanners: scanners.collect(),
            outcomes: &self.outcomes,
        };
        // Texts and numbers always serialise.
        serde_json::to_string(&snapshot).unwrap_or_default().into()
    }

    /// When a running scan will stop being good, if nothing comes before.
    pub(super) fn next_expiry(&self, now: i64) -> Option<i64> {
        let scanners = self.agents.values().flat_map(|agent| agent.scanners.values());
        scanners
            .filter_map(|scanner| Some(scanner.scan.as_ref()?.good_until))
            .filter(|until| *until > now)
            .min()
    }

    fn agent(&mut self, facility: &str, agent: &str) -> Option<&mut Agent> {
        let key = (facility.to_owned(), agent.to_owned());
        let count: usize = self.agents.values().map(|agent| agent.scanners.len().max(1)).sum();
        if count >= MAX_SCANNERS && !self.agents.contains_key(&key) {
            return None;
        }
        Some(self.agents.entry(key).or_default())
    }

    fn finish(&mut self, [facility, agent, scanner]: [&str; 3], last: LastMessage) {
        let known = |outcome: &Outcome| outcome.scan == last.scan && outcome.agent == agent;
        let result = shortened(last.result);
        let upload = last.upload.map(shortened);
        if let Some(outcome) = self.outcomes.iter_mut().find(|outcome| known(outcome)) {
            outcome.result = result;
            outcome.upload = upload;
            return;
        }
        self.outcomes.push_front(Outcome {
            facility: facility.to_owned(),
            agent: agent.to_owned(),
            scanner: scanner.to_owned(),
            scan: last.scan,
            result,
            upload,
            time: last.time.map(|time| time.to_string()),
        });
        self.outcomes.make_contiguous().sort_by(|a, b| b.time.cmp(&a.time));
        self.outcomes.truncate(MAX_OUTCOMES);
    }
}

impl Agent {
    fn apply(&mut self, channel: &str, payload: &[u8]) {
        match channel {
            "status" => {
                let state = serde_json::from_slice::<StateMessage>(payload).map(|message| message.state);
                self.online = state.ok().map(|state| state == "online");
            }
            "info" => {
                let info = serde_json::from_slice::<InfoMessage>(payload);
                for known in info.map(|info| info.scanners).unwrap_or_default() {
                    if is_name(&known.scanner) && self.scanners.len() < MAX_SCANNERS {
                        self.scanner(&known.scanner).model = known.model.map(shortened);
                    }
                }
            }
            _ => {}
        }
    }

    fn scanner(&mut self, name: &str) -> &mut Scanner {
        self.scanners.entry(name.to_owned()).or_default()
    }
}

impl Scanner {
    fn apply(&mut self, channel: &str, payload: &[u8], now: i64) {
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

    fn end(&mut self, scan: &str) {
        if self.scan.as_ref().is_some_and(|running| running.message.scan == scan) {
            self.scan = None;
        }
        self.ended = Some(scan.to_owned());
    }

    fn shown<'a>(
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
}

/// A facility, agent or scanner as the contract spells them.
fn is_name(segment: &str) -> bool {
    segment.parse::<scan_model::Name>().is_ok()
}

fn shown_text(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

fn shortened(text: String) -> String {
    shown_text(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn board() -> Board {
        let mut board = Board::default();
        board.connected();
        board.apply(
            "gym-7/front-desk/_/status",
            br#"{"state":"online","reason":"start"}"#,
            NOW,
        );
        board.apply(
            "gym-7/front-desk/_/info",
            br#"{"scanners":[{"scanner":"bay-1","model":"MC-780"}]}"#,
            NOW,
        );
        board.apply(
            "gym-7/front-desk/bay-1/status",
            br#"{"state":"busy","since":"2026-11-20T10:15:22Z"}"#,
            NOW,
        );
        board
    }

    fn scan(scan: &str, seq: u64, progress: u8) -> Vec<u8> {
        json!({"scan": scan, "seq": seq, "status": "scanning", "stage": "measuring", "progress": progress})
            .to_string()
            .into_bytes()
    }

    fn shown(board: &Board, now: i64) -> Value {
        serde_json::from_str(&board.snapshot(now)).unwrap()
    }

    #[test]
    fn a_running_scan_moves_and_never_back() {
        let mut board = board();
        board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
        board.apply("gym-7/front-desk/bay-1/progress", &scan("s1", 3, 62), NOW);
        board.apply("gym-7/front-desk/bay-1/progress", &scan("s1", 2, 50), NOW);
        let scanner = &shown(&board, NOW)["scanners"][0];
        assert_eq!(
            (&scanner["state"], &scanner["scan"]["progress"]),
            (&json!("busy"), &json!(62))
        );
        assert_eq!(scanner["model"], "MC-780");
    }

    #[test]
    fn a_dead_agent_is_offline_and_shows_no_scan() {
        let mut board = board();
        board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
        board.apply(
            "gym-7/front-desk/_/status",
            br#"{"state":"offline","reason":"will"}"#,
            NOW,
        );
        let scanner = &shown(&board, NOW)["scanners"][0];
        assert_eq!((&scanner["state"], &scanner["scan"]), (&json!("offline"), &Value::Null));
    }

    #[test]
    fn nothing_is_shown_as_live_while_the_broker_is_away() {
        let mut board = board();
        board.away();
        let shown = shown(&board, NOW);
        assert_eq!((&shown["broker"], &shown["scanners"]), (&json!("away"), &json!([])));
    }

    #[test]
    fn a_scan_whose_last_message_is_too_old_is_not_shown() {
        let mut board = board();
        board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
        let until = board.next_expiry(NOW).unwrap();
        assert!(shown(&board, until - 1)["scanners"][0]["scan"].is_object());
        assert!(shown(&board, until)["scanners"][0]["scan"].is_null());
        assert_eq!(board.next_expiry(until), None);
    }

    #[test]
    fn an_ended_scan_leaves_the_bar_and_appears_once_among_the_outcomes() {
        let mut board = board();
        let last = |upload: &str| {
            json!({"scan": "s1", "result": "completed", "upload": upload, "time": "2026-11-20T10:16:00Z"})
                .to_string()
                .into_bytes()
        };
        board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
        board.apply("gym-7/front-desk/bay-1/scan", b"", NOW);
        board.apply("gym-7/front-desk/bay-1/last", &last("waiting"), NOW);
        board.apply("gym-7/front-desk/bay-1/progress", &scan("s1", 9, 99), NOW);
        board.apply("gym-7/front-desk/bay-1/last", &last("uploaded"), NOW);
        let shown = shown(&board, NOW);
        assert!(shown["scanners"][0]["scan"].is_null());
        assert_eq!(shown["outcomes"].as_array().unwrap().len(), 1);
        assert_eq!(shown["outcomes"][0]["upload"], "uploaded");
    }

    #[test]
    fn rubbish_is_ignored_and_a_flood_is_bounded() {
        let mut board = board();
        let before = board.snapshot(NOW);
        for (topic, payload) in [
            ("gym-7/front-desk/bay-1", "{}"),
            ("Gym 7/front-desk/bay-1/status", "{}"),
            ("gym-7/front-desk/bay-1/scan", "not json"),
            ("gym-7/front-desk/bay-1/brand-new", "{}"),
        ] {
            board.apply(topic, payload.as_bytes(), NOW);
        }
        assert_eq!(board.snapshot(NOW), before);
        for n in 0..2 * MAX_SCANNERS {
            board.apply(&format!("gym-7/agent-{n}/_/status"), br#"{"state":"online"}"#, NOW);
        }
        assert!(board.agents.len() <= MAX_SCANNERS);
    }

    #[test]
    fn only_chosen_members_reach_the_page() {
        let mut board = board();
        let leak = br#"{"scan":"s1","seq":1,"progress":40,"member":"Jo","bodyweight":80.5}"#;
        board.apply("gym-7/front-desk/bay-1/scan", leak, NOW);
        let snapshot = board.snapshot(NOW);
        assert!(
            !snapshot.contains("Jo") && !snapshot.contains("80.5") && !snapshot.contains("s1"),
            "{snapshot}"
        );
    }
}
