//! The conversation with a device that sends frames by itself, or one for each request.

use std::time::Duration;

use scan_model::{Record, progress::Stage, record::Device};

use super::{Content, Grammar, Weighing, window::Found, window::Window};
use crate::{
    Counters, Event, LineEvent, Options, Tick, Transmit,
    fault::{Fault, unless_damaged},
    output::Output,
    repeats::{Novelty, Repeats},
    scales::settle::{Settle, is_loaded},
    trouble::NO_ANSWER,
    weight::Weight,
};

/// Scales answer at most twice a second.
const REQUESTS: Duration = Duration::from_millis(500);
/// Twenty requests without a frame: the device is off, asleep, or not there.
const ANSWER: Duration = Duration::from_secs(10);
/// After a silence as long as this one, the next byte begins a line.
const NEW_LINE: Duration = Duration::from_secs(1);

/// A session of one family.
#[derive(Debug)]
pub(crate) struct Listener {
    grammar: &'static Grammar,
    window: Window,
    settle: Settle,
    repeats: Repeats,
    output: Output,
    /// When bytes came last.
    heard: Tick,
    /// The line reported an error within the open frame.
    damaged: bool,
    /// When to ask for the next frame, while the line is up and the family has to be asked.
    next_request: Option<Tick>,
    request_due: bool,
    /// When a device that has to be asked counts as silent, while the line is up and it does not yet.
    silent_at: Option<Tick>,
    /// It was told that the device is silent.
    is_silent: bool,
    /// Whole frames, results or not, and where the last one begins.
    frames: u64,
    last_frame: Option<u64>,
}

impl Listener {
    pub(crate) fn new(grammar: &'static Grammar, options: &Options) -> Self {
        let needed = match grammar.weighing {
            Weighing::Stream(needed) => needed,
            Weighing::Nothing | Weighing::Results | Weighing::Printed => 1,
        };
        Self {
            grammar,
            window: Window::new(grammar),
            settle: Settle::new(needed),
            repeats: Repeats::new(options),
            output: Output::default(),
            heard: Tick(0),
            damaged: false,
            next_request: None,
            request_due: false,
            silent_at: None,
            is_silent: false,
            frames: 0,
            last_frame: None,
        }
    }

    pub(crate) fn handle_bytes(&mut self, now: Tick, mut bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // A host that was held up reads late what came in time: an open frame is given up by `handle_timeout` alone.
        if !self.window.is_open() && now.since(self.heard) >= NEW_LINE {
            self.fall_silent(now);
        }
        self.heard = now;
        while let Some(found) = self.window.advance(&mut bytes) {
            self.take(now, found);
        }
        self.damaged &= self.window.is_open();
        self.output.counters.bytes_skipped = self.window.skipped();
    }

    pub(crate) fn handle_line(&mut self, now: Tick, event: LineEvent) {
        match event {
            LineEvent::Up => {
                self.fall_silent(now);
                self.next_request = self.grammar.request.map(|_| now.after(REQUESTS));
                self.request_due = self.grammar.request.is_some();
                self.silent_at = self.grammar.request.map(|_| now.after(ANSWER));
            }
            LineEvent::Down => {
                self.fall_silent(now);
                self.settle.forget();
                self.next_request = None;
                self.request_due = false;
                self.silent_at = None;
            }
            LineEvent::Parity | LineEvent::Break => self.damaged = self.window.is_open(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Tick) {
        if self.silence_ends().is_some_and(|deadline| deadline <= now) {
            self.fall_silent(now);
        }
        if self.next_request.is_some_and(|deadline| deadline <= now) {
            self.next_request = Some(now.after(REQUESTS));
            self.request_due = true;
        }
        if self.silent_at.is_some_and(|deadline| deadline <= now) {
            self.silent_at = None;
            self.is_silent = true;
            self.output.device_error(self.window.offset(), NO_ANSWER.into());
        }
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        let due = std::mem::take(&mut self.request_due);
        let request = self.grammar.request.filter(|_| due)?;
        Some(Transmit(request.to_vec()))
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u64, Event)> {
        self.output.poll()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Tick> {
        let deadlines = [self.silence_ends(), self.next_request, self.silent_at];
        deadlines.into_iter().flatten().min()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.output.counters
    }

    /// Whether the device sends weights alone.
    pub(crate) fn is_weight_only(&self) -> bool {
        matches!(self.grammar.weighing, Weighing::Printed | Weighing::Stream(_))
    }

    /// Whether anything that the device sends becomes a result.
    pub(crate) fn has_results(&self) -> bool {
        self.grammar.weighing != Weighing::Nothing
    }

    /// Whole frames so far, results or not.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Where the last of them begins.
    pub(crate) fn last_frame(&self) -> Option<u64> {
        self.last_frame
    }

    fn silence_ends(&self) -> Option<Tick> {
        self.window.is_open().then(|| self.heard.after(self.grammar.silence))
    }

    fn fall_silent(&mut self, now: Tick) {
        while let Some(found) = self.window.fall_silent() {
            self.take(now, found);
        }
        self.damaged = false;
        self.output.counters.bytes_skipped = self.window.skipped();
    }

    fn take(&mut self, now: Tick, found: Found) {
        let Found { offset, outcome } = found;
        let damaged = std::mem::take(&mut self.damaged);
        match outcome.and_then(|content| vouched_for(content, damaged)) {
            Ok(content) => {
                self.frames += 1;
                self.last_frame = Some(offset);
                self.answered(now, offset);
                match content {
                    Content::Record(record) => self.report(now, offset, record),
                    Content::Weight(weight) => self.weigh(now, offset, &weight),
                    Content::Message(_) => {}
                }
            }
            // The next line of a stream says the same again: nothing is lost with this one, so counting it is enough.
            Err(fault) if matches!(self.grammar.weighing, Weighing::Nothing | Weighing::Stream(_)) => {
                self.output.counters.count_rejected(fault.reason);
                self.output.counters.bytes_refused += self.window.frame().len() as u64;
                self.answered(now, offset);
            }
            Err(fault) => {
                self.output.stage(offset, Stage::ReadingResults, 0);
                self.output
                    .rejected(offset, fault.rejecting(self.window.frame().to_vec()));
            }
        }
    }

    /// A device that has to be asked is there.
    fn answered(&mut self, now: Tick, offset: u64) {
        self.silent_at = self.next_request.map(|_| now.after(ANSWER));
        if std::mem::take(&mut self.is_silent) {
            self.output.connected(offset, Device::default());
        }
    }

    fn weigh(&mut self, now: Tick, offset: u64, weight: &Weight) {
        let is_result = match self.grammar.weighing {
            Weighing::Stream(_) => self.settle.take(weight),
            Weighing::Printed => weight.stable,
            Weighing::Nothing | Weighing::Results => false,
        };
        if is_result {
            let record = weight.record(self.grammar.protocol, self.grammar.maker, self.window.frame());
            self.report(now, offset, Box::new(record));
        }
    }

    fn report(&mut self, now: Tick, offset: u64, record: Box<Record>) {
        // The key can be pressed while nobody stands there.
        if self.grammar.weighing == Weighing::Printed && !is_loaded(&record) {
            return;
        }
        let novelty = self.repeats.compare(now, &record);
        // A device that gives its results no time says the last one again and again until the next: no scan begins with that.
        if novelty == Novelty::Repeat && record.result_id.is_some() {
            self.output.counters.repeats_dropped += 1;
            return;
        }
        self.output.stage(offset, Stage::ReadingResults, 0);
        self.output.record_once(offset, record, novelty);
    }
}

/// A message is no result: nothing has to vouch for it.
fn vouched_for(content: Content, damaged: bool) -> Result<Content, Fault> {
    match &content {
        Content::Record(record) => unless_damaged(damaged, record.integrity)?,
        Content::Weight(weight) => unless_damaged(damaged, weight.integrity)?,
        Content::Message(_) => {}
    }
    Ok(content)
}
