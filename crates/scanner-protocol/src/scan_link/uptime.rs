//! The scanner's uptime, which tells how old a result is that it has kept.

use std::time::Duration;

use firmware_protocol::{Clock, Identity, RecordHeader};
use jiff::Timestamp;
use scan_model::Age;

use crate::Tick;

/// The uptime says no more from here on: it stays there.
const FULL: u32 = u32::MAX;
/// An identity may have been so long on a bad line before it arrived; an uptime that was reckoned from it lags behind by that.
const ON_THE_LINE: Duration = Duration::from_secs(10);
/// The scanner's oscillator and ours differ by less than one part in this many: 1 %.
const DRIFT: u32 = 100;

/// What a scanner said of its uptime.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uptime {
    boot: u32,
    ms: u32,
    /// When we heard it.
    at: Tick,
}

impl Uptime {
    pub(super) fn told(identity: &Identity, at: Tick) -> Self {
        Self {
            boot: identity.boot,
            ms: identity.uptime_ms,
            at,
        }
    }

    /// How long before `now` a measurement ended; `None` if that was in another start of the scanner, or too long ago to be counted.
    pub(super) fn since(&self, header: &RecordHeader, now: Tick) -> Option<Duration> {
        if header.result.boot != self.boot || header.uptime_ms == FULL || self.ms == FULL {
            return None;
        }
        let elapsed = now.since(self.at);
        let uptime = Duration::from_millis(self.ms.into()) + elapsed;
        let ended = Duration::from_millis(header.uptime_ms.into());
        // Still further ahead it is of an earlier start, which a scanner that lost its memory has counted alike.
        let is_of_this_start = ended <= uptime + ON_THE_LINE + elapsed / DRIFT;
        is_of_this_start.then(|| uptime.saturating_sub(ended))
    }
}

/// How old a result is that arrives now. `since`: how long ago it was measured, if that could be counted; else what the scanner's clock
/// showed then has to do.
pub(super) fn age(since: Option<Duration>, clock: Option<Clock>) -> Age {
    match since {
        Some(since) => Age::Counted(since),
        None => clock.and_then(shown).map_or(Age::Unknown, Age::ByClock),
    }
}

/// The time that a clock shows, if it is one.
pub(super) fn shown(clock: Clock) -> Option<Timestamp> {
    let seconds = i64::try_from(clock.unix_seconds).ok()?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use firmware_protocol::{Completeness, ResultNumber, ScanKind, ScanRef, Subject};

    use super::*;

    fn ended(boot: u32, uptime_ms: u32) -> RecordHeader {
        RecordHeader {
            result: ResultNumber { boot, number: 1 },
            scan: ScanRef::WalkUp(1),
            kind: ScanKind::Weight,
            completeness: Completeness::Full,
            uptime_ms,
            clock: None,
            subject: Subject::default(),
        }
    }

    #[test]
    fn an_uptime_tells_the_age_within_its_own_start_until_it_is_full() {
        const DAY: u64 = 24 * 60 * 60 * 1_000_000;
        let hour = Duration::from_hours(1);
        let at = Tick(5 * DAY);
        let told = |ms| Uptime { boot: 7, ms, at };
        for (told, ended, elapsed, age) in [
            (told(3_600_000), ended(7, 0), Duration::ZERO, Some(hour)),
            (told(3_600_000), ended(7, 3_600_000), hour, Some(hour)),
            (told(u32::MAX - 1), ended(7, u32::MAX - 1), hour, Some(hour)),
            // The identity was late.
            (told(1000), ended(7, 10_000), Duration::ZERO, Some(Duration::ZERO)),
            (told(1000), ended(7, 11_001), Duration::ZERO, None),
            // The scanner's oscillator is fast.
            (told(0), ended(7, 3_646_000), hour, Some(Duration::ZERO)),
            (told(0), ended(7, 3_646_001), hour, None),
            (told(3_600_000), ended(6, 0), hour, None),
            (told(3_600_000), ended(8, 0), hour, None),
            (told(u32::MAX), ended(7, 3_600_000), hour, None),
            (told(3_600_000), ended(7, u32::MAX), hour, None),
        ] {
            assert_eq!(told.since(&ended, at.after(elapsed)), age, "{told:?} {elapsed:?}");
        }
    }
}
