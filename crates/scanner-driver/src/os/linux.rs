//! Linux: sysfs, procfs and the links that udev makes.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::Holder;

pub(crate) fn available_ports() -> serialport::Result<Vec<serialport::SerialPortInfo>> {
    // Without sysfs, as in some containers, the library panics.
    if !Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    serialport::available_ports()
}

/// The link under `/dev/serial/by-id` that leads to `device`.
pub(crate) fn by_id(device: &Path) -> Option<PathBuf> {
    let device = device.canonicalize().ok()?;
    fs::read_dir("/dev/serial/by-id")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|link| link.canonicalize().is_ok_and(|target| target == device))
}

/// The kernel driver behind `device`.
pub(crate) fn driver(device: &Path) -> Option<String> {
    let name = device.canonicalize().ok()?;
    let driver = Path::new("/sys/class/tty")
        .join(name.file_name()?)
        .join("device/driver");
    Some(driver.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned())
}

/// The processes that have `device` open, as far as this user may see them.
pub(crate) fn holders(device: &Path) -> Vec<Holder> {
    let Ok(device) = device.canonicalize() else {
        return Vec::new();
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|entry| {
            let process = entry.ok()?.path();
            let pid = process.file_name()?.to_str()?.parse().ok()?;
            let has_it_open = fs::read_dir(process.join("fd"))
                .ok()?
                .filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
                .any(|target| target == device);
            let name = || {
                fs::read_to_string(process.join("comm"))
                    .unwrap_or_default()
                    .trim_end()
                    .to_owned()
            };
            has_it_open.then(|| Holder { pid, name: name() })
        })
        .collect()
}

/// Whether `path` can be a serial port at all: every port is a character device.
pub(crate) fn is_terminal_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device())
}

/// Whether the port carries whole bytes, so that the frame means nothing to it: a pseudo-terminal.
pub(crate) fn is_transparent(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|device| device.starts_with("/dev/pts"))
}
