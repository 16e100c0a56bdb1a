//! How old a result is when it arrives.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// No device keeps a result for longer: a clock that says so was never set.
const OLDEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// By so much a device's clock may be ahead of the host's and still be taken for right.
const AHEAD: SignedDuration = SignedDuration::from_secs(120);

/// How old a result was when its last byte arrived, of a device that keeps its results until somebody takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    /// So old, by clocks that have run without a break since it was measured. Nobody has to set those. Right within two minutes, or
    /// within what the device's clock loses or gains in the time that it kept the result.
    Counted(Duration),
    /// The device was started since then. Its clock showed this time; nobody vouches for that.
    ByClock(Timestamp),
    /// Nobody can say.
    Unknown,
}

impl Age {
    /// When a result of this age was measured that arrived at `received_at`, never later than that. `None` if nobody can say, or if the
    /// device's clock cannot have been right.
    pub fn measured_at(self, received_at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Counted(age) => received_at.checked_sub(age).ok(),
            Self::ByClock(shown) => {
                let age = received_at.duration_since(shown);
                (-AHEAD <= age && age <= OLDEST).then(|| shown.min(received_at))
            }
            Self::Unknown => None,
        }
    }

    /// Whether the age was counted, so that the date is certain if the time of the arrival is.
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::Counted(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_clock_that_cannot_be_right_tells_nothing() {
        let monday: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        for (shown, measured_at) in [
            ("2026-11-20T18:00:00Z", Some("2026-11-20T18:00:00Z")),
            ("2026-11-23T08:02:00Z", Some("2026-11-23T08:00:00Z")),
            ("2026-11-23T08:02:01Z", None),
            ("2025-11-22T08:00:00Z", Some("2025-11-22T08:00:00Z")),
            ("2025-11-22T07:59:59Z", None),
            ("1970-01-01T00:00:00Z", None),
        ] {
            let age = Age::ByClock(shown.parse().unwrap());
            let expected = measured_at.map(|at| at.parse().unwrap());
            assert_eq!(age.measured_at(monday), expected, "{shown}");
        }
    }

    #[test]
    fn a_counted_age_is_taken_off_the_arrival() {
        let monday: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let age = Age::Counted(Duration::from_hours(62));
        assert_eq!(age.measured_at(monday), Some("2026-11-20T18:00:00Z".parse().unwrap()));
        // Before the first moment that there is.
        assert_eq!(Age::Counted(Duration::MAX).measured_at(monday), None);
    }
}
