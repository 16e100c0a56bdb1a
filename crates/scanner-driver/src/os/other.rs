//! Windows, macOS: what the library tells is all there is.

use std::path::{Path, PathBuf};

use tokio_serial::SerialStream;

use crate::Holder;

pub(crate) fn available_ports() -> serialport::Result<Vec<serialport::SerialPortInfo>> {
    serialport::available_ports()
}

pub(crate) fn by_id(_: &Path) -> Option<PathBuf> {
    None
}

pub(crate) fn driver(_: &Path) -> Option<String> {
    None
}

pub(crate) fn holders(_: &Path) -> Vec<Holder> {
    Vec::new()
}

pub(crate) fn is_terminal_device(_: &Path) -> bool {
    true
}

/// The library offers no way to it here: a damaged byte comes as any other.
pub(crate) fn show_damage(_: &SerialStream) -> std::io::Result<()> {
    Ok(())
}

/// macOS pseudo-terminals; `COM` ports never.
pub(crate) fn is_pseudo_terminal(path: &Path) -> bool {
    path.canonicalize()
        .is_ok_and(|device| device.to_string_lossy().starts_with("/dev/ttys"))
}
