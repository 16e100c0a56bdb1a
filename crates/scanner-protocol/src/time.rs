//! Time as the sessions know it.

use std::time::Duration;

/// Microseconds since an arbitrary start, the same for all calls to one session. Never the wall clock: that jumps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub u64);

impl Tick {
    /// The moment `elapsed` after the start.
    pub fn since_start(elapsed: Duration) -> Self {
        Self(micros(elapsed))
    }

    /// The moment `later` than this one.
    #[must_use]
    pub fn after(self, later: Duration) -> Self {
        Self(self.0.saturating_add(micros(later)))
    }

    /// How long ago `earlier` was; zero if it is later than this moment.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// Whole microseconds; a duration of more than half a million years is cut to that.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
