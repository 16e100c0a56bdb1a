//! One person's go at the scanner.

use scan_model::{Flag, Record, progress::Stage};

use super::{
    dialect::PcDialect,
    faults::Reaction,
    person::{OwnNumber, Person, names},
    step::After,
};
use crate::Ticket;

const ONCE_MORE: &str = "Please stay: the scanner measures once more";
const WEIGHT_ALONE: &str = "Please stay: the scanner takes your weight alone";

/// A scan that somebody wants, until its one end.
#[derive(Debug)]
pub(super) struct WantedScan {
    who: Who,
    /// No current through the body.
    weighs_alone: bool,
    /// The port was given the order to measure: what comes from now on can be this scan's.
    was_ordered: bool,
    /// The data were sent a second time.
    sent_again: bool,
    /// The measurement was started a second time.
    measured_again: bool,
    /// The last stage and share of it that was shown.
    reached: Option<(Stage, u8)>,
}

/// Who is at the scanner.
#[derive(Debug)]
enum Who {
    /// Somebody whose data go to the device.
    Measured(Person),
    /// Somebody of whom nothing but the weight is wanted: the device need not know who it is.
    Weighed(OwnNumber),
}

/// How a scan goes on after a mishap.
pub(super) struct Retry {
    /// What comes after the device was stopped.
    pub(super) after: After,
    /// What the person is told.
    pub(super) prompt: Option<&'static str>,
}

impl WantedScan {
    /// A scan of somebody whose data go to the device.
    pub(super) fn of(person: Person) -> Self {
        Self::new(Who::Measured(person))
    }

    /// A scan of somebody who is only weighed.
    pub(super) fn of_weight(number: OwnNumber) -> Self {
        Self::new(Who::Weighed(number))
    }

    fn new(who: Who) -> Self {
        Self {
            weighs_alone: matches!(who, Who::Weighed(_)),
            who,
            was_ordered: false,
            sent_again: false,
            measured_again: false,
            reached: None,
        }
    }

    pub(super) fn person(&self) -> Option<&Person> {
        match &self.who {
            Who::Measured(person) => Some(person),
            Who::Weighed(_) => None,
        }
    }

    /// Whether the device is to weigh without measuring impedance.
    pub(super) fn weighs_alone(&self) -> bool {
        self.weighs_alone
    }

    /// The number that the device is told.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.person().and_then(Person::ticket)
    }

    /// Whether a result can be this scan's.
    pub(super) fn was_ordered(&self) -> bool {
        self.was_ordered
    }

    /// The order to measure goes to the port.
    pub(super) fn order(&mut self) {
        self.was_ordered = true;
    }

    /// Notes that the scan got to `within` per cent of `stage`; false if it has been there.
    pub(super) fn reach(&mut self, stage: Stage, within: u8) -> bool {
        let is_new = self.reached.is_none_or(|reached| reached < (stage, within));
        if is_new {
            self.reached = Some((stage, within));
        }
        is_new
    }

    /// Whether and how it goes on after a mishap with this reaction; that is remembered.
    pub(super) fn retry(&mut self, reaction: Reaction, dialect: PcDialect) -> Option<Retry> {
        match reaction {
            Reaction::SendAgain if !self.sent_again => {
                self.sent_again = true;
                Some(Retry {
                    after: After::Enter,
                    prompt: None,
                })
            }
            Reaction::MeasureAgain if !self.measured_again => {
                self.measured_again = true;
                Some(Retry {
                    after: After::Clear,
                    prompt: Some(ONCE_MORE),
                })
            }
            Reaction::MeasureAgain if dialect.weighs_alone() && !self.weighs_alone => {
                self.weighs_alone = true;
                Some(Retry {
                    after: After::Clear,
                    prompt: Some(WEIGHT_ALONE),
                })
            }
            Reaction::End | Reaction::SendAgain | Reaction::MeasureAgain => None,
        }
    }

    /// Puts the person's own number on the person's own result, and a flag on anybody else's.
    pub(super) fn claim(&self, record: &mut Record) {
        match &self.who {
            Who::Measured(person) if person.owns(record) => person.own_number().sign(record),
            _ => disown(record, self.ticket()),
        }
    }

    /// Puts the person's own number on a weight, which bears nothing to compare: the order to weigh was the scan's own, and while the
    /// host has the scanner nothing else makes it send one.
    pub(super) fn claim_weight(&self, record: &mut Record) {
        let number = match &self.who {
            Who::Measured(person) => person.own_number(),
            Who::Weighed(number) => number,
        };
        number.sign(record);
    }
}

/// Flags a result as not the announced person's. If it bears `ticket` nevertheless, that names nobody and is taken off.
pub(super) fn disown(record: &mut Record, ticket: Option<Ticket>) {
    record.flag(Flag::SubjectMismatch);
    if ticket.is_some_and(|ticket| names(record, ticket)) {
        record.subject.number = None;
    }
}
