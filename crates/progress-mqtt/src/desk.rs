//! What still has to be said, and in which order. Pure: the window asks for the next message and reports what became of it.
//!
//! Retained topics are not stored as messages but as *slots*: only the fact that one has to be said waits in the queue, and its
//! latest value is written when its turn comes. Saying a slot again moves it behind everything told meanwhile, so a value never
//! overtakes the event that led to it: `completed`, then the emptied `scan`, then `last` (MQTT-10).

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use scan_model::{
    Name,
    board::{Alert, Board, EventKind, ScanEvent, ScannerState},
    progress::Progress,
};
use uuid::Uuid;

use crate::{
    message::{AgentStatus, Arrival, Body, Departure, Envelope, Leg, Message, ScannerInfo, event_id},
    told::{Announced, Told},
    topic::{Channel, Tree, is_code},
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
    /// Scanners and alert codes ever seen: when one goes, its topics are emptied.
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
            if is.is_none() || running.is_some() && running == last.map(|last| last.scan) {
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

    fn write(&self, item: &Item, now: Timestamp) -> Message {
        let board = &*self.board;
        let state = |scanner| board.scanners.get(scanner);
        let (scanner, channel, body) = match item {
            Item::Event(event) => {
                let body = Body::Event {
                    scan: event.scan,
                    kind: event.kind,
                    code: event.code.as_deref(),
                    message: event.message.as_deref(),
                };
                (Some(&event.scanner), Channel::Event, Some(body))
            }
            Item::Progress(scanner, progress) => {
                let body = Body::Progress(progress);
                (Some(scanner), Channel::Progress, Some(body))
            }
            Item::Slot(slot) => match slot {
                Slot::Agent => (None, Channel::Agent, Some(Body::Agent(self.agent))),
                Slot::Info => (None, Channel::Info, Some(self.info())),
                Slot::Health => (None, Channel::Health, Some(health(board, now))),
                Slot::Alert(code) => (None, Channel::Alert(code), self.alert(code)),
                Slot::Status(of) => (Some(of), Channel::Status, state(of).map(status)),
                Slot::Scan(of) => {
                    let body = self.running.get(of).map(Body::Progress);
                    (Some(of), Channel::Scan, body)
                }
                Slot::Last(of) => (Some(of), Channel::Last, state(of).and_then(last)),
            },
        };
        let Some(body) = body else {
            return Message::emptied(&self.tree, scanner, channel);
        };
        let (id, time) = match item {
            Item::Event(event) => (event_id(event.scan, event.kind), event.time),
            Item::Slot(Slot::Last(of)) => {
                let ended = state(of).and_then(|scanner| scanner.last.as_ref());
                (Uuid::now_v7(), ended.map_or(now, |last| last.time))
            }
            _ => (Uuid::now_v7(), now),
        };
        let envelope = Envelope {
            id,
            session: self.session,
            time,
            published: now,
            time_quality: board.time_quality,
        };
        Message::new(&self.tree, scanner, channel, &envelope, &body)
    }

    fn info(&self) -> Body<'_> {
        Body::Info {
            version: &self.board.agent.version,
            platform: &self.board.agent.platform,
            rev: self.revision,
            scanners: info(&self.board).2,
        }
    }

    fn alert<'a>(&'a self, code: &'a str) -> Option<Body<'a>> {
        let own = self.taken_over.as_ref().filter(|_| code == TAKEN_OVER);
        let alert = own.or_else(|| self.board.alerts.get(code))?;
        Some(Body::Alert {
            code,
            severity: alert.severity,
            since: alert.since,
            message: &alert.message,
        })
    }
}

fn info(board: &Board) -> (&str, &str, Vec<ScannerInfo<'_>>) {
    let scanners = board.scanners.iter().map(|(scanner, state)| ScannerInfo {
        scanner,
        protocol: &state.protocol,
        model: state.model.as_deref(),
        serial_settings: state.serial_settings.as_deref(),
    });
    let agent = &board.agent;
    (&agent.version, &agent.platform, scanners.collect())
}

fn health(board: &Board, now: Timestamp) -> Body<'_> {
    let scanners = board.scanners.iter();
    let scanners = scanners.map(|(name, state)| (name.as_str(), Leg::Scanner(state.activity)));
    let others = board.legs.iter();
    let others = others.map(|(name, leg)| (*name, Leg::Other(&leg.state)));
    Body::Health {
        queue_depth: board.queue.depth,
        // A clock that was set back must not show a negative age.
        oldest_unsent_s: board
            .queue
            .oldest
            .map(|oldest| now.duration_since(oldest).as_secs().max(0)),
        set_aside: board.queue.set_aside,
        disk_free_bytes: board.queue.disk_free,
        clock_offset_ms: board.clock_offset_ms,
        legs: scanners.chain(others).collect(),
    }
}

fn status(state: &ScannerState) -> Body<'_> {
    Body::Status {
        state: state.activity,
        since: state.since,
        code: state.code.as_deref(),
    }
}

fn last(state: &ScannerState) -> Option<Body<'_>> {
    state.last.as_ref().map(|last| Body::Last {
        scan: last.scan,
        result: last.result,
        upload: last.upload,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use scan_model::{
        ScanId,
        board::Upload,
        progress::{Change, Ending, ScanProgress, Stage},
    };

    use super::*;
    use crate::tests::agent::{bay, board, event, last, scan_id};

    fn desk() -> Desk {
        let board = Arc::new(board());
        let agent = board.agent.clone();
        let tree = Tree::new(Default::default(), agent.facility, agent.name);
        Desk::new(tree, 1, board)
    }

    /// A desk with nothing left to say.
    fn connected() -> Desk {
        let mut desk = desk();
        desk.connected(Arrival::Start);
        say_all(&mut desk);
        desk
    }

    /// Sends and acknowledges everything; what was sent, as channel and payload.
    fn say_all(desk: &mut Desk) -> Vec<(String, String)> {
        let mut said = Vec::new();
        while let Some(message) = desk.next(16, Timestamp::now()) {
            let channel = message.topic.split('/').skip(4).collect::<Vec<_>>();
            said.push((channel.join("/"), String::from_utf8(message.payload).unwrap()));
            desk.sent();
            if message.acknowledged {
                desk.acknowledged(true);
            }
        }
        said
    }

    fn progress(scan: ScanId, stages: &[Stage]) -> Progress {
        let mut progress = ScanProgress::start(scan, 1, stages[0], Duration::ZERO);
        for stage in &stages[1..] {
            let change = match stage {
                Stage::Done => Change::Ended(Ending::Completed),
                stage => Change::Reached {
                    stage: *stage,
                    within: 0,
                },
            };
            progress.apply(change, Duration::ZERO);
        }
        progress.current().clone()
    }

    fn tell(desk: &mut Desk, progress: Progress) {
        desk.hear(Told::Progress {
            scanner: bay(),
            progress,
        });
    }

    fn ended(desk: &Desk, scan: ScanId) -> Arc<Board> {
        let mut board = (*desk.board).clone();
        let scanner = board.scanners.get_mut(&bay()).unwrap();
        scanner.last = Some(last(scan, Upload::Waiting));
        Arc::new(board)
    }

    #[test]
    fn mqtt_10_the_order_holds_when_nothing_could_be_sent_meanwhile() {
        let mut desk = connected();
        let scan = scan_id(1);
        // The outcome of an earlier scan waits as well: it must not become this one's before its time.
        desk.look(ended(&desk, scan_id(0)));
        desk.hear(Told::Event(event(scan, EventKind::Started)));
        tell(&mut desk, progress(scan, &[Stage::Measuring]));
        tell(&mut desk, progress(scan, &[Stage::Measuring, Stage::Done]));
        desk.hear(Told::Event(event(scan, EventKind::Completed)));
        desk.look(ended(&desk, scan));
        let said = say_all(&mut desk);
        let order: Vec<_> = said.iter().map(|(channel, _)| channel.as_str()).collect();
        assert_eq!(
            order,
            [
                "bay-1/event",
                "bay-1/progress",
                "bay-1/progress",
                "bay-1/event",
                "bay-1/scan",
                "bay-1/last"
            ]
        );
        assert!(said[3].1.contains("completed"));
        assert_eq!(said[4].1, "");
        assert!(said[5].1.contains(&scan.to_string()));
    }

    #[test]
    fn mqtt_10_a_board_that_is_behind_does_not_revive_a_scan() {
        let mut desk = connected();
        let behind = Arc::clone(&desk.board);
        tell(&mut desk, progress(scan_id(1), &[Stage::Measuring]));
        desk.look(behind);
        assert!(desk.running.contains_key(&bay()), "just begun");
        desk.hear(Told::Event(event(scan_id(1), EventKind::Cancelled)));
        let mut behind = (*desk.board).clone();
        let running = progress(scan_id(1), &[Stage::Measuring]);
        behind.scanners.get_mut(&bay()).unwrap().scan = Some(running);
        desk.look(Arc::new(behind));
        let said = say_all(&mut desk);
        assert_eq!(said.last().unwrap(), &("bay-1/scan".to_owned(), String::new()));
    }

    #[test]
    fn a_missed_end_is_made_up_for_by_the_outcome() {
        let mut desk = connected();
        tell(&mut desk, progress(scan_id(1), &[Stage::Measuring]));
        say_all(&mut desk);
        desk.look(ended(&desk, scan_id(1)));
        let said = say_all(&mut desk);
        assert_eq!(said[0], ("bay-1/scan".to_owned(), String::new()));
        assert_eq!(said[1].0, "bay-1/last");
    }

    #[test]
    fn mqtt_06_the_birth_comes_first_and_every_alert_is_accounted_for() {
        let mut desk = desk();
        desk.hear(Told::Event(event(scan_id(1), EventKind::Started)));
        desk.connected(Arrival::Start);
        let said = say_all(&mut desk);
        assert_eq!(said[0].0, "_/status");
        assert!(said[0].1.contains(r#""state":"online","reason":"start""#));
        let channels: Vec<_> = said.iter().map(|(channel, _)| channel.as_str()).collect();
        for code in ALERTS {
            assert!(channels.contains(&format!("_/alert-{code}").as_str()), "{code}");
        }
        let ends = ["bay-1/status", "bay-1/event", "bay-1/scan", "bay-1/last"];
        assert!(channels.ends_with(&ends), "{channels:?}");
    }

    #[test]
    fn mqtt_08_the_newest_thousand_events_are_kept_and_no_progress() {
        let mut desk = desk();
        for number in 0..1_005 {
            tell(&mut desk, progress(scan_id(number), &[Stage::Measuring]));
            desk.hear(Told::Event(event(scan_id(number), EventKind::Completed)));
        }
        desk.connected(Arrival::Start);
        let said = say_all(&mut desk);
        let events: Vec<_> = said.iter().filter(|(channel, _)| channel == "bay-1/event").collect();
        assert_eq!(events.len(), 1_000);
        assert!(events[0].1.contains(&scan_id(5).to_string()));
        assert!(said.iter().all(|(channel, _)| channel != "bay-1/progress"));
    }

    #[test]
    fn mqtt_08_a_slow_broker_gets_the_newest_progress_only() {
        let mut desk = connected();
        for number in 0..100 {
            tell(&mut desk, progress(scan_id(number), &[Stage::Measuring]));
        }
        let said = say_all(&mut desk);
        let of = |wanted: &str| said.iter().filter(|(channel, _)| channel == wanted).count();
        assert_eq!((of("bay-1/progress"), of("bay-1/scan")), (Desk::PROGRESS, 1));
        assert!(said.last().unwrap().1.contains(&scan_id(99).to_string()));
    }

    #[test]
    fn mqtt_19_only_what_the_broker_accepted_is_announced_and_the_rest_is_said_again_in_order() {
        let mut desk = connected();
        let now = Timestamp::now();
        for number in 1..=3 {
            desk.hear(Told::Event(event(scan_id(number), EventKind::Started)));
        }
        for _ in 0..2 {
            assert!(desk.next(2, now).is_some());
            desk.sent();
        }
        assert_eq!(desk.next(2, now), None, "two are on their way");
        let first = desk.acknowledged(true).unwrap();
        assert_eq!(first.scan, scan_id(1));
        desk.disconnected();
        desk.connected(Arrival::Reconnect);
        let said = say_all(&mut desk);
        let events = said.iter().filter(|(channel, _)| channel == "bay-1/event");
        let events: Vec<_> = events.map(|(_, payload)| payload).collect();
        assert_eq!(events.len(), 2);
        assert!(events[0].contains(&scan_id(2).to_string()));
        assert!(events[1].contains(&scan_id(3).to_string()));

        desk.hear(Told::Event(event(scan_id(4), EventKind::Started)));
        desk.sent();
        assert_eq!(desk.acknowledged(false), None, "refused");
        assert!(desk.is_clear());
    }

    #[test]
    fn an_alert_whose_code_is_no_segment_is_not_published() {
        let mut desk = connected();
        let mut board = (*desk.board).clone();
        board.alerts.insert("a/b".to_owned(), crate::tests::agent::alert());
        desk.look(Arc::new(board));
        assert_eq!(say_all(&mut desk), []);
    }
}
