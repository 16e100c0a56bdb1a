//! Values that wait for what belongs to them.

use std::time::Duration;

use jiff::civil::DateTime;
use scan_model::{DeviceTime, Metric, record::Measurement};

use super::sig::Value;
use crate::Tick;

/// How long a value waits that does not name its weighing: a scale sends weight and composition of one person within a second or two,
/// and the parts of a composition in one go.
const UNNAMED: Duration = Duration::from_secs(5);
/// How long one waits that does. A scale may take some seconds for the impedance after it has told the weight, and one that sends what it
/// has kept may send some thirty weights before the first composition, which takes about five seconds *(inferred)*. No longer: of a person
/// in shoes no composition comes.
const NAMED: Duration = Duration::from_secs(10);
/// Scales with a memory keep some thirty weighings of a person.
const MOST: usize = 32;

/// The values that wait, in the order in which they came.
#[derive(Default)]
pub(super) struct WaitingRoom {
    values: Vec<Waiting>,
}

/// A value that came. No `Debug`: it is of a person.
pub(super) struct Waiting {
    since: Tick,
    pub(super) value: Value,
    /// Packed.
    pub(super) raw: Vec<u8>,
    /// Another value came behind it: what does not name its weighing does not belong to it any more.
    is_passed: bool,
}

impl Waiting {
    pub(super) fn new(since: Tick, value: Value, raw: Vec<u8>) -> Self {
        Self {
            since,
            value,
            raw,
            is_passed: false,
        }
    }

    /// Takes in another value of the same weighing.
    pub(super) fn absorb(&mut self, other: Self) {
        self.value.absorb(other.value);
        self.raw.extend(other.raw);
    }

    fn until(&self) -> Tick {
        let is_named = !self.value.is_part && self.value.weighing().is_some();
        self.since.after(if is_named { NAMED } else { UNNAMED })
    }
}

impl WaitingRoom {
    /// Lets a value wait. In a full room it takes the place of the oldest, which comes out.
    pub(super) fn add(&mut self, value: Waiting) -> Option<Waiting> {
        let oldest = (self.values.len() == MOST).then(|| self.values.remove(0));
        self.values.push(value);
        oldest
    }

    /// Whether a value of the same bytes waits: the scale has sent it twice. Without a time, too: nobody steps off while somebody else
    /// of exactly the same weight steps on, within seconds.
    pub(super) fn has(&self, value: &Waiting) -> bool {
        self.values
            .iter()
            .any(|waiting| !waiting.value.is_part && waiting.raw == value.raw)
    }

    /// Takes out the first part of a composition.
    pub(super) fn take_part(&mut self) -> Option<Waiting> {
        let at = self.values.iter().position(|waiting| waiting.value.is_part)?;
        Some(self.values.remove(at))
    }

    /// Takes out the counterpart of `value`: what names the same weighing, or else what came directly before it and within five seconds,
    /// as far as nothing in the two speaks against it.
    pub(super) fn take_counterpart(&mut self, now: Tick, value: &Value) -> Option<Waiting> {
        let can_be = |waiting: &Waiting| {
            !waiting.value.is_part
                && waiting.value.characteristic != value.characteristic
                && waiting.value.agrees_with(value)
        };
        let names_the_same =
            |waiting: &Waiting| value.weighing().is_some() && waiting.value.weighing() == value.weighing();
        let is_next_to = |waiting: &Waiting| !waiting.is_passed && now < waiting.since.after(UNNAMED);
        let by = |joins: &dyn Fn(&Waiting) -> bool| self.values.iter().position(|it| can_be(it) && joins(it));
        let at = by(&names_the_same).or_else(|| by(&is_next_to))?;
        Some(self.values.remove(at))
    }

    /// `value` comes behind all that wait. Takes out what nothing can belong to any more: what does not name its weighing, and what
    /// names the same one as `value` and is not the same.
    pub(super) fn pass(&mut self, value: &Value) -> Vec<Waiting> {
        let passed = self
            .values
            .extract_if(.., |waiting| {
                let weighing = waiting.value.weighing();
                let is_replaced = weighing == value.weighing() && waiting.value.characteristic == value.characteristic;
                !waiting.value.is_part && (weighing.is_none() || is_replaced)
            })
            .collect();
        for waiting in &mut self.values {
            waiting.is_passed = true;
        }
        passed
    }

    /// Takes out what has waited long enough.
    pub(super) fn take_over(&mut self, now: Tick) -> Vec<Waiting> {
        self.values.extract_if(.., |waiting| waiting.until() <= now).collect()
    }

    /// Takes out all.
    pub(super) fn take_all(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.values)
    }

    /// When [`Self::take_over`] has something to take out.
    pub(super) fn deadline(&self) -> Option<Tick> {
        self.values.iter().map(Waiting::until).min()
    }
}

impl Value {
    /// What the value says of which weighing it is: no scale weighs two people in one second. The user alone says nothing, since anybody
    /// may weigh twice.
    pub(super) fn weighing(&self) -> Option<(DateTime, Option<u8>)> {
        match self.time {
            DeviceTime::Reported(time) => Some((time, self.user)),
            DeviceTime::Absent | DeviceTime::Invalid => None,
        }
    }

    /// Whether user, time and body weight, where both values have them, are the same.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let same_user = self.user.zip(other.user).is_none_or(|(one, other)| one == other);
        let same_time = match (self.time, other.time) {
            (DeviceTime::Reported(one), DeviceTime::Reported(other)) => one == other,
            _ => true,
        };
        let same_weight = self
            .body_weight()
            .zip(other.body_weight())
            .is_none_or(|(one, other)| one == other);
        same_user && same_time && same_weight
    }

    /// Whether a record of this value loses nothing without `other`.
    pub(super) fn says_all_of(&self, other: &Self) -> bool {
        other.measurements.iter().all(|sent| self.measurements.contains(sent))
            && (other.time == DeviceTime::Absent || other.time == self.time)
    }

    pub(super) fn body_weight(&self) -> Option<&Measurement> {
        self.measurements.iter().find(|sent| sent.metric == Metric::BODY_WEIGHT)
    }
}
