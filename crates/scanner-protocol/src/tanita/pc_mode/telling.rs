//! What is told: of the scan that somebody wants, and of what comes beside it.

use scan_model::{Record, progress::Stage};

use super::{
    dialect::PcDialect,
    faults::{Mishap, Reaction},
    person::{Person, names},
    wanted::{Retry, WantedScan, disown},
};
use crate::{Counters, Event, Protocol, Rejected, Ticket, output::Output};

/// The scan, if one is wanted, and the way out for events.
#[derive(Debug, Default)]
pub(super) struct Telling {
    output: Output,
    /// Offset in the stream of what is dealt with.
    pub(super) at: u64,
    scan: Option<WantedScan>,
    /// The result of a scan that was not started here is arriving: that scan was announced, and ends with the result.
    is_at_anothers: bool,
    /// What the device was last told to put on a result.
    last_ticket: Option<Ticket>,
    /// The last order to measure was one to weigh, and no weight has come.
    owes_weight: bool,
}

/// What a finding of the record sessions means for the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing.
    Beside,
    /// The measurement that may be under way has its result.
    Result,
    /// Nothing comes of the measurement that may be under way.
    Failure,
}

impl Telling {
    /// Somebody wants a scan; none may be there yet.
    pub(super) fn begin(&mut self, scan: WantedScan) {
        self.scan = Some(scan);
        self.reach(Stage::Preparing, 0);
    }

    /// The scan that has not ended.
    pub(super) fn scan(&self) -> Option<&WantedScan> {
        self.scan.as_ref()
    }

    pub(super) fn person(&self) -> Option<&Person> {
        self.scan.as_ref().and_then(WantedScan::person)
    }

    /// A scan waits for its turn, or its measurement is prepared: what comes now is of somebody else's.
    pub(super) fn is_ahead(&self) -> bool {
        self.scan.as_ref().is_some_and(|scan| !scan.was_ordered())
    }

    /// A scan that was not started here is under way.
    pub(super) fn is_at_anothers(&self) -> bool {
        self.is_at_anothers
    }

    /// The order to measure goes to the port.
    pub(super) fn order(&mut self) {
        if let Some(scan) = &mut self.scan {
            scan.order();
            self.last_ticket = scan.ticket();
            self.owes_weight = scan.weighs_alone();
        }
    }

    /// Whether and how the scan goes on after a mishap with this reaction.
    pub(super) fn retry(&mut self, reaction: Reaction, dialect: PcDialect) -> Option<Retry> {
        self.scan.as_mut()?.retry(reaction, dialect)
    }

    /// The scan ends, and whoever ended it knows; false if there is none.
    pub(super) fn drop_scan(&mut self) -> bool {
        self.scan.take().is_some()
    }

    /// The scan ends with `mishap`; false if there is none.
    pub(super) fn end_with(&mut self, mishap: Mishap) -> bool {
        let was_wanted = self.drop_scan();
        if was_wanted {
            self.report(mishap);
        }
        was_wanted
    }

    pub(super) fn report(&mut self, mishap: Mishap) {
        self.output.device_error(self.at, mishap.into());
    }

    /// The scan got to `within` per cent of `stage`.
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

    /// Whether the device was asked for a weight that has not come, whatever has become of the scan.
    pub(super) fn owes_weight(&self) -> bool {
        self.owes_weight
    }

    /// Tells of a weight alone: the end of the scan if its measurement was ordered. If none was, it stands in a capture.
    pub(super) fn take_weight(&mut self, weight: Result<Box<Record>, Rejected>) -> Finding {
        let was_owed = std::mem::take(&mut self.owes_weight);
        let mut record = match weight {
            Ok(record) => record,
            Err(rejected) => return self.take(Event::Rejected(rejected), false),
        };
        if self.is_ahead() {
            disown(&mut record, None);
            self.output.earlier(self.at, Ok(record));
            return Finding::Beside;
        }
        match self.scan.take() {
            Some(scan) => scan.claim_weight(&mut record),
            // Of a scan that is over.
            None if was_owed => disown(&mut record, None),
            None => {}
        }
        self.output.record(self.at, record);
        Finding::Result
    }

    /// Tells what the record sessions found: the end of the scan if its measurement was ordered. `is_measuring`: the device may be
    /// at a measurement of ours.
    pub(super) fn take(&mut self, event: Event, is_measuring: bool) -> Finding {
        if self.is_ahead() {
            self.take_beside(event);
            return Finding::Beside;
        }
        self.is_at_anothers = matches!(event, Event::Stage { .. }) && self.scan.is_none();
        match event {
            Event::Stage { stage, within } => {
                if let Some(scan) = &mut self.scan {
                    scan.reach(stage, within);
                }
                self.output.stage(self.at, stage, within);
                Finding::Beside
            }
            Event::Record(mut record) => {
                Protocol::TanitaPc.name().clone_into(&mut record.protocol);
                match self.scan.take() {
                    Some(scan) => scan.claim(&mut record),
                    // Of a scan that was stopped too late.
                    None if is_measuring || self.is_late(&record) => disown(&mut record, self.last_ticket),
                    // The scanner's own keys started it.
                    None => {}
                }
                self.output.record(self.at, record);
                Finding::Result
            }
            Event::Rejected(rejected) => {
                self.scan = None;
                self.output.rejected(self.at, rejected);
                Finding::Failure
            }
            Event::Repeated => {
                self.scan = None;
                self.output.repeated(self.at);
                Finding::Result
            }
            // The record sessions have no others.
            _ => Finding::Beside,
        }
    }

    /// Tells what the record sessions found while a scan is ahead: somebody else's, and the scan does not end with it.
    fn take_beside(&mut self, event: Event) {
        match event {
            Event::Record(mut record) => {
                Protocol::TanitaPc.name().clone_into(&mut record.protocol);
                if self.is_late(&record) {
                    disown(&mut record, self.last_ticket);
                }
                self.output.earlier(self.at, Ok(record));
            }
            Event::Rejected(rejected) => self.output.earlier(self.at, Err(rejected)),
            // The event would end the scan.
            Event::Repeated => self.output.counters.repeats_dropped += 1,
            _ => {}
        }
    }

    pub(super) fn poll(&mut self) -> Option<(u64, Event)> {
        self.output.poll()
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.output.counters
    }

    pub(super) fn count_skipped(&mut self, bytes: u64) {
        self.output.counters.bytes_skipped = bytes;
    }

    /// Whether a result bears the number of the last person, whose scan is over.
    fn is_late(&self, record: &Record) -> bool {
        self.last_ticket.is_some_and(|ticket| names(record, ticket))
    }
}
