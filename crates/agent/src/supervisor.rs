//! Sees every task of the agent end.
//!
//! A room's task that ends by itself or panics is started again: with a growing pause, at most [`RESTARTS`] times within
//! [`WINDOW`], then only after the window has passed. It never gives up for good, and what happens is told each time. The
//! other rooms go on meanwhile.

use std::{collections::HashMap, collections::VecDeque, future::Future, pin::Pin, time::Duration};

use tokio::{
    task::{self, JoinError, JoinSet},
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

#[cfg(panic = "abort")]
compile_error!("a panic in one room must not take the house with it: build with `panic = \"unwind\"`");

/// Restarts of one room within [`WINDOW`] before it rests.
const RESTARTS: usize = 5;
/// See [`RESTARTS`].
const WINDOW: Duration = Duration::from_mins(10);
/// Longest pause before a restart within the cap.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// When a room is asked to stop. Each phase begins when every room of the one before has ended, so that what the earlier rooms
/// still say is heard by the later ones; or when the time of the one before is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Where things come in: scanner ports, the local API; and the courier.
    Doors,
    /// What works on things that have come in.
    Desks,
    /// Who tells others about it.
    Window,
    /// Who writes down what was told.
    Books,
}

const PHASES: [Phase; 4] = [Phase::Doors, Phase::Desks, Phase::Window, Phase::Books];

impl Phase {
    /// What of a stop's time is kept for the phases behind this one. The window takes up to 2 s over its goodbye: a scanner or
    /// a cloud that does not answer must not make the agent look dead to everybody else.
    fn reserve(self) -> Duration {
        match self {
            Self::Doors | Self::Desks => Duration::from_secs(3),
            Self::Window => Duration::from_millis(500),
            Self::Books => Duration::ZERO,
        }
    }
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a room's trouble shows on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leg {
    /// A scanner.
    Scanner(scan_model::Name),
    /// A leg of the board, by its name.
    Named(&'static str),
    /// Nowhere but in the log.
    Inner,
}

struct Room {
    name: String,
    leg: Leg,
    phase: Phase,
    start: Box<dyn FnMut(CancellationToken) -> Running + Send>,
    restarts: VecDeque<Instant>,
}

/// A room's task ended although nobody asked it to.
#[derive(Debug)]
pub(crate) struct Trouble<'a> {
    /// The room.
    pub(crate) room: &'a str,
    /// Where it shows.
    pub(crate) leg: &'a Leg,
    /// It panicked; otherwise it returned.
    pub(crate) panicked: bool,
    /// When it is started again.
    pub(crate) pause: Duration,
    /// It has used up its restarts and rests.
    pub(crate) resting: bool,
}

/// The tasks of the agent.
pub(crate) struct Supervisor {
    rooms: Vec<Room>,
    tasks: JoinSet<()>,
    running: HashMap<task::Id, usize>,
    /// By phase.
    stops: [CancellationToken; PHASES.len()],
}

impl Supervisor {
    pub(crate) fn new() -> Self {
        let stops = PHASES.map(|_| CancellationToken::new());
        Self {
            rooms: Vec::new(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            stops,
        }
    }

    /// Starts a room. `start` makes its task, now and again after trouble; the task ends when the token it is given says so.
    pub(crate) fn start<F>(
        &mut self,
        name: impl Into<String>,
        leg: Leg,
        phase: Phase,
        mut start: impl FnMut(CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let start = Box::new(move |stop| Box::pin(start(stop)) as Running);
        self.rooms.push(Room {
            name: name.into(),
            leg,
            phase,
            start,
            restarts: VecDeque::new(),
        });
        self.spawn(self.rooms.len() - 1, Duration::ZERO);
    }

    /// Watches the tasks until `stop`, and tells of every one that ended by itself. Cancel-safe.
    pub(crate) async fn watch(&mut self, stop: &CancellationToken, mut told: impl FnMut(Trouble<'_>)) {
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                Some(ended) = self.tasks.join_next_with_id() => ended,
                else => return,
            };
            let Some((at, panicked)) = self.ended(ended) else {
                continue;
            };
            let (pause, resting) = self.rooms[at].next_pause();
            let room = &self.rooms[at];
            told(Trouble {
                room: &room.name,
                leg: &room.leg,
                panicked,
                pause,
                resting,
            });
            self.spawn(at, pause);
        }
    }

    /// Asks the rooms to stop, phase by phase, and sees them end. A phase that takes too long goes on while the next ones are
    /// asked. Returns the names of the rooms that had not ended by `deadline`; their tasks are dropped.
    pub(crate) async fn drain(mut self, deadline: Instant) -> Vec<String> {
        for phase in PHASES {
            self.stops[phase as usize].cancel();
            let until = deadline.checked_sub(phase.reserve()).unwrap_or(deadline);
            while self.running.values().any(|&at| self.rooms[at].phase == phase) {
                match timeout_at(until, self.tasks.join_next_with_id()).await {
                    Ok(Some(ended)) => {
                        self.ended(ended);
                    }
                    Ok(None) | Err(_) => break,
                }
            }
        }
        let mut late: Vec<_> = self.running.values().map(|&at| self.rooms[at].name.clone()).collect();
        late.sort();
        self.tasks.shutdown().await;
        late
    }

    fn spawn(&mut self, at: usize, pause: Duration) {
        let room = &mut self.rooms[at];
        let stop = self.stops[room.phase as usize].clone();
        let running = (room.start)(stop.clone());
        let task = self.tasks.spawn(async move {
            if pause > Duration::ZERO {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(pause) => {}
                }
            }
            running.await;
        });
        self.running.insert(task.id(), at);
    }

    /// Which room's task it was, and whether it panicked.
    fn ended(&mut self, ended: Result<(task::Id, ()), JoinError>) -> Option<(usize, bool)> {
        let (id, panicked) = match ended {
            Ok((id, ())) => (id, false),
            Err(error) => (error.id(), error.is_panic()),
        };
        Some((self.running.remove(&id)?, panicked))
    }
}

impl Room {
    /// How long to wait before the next start, and whether that is a rest.
    fn next_pause(&mut self) -> (Duration, bool) {
        let now = Instant::now();
        while self.restarts.front().is_some_and(|&at| now.duration_since(at) > WINDOW) {
            self.restarts.pop_front();
        }
        let before = self.restarts.len();
        let resting = before >= RESTARTS;
        let pause = if resting {
            // Never negative: older ones were just dropped.
            self.restarts
                .pop_front()
                .map_or(WINDOW, |oldest| (oldest + WINDOW).saturating_duration_since(now))
        } else {
            let longest = LONGEST_PAUSE.min(Duration::from_secs(1) * 2_u32.pow(u32::try_from(before).unwrap_or(0)));
            Duration::from_millis(100) + longest.mul_f64(fastrand::f64())
        };
        self.restarts.push_back(now + pause);
        (pause, resting)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    fn supervisor_with(phases: &[(&'static str, Phase)], ended: &Arc<Mutex<Vec<&'static str>>>) -> Supervisor {
        let mut supervisor = Supervisor::new();
        for &(name, phase) in phases {
            let ended = Arc::clone(ended);
            supervisor.start(name, Leg::Inner, phase, move |stop| {
                let ended = Arc::clone(&ended);
                async move {
                    stop.cancelled().await;
                    ended.lock().unwrap().push(name);
                }
            });
        }
        supervisor
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_that_panics_is_started_again_and_rests_after_its_restarts() {
        let starts = Arc::new(AtomicUsize::new(0));
        let mut supervisor = Supervisor::new();
        supervisor.start("unlucky", Leg::Inner, Phase::Doors, {
            let starts = Arc::clone(&starts);
            move |_stop| {
                let starts = Arc::clone(&starts);
                async move {
                    starts.fetch_add(1, Ordering::Relaxed);
                    panic!("on purpose");
                }
            }
        });
        let stop = CancellationToken::new();
        let mut told = Vec::new();
        let watching = supervisor.watch(&stop, |trouble| told.push((trouble.panicked, trouble.resting)));
        let _ = tokio::time::timeout(Duration::from_mins(9), watching).await;
        assert_eq!(starts.load(Ordering::Relaxed), RESTARTS + 1);
        assert_eq!(
            told,
            [
                (true, false),
                (true, false),
                (true, false),
                (true, false),
                (true, false),
                (true, true)
            ]
        );
        let _ = tokio::time::timeout(Duration::from_mins(12), supervisor.watch(&stop, |_| {})).await;
        assert!(starts.load(Ordering::Relaxed) > RESTARTS + 1, "a rest is no end");
    }

    #[tokio::test(start_paused = true)]
    async fn rooms_stop_phase_by_phase() {
        let ended = Arc::new(Mutex::new(Vec::new()));
        let supervisor = supervisor_with(
            &[
                ("window", Phase::Window),
                ("desk", Phase::Desks),
                ("door", Phase::Doors),
            ],
            &ended,
        );
        let late = supervisor.drain(Instant::now() + Duration::from_secs(10)).await;
        assert_eq!(late, [""; 0]);
        assert_eq!(*ended.lock().unwrap(), ["door", "desk", "window"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_in_time_is_named() {
        let mut supervisor = supervisor_with(&[("door", Phase::Doors)], &Arc::default());
        supervisor.start("deaf", Leg::Inner, Phase::Doors, |_stop| std::future::pending());
        let late = supervisor.drain(Instant::now() + Duration::from_secs(10)).await;
        assert_eq!(late, ["deaf"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_door_leaves_the_window_time_for_its_goodbye() {
        let ended = Arc::default();
        let mut supervisor = supervisor_with(&[("desk", Phase::Desks), ("books", Phase::Books)], &ended);
        supervisor.start("deaf", Leg::Inner, Phase::Doors, |_stop| std::future::pending());
        supervisor.start("window", Leg::Inner, Phase::Window, {
            let ended = Arc::clone(&ended);
            move |stop| {
                let ended = Arc::clone(&ended);
                async move {
                    stop.cancelled().await;
                    sleep(Duration::from_secs(2)).await;
                    ended.lock().unwrap().push("window");
                }
            }
        });
        let late = supervisor.drain(Instant::now() + Duration::from_secs(10)).await;
        assert_eq!(late, ["deaf"]);
        assert_eq!(*ended.lock().unwrap(), ["desk", "window", "books"]);
    }
}
