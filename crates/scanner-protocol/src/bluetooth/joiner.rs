//! Putting the values of one weighing together.

use std::fmt;

use scan_model::{Record, consistency, progress::Stage};

use super::{
    Characteristic,
    derived::derived,
    sig,
    waiting::{Waiting, WaitingRoom},
    xiaomi::{self, Weighing},
};
use crate::{
    Counters, DeviceError, Event, Options, RejectReason, Tick,
    fault::Fault,
    output::Output,
    repeats::{Novelty, Repeats},
};

/// The offset of every event: values are no stream.
const NO_STREAM: u64 = 0;

/// Joins the values that one Bluetooth scale sends on one connection into records: two parts of a body composition, a weight and the
/// composition that belongs to it.
///
/// A value waits for its counterpart: ten seconds if it has the time of its weighing, otherwise five, and no longer than the connection.
/// Time and user join two values, whatever came between them; a value without them belongs to the one directly before it. What stays
/// alone is reported alone. It owns no radio and no clock. After every `handle_*` call, drain [`poll_event`](Self::poll_event) and ask
/// [`poll_timeout`](Self::poll_timeout) again.
pub struct Joiner {
    waiting: WaitingRoom,
    xiaomi: Weighing,
    /// The values that were reported alone, and those that were joined with another and bear the time by which they would be known again.
    alone: Repeats,
    /// The weighings that were joined of two values.
    joined: Repeats,
    output: Output,
}

impl Joiner {
    /// A joiner that has not seen anything yet.
    pub fn new(options: Options) -> Self {
        Self {
            waiting: WaitingRoom::default(),
            xiaomi: Weighing::default(),
            alone: Repeats::new(&options),
            joined: Repeats::new(&options),
            output: Output::default(),
        }
    }

    /// Takes a value of a scale that keeps to the standard.
    pub fn handle_value(&mut self, now: Tick, characteristic: Characteristic, value: &[u8]) {
        self.handle_timeout(now);
        let decoded = match sig::decode(characteristic, value) {
            Ok(decoded) => decoded,
            Err(fault) => return self.reject(fault, value.to_vec()),
        };
        let came = Waiting::new(now, decoded, sig::pack(characteristic, value));
        let whole = match characteristic {
            Characteristic::BodyComposition => self.whole(now, came),
            Characteristic::Weight => Some(came),
        };
        if let Some(whole) = whole {
            self.pair(now, whole);
        }
    }

    /// Takes a value of a Xiaomi scale, from either way.
    pub fn handle_xiaomi(&mut self, now: Tick, value: &[u8]) {
        self.handle_timeout(now);
        let weight = match xiaomi::decode(value) {
            Ok(weight) => weight,
            Err(fault) => return self.reject(fault, value.to_vec()),
        };
        if let Some(record) = self.xiaomi.take(now, weight, value) {
            self.report(now, record);
        }
    }

    /// The connection has ended: nothing more belongs to what waits.
    pub fn handle_disconnected(&mut self, now: Tick) {
        if let Some(record) = self.xiaomi.end() {
            self.report(now, record);
        }
        for waiting in self.waiting.take_all() {
            self.let_go(now, waiting);
        }
    }

    /// Reports that `now` has come. Early or repeated calls change nothing.
    pub fn handle_timeout(&mut self, now: Tick) {
        for waiting in self.waiting.take_over(now) {
            self.let_go(now, waiting);
        }
        if self.xiaomi.deadline().is_some_and(|deadline| deadline <= now)
            && let Some(record) = self.xiaomi.give_up()
        {
            self.report(now, record);
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.output.poll().map(|(_, event)| event)
    }

    /// When [`handle_timeout`](Self::handle_timeout) has work to do; `None` if time alone changes nothing.
    pub fn poll_timeout(&self) -> Option<Tick> {
        self.waiting.deadline().into_iter().chain(self.xiaomi.deadline()).min()
    }

    /// What was counted since the joiner began.
    pub fn counters(&self) -> &Counters {
        &self.output.counters
    }

    /// The composition that `came` completes or is; `None` if its second part is still to come.
    fn whole(&mut self, now: Tick, came: Waiting) -> Option<Waiting> {
        let first = self.waiting.take_part();
        if let Some(mut first) = first {
            if came.value.is_part && first.value.agrees_with(&came.value) {
                first.absorb(came);
                return Some(Waiting::new(now, first.value, first.raw));
            }
            self.reject_half(first.raw);
        }
        if !came.value.is_part {
            return Some(came);
        }
        self.wait(now, came);
        None
    }

    /// Joins a whole value with its counterpart, or lets it wait for that.
    fn pair(&mut self, now: Tick, came: Waiting) {
        if self.waiting.has(&came) {
            return self.repeated();
        }
        let counterpart = self.waiting.take_counterpart(now, &came.value);
        for passed in self.waiting.pass(&came.value) {
            self.let_go(now, passed);
        }
        // A placeholder says that there is no composition. What waits is good without it, and without a counterpart that failed.
        if came.value.is_unsuccessful || came.value.is_placeholder {
            if let Some(counterpart) = counterpart {
                self.let_go(now, counterpart);
            }
            if came.value.is_unsuccessful {
                self.output.device_error(NO_STREAM, unsuccessful());
            }
            return;
        }
        match (counterpart, came.value.characteristic) {
            (None, _) => self.wait(now, came),
            (Some(composition), Characteristic::Weight) if composition.value.says_all_of(&came.value) => {
                self.remember(now, &came);
                self.let_go(now, composition);
                self.repeated();
            }
            (Some(composition), Characteristic::Weight) => self.join(now, came, composition),
            (Some(weight), Characteristic::BodyComposition) => self.join(now, weight, came),
        }
    }

    fn join(&mut self, now: Tick, mut weight: Waiting, composition: Waiting) {
        self.remember(now, &weight);
        self.remember(now, &composition);
        weight.absorb(composition);
        let record = derived(weight.value.into_record(&weight.raw));
        let novelty = self.joined.compare(now, &record);
        self.give_out(record, novelty);
    }

    /// A value that bears its time is known again when it comes once more without its counterpart.
    fn remember(&mut self, now: Tick, part: &Waiting) {
        if part.value.weighing().is_some() {
            let record = part.value.clone().into_record(&part.raw);
            self.alone.compare(now, &record);
        }
    }

    fn wait(&mut self, now: Tick, value: Waiting) {
        if let Some(oldest) = self.waiting.add(value) {
            self.let_go(now, oldest);
        }
    }

    /// Nothing more belongs to a value that waited.
    fn let_go(&mut self, now: Tick, waiting: Waiting) {
        if waiting.value.is_part {
            return self.reject_half(waiting.raw);
        }
        let is_whole =
            waiting.value.characteristic == Characteristic::BodyComposition && waiting.value.body_weight().is_some();
        let record = waiting.value.into_record(&waiting.raw);
        self.report(now, if is_whole { derived(record) } else { record });
    }

    fn report(&mut self, now: Tick, record: Record) {
        let novelty = self.alone.compare(now, &record);
        self.give_out(record, novelty);
    }

    fn give_out(&mut self, mut record: Record, novelty: Novelty) {
        consistency::check(&mut record);
        self.output.stage(NO_STREAM, Stage::ReadingResults, 0);
        self.output.record_once(NO_STREAM, Box::new(record), novelty);
    }

    fn repeated(&mut self) {
        self.output.stage(NO_STREAM, Stage::ReadingResults, 0);
        self.output.repeated(NO_STREAM);
    }

    fn reject_half(&mut self, raw: Vec<u8>) {
        let fault = Fault::new(
            RejectReason::Truncated,
            raw.len(),
            "the second part of the value did not come",
        );
        self.reject(fault, raw);
    }

    fn reject(&mut self, fault: Fault, raw: Vec<u8>) {
        self.output.stage(NO_STREAM, Stage::ReadingResults, 0);
        self.output.rejected(NO_STREAM, fault.rejecting(raw));
    }
}

fn unsuccessful() -> DeviceError {
    DeviceError {
        code: "unsuccessful".to_owned(),
        name: "unsuccessful",
        advice: "Step off, stand on the scale again with bare, dry feet and stand still.",
        needs_service: false,
    }
}

/// Without the values that it holds: they are of a person.
impl fmt::Debug for Joiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joiner")
            .field("counters", self.counters())
            .finish_non_exhaustive()
    }
}
