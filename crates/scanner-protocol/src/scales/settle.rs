//! When what a scale shows is somebody's weight.

use scan_model::{Decimal, Metric, Record};

use crate::weight::Weight;

/// Below this a platform is empty: nobody weighs less, and shoes left behind weigh no more.
const EMPTY: Decimal = Decimal::new(1, 0);
/// Lines that differ by more than this are not the same weight. In kilograms.
const AGREEMENT: Decimal = Decimal::new(1, 1);

/// Watches the lines of a scale that sends all the time. A weight counts once, after some stable lines in a row that agree, and
/// after the platform was seen empty since the person before.
#[derive(Debug)]
pub(crate) struct Settle {
    /// So many lines have to agree.
    needed: u8,
    /// The platform was empty, and nobody's weight was reported since.
    expecting: bool,
    /// The stable weight shown last, in kilograms, and how often.
    shown: Option<(Decimal, u8)>,
}

impl Settle {
    pub(crate) fn new(needed: u8) -> Self {
        Self {
            needed,
            expecting: false,
            shown: None,
        }
    }

    /// Looks at the next line; true if it is somebody's weight, to be reported now.
    pub(crate) fn take(&mut self, weight: &Weight) -> bool {
        let Some(kilograms) = weight.kilograms() else {
            self.shown = None;
            return false;
        };
        if kilograms < EMPTY {
            self.expecting = true;
            self.shown = None;
            return false;
        }
        if !weight.stable {
            self.shown = None;
            return false;
        }
        let count = match self.shown {
            Some((first, count)) if agree(first, kilograms) => count.saturating_add(1),
            _ => 1,
        };
        let first = match self.shown {
            Some((first, _)) if count > 1 => first,
            _ => kilograms,
        };
        self.shown = Some((first, count));
        let settled = self.expecting && count >= self.needed;
        self.expecting &= !settled;
        settled
    }

    /// What happens while the line is down is not seen: the person on the platform may be another one.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.needed);
    }
}

/// Whether what a scale printed is of more than an empty platform.
pub(crate) fn is_loaded(printed: &Record) -> bool {
    let weight = printed.get(Metric::BODY_WEIGHT);
    let kilograms = weight.and_then(|sent| sent.unit.to_metric(sent.value));
    kilograms.is_some_and(|(kilograms, _)| kilograms >= EMPTY)
}

fn agree(first: Decimal, second: Decimal) -> bool {
    // Kilograms of a scale have few digits, so this cannot overflow; a value that could is no agreement.
    let scale = first.scale().max(second.scale()).max(AGREEMENT.scale());
    let aligned = |value: Decimal| value.converted(Decimal::from(1), scale).map(Decimal::mantissa);
    match (aligned(first), aligned(second), aligned(AGREEMENT)) {
        (Some(first), Some(second), Some(agreement)) => first.abs_diff(second) <= agreement.unsigned_abs(),
        _ => false,
    }
}
