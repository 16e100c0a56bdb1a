//! `[agent]`: who this agent is.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use scan_model::Name;
use serde::{Deserialize, Deserializer, de};

/// `[agent]`: who this agent is and where it keeps its things.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The facility, as the cloud knows it and as topics name it.
    pub facility: Name,
    /// This agent among those of the facility.
    pub name: Name,
    /// Directory of everything the agent keeps: the outbox, its key, the identity of the installation.
    ///
    /// Default `/var/lib/scanbridge`; on Windows `%ProgramData%\scanbridge\data`.
    #[serde(default = "default_data_dir")]
    pub data_dir: PathBuf,
    /// Time zone of the local time that devices are given whose clocks the agent sets, by its IANA name. What a device reports as its
    /// own time is not converted.
    ///
    /// Default: the system's.
    #[serde(default = "TimeZone::system", deserialize_with = "time_zone")]
    pub timezone: TimeZone,
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| {
        de::Error::custom(format!(
            "there is no time zone `{name}`: use an IANA name such as `Europe/London`"
        ))
    })
}

/// Where the configuration file lies if nobody says otherwise: `/etc/scanbridge/scanbridge.toml`; on Windows
/// `%ProgramData%\scanbridge\scanbridge.toml`.
pub fn default_path() -> PathBuf {
    if cfg!(windows) {
        program_data().join("scanbridge.toml")
    } else {
        PathBuf::from("/etc/scanbridge/scanbridge.toml")
    }
}

fn default_data_dir() -> PathBuf {
    if cfg!(windows) {
        program_data().join("data")
    } else {
        PathBuf::from("/var/lib/scanbridge")
    }
}

fn program_data() -> PathBuf {
    let root = std::env::var_os("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from);
    root.join("scanbridge")
}
