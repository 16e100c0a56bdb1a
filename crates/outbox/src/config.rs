//! `[outbox]`: how much room readings may take, and for how long.

use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;

/// `[outbox]`: the limits of the safe.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Free space the disk must keep. Below it [`append`](crate::Outbox::append) answers [`Full`](crate::Full).
    ///
    /// Default 20 MiB: the log, its checkpoint and the steps of what is stored already (which never stop) stay far
    /// below that.
    pub min_free: ByteSize,
    /// Room the outbox may take. Above it [`append`](crate::Outbox::append) answers [`Full`](crate::Full).
    ///
    /// Default 1 GiB: some 300,000 readings, more than a busy facility makes in a year without its cloud.
    pub max_size: ByteSize,
    /// How long acknowledged and discarded entries are kept for a technician to look at. When the outbox is full they
    /// go earlier.
    ///
    /// Default 7 days: long enough to be asked "where did last week's scan go?".
    #[serde(with = "humantime_serde")]
    pub keep_sent: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            min_free: ByteSize::mib(20),
            max_size: ByteSize::gib(1),
            keep_sent: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_read_with_their_units() {
        let config: Config =
            toml::from_str("min_free = \"1 MiB\"\nmax_size = \"2 GiB\"\nkeep_sent = \"3 days\"").unwrap();
        let expected = Config {
            min_free: ByteSize::mib(1),
            max_size: ByteSize::gib(2),
            keep_sent: Duration::from_secs(3 * 24 * 60 * 60),
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn an_empty_section_means_the_defaults_and_a_typo_is_refused() {
        assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
        assert!(toml::from_str::<Config>("max_sise = \"2 GiB\"").is_err());
    }
}
