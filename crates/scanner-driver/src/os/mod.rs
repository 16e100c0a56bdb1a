//! What only some systems tell of a port.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{available_ports, by_id, driver, holders, is_pseudo_terminal, is_terminal_device, show_damage};

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{available_ports, by_id, driver, holders, is_pseudo_terminal, is_terminal_device, show_damage};
