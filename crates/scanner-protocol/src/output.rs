//! What waits to be polled from a session, and what was counted.

use std::collections::VecDeque;

use scan_model::{Flag, Record, progress::Stage, record::Device};

use crate::{Counters, DeviceError, Event, Rejected, repeats::Novelty};

/// Events that wait to be polled, each with the offset in the stream of the frame it is about. The queue is as long as one
/// call's input can make it: callers drain it after every call.
#[derive(Debug, Default)]
pub(crate) struct Output {
    events: VecDeque<(u64, Event)>,
    pub(crate) counters: Counters,
}

impl Output {
    pub(crate) fn poll(&mut self) -> Option<(u64, Event)> {
        self.events.pop_front()
    }

    pub(crate) fn stage(&mut self, offset: u64, stage: Stage, within: u8) {
        self.events.push_back((offset, Event::Stage { stage, within }));
    }

    pub(crate) fn record(&mut self, offset: u64, record: Box<Record>) {
        self.counters.records += 1;
        self.events.push_back((offset, Event::Record(record)));
    }

    /// Gives `record` out, unless it was among the latest already.
    pub(crate) fn record_once(&mut self, offset: u64, mut record: Box<Record>, novelty: Novelty) {
        match novelty {
            Novelty::New => {}
            Novelty::Repeat => return self.repeated(offset),
            Novelty::PerhapsRepeat => record.flag(Flag::PossibleDuplicate),
        }
        self.record(offset, record);
    }

    pub(crate) fn rejected(&mut self, offset: u64, rejected: Rejected) {
        self.counters.count_rejected(rejected.reason);
        self.events.push_back((offset, Event::Rejected(rejected)));
    }

    pub(crate) fn earlier(&mut self, offset: u64, result: Result<Box<Record>, Rejected>) {
        match &result {
            Ok(_) => self.counters.records += 1,
            Err(rejected) => self.counters.count_rejected(rejected.reason),
        }
        self.events.push_back((offset, Event::Earlier(result)));
    }

    pub(crate) fn cancelled(&mut self, offset: u64) {
        self.events.push_back((offset, Event::Cancelled));
    }

    pub(crate) fn connected(&mut self, offset: u64, device: Device) {
        self.events.push_back((offset, Event::Connected(device)));
    }

    pub(crate) fn device_error(&mut self, offset: u64, error: DeviceError) {
        self.events.push_back((offset, Event::DeviceError(error)));
    }

    pub(crate) fn prompt(&mut self, offset: u64, text: &'static str) {
        self.events.push_back((offset, Event::Prompt(text)));
    }

    pub(crate) fn repeated(&mut self, offset: u64) {
        self.counters.repeats_dropped += 1;
        self.events.push_back((offset, Event::Repeated));
    }
}
