//! What is known of every scanner, from the topics of the progress contract. Pure: messages and the time go in, a
//! snapshot comes out.
//!
//! The promise is that nothing stale looks live: while the broker is away nothing is known; a dead agent's scanners are
//! offline whatever they said last; a running scan is shown only as long as its last message is good.

mod messages;
mod scanner;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::Serialize;

use self::{
    messages::{InfoMessage, LastMessage, StateMessage, shortened},
    scanner::{Scanner, ShownScanner},
};

/// Scanners at most: ten times a large chain's site. A flood of made-up topics must not fill the memory.
const MAX_SCANNERS: usize = 512;
/// Finished scans that are shown.
const MAX_OUTCOMES: usize = 20;

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

#[derive(Serialize)]
struct Snapshot<'a> {
    broker: Link,
    scanners: Vec<ShownScanner<'a>>,
    outcomes: &'a VecDeque<Outcome>,
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
        let Some((known, most)) = self.agent(facility, agent) else {
            return;
        };
        if scanner == "_" {
            known.apply(channel, payload, most);
            return;
        }
        let Some(known) = known.scanner(scanner, most) else {
            return;
        };
        if channel == "last" {
            if let Ok(last) = serde_json::from_slice::<LastMessage>(payload) {
                known.end(&last.scan);
                self.finish([facility, agent, scanner], last);
            }
            return;
        }
        known.apply(channel, payload, now);
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
            .filter_map(Scanner::good_until)
            .filter(|until| *until > now)
            .min()
    }

    /// An agent, and how many scanners it may have beside those of all others; none if they leave no room.
    fn agent(&mut self, facility: &str, agent: &str) -> Option<(&mut Agent, usize)> {
        let key = (facility.to_owned(), agent.to_owned());
        let others = self.agents.iter().filter(|(other, _)| **other != key);
        // An agent takes a place before its scanners are known.
        let taken: usize = others.map(|(_, agent)| agent.scanners.len().max(1)).sum();
        let most = MAX_SCANNERS.saturating_sub(taken);
        (most > 0).then(|| (self.agents.entry(key).or_default(), most))
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
    fn apply(&mut self, channel: &str, payload: &[u8], most: usize) {
        match channel {
            "status" => {
                let state = serde_json::from_slice::<StateMessage>(payload).map(|message| message.state);
                self.online = state.ok().map(|state| state == "online");
            }
            "info" => {
                let info = serde_json::from_slice::<InfoMessage>(payload);
                for known in info.map(|info| info.scanners).unwrap_or_default() {
                    if is_name(&known.scanner)
                        && let Some(scanner) = self.scanner(&known.scanner, most)
                    {
                        scanner.model = known.model.map(shortened);
                    }
                }
            }
            _ => {}
        }
    }

    /// A scanner; none if it is new and the agent has `most` already.
    fn scanner(&mut self, name: &str, most: usize) -> Option<&mut Scanner> {
        if self.scanners.len() >= most && !self.scanners.contains_key(name) {
            return None;
        }
        Some(self.scanners.entry(name.to_owned()).or_default())
    }
}

/// A facility, agent or scanner as the contract spells them.
fn is_name(segment: &str) -> bool {
    segment.parse::<scan_model::Name>().is_ok()
}

#[cfg(test)]
mod tests;
