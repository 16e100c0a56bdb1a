//! The loop: connect, say what there is to say, notice when nobody listens, connect again.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use scan_model::board::{Alert, Board, LegState, Severity};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    config::Config,
    desk::Desk,
    fault::{Fault, State, leg_state},
    link::{Link, Seen, Session, Terms, Will},
    message::Arrival,
    retry::{Retry, Waits},
    told::{self, Announced, Teller, Told},
    topic::Tree,
};

/// Announcements that may wait to be read. Beyond it they are dropped, and those events are told once more after the next start,
/// under the same identity.
const ANNOUNCED: usize = 1_024;

/// The window: publishes what the agent is and does. Its owner spawns [`Window::run`] and sees it end.
#[derive(Debug)]
pub struct Window {
    config: Config,
    timing: Timing,
    board: watch::Receiver<Arc<Board>>,
    told: mpsc::Receiver<Told>,
    announced: mpsc::Sender<Announced>,
    leg: watch::Sender<LegState>,
    desk: Desk,
    client_id: String,
    /// Which of the addresses is tried next.
    next_url: usize,
    arrival: Arrival,
    state: State,
    /// The state was no passing one: acknowledgements do not end it, a calm minute does.
    is_held: bool,
}

/// The window as seen from outside.
#[derive(Debug)]
pub struct Handle {
    /// Tells it what happens.
    pub teller: Teller,
    /// State of the leg `broker`: `connecting`, `ok`, `unreachable`, `refused`, `untrusted_server`, `taken_over` or
    /// `misconfigured`, with what to do about it.
    pub leg: watch::Receiver<LegState>,
    /// Events the broker has acknowledged.
    pub announced: mpsc::Receiver<Announced>,
}

/// Durations of the contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// MQTT-15.
    pub(crate) keep_alive: Duration,
    /// So long without any packet from the broker, and the connection is given up.
    pub(crate) patience: Duration,
    /// MQTT-7.
    pub(crate) will_delay: Duration,
    /// MQTT-7.
    pub(crate) session_expiry: Duration,
    /// From one `_/health` to the next.
    pub(crate) health: Duration,
    /// MQTT-13, -14.
    pub(crate) waits: Waits,
    /// For saying goodbye.
    pub(crate) goodbye: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(20),
            patience: half_as_long_again(Duration::from_secs(20)),
            will_delay: Duration::from_secs(10),
            session_expiry: Duration::from_secs(30),
            health: Duration::from_secs(30),
            waits: Waits::default(),
            goodbye: Duration::from_secs(2),
        }
    }
}

/// How an attempt or a connection ended.
enum End {
    Stopped,
    /// No broker took the connection.
    NotReached(Fault),
    /// The broker had accepted it.
    Lost {
        fault: Fault,
        lasted: Duration,
    },
}

impl Window {
    /// A window on `board`. Facility, name and first scanners are those on the board now.
    ///
    /// `starts` says how many times the agent has started on this installation, this time included, counted durably by the
    /// caller: session and revision numbers continue from it, so that they rise over restarts (MQTT-4). At most 9 × 10⁹, so that
    /// they stay exact in JavaScript.
    pub fn new(config: Config, board: watch::Receiver<Arc<Board>>, starts: u64) -> (Self, Handle) {
        Self::with_timing(config, board, starts, Timing::default())
    }

    pub(crate) fn with_timing(
        config: Config,
        mut board: watch::Receiver<Arc<Board>>,
        starts: u64,
        timing: Timing,
    ) -> (Self, Handle) {
        let now = Arc::clone(&board.borrow_and_update());
        let tree = Tree::new(config.root.clone(), now.agent.facility.clone(), now.agent.name.clone());
        let (teller, told) = told::channel();
        let (announced, heard) = mpsc::channel(ANNOUNCED);
        let (leg, shown) = watch::channel(leg_state(State::Connecting, None));
        let window = Self {
            config,
            timing,
            board,
            told,
            announced,
            leg,
            client_id: tree.client_id(),
            desk: Desk::new(tree, starts, now),
            next_url: 0,
            arrival: Arrival::Start,
            state: State::Connecting,
            is_held: false,
        };
        let handle = Handle {
            teller,
            leg: shown,
            announced: heard,
        };
        (window, handle)
    }

    /// Runs until `stop`: then says what is left, publishes `offline` and disconnects, within two seconds.
    ///
    /// Never fails and never ends by itself: a missing broker is a normal state, shown by the leg.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut retry = Retry::new(self.timing.waits);
        loop {
            let wait = match self.connect_and_serve(&stop).await {
                End::Stopped => return,
                End::NotReached(fault) => {
                    self.show_fault(fault);
                    self.next_url += 1;
                    if self.next_url < self.config.url.len() {
                        continue;
                    }
                    self.next_url = 0;
                    retry.next_wait()
                }
                End::Lost { fault, lasted } => {
                    let told_so = fault.state == State::TakenOver;
                    if retry.ended(lasted, told_so) {
                        self.raise_taken_over();
                        retry.taken_over()
                    } else {
                        self.show_fault(fault);
                        retry.next_wait()
                    }
                }
            };
            if self.rest(wait, &stop).await.is_none() {
                return;
            }
        }
    }

    async fn connect_and_serve(&mut self, stop: &CancellationToken) -> End {
        let mut link = match self.dial() {
            Ok(link) => link,
            Err(fault) => return End::NotReached(fault),
        };
        let terms = match self.meanwhile(link.connected(), stop).await {
            None => return End::Stopped,
            Some(Ok(terms)) => terms,
            Some(Err(fault)) => return End::NotReached(fault),
        };
        let accepted = Instant::now();
        self.look();
        self.desk.connected(self.arrival);
        self.arrival = Arrival::Reconnect;
        let fault = self.serve(&mut link, terms, stop).await;
        self.desk.disconnected();
        match fault {
            None => End::Stopped,
            Some(fault) => End::Lost {
                fault,
                lasted: accepted.elapsed(),
            },
        }
    }

    fn dial(&mut self) -> Result<Link, Fault> {
        let session = Session {
            client_id: self.client_id.clone(),
            keep_alive: self.timing.keep_alive,
            will: Some(Will {
                message: self.desk.next_session(Timestamp::now()),
                delay: self.timing.will_delay,
                session_expiry: self.timing.session_expiry,
            }),
        };
        Link::new(&self.config, &self.config.url[self.next_url], session)
    }

    /// Publishes until the connection ends (why) or `stop` (nothing).
    async fn serve(&mut self, link: &mut Link, terms: Terms, stop: &CancellationToken) -> Option<Fault> {
        let limit = usize::from(terms.in_flight);
        let patience = terms.keep_alive.map_or(self.timing.patience, half_as_long_again);
        let mut last_heard = Instant::now();
        let mut health = health_timer(self.timing.health);
        let mut calm_since = last_heard;
        // An outage meanwhile does not make it forgotten.
        self.is_held = self.desk.is_taken_over();
        if self.is_held {
            self.show_fault(Fault::taken_over());
        }
        loop {
            self.publish(link, limit);
            tokio::select! {
                seen = link.next() => match seen {
                    Err(fault) => return Some(fault),
                    Ok(Seen::Acknowledged(answer)) => {
                        last_heard = Instant::now();
                        if answer.is_err() {
                            calm_since = last_heard;
                        }
                        self.acknowledged(answer);
                    }
                    Ok(Seen::Heard | Seen::Connected(_)) => last_heard = Instant::now(),
                    Ok(Seen::Said | Seen::SaidGoodbye) => {}
                },
                Some(told) = self.told.recv() => self.desk.hear(told),
                Ok(()) = self.board.changed() => self.look(),
                _ = health.tick() => self.desk.health_is_due(),
                () = sleep_until(calm_since + self.timing.waits.stable), if self.is_held => {
                    self.is_held = false;
                    self.desk.taken_over(None);
                    self.show(State::Ok, None);
                }
                // Not the library's business: its pings wait while anything else is sent.
                () = sleep_until(last_heard + patience) => return Some(Fault::silent()),
                () = stop.cancelled() => {
                    self.say_goodbye(link, limit).await;
                    return None;
                }
            }
        }
    }

    /// Everything told is heard before the board is looked at, and is told before it is shown: so a board never shows what the
    /// desk has not heard.
    fn look(&mut self) {
        let board = Arc::clone(&self.board.borrow_and_update());
        while let Ok(told) = self.told.try_recv() {
            self.desk.hear(told);
        }
        self.desk.look(board);
    }

    fn publish(&mut self, link: &Link, limit: usize) {
        while let Some(message) = self.desk.next(limit, Timestamp::now()) {
            // No room: the connection's next event brings us back.
            if !link.publish(message) {
                break;
            }
            self.desk.sent();
        }
    }

    fn acknowledged(&mut self, answer: Result<(), String>) {
        if let Some(announced) = self.desk.acknowledged(answer.is_ok()) {
            // Nobody reads, or too slowly: the event is told once more after the next start.
            let _ = self.announced.try_send(announced);
        }
        match answer {
            Err(reason) => {
                self.is_held = true;
                self.show_fault(Fault::message_refused(&reason));
            }
            Ok(()) if !self.is_held => self.show(State::Ok, None),
            Ok(()) => {}
        }
    }

    async fn say_goodbye(&mut self, link: &mut Link, limit: usize) {
        self.look();
        self.desk.goodbye();
        let deadline = self.timing.goodbye;
        let goodbye = async {
            loop {
                self.publish(link, limit);
                if self.desk.is_clear() {
                    break;
                }
                if let Seen::Acknowledged(answer) = link.next().await? {
                    self.acknowledged(answer);
                }
            }
            link.say_goodbye();
            while link.next().await? != Seen::SaidGoodbye {}
            Ok::<(), Fault>(())
        };
        match timeout(deadline, goodbye).await {
            Ok(Ok(())) => info!("said goodbye to the broker"),
            Ok(Err(_)) | Err(_) => warn!("the broker did not take everything before the end"),
        }
    }

    /// Waits for `work` without letting what is told pile up. Nothing if `stop` came first.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>, stop: &CancellationToken) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                Some(told) = self.told.recv() => self.desk.hear(told),
                () = stop.cancelled() => return None,
            }
        }
    }

    async fn rest(&mut self, wait: Duration, stop: &CancellationToken) -> Option<()> {
        self.meanwhile(sleep(wait), stop).await
    }

    fn show_fault(&mut self, fault: Fault) {
        self.show(fault.state, Some(fault.advice));
    }

    /// `since` counts from the change of the state, however often the advice changes.
    fn show(&mut self, state: State, advice: Option<String>) {
        if self.state == state {
            self.leg.send_if_modified(|leg| {
                let changed = leg.advice != advice;
                leg.advice = advice;
                changed
            });
            return;
        }
        match &advice {
            None => info!(state = state.word(), "broker"),
            Some(advice) => warn!(state = state.word(), advice, "broker"),
        }
        self.state = state;
        self.leg.send_replace(leg_state(state, advice));
    }

    fn raise_taken_over(&mut self) {
        let fault = Fault::taken_over();
        self.desk.taken_over(Some(Alert {
            severity: Severity::Error,
            since: Timestamp::now(),
            message: fault.advice.clone(),
        }));
        self.show_fault(fault);
    }
}

/// What MQTT grants a client before the broker gives it up; the client grants the broker the same.
fn half_as_long_again(keep_alive: Duration) -> Duration {
    keep_alive.mul_f64(1.5)
}

fn health_timer(period: Duration) -> Interval {
    let mut timer = interval_at(Instant::now() + period, period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    timer
}
