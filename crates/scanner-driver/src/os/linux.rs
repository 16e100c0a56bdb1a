//! Linux: sysfs, procfs and the links that udev makes.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fd::{AsRawFd as _, BorrowedFd};
use rustix::termios::{InputModes, OptionalActions, tcgetattr, tcsetattr};
use tokio_serial::SerialStream;

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

/// The processes that have `device` open, as far as this user may see them. Of a pseudo-terminal those that have its other end too, such as
/// a simulator, come last: they are in nobody's way.
pub(crate) fn holders(device: &Path) -> Vec<Holder> {
    let Ok(device) = device.canonicalize() else {
        return Vec::new();
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let holding = processes.filter_map(|entry| {
        let process = entry.ok()?.path();
        let pid: u32 = process.file_name()?.to_str()?.parse().ok()?;
        let open: Vec<_> = fs::read_dir(process.join("fd"))
            .ok()?
            .filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
            .collect();
        if !open.contains(&device) {
            return None;
        }
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        let has_other_end = device.starts_with("/dev/pts") && open.iter().any(|path| path.ends_with("ptmx"));
        let holder = Holder {
            pid,
            name: name.trim_end().to_owned(),
        };
        Some((has_other_end, holder))
    });
    let mut holding: Vec<_> = holding.collect();
    holding.sort_by_key(|(has_other_end, holder)| (*has_other_end, holder.pid));
    holding.into_iter().map(|(_, holder)| holder).collect()
}

/// Whether `path` can be a serial port at all: every port is a character device, and none of those that are memory (`/dev/null`).
pub(crate) fn is_terminal_device(path: &Path) -> bool {
    /// Major number of the memory devices.
    const MEMORY: u64 = 1;
    fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device() && found.rdev() >> 8 != MEMORY)
}

/// Lets a byte with a wrong parity or stop bit arrive as NUL, which is no byte of any text. Where no parity is checked the library has such
/// a byte left out: a weight that lost a digit is another weight.
///
/// # Errors
/// The port has gone.
pub(crate) fn show_damage(port: &SerialStream) -> std::io::Result<()> {
    #[expect(unsafe_code, reason = "the library lends its descriptor as a number alone")]
    // SAFETY: the descriptor is open for as long as `port`, which outlives this borrow.
    let fd = unsafe { BorrowedFd::borrow_raw(port.as_raw_fd()) };
    let mut settings = tcgetattr(fd)?;
    settings.input_modes.insert(InputModes::INPCK);
    settings.input_modes.remove(InputModes::IGNPAR | InputModes::PARMRK);
    tcsetattr(fd, OptionalActions::Now, &settings)?;
    Ok(())
}

pub(crate) fn is_pseudo_terminal(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|device| device.starts_with("/dev/pts"))
}
