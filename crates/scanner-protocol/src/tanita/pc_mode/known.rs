//! What is known of the device, and which step follows an answer: no time, and nothing that is told.

use super::{
    ask::Answer,
    dialect::PcDialect,
    faults::{self, Mishap},
    order::Setting,
    person::Person,
    reply::Settings,
    step::{After, Step},
};

/// What is known of the device.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) dialect: PcDialect,
    /// Somebody's data may be in the device.
    pub(super) holds_data: bool,
    /// `D?` is answered; `None` until it was tried.
    tells_settings: Option<bool>,
    /// Since the last order to stop, PC mode was entered, which clears the settings; and it was left for that purpose.
    entered: bool,
    left_to_clear: bool,
    /// The device kept settings that should be gone.
    kept_data: bool,
}

/// What follows an answer.
#[derive(Debug)]
pub(super) enum Next {
    Ask(Step),
    /// In PC mode, with nobody's data in the device.
    Cleared,
    /// The measurement has been started.
    Measuring,
    /// The device does not tell when the person steps off: some time will do.
    StepOff,
    /// The device works by its own keys again.
    Rest,
    /// The device keeps somebody's data whatever it is told; whether that is news.
    KeepsData {
        is_news: bool,
    },
    /// Something went wrong; the scan may go on.
    Mishap(Mishap),
    /// The device does not take part.
    GiveUp(Mishap),
}

impl Known {
    pub(super) fn new(dialect: PcDialect) -> Self {
        Self {
            dialect,
            holds_data: false,
            tells_settings: None,
            entered: false,
            left_to_clear: false,
            kept_data: false,
        }
    }

    /// The port was opened: another device of the model may be there.
    pub(super) fn open(&mut self) {
        self.tells_settings = None;
    }

    /// A step begins.
    pub(super) fn begin(&mut self, step: Step) {
        if matches!(step, Step::Stop(_)) {
            self.entered = false;
            self.left_to_clear = false;
        }
    }

    /// The order of a step goes to the port.
    pub(super) fn order_goes_out(&mut self, step: Step) {
        self.holds_data |= matches!(step, Step::Set(_));
    }

    /// What follows `answer` to the order of `step`. `person` is who is to be measured.
    pub(super) fn next(&mut self, step: Step, answer: &Answer, person: Option<&Person>) -> Next {
        match (step, answer) {
            (_, Answer::Stuck) => Next::GiveUp(faults::NO_ANSWER),
            (Step::Enter, Answer::Refused) => Next::GiveUp(faults::OUT_OF_STEP),
            (Step::Set(_) | Step::CheckSet | Step::Start, Answer::Refused) => Next::Mishap(faults::OUT_OF_STEP),
            (Step::Enter | Step::Set(_) | Step::CheckSet, Answer::Silence) => Next::GiveUp(faults::NO_ANSWER),
            (Step::Set(_), Answer::BadValue) => Next::Mishap(faults::VALUE_REFUSED),

            // Refusal and silence are among the ways in which models take these orders.
            (Step::Stop(After::Enter), _) => Next::Ask(Step::Enter),
            (Step::LeaveToClear, _) => {
                self.left_to_clear = true;
                Next::Ask(Step::Enter)
            }
            (Step::Stop(After::Clear), _) if self.dialect.stop_clears() => Next::Ask(Step::Enter),
            (Step::Stop(After::Clear), _) if self.tells_settings == Some(false) => Next::Ask(Step::LeaveToClear),
            (Step::Stop(After::Clear), _) => Next::Ask(Step::CheckClear),
            (Step::Enter, _) => self.after_entering(),
            (Step::CheckClear, Answer::Settings(settings)) => self.check_clear(settings),
            (Step::CheckClear, Answer::Silence) if self.tells_settings == Some(true) => self.after_falling_silent(),
            (Step::CheckClear, _) => self.do_without_asking(),
            (Step::Set(done), _) => self.after_setting(done, person),
            (Step::CheckSet, Answer::Settings(settings)) if person.is_some_and(|it| it.agrees_with(settings)) => {
                Next::Ask(Step::Start)
            }
            (Step::CheckSet, _) => Next::Mishap(faults::SETTINGS_DIFFER),
            (Step::Start, _) => Next::Measuring,
            (Step::AwaitStepOff, Answer::Refused | Answer::Silence) => Next::StepOff,
            (Step::AwaitStepOff, _) => Next::Ask(Step::Stop(After::Clear)),
            (Step::Leave, _) => Next::Rest,
        }
    }

    fn after_entering(&mut self) -> Next {
        self.entered = true;
        if self.dialect.stop_clears() || self.tells_settings == Some(false) {
            self.cleared()
        } else {
            Next::Ask(Step::CheckClear)
        }
    }

    fn after_setting(&self, done: Setting, person: Option<&Person>) -> Next {
        let Some(person) = person else {
            return Next::Ask(Step::Stop(After::Clear));
        };
        let next = Setting::ALL
            .into_iter()
            .skip(done as usize + 1)
            .find(|&setting| person.value(setting, self.dialect).is_some());
        Next::Ask(match next {
            Some(setting) => Step::Set(setting),
            None if self.tells_settings == Some(true) => Step::CheckSet,
            None => Step::Start,
        })
    }

    fn check_clear(&mut self, settings: &Settings) -> Next {
        self.tells_settings = Some(true);
        if settings.are_clear() {
            return self.cleared();
        }
        if !self.left_to_clear {
            return Next::Ask(Step::LeaveToClear);
        }
        self.holds_data = true;
        Next::KeepsData {
            is_news: !std::mem::replace(&mut self.kept_data, true),
        }
    }

    /// The device has answered `D?` before.
    fn after_falling_silent(&self) -> Next {
        if self.left_to_clear {
            Next::GiveUp(faults::NO_ANSWER)
        } else {
            Next::Ask(Step::LeaveToClear)
        }
    }

    /// The device does not answer `D?`: what can be known is that entering PC mode clears its settings *(inferred)*.
    fn do_without_asking(&mut self) -> Next {
        self.tells_settings = Some(false);
        if self.entered {
            self.cleared()
        } else {
            Next::Ask(Step::LeaveToClear)
        }
    }

    fn cleared(&mut self) -> Next {
        self.holds_data = false;
        self.kept_data = false;
        Next::Cleared
    }
}
