//! The scanner's uptime, which tells how old a result is that it has kept.

use std::time::Duration;

use firmware_protocol::{Clock, Identity, RecordHeader};
use jiff::Timestamp;
use scan_model::Age;

use crate::Tick;

/// The uptime says no more from here on: it stays there.
const FULL: u32 = u32::MAX;
/// An identity or a result may have been so long on a bad line before it arrived; an uptime that was reckoned from an identity lags behind
/// by that.
pub(super) const ON_THE_LINE: Duration = Duration::from_secs(10);
/// The scanner's oscillator and ours differ by less than one part in this many: 1 %.
const DRIFT: u32 = 100;
/// By so much the two may have drifted apart since the uptime was told, for the difference between them to be an age.
const TOLERANCE: Duration = Duration::from_secs(120);

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

    /// How long before `now`, when its result arrived, a measurement ended. `None` if that was in another start of the scanner, or if it
    /// cannot be counted. `came_at_once`: the scanner was free to send the result when it had it.
    pub(super) fn since(&self, header: &RecordHeader, now: Tick, came_at_once: bool) -> Option<Duration> {
        if header.result.boot != self.boot || header.uptime_ms == FULL || self.ms == FULL {
            return None;
        }
        let elapsed = now.since(self.at);
        let uptime = Duration::from_millis(self.ms.into()) + elapsed;
        let ended = Duration::from_millis(header.uptime_ms.into());
        // Still further ahead it is of an earlier start, which a scanner that lost its memory has counted alike.
        let drift = elapsed / DRIFT;
        if ended > uptime + ON_THE_LINE + drift {
            return None;
        }
        let since = uptime.saturating_sub(ended);
        // Until the uptime was told, the scanner has counted, and from then on we: no clock is compared with the other.
        let is_older = header.uptime_ms <= self.ms;
        if is_older || drift <= TOLERANCE {
            return Some(since);
        }
        came_at_once.then(|| since.min(TOLERANCE))
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
            assert_eq!(
                told.since(&ended, at.after(elapsed), false),
                age,
                "{told:?} {elapsed:?}"
            );
        }
    }

    #[test]
    fn an_uptime_told_long_ago_does_not_tell_the_age_of_what_was_measured_since_then() {
        let at = Tick(0);
        let told = Uptime { boot: 7, ms: 1000, at };
        let second = Duration::from_secs(1);
        let early = Duration::from_secs(12_000);
        let days = Duration::from_hours(48);
        for (uptime_ms, elapsed, came_at_once, age) in [
            // The scanner's oscillator is 1 % slow, and what comes was measured just now.
            (11_881_000, early, false, Some(120 * second)),
            (11_882_000, early + second, false, None),
            (171_073_000, days, false, None),
            (171_073_000, days, true, Some(120 * second)),
            // It is right.
            (172_800_000, days, true, Some(second)),
            // It was measured before.
            (1000, days, false, Some(days)),
            (1001, days, false, None),
        ] {
            let age_of = told.since(&ended(7, uptime_ms), at.after(elapsed), came_at_once);
            assert_eq!(age_of, age, "{uptime_ms} {elapsed:?} {came_at_once}");
        }
    }
}
