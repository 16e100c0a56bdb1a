//! Which settings a scanner has if nobody says: `auto` listens, and goes on to others where what comes means nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::SerialSettings;
use crate::settings::{DataBits, Parity};

/// A search for the settings of a port. It ends when a family has shown itself; until then it goes round.
///
/// Most scanners send once, and what they send while the port has other settings is lost. So it leaves the common settings only after more
/// came that means nothing than adapters and scanners say at power-on, and comes back to them after each try of others.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// How many settings were tried: every other time the common ones.
    tries: usize,
    /// All settings were tried.
    went_round: bool,
    /// Bytes that meant nothing, since the session began.
    noise: u64,
    /// As many there were when these settings were set.
    noise_before: u64,
    /// Of the burst that came last.
    burst: u64,
    heard: Option<Instant>,
    /// When bytes first meant nothing at these settings.
    began: Option<Instant>,
    /// Bursts at these settings that were long enough to be somebody's result.
    results: u32,
}

/// What scanners have that `auto` knows, beside the common settings: A&D's as they are delivered, then what else manuals offer.
const OTHERS: [SerialSettings; 5] = [
    SerialSettings::of(2400, DataBits::Seven, Parity::Even),
    SerialSettings::of(9600, DataBits::Seven, Parity::Even),
    SerialSettings::of(4800, DataBits::Eight, Parity::None),
    SerialSettings::of(19200, DataBits::Eight, Parity::None),
    SerialSettings::of(2400, DataBits::Eight, Parity::None),
];
/// A silence as long as this one parts two bursts.
const PAUSE: Duration = Duration::from_secs(3);
/// The shortest line of a family has 17 characters; a plug that is pushed in makes fewer.
const SHORTEST_RESULT: u64 = 8;
/// A record may follow directly behind what a scanner says before: it is not cut.
const QUIET: Duration = Duration::from_millis(200);
/// A scale that sends all the time makes no pause.
const PLENTY: u64 = 512;
/// A line full of noise must not keep the port from being read, nor fill the log: so long at least it stays at settings where something came,
const STAY: Duration = Duration::from_secs(2);
/// and so long once all were in vain.
const STAY_LATER: Duration = Duration::from_secs(60);

impl Search {
    /// The settings to listen at.
    pub(crate) fn settings(&self) -> SerialSettings {
        if self.tries.is_multiple_of(2) {
            SerialSettings::COMMON
        } else {
            OTHERS[self.tries / 2 % OTHERS.len()]
        }
    }

    /// Takes how many bytes have meant nothing since the session began.
    pub(crate) fn hear(&mut self, now: Instant, noise: u64) {
        let came = noise.saturating_sub(self.noise);
        if came == 0 {
            return;
        }
        self.noise = noise;
        if self.heard.is_none_or(|heard| now - heard >= PAUSE) {
            self.burst = 0;
        }
        let known = self.burst >= SHORTEST_RESULT;
        self.burst += came;
        self.results += u32::from(!known && self.burst >= SHORTEST_RESULT);
        self.began.get_or_insert(now);
        self.heard = Some(now);
    }

    /// When to [`leave`](Self::leave) these settings if nothing comes any more.
    pub(crate) fn leaves_at(&self) -> Option<Instant> {
        let (began, heard) = (self.began?, self.heard?);
        // At the common ones the first may be what a scanner says when it is switched on.
        let results = if self.settings() == SerialSettings::COMMON {
            2
        } else {
            1
        };
        let quiet_since = if self.noise - self.noise_before >= PLENTY {
            heard
        } else if self.results >= results {
            heard + QUIET
        } else {
            return None;
        };
        let stay = if self.went_round { STAY_LATER } else { STAY };
        Some(quiet_since.max(began + stay))
    }

    /// [`settings`](Self::settings) are others from now on.
    pub(crate) fn leave(&mut self) {
        let tries = self.tries + 1;
        *self = Self {
            tries,
            went_round: tries >= 2 * OTHERS.len(),
            noise: self.noise,
            noise_before: self.noise,
            // The rest of this burst says nothing about the new ones.
            burst: self.burst,
            heard: self.heard,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings after bursts of so many bytes that mean nothing, each followed by a pause.
    fn after(bursts: &[u64]) -> String {
        let (mut search, mut now, mut noise) = (Search::default(), Instant::now(), 0);
        for burst in bursts {
            for _ in 0..*burst {
                noise += 1;
                search.hear(now, noise);
                now += Duration::from_millis(10);
                if search.leaves_at().is_some_and(|at| at <= now) {
                    search.leave();
                }
            }
            now += PAUSE;
            if search.leaves_at().is_some_and(|at| at <= now) {
                search.leave();
            }
        }
        search.settings().to_string()
    }

    #[tokio::test]
    async fn what_a_scanner_says_at_power_on_or_a_plug_makes_moves_nothing() {
        for bursts in [&[][..], &[400], &[400, 7], &[7; 20], &[511]] {
            assert_eq!(after(bursts), "9600 8N1", "{bursts:?}");
        }
    }

    #[tokio::test]
    async fn a_record_may_follow_what_means_nothing_without_a_pause() {
        let (mut search, start) = (Search::default(), Instant::now());
        for (seconds, noise) in [(0, 10), (5, 20), (10, 30)] {
            let now = start + Duration::from_secs(seconds);
            search.hear(now, noise);
            let leaves_at = (noise > 10).then(|| now + QUIET);
            assert_eq!(search.leaves_at(), leaves_at, "{noise}");
            // The record: it means something.
            search.hear(now + QUIET / 2, noise);
            assert_eq!(search.leaves_at(), leaves_at, "{noise}");
        }
    }

    #[tokio::test]
    async fn two_results_that_mean_nothing_or_a_stream_of_them_lead_to_other_settings_and_back() {
        for (bursts, settings) in [
            (&[17, 17][..], "2400 7E1"),
            (&[7, 8, 3, 8], "2400 7E1"),
            (&[512], "2400 7E1"),
            // One of a person is enough to come back.
            (&[17, 17, 17], "9600 8N1"),
            (&[17, 17, 17, 17], "9600 8N1"),
            (&[17, 17, 17, 17, 17], "9600 7E1"),
            (&[9 * 512], "2400 8N1"),
            (&[10 * 512], "9600 8N1"),
            // A minute at each from now on.
            (&[10 * 512 + 5_500], "9600 8N1"),
            (&[10 * 512 + 6_010], "2400 7E1"),
        ] {
            assert_eq!(after(bursts), settings, "{bursts:?}");
        }
    }
}
