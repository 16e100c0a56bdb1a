//! The host's side of the conversation: where it is, and where each answer, error and silence leads.

use std::time::Duration;

use scan_model::progress::Stage;

use super::{
    dialect::PcDialect,
    faults::{self, Trouble},
    person::{Person, names},
    reply::Reply,
    scan::{Scan, disown},
    step::{After, Ask, Sending, Step},
    weight,
    wire::Wire,
};
use crate::{Event, Protocol, Refused, StartScan, Tick, Ticket, output::Output};

/// After opening the port: what comes then may be the end of something else.
const LISTEN: Duration = Duration::from_millis(500);
/// A known order is answered within a second.
const ANSWER: Duration = Duration::from_secs(1);
/// A port that takes nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(5);
/// Noise without a line end must not keep the host silent for ever.
const NOISY: Duration = Duration::from_secs(10);
/// Within the measurement: when to ask whether anybody is there, and when to give up.
const PROMPT: Duration = Duration::from_secs(30);
const MEASUREMENT: Duration = Duration::from_secs(90);
/// A person who does not step off must not block the scanner for ever.
const LONGEST_STEP_OFF: Duration = Duration::from_secs(60);
/// The scanner's keys are dead while the host holds it: give it back after this time.
const IDLE: Duration = Duration::from_secs(300);
const ANYBODY_THERE: &str = "Please step on barefoot, hold the grips and stand still";

/// The conversation with the device.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) dialect: PcDialect,
    pub(super) state: State,
    pub(super) scan: Option<Scan>,
    pub(super) wire: Wire,
    pub(super) output: Output,
    /// Offset in the stream of what is dealt with.
    pub(super) at: u64,
    /// What the device was last told to put on a result.
    pub(super) last_ticket: Option<Ticket>,
    /// Somebody's data may be in the device.
    pub(super) holds_data: bool,
    /// `D?` is answered; `None` until it was tried.
    pub(super) tells_settings: Option<bool>,
    /// Since the last order to stop, PC mode was entered, which clears the settings; and it was left for that purpose.
    pub(super) entered: bool,
    pub(super) left_to_clear: bool,
    /// The device kept settings that should be gone, and that has been reported.
    pub(super) remains_reported: bool,
    /// The port held an order to measure back for so long that it was given up; it may leave yet.
    pub(super) start_is_held_back: bool,
    /// The scanner is to be given back to its own keys.
    pub(super) releasing: bool,
}

#[derive(Debug)]
pub(super) enum State {
    /// No port.
    Closed,
    /// The port was opened; nothing is sent.
    Listening { until: Tick },
    /// The scanner's own keys work it. Nothing is sent until somebody wants a scan, or data have to be got out of it.
    Resting { come_back: Option<Tick> },
    /// An order is to be sent, or its answer awaited.
    Asking(Ask),
    /// In PC mode, with nobody's data in the device.
    Ready { since: Tick },
    /// The measurement has been started; the device sets its zero point.
    Zeroing { until: Tick },
    /// The person is awaited, or measured. Nothing is sent.
    Measuring { since: Tick, prompted: bool },
    /// The device shows the result until the person steps off.
    SteppingOff { until: Tick },
}

impl Host {
    pub(super) fn new(dialect: PcDialect) -> Self {
        Self {
            dialect,
            state: State::Closed,
            scan: None,
            wire: Wire::default(),
            output: Output::default(),
            at: 0,
            last_ticket: None,
            holds_data: false,
            tells_settings: None,
            entered: false,
            left_to_clear: false,
            remains_reported: false,
            start_is_held_back: false,
            releasing: false,
        }
    }

    pub(super) fn line_up(&mut self, now: Tick) {
        self.line_down();
        self.tells_settings = None;
        self.state = State::Listening {
            until: now.after(LISTEN),
        };
    }

    pub(super) fn line_down(&mut self) {
        self.wire.reset();
        self.start_is_held_back = false;
        self.releasing = false;
        self.state = State::Closed;
        if self.scan.take().is_some() {
            self.report(faults::PORT_LOST);
        }
    }

    pub(super) fn start(&mut self, now: Tick, start: &StartScan) -> Result<(), Refused> {
        if matches!(self.state, State::Closed) {
            return Err(Refused::Offline);
        }
        if self.scan.is_some() || self.releasing || self.is_measuring() {
            return Err(Refused::Busy);
        }
        let scan = if start.current_is_safe {
            Scan::of(Person::new(start, self.dialect)?)
        } else if self.dialect.weighs_alone() {
            Scan::of_weight()
        } else {
            return Err(Refused::NotAsked);
        };
        self.scan = Some(scan);
        self.reach(Stage::Preparing, 0);
        match self.state {
            State::Ready { .. } => self.go_on(now),
            State::Resting { .. } => self.ask(now, Step::Stop(After::Enter)),
            // Its turn comes when the device is clear.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn cancel(&mut self, now: Tick) -> Result<(), Refused> {
        self.scan.take().ok_or(Refused::NoScan)?;
        self.abandon_preparations(now);
        Ok(())
    }

    /// Gives the scanner back to its own keys, after a running measurement.
    pub(super) fn release(&mut self, now: Tick) {
        if !self.is_measuring() {
            self.scan = None;
        }
        match &self.state {
            State::Closed => return,
            State::Listening { .. } | State::Resting { .. } if !self.holds_data => {
                self.state = State::Resting { come_back: None };
                return;
            }
            State::Listening { .. } => {}
            State::Resting { .. } => self.ask(now, Step::Stop(After::Enter)),
            State::Ready { .. } => self.ask(now, Step::Leave),
            State::SteppingOff { .. } => self.clear(now),
            State::Asking(ask) if ask.step == Step::AwaitStepOff => self.clear(now),
            State::Asking(_) | State::Zeroing { .. } | State::Measuring { .. } => self.abandon_preparations(now),
        }
        self.releasing = true;
    }

    /// Takes what the device says.
    pub(super) fn handle_reply(&mut self, now: Tick, reply: Reply<'_>) {
        match (&self.state, reply) {
            (_, Reply::Error(digit)) => self.trouble(now, Trouble::reported(digit)),
            (_, Reply::Weight(value)) if self.takes_weight() => self.take_weight(now, value),
            (State::Asking(ask), reply) if ask.is_out() => self.take_answer(now, ask.step, reply),
            (State::Zeroing { .. } | State::Measuring { .. }, reply) => self.watch(now, &reply),
            // Late answers, and those to somebody else's orders.
            _ => {}
        }
    }

    /// Takes what the record sessions found: the end of a scan, if one runs.
    pub(super) fn handle_result(&mut self, now: Tick, event: Event) {
        match event {
            Event::Stage { stage, within } => {
                if let Some(scan) = &mut self.scan {
                    scan.reach(stage, within);
                }
                self.output.stage(self.at, stage, within);
            }
            Event::Record(mut record) => {
                Protocol::TanitaPc.name().clone_into(&mut record.protocol);
                match self.scan.take() {
                    Some(scan) => scan.claim(&mut record),
                    // The result of a scan that was stopped too late.
                    None if self.is_measuring() || self.last_ticket.is_some_and(|ticket| names(&record, ticket)) => {
                        disown(&mut record, self.last_ticket);
                    }
                    // The scanner's own keys started it.
                    None => {}
                }
                self.output.record(self.at, record);
                self.after_result(now);
            }
            Event::Rejected(rejected) => {
                self.output.rejected(self.at, rejected);
                self.scan = None;
                self.abandon(now);
            }
            Event::Repeated => {
                self.output.repeated(self.at);
                self.scan = None;
                self.after_result(now);
            }
            // The record sessions have no others.
            _ => {}
        }
    }

    pub(super) fn handle_sent(&mut self, now: Tick) {
        if !self.wire.sent(now) {
            return;
        }
        if std::mem::take(&mut self.start_is_held_back) {
            // Now the device measures after all, and nobody waits for it.
            self.give_up(now, faults::NO_ANSWER);
            self.await_zero(now);
        } else if let State::Asking(ask) = &mut self.state
            && ask.order == Sending::Out
        {
            ask.order = Sending::Sent(now);
        }
    }

    /// Deals with the deadline that is over, if one is; what follows from it has deadlines of its own. `receiving` says that the
    /// device is in the middle of a line.
    pub(super) fn handle_timeout(&mut self, now: Tick, receiving: bool) {
        if self.poll_timeout(receiving).is_none_or(|deadline| now < deadline) {
            return;
        }
        match &mut self.state {
            State::Closed => {}
            State::Listening { .. } | State::Resting { .. } => self.ask(now, Step::Stop(After::Enter)),
            State::Asking(ask) => match ask.order {
                Sending::Sent(_) | Sending::Working(_) => self.take_silence(now),
                Sending::Due(_) | Sending::Out if self.wire.is_stuck(now, STUCK) => {
                    self.start_is_held_back |= ask.step == Step::Start && ask.order == Sending::Out;
                    self.give_up(now, faults::NO_ANSWER);
                }
                // It leaves by `pump`.
                Sending::Due(_) | Sending::Out => {}
            },
            State::Ready { .. } => self.ask(now, Step::Leave),
            State::Zeroing { .. } => self.await_person(now),
            State::Measuring { prompted, .. } if !*prompted => {
                *prompted = true;
                self.prompt(ANYBODY_THERE);
            }
            State::Measuring { .. } => self.trouble(now, faults::NO_RESULT),
            State::SteppingOff { .. } => self.clear(now),
        }
    }

    /// When [`Self::handle_timeout`] or [`Self::pump`] has work to do.
    pub(super) fn poll_timeout(&self, receiving: bool) -> Option<Tick> {
        match &self.state {
            State::Closed => None,
            State::Listening { until } | State::Zeroing { until } | State::SteppingOff { until } => Some(*until),
            State::Resting { come_back } => *come_back,
            State::Ready { since } => Some(since.after(IDLE)),
            State::Asking(ask) => Some(match ask.order {
                Sending::Due(at) => match self.wire.free_at() {
                    Some(free_at) => free_at.max(if receiving { at.after(NOISY) } else { at }),
                    None => self.wire.taken_at().after(STUCK),
                },
                Sending::Out => self.wire.taken_at().after(STUCK),
                Sending::Sent(at) => at.after(ANSWER),
                Sending::Working(at) => at.after(LONGEST_STEP_OFF),
            }),
            State::Measuring { since, prompted: false } => Some(since.after(PROMPT)),
            // A result that has begun to arrive may end.
            State::Measuring { since, .. } if receiving => Some(since.after(MEASUREMENT + NOISY)),
            State::Measuring { since, .. } => Some(since.after(MEASUREMENT)),
        }
    }

    /// Sends the order that is due, if it may leave now.
    pub(super) fn pump(&mut self, now: Tick, receiving: bool) {
        let State::Asking(ask) = &mut self.state else { return };
        let Sending::Due(at) = ask.order else { return };
        let is_quiet = !receiving || now >= at.after(NOISY);
        if now < at || !is_quiet || !self.wire.is_free(now) {
            return;
        }
        let scan = self.scan.as_ref();
        let order = ask.step.order(self.dialect, scan);
        let Some(bytes) = order.bytes(self.dialect, scan.and_then(Scan::person)) else {
            return;
        };
        self.wire.send(now, bytes);
        ask.order = Sending::Out;
        match ask.step {
            Step::Set(_) => self.holds_data = true,
            Step::Start => self.last_ticket = scan.and_then(Scan::ticket),
            _ => {}
        }
    }

    /// The device is at a measurement, or may be.
    pub(super) fn is_measuring(&self) -> bool {
        match &self.state {
            State::Zeroing { .. } | State::Measuring { .. } => true,
            State::Asking(ask) => ask.step == Step::Start && ask.is_out(),
            _ => false,
        }
    }

    /// Whether `F0` and a value can be a result: it was asked for, or a capture is looked at.
    fn takes_weight(&self) -> bool {
        let was_asked = self.dialect.weighs_alone() && self.scan.as_ref().is_none_or(Scan::weighs_alone);
        matches!(self.state, State::Closed) || (was_asked && self.is_measuring())
    }

    fn take_weight(&mut self, now: Tick, value: &[u8]) {
        let line = [b"F0", value].concat();
        let end = match weight::decode(&line) {
            Ok(record) => {
                self.scan = None;
                self.output.record(self.at, Box::new(record));
                return self.after_result(now);
            }
            Err(fault) => Event::Rejected(fault.rejecting(line)),
        };
        self.handle_result(now, end);
    }

    pub(super) fn reach(&mut self, stage: Stage, within: u8) {
        if self.scan.as_mut().is_some_and(|scan| scan.reach(stage, within)) {
            self.output.stage(self.at, stage, within);
        }
    }

    pub(super) fn prompt(&mut self, text: &'static str) {
        if self.scan.is_some() {
            self.output.prompt(self.at, text);
        }
    }

    pub(super) fn report(&mut self, trouble: Trouble) {
        self.output.device_error(self.at, trouble.into());
    }
}
