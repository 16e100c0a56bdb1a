//! Putting the values of one weighing together.

use std::{fmt, time::Duration};

use scan_model::{DeviceTime, Metric, Record, consistency, progress::Stage, record::Measurement};

use super::{
    Characteristic,
    derived::derived,
    sig::{self, Value},
    xiaomi::{self, Weighing},
};
use crate::{
    Counters, DeviceError, Event, Options, RejectReason, Tick, fault::Fault, output::Output, repeats::Repeats,
};

/// A scale sends weight and composition of one person within a second or two.
const TOGETHER: Duration = Duration::from_secs(5);
/// The offset of every event: values are no stream.
const NO_STREAM: u64 = 0;

/// Joins the values that one Bluetooth scale sends on one connection into records: two parts of a body composition, a weight and the
/// composition that belongs to it. It owns no radio and no clock. After every `handle_*` call, drain
/// [`poll_event`](Self::poll_event) and ask [`poll_timeout`](Self::poll_timeout) again.
pub struct Joiner {
    /// The first part of a composition.
    part: Option<Waiting>,
    /// What waits for its counterpart, of either characteristic.
    waiting: Option<Waiting>,
    /// A composition with a weight of its own was reported; the same weight may follow.
    reported: Option<(Tick, Value)>,
    xiaomi: Weighing,
    repeats: Repeats,
    output: Output,
}

#[derive(Debug)]
struct Waiting {
    since: Tick,
    value: Value,
    raw: Vec<u8>,
}

impl Joiner {
    /// A joiner that has not seen anything yet.
    pub fn new(options: Options) -> Self {
        Self {
            part: None,
            waiting: None,
            reported: None,
            xiaomi: Weighing::default(),
            repeats: Repeats::new(&options),
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
        let (decoded, raw) = match characteristic {
            Characteristic::BodyComposition => match self.whole(now, decoded, value) {
                Some(whole) => whole,
                None => return,
            },
            Characteristic::Weight => (decoded, sig::pack(characteristic, value)),
        };
        if decoded.is_unsuccessful {
            // What waits is good without the counterpart that failed.
            if let Some(waiting) = self.waiting.take() {
                self.report_alone(now, waiting);
            }
            return self.output.device_error(
                NO_STREAM,
                DeviceError {
                    code: "unsuccessful".to_owned(),
                    name: "unsuccessful",
                    advice: "Step off, stand on the scale again with bare, dry feet and stand still.",
                    needs_service: false,
                },
            );
        }
        // A placeholder says that there is no composition.
        if !decoded.is_placeholder {
            self.pair(now, decoded, raw);
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
        self.reported = None;
        if let Some(half) = self.part.take() {
            self.reject_half(half);
        }
        if let Some(waiting) = self.waiting.take() {
            self.report_alone(now, waiting);
        }
    }

    /// Reports that `now` has come. Early or repeated calls change nothing.
    pub fn handle_timeout(&mut self, now: Tick) {
        let is_over = |since: Tick| since.after(TOGETHER) <= now;
        if let Some(half) = self.part.take_if(|part| is_over(part.since)) {
            self.reject_half(half);
        }
        if let Some(waiting) = self.waiting.take_if(|waiting| is_over(waiting.since)) {
            self.report_alone(now, waiting);
        }
        self.reported.take_if(|(since, _)| is_over(*since));
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
        let standard = [&self.part, &self.waiting]
            .into_iter()
            .flatten()
            .map(|value| value.since.after(TOGETHER));
        standard.chain(self.xiaomi.deadline()).min()
    }

    /// What was counted since the joiner began.
    pub fn counters(&self) -> &Counters {
        &self.output.counters
    }

    /// The composition that `value` completes or is; `None` if its second part is still to come.
    fn whole(&mut self, now: Tick, value: Value, raw: &[u8]) -> Option<(Value, Vec<u8>)> {
        let first = self.part.take();
        let raw = sig::pack(Characteristic::BodyComposition, raw);
        if !value.is_part {
            if let Some(half) = first {
                self.reject_half(half);
            }
            return Some((value, raw));
        }
        match first {
            Some(mut half) if belong_together(&half.value, &value) => {
                half.value.absorb(value);
                half.raw.extend(raw);
                Some((half.value, half.raw))
            }
            other => {
                if let Some(half) = other {
                    self.reject_half(half);
                }
                self.part = Some(Waiting { since: now, value, raw });
                None
            }
        }
    }

    fn pair(&mut self, now: Tick, value: Value, raw: Vec<u8>) {
        let is_repeat = |(_, reported): &mut (Tick, Value)| belong_together(reported, &value);
        if value.characteristic == Characteristic::Weight && self.reported.take_if(is_repeat).is_some() {
            self.output.stage(NO_STREAM, Stage::ReadingResults, 0);
            return self.output.repeated(NO_STREAM);
        }
        let counterpart = self.waiting.take_if(|waiting| {
            waiting.value.characteristic != value.characteristic && belong_together(&waiting.value, &value)
        });
        // What still waits belongs to somebody else.
        if let Some(other) = self.waiting.take() {
            self.report_alone(now, other);
        }
        match counterpart {
            Some(other) => {
                let (mut weight, weight_raw, composition, composition_raw) = match value.characteristic {
                    Characteristic::Weight => (value, raw, other.value, other.raw),
                    Characteristic::BodyComposition => (other.value, other.raw, value, raw),
                };
                weight.absorb(composition);
                let raw = [weight_raw, composition_raw].concat();
                self.report(now, derived(weight.into_record(&raw)));
            }
            None if value.characteristic == Characteristic::BodyComposition && body_weight(&value).is_some() => {
                self.reported = Some((now, value.clone()));
                self.report(now, derived(value.into_record(&raw)));
            }
            None => {
                self.waiting = Some(Waiting { since: now, value, raw });
            }
        }
    }

    fn report_alone(&mut self, now: Tick, waiting: Waiting) {
        self.report(now, waiting.value.into_record(&waiting.raw));
    }

    fn report(&mut self, now: Tick, mut record: Record) {
        consistency::check(&mut record);
        self.output.stage(NO_STREAM, Stage::ReadingResults, 0);
        let novelty = self.repeats.compare(now, &record);
        self.output.record_once(NO_STREAM, Box::new(record), novelty);
    }

    fn reject_half(&mut self, half: Waiting) {
        let fault = Fault::new(
            RejectReason::Truncated,
            half.raw.len(),
            "the second part of the value did not come",
        );
        self.reject(fault, half.raw);
    }

    fn reject(&mut self, fault: Fault, raw: Vec<u8>) {
        self.output.stage(NO_STREAM, Stage::ReadingResults, 0);
        self.output.rejected(NO_STREAM, fault.rejecting(raw));
    }
}

/// Whether user, time and body weight, where both values have them, are the same.
fn belong_together(first: &Value, second: &Value) -> bool {
    let same_user = first
        .user
        .zip(second.user)
        .is_none_or(|(first, second)| first == second);
    let same_time = match (first.time, second.time) {
        (DeviceTime::Reported(first), DeviceTime::Reported(second)) => first == second,
        _ => true,
    };
    let same_weight = body_weight(first)
        .zip(body_weight(second))
        .is_none_or(|(first, second)| first == second);
    same_user && same_time && same_weight
}

fn body_weight(value: &Value) -> Option<&Measurement> {
    value
        .measurements
        .iter()
        .find(|sent| sent.metric == Metric::BODY_WEIGHT)
}

/// Without the values that it holds: they are of a person.
impl fmt::Debug for Joiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joiner")
            .field("counters", self.counters())
            .finish_non_exhaustive()
    }
}
