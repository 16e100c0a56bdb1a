//! The course of the conversation: every transition, whatever sets it off. Nothing here knows bytes or the port.

mod heard;

use std::time::Duration;

use scan_model::progress::Stage;

use super::{
    ask::{Answer, Ask},
    dialect::PcDialect,
    faults::{self, Mishap},
    known::{Known, Next},
    order::Setting,
    state::{Phase, State},
    step::{After, Step},
    telling::Telling,
    wanted::{Retry, WantedScan},
};
use crate::Tick;

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
