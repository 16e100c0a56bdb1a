//! What a service manager wants to know: that the agent is ready, that it lives, that it stops.

#[cfg(unix)]
mod systemd;
#[cfg(unix)]
pub(crate) use systemd::{keep_alive, ready, stopping};

#[cfg(not(unix))]
mod none;
#[cfg(not(unix))]
pub(crate) use none::{keep_alive, ready, stopping};
