//! One person's go at the scanner.

use scan_model::{Flag, Record, progress::Stage};

use super::person::{Person, names};
use crate::Ticket;

/// A scan that somebody wants, until its one end.
#[derive(Debug)]
pub(super) struct Scan {
    /// Who; unknown where nothing but the weight is wanted.
    person: Option<Person>,
    /// No current through the body.
    weighs_alone: bool,
    /// The data were sent a second time.
    pub(super) sent_again: bool,
    /// The measurement was started a second time.
    pub(super) measured_again: bool,
    /// The last stage and share of it that was shown.
    reached: Option<(Stage, u8)>,
}

impl Scan {
    /// A scan of somebody whose data go to the device.
    pub(super) fn of(person: Person) -> Self {
        Self::new(Some(person))
    }

    /// A scan of somebody who is only weighed.
    pub(super) fn of_weight() -> Self {
        Self::new(None)
    }

    fn new(person: Option<Person>) -> Self {
        Self {
            weighs_alone: person.is_none(),
            person,
            sent_again: false,
            measured_again: false,
            reached: None,
        }
    }

    pub(super) fn person(&self) -> Option<&Person> {
        self.person.as_ref()
    }

    /// Whether the device is to weigh without measuring impedance.
    pub(super) fn weighs_alone(&self) -> bool {
        self.weighs_alone
    }

    pub(super) fn weigh_alone(&mut self) {
        self.weighs_alone = true;
    }

    /// The number that the device is told.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.person.as_ref().and_then(Person::ticket)
    }

    /// Notes that the scan got to `within` per cent of `stage`; false if it has been there.
    pub(super) fn reach(&mut self, stage: Stage, within: u8) -> bool {
        let is_new = self.reached.is_none_or(|reached| reached < (stage, within));
        if is_new {
            self.reached = Some((stage, within));
        }
        is_new
    }

    /// Puts the person's own number on the person's own result, and a flag on anybody else's.
    pub(super) fn claim(&self, record: &mut Record) {
        match &self.person {
            Some(person) if person.owns(record) => person.sign(record),
            _ => disown(record, self.ticket()),
        }
    }
}

/// Flags a result as not the announced person's. If it bears `ticket` nevertheless, that names nobody and is taken off.
pub(super) fn disown(record: &mut Record, ticket: Option<Ticket>) {
    record.flag(Flag::SubjectMismatch);
    if ticket.is_some_and(|ticket| names(record, ticket)) {
        record.subject.number = None;
    }
}
