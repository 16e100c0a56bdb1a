//! The serial ports of this machine.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::os;

/// One serial port of this machine. Pseudo-terminals are never listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortInfo {
    /// What to open: `/dev/ttyUSB0`, `COM5`.
    pub path: PathBuf,
    /// How it is attached.
    pub kind: PortKind,
    /// Link that stays the same across replugging and reboots (Linux, `/dev/serial/by-id/…`).
    pub by_id: Option<PathBuf>,
    /// Kernel driver, such as `ftdi_sio` (Linux).
    pub driver: Option<String>,
    /// Who has it open (Linux; other users' programs are seen by root only).
    pub held_by: Vec<Holder>,
}

/// How a port is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PortKind {
    /// A USB adapter, or a scanner with USB.
    Usb(UsbIdentity),
    /// A Bluetooth serial link.
    Bluetooth,
    /// A card in the machine.
    Pci,
    /// On board, or not known.
    Other,
}

/// What a USB device says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsbIdentity {
    /// Vendor id.
    pub vid: u16,
    /// Product id.
    pub pid: u16,
    /// Serial number.
    pub serial: Option<String>,
    /// Manufacturer's name.
    pub manufacturer: Option<String>,
    /// Product's name.
    pub product: Option<String>,
}

/// A process that has a port open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Program name as the kernel keeps it, at most 15 characters on Linux.
    pub name: String,
}

/// The system's list of ports could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot list the serial ports")]
pub struct ListError {
    #[from]
    source: serialport::Error,
}

/// The serial ports of this machine, by path. Reads files and blocks: call it outside async tasks.
///
/// # Errors
/// The system's list of ports cannot be read.
pub fn list_ports() -> Result<Vec<PortInfo>, ListError> {
    let mut ports: Vec<PortInfo> = os::available_ports()?.into_iter().map(describe).collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(ports)
}

/// Whether `path` leads to a pseudo-terminal, as simulators make them: it carries whole bytes, so that speed and frame mean nothing to it.
pub fn is_pseudo_terminal(path: &Path) -> bool {
    os::is_pseudo_terminal(path)
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

fn describe(found: serialport::SerialPortInfo) -> PortInfo {
    let path = PathBuf::from(found.port_name);
    let kind = match found.port_type {
        serialport::SerialPortType::UsbPort(usb) => PortKind::Usb(UsbIdentity {
            vid: usb.vid,
            pid: usb.pid,
            serial: usb.serial_number,
            manufacturer: usb.manufacturer,
            product: usb.product,
        }),
        serialport::SerialPortType::BluetoothPort => PortKind::Bluetooth,
        serialport::SerialPortType::PciPort => PortKind::Pci,
        serialport::SerialPortType::Unknown => PortKind::Other,
    };
    PortInfo {
        by_id: os::by_id(&path),
        driver: os::driver(&path),
        held_by: os::holders(&path),
        path,
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_of_this_machine_is_listed_once_and_can_be_found() {
        let ports = list_ports().expect("a list, be it empty");
        assert!(ports.windows(2).all(|pair| pair[0].path < pair[1].path), "{ports:?}");
        #[cfg(unix)]
        assert!(ports.iter().all(|port| port.path.exists()), "{ports:?}");
    }
}
