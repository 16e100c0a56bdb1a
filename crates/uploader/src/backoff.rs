//! How long to wait after a failure.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// A random time between 0.1 s and min(5 min, 1 s × 2^`failures`): full jitter, so that a hundred kiosks do not come
/// back at once. `failures` counts those before this one.
pub(crate) fn delay(failures: u32) -> Duration {
    let ceiling = Duration::from_secs(1 << failures.min(9)).min(LONGEST);
    SHORTEST + (ceiling - SHORTEST).mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_five_minutes_and_not_beyond() {
        for (failures, ceiling) in [(0, 1), (1, 2), (8, 256), (9, 300), (u32::MAX, 300)] {
            let longest = (0..200).map(|_| delay(failures)).max().unwrap();
            let ceiling = Duration::from_secs(ceiling);
            assert!(longest <= ceiling && longest > ceiling / 2, "{failures}: {longest:?}");
        }
        assert!((0..200).all(|_| delay(3) >= SHORTEST));
    }
}
