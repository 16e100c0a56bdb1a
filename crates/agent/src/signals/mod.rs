//! When the system or a person asks the agent to stop.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::StopSignals;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::StopSignals;
