//! One person on a Xiaomi scale: it sends the weight over and over, first without the impedance.

use std::time::Duration;

use scan_model::Record;

use super::MAKER;
use crate::{Protocol, Tick, weight::Weight};

/// How long a stable weight waits for its impedance, from its first value on.
const IMPEDANCE: Duration = Duration::from_secs(5);

/// The weighing that is under way.
#[derive(Default)]
pub(in crate::bluetooth) struct Weighing {
    /// A stable weight whose impedance may follow.
    waiting: Option<(Tick, Weight, Vec<u8>)>,
    /// The person's weight was reported.
    is_reported: bool,
}

impl Weighing {
    /// Takes a value; the record that it completes, or that is complete without more.
    pub(in crate::bluetooth) fn take(&mut self, now: Tick, weight: Weight, raw: &[u8]) -> Option<Record> {
        if !weight.stable || weight.removed == Some(true) {
            self.end()
        } else if self.is_reported {
            // The same weighing, sent again.
            None
        } else if weight.impedance.is_some() {
            self.waiting = None;
            self.is_reported = true;
            Some(record(&weight, raw))
        } else {
            let since = self.waiting.as_ref().map_or(now, |(since, ..)| *since);
            self.waiting = Some((since, weight, raw.to_vec()));
            None
        }
    }

    /// When [`Self::give_up`] is due.
    pub(in crate::bluetooth) fn deadline(&self) -> Option<Tick> {
        self.waiting.as_ref().map(|(since, ..)| since.after(IMPEDANCE))
    }

    /// No impedance comes: the weight alone, if one waits.
    pub(in crate::bluetooth) fn give_up(&mut self) -> Option<Record> {
        let (_, weight, raw) = self.waiting.take()?;
        self.is_reported = true;
        Some(record(&weight, &raw))
    }

    /// The person moves or steps off, or the connection is gone: what comes now is another weighing.
    pub(in crate::bluetooth) fn end(&mut self) -> Option<Record> {
        let record = self.give_up();
        self.is_reported = false;
        record
    }
}

fn record(weight: &Weight, raw: &[u8]) -> Record {
    weight.record(Protocol::Xiaomi, MAKER, raw)
}
