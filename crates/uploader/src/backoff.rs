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

/// As [`delay`], or as long as the server asks for if that is longer: one that asks for no time at all is not to be
/// overrun.
pub(crate) fn delay_of(failures: u32, asked: Option<Duration>) -> Duration {
    delay(failures).max(asked.unwrap_or_default())
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

    #[test]
    fn a_server_can_ask_for_more_time_and_not_for_less() {
        assert!((0..200).all(|_| delay_of(0, Some(Duration::ZERO)) >= SHORTEST));
        let longest = (0..200).map(|_| delay_of(9, Some(Duration::ZERO))).max().unwrap();
        assert!(longest > LONGEST / 2, "{longest:?}");
        let asked = LONGEST * 2;
        assert_eq!(delay_of(3, Some(asked)), asked);
    }
}
