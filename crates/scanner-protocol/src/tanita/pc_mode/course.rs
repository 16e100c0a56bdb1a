//! The course of the conversation: every transition, whatever sets it off. Nothing here knows bytes or the port.

use std::time::Duration;

use scan_model::progress::Stage;

use super::{
    ask::{Answer, Ask},
    dialect::PcDialect,
    faults::{self, Mishap, Reaction},
    known::{Known, Next},
    order::Setting,
    reply::Reply,
    state::{Phase, State},
    step::{After, Step},
    telling::{Finding, Telling},
    wanted::{Retry, WantedScan},
    weight,
};
use crate::{Event, Tick};

/// After opening the port: what comes then may be the end of something else.
const LISTEN: Duration = Duration::from_millis(500);
/// The device sets its zero point in this time; nobody may step on before.
const ZEROING: Duration = Duration::from_secs(10);
/// How long the person gets to step off where the device does not tell.
const STEP_OFF: Duration = Duration::from_secs(5);
/// How soon to come back to a device that fell silent with somebody's data in it.
const COME_BACK: Duration = Duration::from_secs(30);

const DO_NOT_STEP_ON: &str = "Please do not step on yet: the scanner is setting its zero";
const ANYBODY_THERE: &str = "Please step on barefoot, hold the grips and stand still";

/// Where the conversation is, and what it knows.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) state: State,
    pub(super) telling: Telling,
    known: Known,
    purpose: Purpose,
}

/// What the device is taken from its own keys for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To get somebody's data out of it, no more.
    Clearing,
    /// For a scan; it is kept for the next one.
    Serving,
    /// Nothing any more: it is to be given back as soon as it can be.
    GivingBack,
}

impl Course {
    pub(super) fn new(dialect: PcDialect) -> Self {
        Self {
            state: State::Closed,
            telling: Telling::default(),
            known: Known::new(dialect),
            purpose: Purpose::Clearing,
        }
    }

    pub(super) fn dialect(&self) -> PcDialect {
        self.known.dialect
    }

    pub(super) fn open(&mut self, now: Tick) {
        self.known.open();
        self.state = State::Listening {
            until: now.after(LISTEN),
        };
    }

    pub(super) fn close(&mut self) {
        self.purpose = Purpose::Clearing;
        self.state = State::Closed;
        self.telling.end_with(faults::PORT_LOST);
    }

    /// Whether a scan runs or is about to, whoever started it, or the device may be at one that was stopped.
    pub(super) fn is_busy(&self) -> bool {
        self.telling.scan().is_some()
            || self.telling.is_at_anothers()
            || self.purpose == Purpose::GivingBack
            || self.is_measuring()
    }

    /// Somebody wants a scan; the conversation is open and not busy.
    pub(super) fn begin(&mut self, now: Tick, scan: WantedScan) {
        self.purpose = Purpose::Serving;
        self.telling.begin(scan);
        match self.state {
            State::Ready { .. } => self.go_on(now),
            State::Resting { .. } => self.ask(now, Step::Stop(After::Enter)),
            // Its turn comes when the device is clear.
            _ => {}
        }
    }

    /// Nobody wants the scan any more; false if there was none.
    pub(super) fn cancel(&mut self, now: Tick) -> bool {
        let was_wanted = self.telling.drop_scan();
        // A measurement that is under way goes on, because nothing may be sent.
        if was_wanted && self.state.phase() == Phase::Preparing {
            self.clear(now);
        }
        was_wanted
    }

    /// Gives the scanner back to its own keys, after a running measurement.
    pub(super) fn release(&mut self, now: Tick) {
        if !self.is_measuring() {
            self.telling.drop_scan();
        }
        match &self.state {
            State::Closed => return,
            State::Listening { .. } | State::Resting { .. } if !self.known.holds_data => {
                self.state = State::Resting { come_back: None };
                return;
            }
            State::Listening { .. } => {}
            State::Resting { .. } => self.ask(now, Step::Stop(After::Enter)),
            State::Ready { .. } => self.ask(now, Step::Leave),
            State::Asking(_) | State::Zeroing { .. } | State::Measuring { .. } | State::SteppingOff { .. } => {
                if matches!(self.state.phase(), Phase::Preparing | Phase::After) {
                    self.clear(now);
                }
            }
        }
        self.purpose = Purpose::GivingBack;
    }

    /// Takes a line that is no record.
    pub(super) fn take_reply(&mut self, now: Tick, reply: Reply<'_>) {
        match reply {
            Reply::Error(digit) => return self.take_error(now, Mishap::reported(digit)),
            Reply::Weight(value) if self.takes_weight() => return self.take_weight(now, value),
            // The order was not obeyed, and must not be sent again.
            Reply::Busy if self.state.phase() == Phase::Starting && !self.wants_measurement() => {
                self.telling.drop_scan();
                return self.clear(now);
            }
            _ => {}
        }
        match &mut self.state {
            State::Asking(ask) if ask.is_out() => {
                let Some(answer) = ask.take(now, &reply) else { return };
                self.follow(now, &answer);
                if matches!(self.state, State::Zeroing { .. }) {
                    // It may say more than that the measurement has begun.
                    self.watch(now, &reply);
                }
            }
            State::Zeroing { .. } | State::Measuring { .. } => self.watch(now, &reply),
            // Late answers, and those to somebody else's orders.
            _ => {}
        }
    }

    /// Takes what the record sessions found.
    pub(super) fn take_finding(&mut self, now: Tick, event: Event) {
        let finding = self.telling.take(event, self.is_measuring());
        self.after_finding(now, finding);
    }

    fn after_finding(&mut self, now: Tick, finding: Finding) {
        match finding {
            Finding::Beside => {}
            Finding::Result => self.after_result(now),
            Finding::Failure => self.abandon(now),
        }
    }

    /// An order has been answered, or is not going to be.
    pub(super) fn follow(&mut self, now: Tick, answer: &Answer) {
        let State::Asking(ask) = &self.state else { return };
        let step = ask.step();
        if let (Step::Set(setting), Answer::Done) = (step, answer) {
            self.telling.reach(Stage::Preparing, 20 + 10 * (setting as u8));
        }
        match self.known.next(step, answer, self.telling.person()) {
            Next::Ask(step) => self.ask(now, step),
            Next::Cleared => self.go_on(now),
            Next::Measuring => self.await_zero(now),
            Next::StepOff => self.wait_for_step_off(now),
            Next::Rest => self.rest(now),
            Next::KeepsData { is_news } => {
                if self.telling.drop_scan() || is_news {
                    self.telling.report(faults::SETTINGS_REMAIN);
                }
                self.ask(now, Step::Leave);
            }
            Next::Mishap(mishap) => self.deal_with(now, mishap),
            Next::GiveUp(mishap) => self.give_up(now, mishap),
        }
    }

    /// The state has lasted long enough.
    pub(super) fn time_over(&mut self, now: Tick) {
        match &mut self.state {
            State::Closed | State::Asking(_) => {}
            State::Listening { .. } | State::Resting { .. } => self.ask(now, Step::Stop(After::Enter)),
            State::Ready { .. } => self.ask(now, Step::Leave),
            State::Zeroing { .. } => self.await_person(now),
            State::Measuring { prompted, .. } if !*prompted => {
                *prompted = true;
                self.telling.prompt(ANYBODY_THERE);
            }
            State::Measuring { .. } => self.deal_with(now, faults::NO_RESULT),
            State::SteppingOff { .. } => self.clear(now),
        }
    }

    /// The order that is asked now goes to the port.
    pub(super) fn order_goes_out(&mut self) {
        let State::Asking(ask) = &self.state else { return };
        self.known.order_goes_out(ask.step());
        if ask.step() == Step::Start {
            self.telling.order();
        }
    }

    /// The port sent an order to measure so late that nobody waits for it any more: it is waited out.
    pub(super) fn wait_out(&mut self, now: Tick) {
        self.give_up(now, faults::NO_ANSWER);
        self.await_zero(now);
    }

    /// The device says by itself that something went wrong.
    fn take_error(&mut self, now: Tick, mishap: Mishap) {
        // What comes before a scan's own order is of whoever stood there before, unless it is about the scan's data, or the device is
        // broken and measures nobody.
        let is_about_data = mishap.reaction == Reaction::SendAgain && self.state.phase() == Phase::Preparing;
        if !self.telling.is_ahead() || is_about_data || mishap.trouble.needs_service {
            self.deal_with(now, mishap);
        }
    }

    /// Something went wrong, at the device or between it and the host.
    fn deal_with(&mut self, now: Tick, mishap: Mishap) {
        let retry = match self.purpose {
            Purpose::GivingBack => None,
            Purpose::Clearing | Purpose::Serving => self.telling.retry(mishap.reaction, self.known.dialect),
        };
        let after = match retry {
            Some(Retry { after, prompt }) => {
                if let Some(prompt) = prompt {
                    self.telling.prompt(prompt);
                }
                after
            }
            None => {
                // Nobody waits for what becomes of a measurement that was stopped.
                let is_of_interest = !self.is_measuring() || mishap.trouble.needs_service;
                if !self.telling.end_with(mishap) && is_of_interest {
                    self.telling.report(mishap);
                }
                After::Clear
            }
        };
        if self.is_under_way() {
            self.ask(now, Step::Stop(after));
        }
    }

    /// The device says something while it zeroes, weighs or measures.
    fn watch(&mut self, now: Tick, reply: &Reply<'_>) {
        let is_zeroing = matches!(self.state, State::Zeroing { .. });
        match reply {
            // A late answer to the start.
            Reply::Refused if is_zeroing => self.deal_with(now, faults::OUT_OF_STEP),
            Reply::LiveWeight { loaded } => {
                if is_zeroing {
                    self.await_person(now);
                }
                if *loaded {
                    self.telling.reach(Stage::Weighing, 0);
                }
            }
            Reply::Impedance => {
                if is_zeroing {
                    self.await_person(now);
                }
                self.telling.reach(Stage::Measuring, 0);
            }
            _ => {}
        }
    }

    /// Whether `F0` and a value can be a result: it was asked for, or a capture is looked at.
    fn takes_weight(&self) -> bool {
        matches!(self.state, State::Closed) || self.telling.owes_weight()
    }

    fn take_weight(&mut self, now: Tick, value: &[u8]) {
        let line = [b"F0", value].concat();
        let weight = weight::decode(&line)
            .map(Box::new)
            .map_err(|fault| fault.rejecting(line));
        let finding = self.telling.take_weight(weight);
        self.after_finding(now, finding);
    }

    /// A result has come, and with it the end of the measurement that may have been under way.
    fn after_result(&mut self, now: Tick) {
        if !self.is_measuring() || self.purpose == Purpose::GivingBack {
            self.abandon(now);
        } else if self.known.dialect.tells_step_off() {
            self.ask(now, Step::AwaitStepOff);
        } else {
            self.wait_for_step_off(now);
        }
    }

    /// Nothing comes of the measurement or of what was prepared for it.
    fn abandon(&mut self, now: Tick) {
        if self.is_under_way() {
            self.clear(now);
        }
    }

    /// The device does not take part: its own keys work it.
    fn give_up(&mut self, now: Tick, mishap: Mishap) {
        self.telling.end_with(mishap);
        self.rest(now);
    }

    /// In PC mode, with nobody's data in the device: what is next?
    fn go_on(&mut self, now: Tick) {
        match (self.purpose, self.telling.scan()) {
            (Purpose::GivingBack, _) | (Purpose::Clearing, None) => self.ask(now, Step::Leave),
            (Purpose::Serving, None) => self.state = State::Ready { since: now },
            (_, Some(scan)) if scan.weighs_alone() => self.ask(now, Step::Start),
            (_, Some(_)) => self.ask(now, Step::Set(Setting::ClothesWeight)),
        }
    }

    /// Gets the person's data out of the device.
    fn clear(&mut self, now: Tick) {
        self.ask(now, Step::Stop(After::Clear));
    }

    fn ask(&mut self, now: Tick, step: Step) {
        self.known.begin(step);
        let weighs_alone = self.telling.scan().is_some_and(WantedScan::weighs_alone);
        let order = step.order(self.known.dialect, weighs_alone);
        self.state = State::Asking(Ask::new(step, order, now));
    }

    /// The measurement has been started.
    fn await_zero(&mut self, now: Tick) {
        self.state = State::Zeroing {
            until: now.after(ZEROING),
        };
        self.telling.reach(Stage::Preparing, 95);
        self.telling.prompt(DO_NOT_STEP_ON);
    }

    /// The zero point is set, as far as one can know: the person may step on.
    fn await_person(&mut self, now: Tick) {
        self.state = State::Measuring {
            since: now,
            prompted: false,
        };
        self.telling.reach(Stage::WaitingForMember, 0);
    }

    fn wait_for_step_off(&mut self, now: Tick) {
        self.state = State::SteppingOff {
            until: now.after(STEP_OFF),
        };
    }

    /// Leaves the scanner to its own keys, unless somebody waits for it.
    fn rest(&mut self, now: Tick) {
        if self.telling.scan().is_some() {
            self.purpose = Purpose::Serving;
            return self.ask(now, Step::Stop(After::Enter));
        }
        self.purpose = Purpose::Clearing;
        self.state = State::Resting {
            come_back: self.known.holds_data.then(|| now.after(COME_BACK)),
        };
    }

    fn wants_measurement(&self) -> bool {
        self.purpose != Purpose::GivingBack && self.telling.scan().is_some()
    }

    /// The device is at a measurement of ours, or may be.
    fn is_measuring(&self) -> bool {
        matches!(self.state.phase(), Phase::Starting | Phase::Measuring)
    }

    /// The same, or one is prepared.
    fn is_under_way(&self) -> bool {
        matches!(
            self.state.phase(),
            Phase::Preparing | Phase::Starting | Phase::Measuring
        )
    }
}
