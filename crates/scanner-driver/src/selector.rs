//! Which port a scanner hangs on.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::ports::{PortInfo, PortKind};

/// Which port a scanner hangs on. Looked up anew at each opening: a replugged adapter may come back under another
/// device name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortSelector {
    /// By path or name: `/dev/serial/by-id/…`, `/dev/ttyUSB0`, `COM5`. Symbolic links are fine.
    Path(PathBuf),
    /// By what the USB device says of itself.
    Usb(UsbMatch),
}

/// USB identity of an adapter or a scanner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsbMatch {
    /// Vendor id, such as `0x0403`.
    pub vid: u16,
    /// Product id, such as `0x6001`.
    pub pid: u16,
    /// Serial number; needed where two equal adapters are attached.
    #[serde(default)]
    pub serial: Option<String>,
}

impl PortSelector {
    /// The path to open among the attached ports: the first that matches.
    pub(crate) fn find(&self, attached: impl FnOnce() -> Vec<PortInfo>) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Usb(wanted) => attached()
                .into_iter()
                .find(|port| wanted.matches(port))
                .map(|port| port.path),
        }
    }
}

impl UsbMatch {
    fn matches(&self, port: &PortInfo) -> bool {
        let PortKind::Usb(usb) = &port.kind else { return false };
        let serial_fits = self.serial.is_none() || self.serial == usb.serial;
        (self.vid, self.pid) == (usb.vid, usb.pid) && serial_fits
    }
}

impl From<&Path> for PortSelector {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl fmt::Display for PortSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Usb(usb) => {
                write!(f, "USB device {:04x}:{:04x}", usb.vid, usb.pid)?;
                match &usb.serial {
                    Some(serial) => write!(f, " with serial number {serial}"),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::UsbIdentity;

    fn adapter(path: &str, serial: &str) -> PortInfo {
        let usb = UsbIdentity {
            vid: 0x0403,
            pid: 0x6001,
            serial: Some(serial.to_owned()),
            manufacturer: None,
            product: None,
        };
        PortInfo {
            path: PathBuf::from(path),
            kind: PortKind::Usb(usb),
            by_id: None,
            driver: None,
            held_by: Vec::new(),
        }
    }

    #[test]
    fn two_equal_adapters_are_told_apart_by_serial_number() {
        let attached = || vec![adapter("/dev/ttyUSB0", "A4"), adapter("/dev/ttyUSB1", "A5")];
        let select = |pid, serial: Option<&str>| {
            PortSelector::Usb(UsbMatch {
                vid: 0x0403,
                pid,
                serial: serial.map(str::to_owned),
            })
            .find(attached)
        };
        assert_eq!(select(0x6001, Some("A5")), Some(PathBuf::from("/dev/ttyUSB1")));
        assert_eq!(select(0x6001, None), Some(PathBuf::from("/dev/ttyUSB0")));
        assert_eq!(select(0x6001, Some("A6")), None);
        assert_eq!(select(0x6015, None), None);
    }
}
