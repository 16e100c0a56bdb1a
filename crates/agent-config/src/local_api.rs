//! `[local_api]`: where programs on this machine ask the agent.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de};

/// `[local_api]`: without the section the agent listens nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalApiConfig {
    /// Address and port, on loopback only: what is said here is for this machine.
    #[serde(default = "default_listen", deserialize_with = "loopback")]
    pub listen: SocketAddr,
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 7390))
}

fn loopback<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let address: SocketAddr = text
        .parse()
        .map_err(|_| de::Error::custom(format!("`{text}` is no address with a port, such as `127.0.0.1:7390`")))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(de::Error::custom(format!(
            "`{address}` is not on loopback: use `127.0.0.1` or `[::1]`"
        )))
    }
}
