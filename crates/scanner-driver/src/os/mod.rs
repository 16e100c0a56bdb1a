//! What only some systems tell of a port.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{available_ports, by_id, driver, holders, is_terminal_device, is_transparent};

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{available_ports, by_id, driver, holders, is_terminal_device, is_transparent};
