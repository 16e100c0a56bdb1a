//! Where each answer, silence and error leads.

use std::time::Duration;

use scan_model::progress::Stage;

use super::{
    faults::{self, Reaction, Trouble},
    host::{Host, State},
    order::{Order, Setting},
    reply::{Reply, Settings},
    scan::Scan,
    step::{After, Ask, Sending, Step},
};
use crate::Tick;

/// The pause after `#`.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// A device that is busy for five seconds does not answer.
const MOST_BUSY: u8 = 50;
/// The pause after a refused `M1`: the device may be starting up.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
/// The device sets its zero point in this time; nobody may step on before.
const ZEROING: Duration = Duration::from_secs(10);
/// How long the person gets to step off where the device does not tell.
const STEP_OFF: Duration = Duration::from_secs(5);
/// How soon to come back to a device that fell silent with somebody's data in it.
const COME_BACK: Duration = Duration::from_secs(30);

const DO_NOT_STEP_ON: &str = "Please do not step on yet: the scanner is setting its zero";
const ONCE_MORE: &str = "Please stay: the scanner measures once more";
const WEIGHT_ALONE: &str = "Please stay: the scanner takes your weight alone";

impl Host {
    pub(super) fn ask(&mut self, now: Tick, step: Step) {
        if matches!(step, Step::Stop(_)) {
            self.entered = false;
            self.left_to_clear = false;
        }
        // An order that nobody has polled belongs to what is over.
        self.wire.withdraw();
        self.state = State::Asking(Ask::new(step, now));
    }

    /// Gets the person's data out of the device.
    pub(super) fn clear(&mut self, now: Tick) {
        self.ask(now, Step::Stop(After::Clear));
    }

    /// Takes a line that may answer the order of `step`.
    pub(super) fn take_answer(&mut self, now: Tick, step: Step, reply: Reply<'_>) {
        let order = step.order(self.dialect, self.scan.as_ref());
        match (step, reply) {
            (_, Reply::Busy) => self.wait_while_busy(now),
            (Step::AwaitStepOff, Reply::Working) => self.set_order(Sending::Working(now)),
            (Step::AwaitStepOff, Reply::Refused) => self.wait_for_step_off(now),
            (Step::AwaitStepOff, _) => self.clear(now),
            (_, Reply::Refused) => self.take_refusal(now, step),
            (Step::Set(setting), Reply::BadValue(digit)) if digit == setting.digit() => {
                self.trouble(now, faults::VALUE_REFUSED);
            }
            (Step::CheckClear, Reply::Settings(settings)) => self.check_clear(now, &settings),
            (Step::CheckSet, Reply::Settings(settings)) => self.check_set(now, &settings),
            (Step::Start, Reply::Working) => self.await_zero(now),
            (Step::Start, reply @ (Reply::Zeroing | Reply::LiveWeight { .. } | Reply::Impedance)) => {
                self.await_zero(now);
                self.watch(now, &reply);
            }
            (_, Reply::Echo(echo)) if order.is_echoed_by(echo) => self.go_on_after(now, step),
            (_, _) if order == Order::Reset => self.go_on_after(now, step),
            _ => {}
        }
    }

    /// No answer in time.
    pub(super) fn take_silence(&mut self, now: Tick) {
        let State::Asking(ask) = &mut self.state else { return };
        let step = ask.step;
        ask.tries += 1;
        if ask.tries < step.most_tries() {
            return self.set_order(Sending::Due(now));
        }
        match step {
            Step::Enter | Step::Set(_) | Step::CheckSet => self.give_up(now, faults::NO_ANSWER),
            Step::CheckClear if self.tells_settings != Some(true) => self.do_without_asking(now),
            Step::CheckClear if self.left_to_clear => self.give_up(now, faults::NO_ANSWER),
            Step::CheckClear => self.ask(now, Step::LeaveToClear),
            Step::AwaitStepOff if matches!(ask.order, Sending::Working(_)) => self.clear(now),
            Step::AwaitStepOff => self.wait_for_step_off(now),
            // Silence is one of the ways in which models take these.
            Step::Stop(_) | Step::LeaveToClear | Step::Leave | Step::Start => self.go_on_after(now, step),
        }
    }

    /// The device says something while it zeroes, weighs or measures.
    pub(super) fn watch(&mut self, now: Tick, reply: &Reply<'_>) {
        let is_zeroing = matches!(self.state, State::Zeroing { .. });
        match reply {
            // A late answer to the start.
            Reply::Refused if is_zeroing => self.trouble(now, faults::OUT_OF_STEP),
            Reply::LiveWeight { loaded } => {
                if is_zeroing {
                    self.await_person(now);
                }
                if *loaded {
                    self.reach(Stage::Weighing, 0);
                }
            }
            Reply::Impedance => {
                if is_zeroing {
                    self.await_person(now);
                }
                self.reach(Stage::Measuring, 0);
            }
            _ => {}
        }
    }

    /// The zero point is set, as far as one can know: the person may step on.
    pub(super) fn await_person(&mut self, now: Tick) {
        self.state = State::Measuring {
            since: now,
            prompted: false,
        };
        self.reach(Stage::WaitingForMember, 0);
    }

    /// A result has come, and with it the end of the measurement that may have been under way.
    pub(super) fn after_result(&mut self, now: Tick) {
        if !self.is_measuring() || self.releasing {
            self.abandon(now);
        } else if self.dialect.tells_step_off() {
            self.ask(now, Step::AwaitStepOff);
        } else {
            self.wait_for_step_off(now);
        }
    }

    /// Nothing comes of the measurement or of what was prepared for it.
    pub(super) fn abandon(&mut self, now: Tick) {
        if self.is_measuring() || self.is_preparing() {
            self.clear(now);
        }
    }

    /// Nothing comes of what was prepared; a measurement that is under way goes on, because nothing may be sent.
    pub(super) fn abandon_preparations(&mut self, now: Tick) {
        if self.is_preparing() && !self.is_measuring() {
            self.clear(now);
        }
    }

    /// Something went wrong, at the device or between it and the host.
    pub(super) fn trouble(&mut self, now: Tick, trouble: Trouble) {
        let after = match (trouble.reaction, &mut self.scan) {
            (Reaction::SendAgain, Some(scan)) if !scan.sent_again => {
                scan.sent_again = true;
                After::Enter
            }
            (Reaction::MeasureAgain, Some(scan)) if !scan.measured_again => {
                scan.measured_again = true;
                self.prompt(ONCE_MORE);
                After::Clear
            }
            (Reaction::MeasureAgain, Some(scan)) if self.dialect.weighs_alone() && !scan.weighs_alone() => {
                scan.weigh_alone();
                self.prompt(WEIGHT_ALONE);
                After::Clear
            }
            (reaction, _) => {
                let was_wanted = self.scan.take().is_some();
                // Nobody waits for what becomes of a measurement that was stopped.
                if was_wanted || !self.is_measuring() || reaction == Reaction::EndForService {
                    self.report(trouble);
                }
                After::Clear
            }
        };
        if self.is_measuring() || self.is_preparing() {
            self.ask(now, Step::Stop(after));
        }
    }

    /// The device does not take part: its own keys work it.
    pub(super) fn give_up(&mut self, now: Tick, trouble: Trouble) {
        if self.scan.take().is_some() {
            self.report(trouble);
        }
        self.rest(now);
    }

    /// The step is done.
    fn go_on_after(&mut self, now: Tick, step: Step) {
        match step {
            Step::Stop(After::Enter) | Step::LeaveToClear => {
                self.left_to_clear |= step == Step::LeaveToClear;
                self.ask(now, Step::Enter);
            }
            Step::Stop(After::Clear) if self.dialect.stop_clears() => self.ask(now, Step::Enter),
            Step::Stop(After::Clear) if self.tells_settings == Some(false) => self.ask(now, Step::LeaveToClear),
            Step::Stop(After::Clear) => self.ask(now, Step::CheckClear),
            Step::Enter => {
                self.entered = true;
                if self.dialect.stop_clears() || self.tells_settings == Some(false) {
                    self.cleared(now);
                } else {
                    self.ask(now, Step::CheckClear);
                }
            }
            Step::Set(setting) => self.set_next(now, setting),
            Step::Start => self.await_zero(now),
            Step::AwaitStepOff => self.clear(now),
            Step::Leave => self.rest(now),
            // Only their settings end these.
            Step::CheckClear | Step::CheckSet => {}
        }
    }

    /// `!`: the device does not know the order, or not now.
    fn take_refusal(&mut self, now: Tick, step: Step) {
        match step {
            Step::Enter => {
                let State::Asking(ask) = &mut self.state else { return };
                ask.tries += 1;
                if ask.tries < step.most_tries() {
                    self.set_order(Sending::Due(now.after(REFUSED_PAUSE)));
                } else {
                    self.give_up(now, faults::OUT_OF_STEP);
                }
            }
            Step::CheckClear => self.do_without_asking(now),
            Step::Set(_) | Step::CheckSet | Step::Start => self.trouble(now, faults::OUT_OF_STEP),
            Step::AwaitStepOff => self.wait_for_step_off(now),
            Step::Stop(_) | Step::LeaveToClear | Step::Leave => self.go_on_after(now, step),
        }
    }

    fn wait_while_busy(&mut self, now: Tick) {
        let State::Asking(ask) = &mut self.state else { return };
        ask.busy += 1;
        if ask.busy < MOST_BUSY {
            self.set_order(Sending::Due(now.after(BUSY_PAUSE)));
        } else {
            self.give_up(now, faults::NO_ANSWER);
        }
    }

    /// The device does not answer `D?`: what can be known is that entering PC mode clears its settings *(inferred)*.
    fn do_without_asking(&mut self, now: Tick) {
        self.tells_settings = Some(false);
        if self.entered {
            self.cleared(now);
        } else {
            self.ask(now, Step::LeaveToClear);
        }
    }

    fn check_clear(&mut self, now: Tick, settings: &Settings) {
        self.tells_settings = Some(true);
        if settings.are_clear() {
            self.cleared(now);
        } else if !self.left_to_clear {
            self.ask(now, Step::LeaveToClear);
        } else {
            if self.scan.take().is_some() || !self.remains_reported {
                self.remains_reported = true;
                self.report(faults::SETTINGS_REMAIN);
            }
            self.holds_data = true;
            self.ask(now, Step::Leave);
        }
    }

    fn check_set(&mut self, now: Tick, settings: &Settings) {
        let person = self.scan.as_ref().and_then(Scan::person);
        if person.is_some_and(|person| person.agrees_with(settings)) {
            self.ask(now, Step::Start);
        } else {
            self.trouble(now, faults::SETTINGS_DIFFER);
        }
    }

    /// Nobody's data are in the device.
    fn cleared(&mut self, now: Tick) {
        self.holds_data = false;
        self.remains_reported = false;
        self.go_on(now);
    }

    /// In PC mode, with nobody's data in the device: what is next?
    pub(super) fn go_on(&mut self, now: Tick) {
        match &self.scan {
            _ if self.releasing => self.ask(now, Step::Leave),
            None => self.state = State::Ready { since: now },
            Some(scan) if scan.weighs_alone() => self.ask(now, Step::Start),
            Some(_) => self.ask(now, Step::Set(Setting::ClothesWeight)),
        }
    }

    fn set_next(&mut self, now: Tick, done: Setting) {
        self.reach(Stage::Preparing, 20 + 10 * (done as u8));
        let Some(person) = self.scan.as_ref().and_then(Scan::person) else {
            return self.clear(now);
        };
        let next = Setting::ALL
            .into_iter()
            .skip(done as usize + 1)
            .find(|&setting| person.value(setting, self.dialect).is_some());
        let step = match next {
            Some(setting) => Step::Set(setting),
            None if self.tells_settings == Some(true) => Step::CheckSet,
            None => Step::Start,
        };
        self.ask(now, step);
    }

    /// The measurement has been started.
    pub(super) fn await_zero(&mut self, now: Tick) {
        self.state = State::Zeroing {
            until: now.after(ZEROING),
        };
        self.reach(Stage::Preparing, 95);
        self.prompt(DO_NOT_STEP_ON);
    }

    fn wait_for_step_off(&mut self, now: Tick) {
        self.state = State::SteppingOff {
            until: now.after(STEP_OFF),
        };
    }

    /// Leaves the scanner to its own keys, unless somebody waits for it.
    fn rest(&mut self, now: Tick) {
        self.releasing = false;
        if self.scan.is_some() {
            return self.ask(now, Step::Stop(After::Enter));
        }
        self.wire.withdraw();
        self.state = State::Resting {
            come_back: self.holds_data.then(|| now.after(COME_BACK)),
        };
    }

    /// The person's data are on their way to the device.
    fn is_preparing(&self) -> bool {
        matches!(&self.state, State::Asking(ask) if matches!(ask.step, Step::Set(_) | Step::CheckSet | Step::Start))
    }

    fn set_order(&mut self, order: Sending) {
        if let State::Asking(ask) = &mut self.state {
            ask.order = order;
        }
    }
}
