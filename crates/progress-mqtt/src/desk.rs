//! What still has to be said, and in which order. Pure: the window asks for the next message and reports what became of it.
//!
//! Retained topics are not stored as messages but as *slots*: only the fact that one has to be said waits in the queue, and its
//! latest value is written when its turn comes. Saying a slot again moves it behind everything told meanwhile, so a value never
//! overtakes the event that led to it: `completed`, then the emptied `scan`, then `last` (MQTT-10).

#[cfg(test)]
mod tests;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use scan_model::{
    Name,
    board::{Alert, Board, EventKind, ScanEvent},
    progress::Progress,
};

use self::write::{info, status};
use crate::{
    message::{AgentStatus, Arrival, Departure, Message},
    told::{Announced, Told},
    topic::{Tree, is_code},
};

/// The alert this room raises itself (MQTT-14).
const TAKEN_OVER: &str = "client-taken-over";

/// Alerts of the contract. A retained alert may stem from a run that ended before it cleared, so every connection says of each of
/// them how it stands.
const ALERTS: [&str; 20] = [
    "checksum-mismatch",
    "record-rejected",
    "cloud-unauthorised",
    "cloud-awaiting_licence",
    "cloud-forbidden",
    "cloud-wrong_url",
    "cloud-captive_portal",
    "cloud-untrusted_server",
    "cloud-rejecting",
    "cloud-unreachable",
    "cloud-misconfigured",
    "disk-full",
    "disk-volatile",
    "store-damaged",
    "port-held",
    "settings-differ",
    TAKEN_OVER,
    "clock-wrong",
    "cloned-identity",
    "set-aside",
];

/// Room for session and revision numbers within one start of the agent: they rise over restarts as well.
const NUMBERS_PER_START: u64 = 1_000_000;

#[derive(Debug)]
pub(crate) struct Desk {
    tree: Tree,
    board: Arc<Board>,
    /// Scanners and alert codes ever seen. Scanners stay as long as the agent runs; when an alert goes, its topic is
    /// emptied.
    scanners: BTreeSet<Name>,
    alerts: BTreeSet<String>,
    /// Running scans, from what was told: the board may be a moment ahead or behind.
    running: BTreeMap<Name, Progress>,
    taken_over: Option<Alert>,
    agent: AgentStatus,
    session: u64,
    revision: u64,
    connected: bool,
    /// What has to be said, in order. Bounded: a slot occurs once, and see [`Desk::EVENTS`] and [`Desk::PROGRESS`].
    queue: VecDeque<Item>,
    /// What was sent with QoS 1 and is not acknowledged, oldest first. Bounded by the flow limit of the connection.
    unacknowledged: VecDeque<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Slot(Slot),
    Progress(Name, Progress),
    Event(ScanEvent),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot {
    Agent,
    Info,
    Health,
    Alert(String),
    Status(Name),
    Scan(Name),
    Last(Name),
}

impl Desk {
    /// Events kept while the broker is away (MQTT-8). Beyond it the oldest give way; they stay unannounced.
    const EVENTS: usize = 1_000;

    /// Changes of progress that wait for a slow broker: four seconds of four scanners. The older are worthless by then.
    const PROGRESS: usize = 64;

    /// `starts`: how many times the agent has started on this installation.
    pub(crate) fn new(tree: Tree, starts: u64, board: Arc<Board>) -> Self {
        let first = starts.saturating_mul(NUMBERS_PER_START);
        let mut desk = Self {
            tree,
            scanners: BTreeSet::new(),
            alerts: ALERTS.map(str::to_owned).into(),
            running: BTreeMap::new(),
            taken_over: None,
            agent: AgentStatus::Offline(Departure::Will),
            session: first,
            revision: first + 1,
            connected: false,
            queue: VecDeque::new(),
            unacknowledged: VecDeque::new(),
            board: Arc::clone(&board),
        };
        desk.remember_names();
        desk
    }

    /// Starts the next session (MQTT-4) and returns its last will.
    pub(crate) fn next_session(&mut self, now: Timestamp) -> Message {
        self.session += 1;
        self.agent = AgentStatus::Offline(Departure::Will);
        self.write(&Item::Slot(Slot::Agent), now)
    }

    /// The broker accepted the session: everything retained is said again (MQTT-6), the birth first. What was kept goes between
    /// the states and the outcomes, so that the end of a scan is told before its outcome.
    pub(crate) fn connected(&mut self, arrival: Arrival) {
        self.connected = true;
        self.agent = AgentStatus::Online(arrival);
        let kept = std::mem::take(&mut self.queue);
        let first = [Slot::Agent, Slot::Info, Slot::Health];
        let alerts = self.alerts.iter().cloned().map(Slot::Alert);
        let status = self.scanners.iter().cloned().map(Slot::Status);
        let before = first.into_iter().chain(alerts).chain(status);
        let scan = self.scanners.iter().cloned().map(Slot::Scan);
        let last = self.scanners.iter().cloned().map(Slot::Last);
        self.queue = before
            .map(Item::Slot)
            .chain(kept)
            .chain(scan.chain(last).map(Item::Slot))
            .collect();
    }

    /// The connection is gone: events wait for the next one, in order; everything else is said anew or no longer of interest.
    pub(crate) fn disconnected(&mut self) {
        self.connected = false;
        let waiting = self.unacknowledged.drain(..).chain(self.queue.drain(..));
        self.queue = waiting.filter(|item| matches!(item, Item::Event(_))).collect();
    }

    /// Takes in what was told.
    pub(crate) fn hear(&mut self, told: Told) {
        match told {
            Told::Progress { scanner, progress } => {
                if self.connected {
                    let item = Item::Progress(scanner.clone(), progress.clone());
                    self.append(item, Self::PROGRESS);
                }
                self.running.insert(scanner.clone(), progress);
                self.say(Slot::Scan(scanner));
            }
            Told::Event(event) => {
                let scanner = event.scanner.clone();
                let is_end = matches!(
                    event.kind,
                    EventKind::Completed | EventKind::Failed | EventKind::Cancelled
                );
                self.append(Item::Event(event), Self::EVENTS);
                if is_end {
                    self.running.remove(&scanner);
                    self.say(Slot::Scan(scanner));
                }
            }
        }
    }

    /// Takes in the board. The window has heard everything that was told before this board was shown.
    pub(crate) fn look(&mut self, board: Arc<Board>) {
        let old = std::mem::replace(&mut self.board, board);
        let new = Arc::clone(&self.board);
        self.remember_names();
        if info(&old) != info(&new) {
            self.revision += 1;
            self.say(Slot::Info);
        }
        // Who looks for what is wrong must not wait for the next round of it.
        if !old
            .legs
            .iter()
            .map(|(leg, is)| (leg, &is.state))
            .eq(new.legs.iter().map(|(leg, is)| (leg, &is.state)))
        {
            self.say(Slot::Health);
        }
        for code in self.alerts.clone() {
            if old.alerts.get(&code) != new.alerts.get(&code) {
                self.say(Slot::Alert(code));
            }
        }
        for scanner in self.scanners.clone() {
            let (was, is) = (old.scanners.get(&scanner), new.scanners.get(&scanner));
            if was.map(status) != is.map(status) {
                self.say(Slot::Status(scanner.clone()));
            }
            let last = is.and_then(|scanner| scanner.last.as_ref());
            // An end that was missed because too much was told at once: the outcome says that the scan is over.
            let running = self.running.get(&scanner).map(|progress| progress.scan);
            if running.is_some() && running == last.map(|last| last.scan) {
                self.running.remove(&scanner);
                self.say(Slot::Scan(scanner.clone()));
            }
            if was.and_then(|scanner| scanner.last.as_ref()) != last {
                self.say(Slot::Last(scanner));
            }
        }
    }

    /// It is time for `_/health`.
    pub(crate) fn health_is_due(&mut self) {
        self.say(Slot::Health);
    }

    /// Raises or clears the alert of MQTT-14.
    pub(crate) fn taken_over(&mut self, alert: Option<Alert>) {
        if self.taken_over != alert {
            self.taken_over = alert;
            self.say(Slot::Alert(TAKEN_OVER.to_owned()));
        }
    }

    /// Whether that alert stands.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.taken_over.is_some()
    }

    /// Says goodbye behind everything that waits (MQTT-5).
    pub(crate) fn goodbye(&mut self) {
        self.agent = AgentStatus::Offline(Departure::Shutdown);
        self.say(Slot::Agent);
    }

    /// The next message, if no more than `limit` are unacknowledged. It stays the next one until [`Desk::sent`].
    pub(crate) fn next(&self, limit: usize, now: Timestamp) -> Option<Message> {
        // Holds back QoS 0 as well: nothing overtakes.
        if self.unacknowledged.len() >= limit {
            return None;
        }
        self.queue.front().map(|item| self.write(item, now))
    }

    /// The next message is on its way.
    pub(crate) fn sent(&mut self) {
        if let Some(item) = self.queue.pop_front()
            && !matches!(item, Item::Progress(..))
        {
            self.unacknowledged.push_back(item);
        }
    }

    /// The broker answered the oldest unacknowledged message: brokers answer in order (MQTT 5 and 3.1.1, section 4.6). Returns the
    /// event it was, if `accepted`.
    pub(crate) fn acknowledged(&mut self, accepted: bool) -> Option<Announced> {
        match self.unacknowledged.pop_front() {
            Some(Item::Event(event)) if accepted => Some(Announced {
                scan: event.scan,
                kind: event.kind,
            }),
            _ => None,
        }
    }

    /// Whether everything is said and acknowledged.
    pub(crate) fn is_clear(&self) -> bool {
        self.queue.is_empty() && self.unacknowledged.is_empty()
    }

    fn remember_names(&mut self) {
        for code in self.board.alerts.keys() {
            if !self.alerts.contains(code) && is_code(code) {
                self.alerts.insert(code.clone());
            }
        }
        for scanner in self.board.scanners.keys() {
            if !self.scanners.contains(scanner) {
                self.scanners.insert(scanner.clone());
            }
        }
    }

    /// While the broker is away there is nothing to note: every connection says all slots.
    fn say(&mut self, slot: Slot) {
        if self.connected {
            let item = Item::Slot(slot);
            self.queue.retain(|waiting| *waiting != item);
            self.queue.push_back(item);
        }
    }

    /// Appends `item`; if `most` of its kind wait, the oldest gives way.
    fn append(&mut self, item: Item, most: usize) {
        let kind = std::mem::discriminant(&item);
        let of_kind = |waiting: &Item| std::mem::discriminant(waiting) == kind;
        if self.queue.iter().filter(|item| of_kind(item)).count() >= most
            && let Some(oldest) = self.queue.iter().position(of_kind)
        {
            self.queue.remove(oldest);
        }
        self.queue.push_back(item);
    }
}
