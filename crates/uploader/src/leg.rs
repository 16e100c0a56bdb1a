//! The state of the way to the cloud: what is shown of it, and who may try it when.

use std::time::Duration;

use cloud_client::{CallError, Pause, Remedy};
use err_report::Report;
use jiff::Timestamp;
use tokio::{sync::watch, time::Instant};
use tracing::{info, warn};

use crate::backoff;

/// A held leg tries again after this time.
const PROBE: Duration = Duration::from_secs(60);
/// One with wrong credentials does after this one: servers lock out who tries often.
const PROBE_UNAUTHORISED: Duration = Duration::from_secs(5 * 60);
/// So many readings refused one after the other for the same reason are not these readings' fault.
const REJECTIONS: u32 = 3;
/// A server clock further away than this is logged.
const CLOCK_TOLERANCE_MS: u64 = 120_000;

/// What is shown of the cloud leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudLeg {
    /// How it is.
    pub state: CloudState,
    /// Since when.
    pub since: Timestamp,
    /// What somebody has to do, where something has to be done.
    pub advice: Option<&'static str>,
    /// The failure behind the state: server, call, status and code, with its causes. Holds nothing personal.
    pub error: Option<String>,
    /// What the cloud last said of the time.
    pub clock: Option<ServerClock>,
}

/// The server's clock beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerClock {
    /// Server less host in milliseconds, good to about a second.
    pub offset_ms: i64,
    /// When it was said, by the host's clock.
    pub at: Timestamp,
}

/// How the cloud leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudState {
    /// Nothing is known yet.
    Connecting,
    /// It works.
    Ok,
    /// No connection, or no answer.
    Unreachable,
    /// The server answers that it cannot for the moment.
    Unavailable,
    /// Somebody has to do something.
    Paused(Pause),
}

impl CloudState {
    /// The name as dashboards and the local API show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Ok => "ok",
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::Paused(pause) => pause.as_str(),
        }
    }

    fn advice(self) -> Option<&'static str> {
        match self {
            Self::Connecting | Self::Ok => None,
            Self::Unreachable => Some("Check the network of this machine, and `base_url` and `proxy` in [cloud]."),
            Self::Unavailable => Some("The server is there and cannot work now; nothing has to be done here."),
            Self::Paused(pause) => Some(pause.advice()),
        }
    }
}

/// Which kind of call tells something about the leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// A call for a reading.
    Reading,
    /// A registration or heartbeat of a performer.
    Performer,
}

/// What a failure means for the reading it happened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The leg's: the reading goes back as it is.
    Leg,
    /// Perhaps the reading's own: it is put off, so that others get their turn.
    Reading,
}

/// The leg as the courier works with it.
pub(crate) struct Leg {
    shown: watch::Sender<CloudLeg>,
    /// Failures in a row, for the back-off.
    failures: u32,
    /// Nothing is tried before.
    closed_until: Option<Instant>,
    /// Heartbeats wait as well: the server asked for quiet, or trying often does harm.
    strict: bool,
    /// What the pause was seen with.
    paused_by: Evidence,
    /// Code of the last set-aside and how often it came in a row.
    rejected: (String, u32),
    clock_is_wrong: bool,
}

impl Leg {
    pub(crate) fn new() -> (Self, watch::Receiver<CloudLeg>) {
        let state = CloudState::Connecting;
        let start = CloudLeg {
            state,
            since: Timestamp::now(),
            advice: state.advice(),
            error: None,
            clock: None,
        };
        let (shown, receiver) = watch::channel(start);
        let leg = Self {
            shown,
            failures: 0,
            closed_until: None,
            strict: false,
            paused_by: Evidence::Performer,
            rejected: (String::new(), 0),
            clock_is_wrong: false,
        };
        (leg, receiver)
    }

    pub(crate) fn state(&self) -> CloudState {
        self.shown.borrow().state
    }

    /// How many readings may be on their way now: `parallel` when all is well, one to find out whether it is.
    pub(crate) fn room(&self, parallel: usize) -> usize {
        match self.state() {
            _ if self.opens_at().is_some() => 0,
            CloudState::Ok => parallel,
            // A heartbeat finds out when these are over: a reading would go up under another machine's name, be one more
            // failed log-in, or be taken by a page that is not the cloud's.
            CloudState::Connecting
            | CloudState::Paused(Pause::ClonedIdentity | Pause::Unauthorised | Pause::CaptivePortal) => 0,
            _ => 1,
        }
    }

    /// When a closed leg may be tried again.
    pub(crate) fn opens_at(&self) -> Option<Instant> {
        self.closed_until.filter(|&until| until > Instant::now())
    }

    /// When heartbeats may go again, if they may not now.
    pub(crate) fn quiet_until(&self) -> Option<Instant> {
        self.opens_at().filter(|_| self.strict)
    }

    /// A call succeeded. Readings and performers need different rights, so a heartbeat does not prove that a pause of
    /// readings is over.
    pub(crate) fn succeeded(&mut self, evidence: Evidence) {
        if evidence == Evidence::Reading {
            self.rejected.1 = 0;
        }
        let stays = match (self.state(), evidence) {
            (CloudState::Paused(Pause::ClonedIdentity), Evidence::Reading) => true,
            (
                CloudState::Paused(Pause::AwaitingLicence | Pause::Rejecting | Pause::Forbidden | Pause::WrongUrl),
                Evidence::Performer,
            ) => self.paused_by == Evidence::Reading,
            _ => false,
        };
        if !stays {
            self.failures = 0;
            self.closed_until = None;
            self.show(CloudState::Ok, None);
        }
    }

    /// A call failed in a way that is about the leg. Several calls that were on their way together count once.
    pub(crate) fn failed(&mut self, error: &CallError, evidence: Evidence) -> Blame {
        let was_ok = self.state() == CloudState::Ok;
        match error.remedy() {
            Remedy::Pause(pause) => {
                self.pause(pause, evidence, Some(Report::new(error).to_string()));
                Blame::Leg
            }
            Remedy::RetryLater { after } => {
                if after.is_some() || self.opens_at().is_none() {
                    self.close(backoff::delay_of(self.failures, after), after.is_some());
                }
                let state = if error.is_answer() {
                    CloudState::Unavailable
                } else {
                    CloudState::Unreachable
                };
                // A pause has a reason that somebody must see; that the server is also slow changes nothing about it.
                if !matches!(self.state(), CloudState::Paused(_)) {
                    self.show(state, Some(Report::new(error).to_string()));
                }
                if was_ok && !matches!(error, CallError::Unreachable { .. }) {
                    Blame::Reading
                } else {
                    Blame::Leg
                }
            }
            Remedy::Ask | Remedy::SetAside | Remedy::Register | Remedy::UseSteps | Remedy::Uncertain => Blame::Reading,
        }
    }

    /// A reading is refused for its own sake. `false` if the server refuses them all: then it is not set aside.
    pub(crate) fn rejected(&mut self, code: &str, error: &CallError) -> bool {
        if self.state() == CloudState::Paused(Pause::Rejecting) {
            self.close(PROBE, false);
            return false;
        }
        if self.rejected.0 == code {
            self.rejected.1 += 1;
        } else {
            self.rejected = (code.to_owned(), 1);
        }
        if self.rejected.1 >= REJECTIONS {
            self.pause(
                Pause::Rejecting,
                Evidence::Reading,
                Some(Report::new(error).to_string()),
            );
        }
        true
    }

    /// Notes what the server said of the time.
    pub(crate) fn note_clock(&mut self, offset_ms: Option<i64>) {
        let Some(offset_ms) = offset_ms else { return };
        let is_wrong = offset_ms.unsigned_abs() > CLOCK_TOLERANCE_MS;
        if is_wrong && !self.clock_is_wrong {
            warn!(
                offset_ms,
                "the clocks of this machine and of the cloud differ by more than two minutes"
            );
        }
        self.clock_is_wrong = is_wrong;
        let clock = ServerClock {
            offset_ms,
            at: Timestamp::now(),
        };
        self.shown.send_modify(|shown| shown.clock = Some(clock));
    }

    fn pause(&mut self, pause: Pause, evidence: Evidence, error: Option<String>) {
        let unauthorised = pause == Pause::Unauthorised;
        let probe = if unauthorised { PROBE_UNAUTHORISED } else { PROBE };
        self.close(probe, unauthorised || evidence == Evidence::Performer);
        self.paused_by = evidence;
        self.show(CloudState::Paused(pause), error);
    }

    /// Calls that were on their way together fail together: that is one failure.
    fn close(&mut self, wait: Duration, strict: bool) {
        let (mut until, mut strict) = (Instant::now() + wait, strict);
        match self.opens_at() {
            Some(earlier) => {
                until = until.max(earlier);
                strict |= self.strict;
            }
            None => self.failures = self.failures.saturating_add(1),
        }
        (self.closed_until, self.strict) = (Some(until), strict);
    }

    fn show(&mut self, state: CloudState, error: Option<String>) {
        self.shown.send_if_modified(|shown| {
            if shown.state == state {
                let differs = shown.error != error;
                shown.error = error;
                return differs;
            }
            match &error {
                None => info!(state = state.as_str(), "cloud leg"),
                Some(error) => warn!(state = state.as_str(), error, "cloud leg"),
            }
            *shown = CloudLeg {
                state,
                since: Timestamp::now(),
                advice: state.advice(),
                error,
                clock: shown.clock,
            };
            true
        });
    }
}
