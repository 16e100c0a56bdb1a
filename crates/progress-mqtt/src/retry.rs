//! When to connect again (MQTT-13), and when it is not the network but a second agent (MQTT-14). Pure but for the dice.

use std::time::Duration;

/// Durations of the contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// Shortest wait.
    pub(crate) shortest: Duration,
    /// Longest wait.
    pub(crate) longest: Duration,
    /// A connection that lasted so long was a good one: the waits start over.
    pub(crate) stable: Duration,
    /// A connection that ended sooner than this was perhaps taken over.
    pub(crate) suspicious: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            shortest: Duration::from_secs(1),
            longest: Duration::from_secs(5 * 60),
            stable: Duration::from_secs(60),
            suspicious: Duration::from_secs(10),
        }
    }
}

/// So many connections in a row that end at once are no accident (MQTT-14).
const TAKEN_OVER_AFTER: u32 = 3;

/// Waits between attempts, with full jitter: agents that lost the same broker do not come back in step.
#[derive(Debug)]
pub(crate) struct Retry {
    waits: Waits,
    /// The next wait is at most this long.
    ceiling: Duration,
    suspicious: u32,
}

impl Retry {
    pub(crate) fn new(waits: Waits) -> Self {
        Self {
            waits,
            ceiling: waits.shortest.saturating_mul(2).min(waits.longest),
            suspicious: 0,
        }
    }

    /// How long to wait before the next attempt.
    pub(crate) fn next_wait(&mut self) -> Duration {
        let wait = between(self.waits.shortest, self.ceiling);
        self.ceiling = self.ceiling.saturating_mul(2).min(self.waits.longest);
        wait
    }

    /// A connection that the broker had accepted ended after `lasted`. Returns whether that means a take-over.
    pub(crate) fn ended(&mut self, lasted: Duration, told_so: bool) -> bool {
        if lasted >= self.waits.stable {
            *self = Self::new(self.waits);
        }
        if lasted < self.waits.suspicious {
            self.suspicious += 1;
        } else {
            self.suspicious = 0;
        }
        told_so || self.suspicious >= TAKEN_OVER_AFTER
    }

    /// The wait after a take-over: the two do not fight but take turns of minutes, until somebody reads the alert. In the upper
    /// half of the longest wait, so that it stays one.
    pub(crate) fn taken_over(&mut self) -> Duration {
        self.ceiling = self.waits.longest;
        self.suspicious = 0;
        between(self.waits.longest / 2, self.waits.longest)
    }
}

fn between(least: Duration, most: Duration) -> Duration {
    least + most.saturating_sub(least).mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn retry() -> Retry {
        Retry::new(Waits::default())
    }

    #[test]
    fn mqtt_13_waits_are_jittered_between_one_second_and_five_minutes() {
        let mut longest = Duration::ZERO;
        for _ in 0..200 {
            let mut retry = retry();
            assert!((SECOND..=2 * SECOND).contains(&retry.next_wait()));
            for _ in 0..12 {
                let wait = retry.next_wait();
                assert!((SECOND..=300 * SECOND).contains(&wait), "{wait:?}");
                longest = longest.max(wait);
            }
        }
        // 2,400 draws, of which a third are from the whole range.
        assert!(longest > 200 * SECOND, "{longest:?}");
    }

    #[test]
    fn mqtt_13_the_wait_starts_over_only_after_a_stable_minute() {
        let mut retry = retry();
        for _ in 0..20 {
            retry.next_wait();
        }
        retry.ended(59 * SECOND, false);
        assert_eq!(retry.ceiling, 300 * SECOND);
        retry.ended(60 * SECOND, false);
        assert_eq!(retry.ceiling, 2 * SECOND);
    }

    #[test]
    fn mqtt_14_three_short_connections_in_a_row_are_a_take_over() {
        let mut retry = retry();
        assert!(!retry.ended(9 * SECOND, false));
        assert!(!retry.ended(9 * SECOND, false));
        assert!(!retry.ended(11 * SECOND, false), "the row is broken");
        assert!(!retry.ended(SECOND, false));
        assert!(!retry.ended(SECOND, false));
        assert!(retry.ended(SECOND, false));
        assert!(retry.taken_over() >= 150 * SECOND);
        assert!(!retry.ended(SECOND, false), "counting starts over");
    }

    #[test]
    fn mqtt_14_the_brokers_word_is_enough() {
        let mut retry = retry();
        assert!(retry.ended(30 * SECOND, true));
        let wait = retry.taken_over();
        assert!((150 * SECOND..=300 * SECOND).contains(&wait), "{wait:?}");
    }
}
