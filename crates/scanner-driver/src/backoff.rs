//! When to try again.

use std::time::Duration;

/// Time until the next attempt to open a port: full jitter under a ceiling that doubles, so that several scanners
/// behind one hub do not knock in step. The cap is low: a scanner that transmits while its port is closed has sent a
/// result to nobody.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// People expect a replugged cable to work at once, and a kiosk whose scanner is in a cupboard should sleep.
const LONGEST_MISSING: Duration = Duration::from_secs(1);

impl Backoff {
    /// The wait after a port that refused to open, or was lost soon after it opened.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let ceiling = SHORTEST
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        jitter(ceiling)
    }

    /// The wait while there is no port.
    pub(crate) fn while_missing(&self) -> Duration {
        jitter(LONGEST_MISSING)
    }

    /// The port has worked.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Never zero: however often it fails, an attempt does not become a busy loop.
fn jitter(ceiling: Duration) -> Duration {
    SHORTEST + (ceiling - SHORTEST.min(ceiling)).mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_start_again_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..2000).map(|_| backoff.after_failure()).collect();
        assert!(waits.iter().all(|wait| (SHORTEST..=LONGEST).contains(wait)));
        assert_eq!(waits[0], SHORTEST);
        assert!(
            waits.iter().any(|wait| *wait > LONGEST / 2),
            "jitter reaches the upper half"
        );
        backoff.reset();
        assert_eq!(backoff.after_failure(), SHORTEST);
        assert!((0..100).all(|_| backoff.while_missing() <= LONGEST_MISSING));
    }
}
