//! The conversation with a scanner that only sends.

use std::time::Duration;

use scan_model::{Integrity, Record, progress::Stage};

use super::{
    frame::{Found, Framer, MAX_LINE},
    pairs::checksum,
    record::decode,
};
use crate::{
    Counters, Event, LineEvent, Options, RejectReason, Tick,
    fault::{Fault, unless_damaged},
    output::Output,
    repeats::Repeats,
};

/// A record's bytes follow each other; a silence as long as this one ends it.
const SILENCE: Duration = Duration::from_secs(1);
/// The longest record takes 1.4 s at 9600 baud.
const WHOLE_RECORD: Duration = Duration::from_secs(10);
/// The longest record: what the progress within one is measured by.
const USUAL_LINE: usize = 1271;
/// Steps in which progress within a record is shown.
const STEP: u8 = 25;

/// A session of the tagged format.
#[derive(Debug)]
pub(crate) struct Tagged {
    framer: Framer,
    repeats: Repeats,
    output: Output,
    /// When the open record began.
    began: Tick,
    /// When bytes came last.
    heard: Tick,
    /// A stage was reported and its end was not.
    announced: bool,
    /// Progress shown within the open record.
    shown: u8,
    /// The line reported an error within the open record.
    damaged: bool,
    /// Where the last good record begins.
    last_record: Option<u64>,
}

impl Tagged {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            framer: Framer::new(),
            repeats: Repeats::new(options),
            output: Output::default(),
            began: Tick(0),
            heard: Tick(0),
            announced: false,
            shown: 0,
            damaged: false,
            last_record: None,
        }
    }

    pub(crate) fn handle_bytes(&mut self, now: Tick, mut bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // A host that was held up reads late what came in time: an open record is given up by `handle_timeout` alone.
        if !self.framer.is_open() && now.since(self.heard) >= SILENCE {
            self.framer.close();
        }
        self.heard = now;
        while let Some(found) = self.framer.advance(&mut bytes) {
            match found {
                Found::Beginning => self.begin(now),
                Found::End => {
                    let result = self.decoded(self.framer.frame());
                    self.conclude(now, result);
                    self.framer.close();
                }
                Found::CutOff(at) => {
                    self.give_up_fragment(now, at);
                    self.framer.cut(at);
                    self.begin(now);
                }
                Found::TooLong => {
                    let fault = Fault::new(
                        RejectReason::LineTooLong,
                        MAX_LINE,
                        "no line end within the longest possible record",
                    );
                    self.conclude(now, Err(fault));
                    self.framer.close_within();
                }
            }
        }
        self.output.counters.bytes_skipped = self.framer.skipped();
        self.show_progress();
    }

    pub(crate) fn handle_line(&mut self, now: Tick, event: LineEvent) {
        match event {
            LineEvent::Up | LineEvent::Down => self.fall_silent(now),
            LineEvent::Parity | LineEvent::Break => self.damaged = self.framer.is_open(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Tick) {
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.fall_silent(now);
        }
    }

    /// Where the last good record begins.
    pub(crate) fn last_record(&self) -> Option<u64> {
        self.last_record
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u64, Event)> {
        self.output.poll()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Tick> {
        self.framer
            .is_open()
            .then(|| self.heard.after(SILENCE).min(self.began.after(WHOLE_RECORD)))
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.output.counters
    }

    /// A record is open. One that takes the place of a fragment goes on with what was announced for it.
    fn begin(&mut self, now: Tick) {
        self.began = now;
        self.damaged = false;
        if !self.announced {
            self.announced = true;
            self.shown = 0;
            self.output.stage(self.framer.offset(), Stage::ReadingResults, 0);
        }
    }

    /// Nothing more comes of the open record. If the line end alone is missing, the checksum tells, and the record is good.
    fn fall_silent(&mut self, now: Tick) {
        if self.framer.is_open() {
            let result = self.whole(self.framer.frame()).ok_or_else(|| {
                Fault::new(
                    RejectReason::Truncated,
                    self.framer.frame().len(),
                    "nothing more came and the line had no end",
                )
            });
            self.conclude(now, result);
        }
        self.framer.close();
        self.output.counters.bytes_skipped = self.framer.skipped();
    }

    /// A new record begins at `at` of the open one. What stands before it lacks its line end, or more.
    fn give_up_fragment(&mut self, now: Tick, at: usize) {
        match self.whole(&self.framer.frame()[..at]) {
            Some(record) => self.conclude(now, Ok(record)),
            None => self.framer.skip(at),
        }
    }

    /// The record in a line that has no end, if its checksum says that nothing else is missing.
    fn whole(&self, line: &[u8]) -> Option<Record> {
        checksum(line)?;
        decode(line)
            .ok()
            .filter(|record| record.integrity == Integrity::Verified)
    }

    fn decoded(&self, line: &[u8]) -> Result<Record, Fault> {
        let record = decode(line)?;
        unless_damaged(self.damaged, record.integrity)?;
        Ok(record)
    }

    /// Reports what became of the open record.
    fn conclude(&mut self, now: Tick, result: Result<Record, Fault>) {
        self.announced = false;
        let offset = self.framer.offset();
        match result {
            Ok(record) => {
                self.last_record = Some(offset);
                let novelty = self.repeats.compare(now, &record);
                self.output.record_once(offset, Box::new(record), novelty);
            }
            Err(fault) => {
                let raw = self.framer.frame().to_vec();
                self.output.rejected(offset, fault.rejecting(raw));
            }
        }
    }

    fn show_progress(&mut self) {
        if !self.framer.is_open() {
            return;
        }
        let percent = (self.framer.frame().len() * 100 / USUAL_LINE).min(99);
        let step = u8::try_from(percent).unwrap_or(99) / STEP * STEP;
        if step > self.shown {
            self.shown = step;
            self.output.stage(self.framer.offset(), Stage::ReadingResults, step);
        }
    }
}
