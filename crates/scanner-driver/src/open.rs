//! Opening a port: exclusive, with the settings asked for, and with an error that names the cause.

use std::path::{Path, PathBuf};

use tokio_serial::{SerialPort as _, SerialStream};

use crate::ports::list_ports;
use crate::settings::{DataBits, Parity, StopBits};
use crate::{Holder, PortSelector, SerialSettings, os};

/// Why a port could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No port matches the USB identity.
    #[error("no attached port is a {selector} (wanted at {settings}); is the cable plugged in?")]
    NoMatch {
        /// What was looked for.
        selector: PortSelector,
        /// Settings asked for.
        settings: SerialSettings,
    },
    /// The path leads nowhere.
    #[error("port `{}` ({settings}) does not exist; is the cable plugged in?", path.display())]
    NotFound {
        /// The port.
        path: PathBuf,
        /// Settings asked for.
        settings: SerialSettings,
    },
    /// Another program has it.
    #[error("port `{}` ({settings}) is in use by {}", path.display(), name_holders(by))]
    Held {
        /// The port.
        path: PathBuf,
        /// Settings asked for.
        settings: SerialSettings,
        /// Every process seen to have it open, the one in the way among them; empty if none could be seen.
        by: Vec<Holder>,
    },
    /// The user may not open it.
    #[error(
        "no permission to open port `{}` ({settings}); on Linux add the user to the group that owns it, usually `dialout`",
        path.display()
    )]
    PermissionDenied {
        /// The port.
        path: PathBuf,
        /// Settings asked for.
        settings: SerialSettings,
    },
    /// It exists and is no serial port.
    #[error("`{}` is not a serial port (wanted at {settings})", path.display())]
    NotAPort {
        /// The path.
        path: PathBuf,
        /// Settings asked for.
        settings: SerialSettings,
    },
    /// The port's driver or chip cannot do the settings.
    #[error("port `{}` cannot do {settings}", path.display())]
    BadSettings {
        /// The port.
        path: PathBuf,
        /// Settings asked for.
        settings: SerialSettings,
    },
    /// Anything else.
    #[error("cannot open port `{}` at {settings}", path.display())]
    Io {
        /// The port.
        path: PathBuf,
        /// Settings asked for.
        settings: SerialSettings,
        /// What the system said.
        source: serialport::Error,
    },
}

/// As [`open`], on a thread of its own: on some adapters it blocks for as long as their control transfers take, and who holds a port
/// is read from many files. Dropping the future closes the port again.
///
/// # Errors
/// See [`OpenError`].
///
/// # Panics
/// As the opening did; and outside a Tokio runtime.
pub(crate) async fn open_aside(
    selector: &PortSelector,
    settings: SerialSettings,
) -> Result<(SerialStream, PathBuf), OpenError> {
    let selector = selector.clone();
    match tokio::task::spawn_blocking(move || open(&selector, settings)).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this task with it.
            Err(_cancelled) => std::future::pending().await,
        },
    }
}

/// Finds the port and opens it, exclusively. Never discards bytes that wait in it already. Blocks for some
/// milliseconds; needs to be called within a Tokio runtime, off the async threads. Returns the path that was opened
/// too.
///
/// # Errors
/// See [`OpenError`].
fn open(selector: &PortSelector, settings: SerialSettings) -> Result<(SerialStream, PathBuf), OpenError> {
    // A list that cannot be read matches nothing; the next attempt reads it again.
    let path = selector
        .find(|| list_ports().unwrap_or_default())
        .ok_or_else(|| OpenError::NoMatch {
            selector: selector.clone(),
            settings,
        })?;
    let builder = tokio_serial::new(path.to_string_lossy(), settings.baud())
        .data_bits(settings.data_bits().into())
        .parity(settings.parity().into())
        .stop_bits(settings.stop_bits().into())
        .flow_control(tokio_serial::FlowControl::None);
    let port = SerialStream::open(&builder).map_err(|source| classify(&path, settings, source))?;
    if !took_settings(&port, &path, settings) {
        return Err(OpenError::BadSettings { path, settings });
    }
    match os::show_damage(&port) {
        Ok(()) => Ok((port, path)),
        Err(source) => Err(classify(&path, settings, source.into())),
    }
}

fn classify(path: &Path, settings: SerialSettings, source: serialport::Error) -> OpenError {
    use std::io::ErrorKind as Io;

    use serialport::ErrorKind as Kind;

    let path = path.to_owned();
    match source.kind() {
        Kind::Io(Io::NotFound) => OpenError::NotFound { path, settings },
        Kind::Io(Io::PermissionDenied) => OpenError::PermissionDenied { path, settings },
        // The library's word for a held port; on Windows for a missing one as well.
        Kind::NoDevice if cfg!(unix) || is_attached(&path) => OpenError::Held {
            by: os::holders(&path),
            path,
            settings,
        },
        Kind::NoDevice => OpenError::NotFound { path, settings },
        Kind::InvalidInput => OpenError::BadSettings { path, settings },
        Kind::Io(_) | Kind::Unknown if !os::is_terminal_device(&path) => OpenError::NotAPort { path, settings },
        Kind::Io(_) | Kind::Unknown => OpenError::Io { path, settings, source },
    }
}

fn is_attached(path: &Path) -> bool {
    list_ports().is_ok_and(|ports| ports.iter().any(|port| port.path == path))
}

/// Drivers take what they can of the settings and say nothing: an adapter without parity would garble a 7E1 scanner in
/// silence.
fn took_settings(port: &SerialStream, path: &Path, wanted: SerialSettings) -> bool {
    if os::is_pseudo_terminal(path) {
        return true;
    }
    // A setting that cannot be read back is believed.
    port.baud_rate().map_or(true, |baud| is_close(baud, wanted.baud()))
        && port.data_bits().map_or(true, |bits| bits == wanted.data_bits().into())
        && port.parity().map_or(true, |parity| parity == wanted.parity().into())
        && port.stop_bits().map_or(true, |bits| bits == wanted.stop_bits().into())
}

/// Chips divide their clock: 3 % off is what a receiver can still follow over ten bits.
fn is_close(actual: u32, wanted: u32) -> bool {
    u64::from(actual.abs_diff(wanted)) * 100 <= u64::from(wanted) * 3
}

fn name_holders(holders: &[Holder]) -> String {
    if holders.is_empty() {
        return "another program".to_owned();
    }
    holders.iter().map(Holder::to_string).collect::<Vec<_>>().join(", ")
}

impl From<DataBits> for serialport::DataBits {
    fn from(bits: DataBits) -> Self {
        match bits {
            DataBits::Five => Self::Five,
            DataBits::Six => Self::Six,
            DataBits::Seven => Self::Seven,
            DataBits::Eight => Self::Eight,
        }
    }
}

impl From<Parity> for serialport::Parity {
    fn from(parity: Parity) -> Self {
        match parity {
            Parity::None => Self::None,
            Parity::Even => Self::Even,
            Parity::Odd => Self::Odd,
        }
    }
}

impl From<StopBits> for serialport::StopBits {
    fn from(bits: StopBits) -> Self {
        match bits {
            StopBits::One => Self::One,
            StopBits::Two => Self::Two,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_divider_may_be_three_percent_off() {
        assert!(is_close(9600, 9600) && is_close(9615, 9600) && is_close(9888, 9600));
        assert!(!is_close(9889, 9600) && !is_close(4800, 9600));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_damaged_byte_is_shown_with_parity_and_without() {
        use rustix::fs::{Mode, OFlags};
        use rustix::termios::{InputModes, tcgetattr};

        let folder = tempfile::tempdir().expect("temporary folder");
        let link = folder.path().join("scanner");
        let _line = scansim::Line::pty(&link).expect("pseudo-terminal");
        let same = rustix::fs::open(&link, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its port");
        for settings in ["9600 8N1", "2400 7E1"] {
            let opened = open(&link.as_path().into(), settings.parse().expect("settings")).expect("open port");
            let modes = tcgetattr(&same).expect("settings").input_modes;
            let about_damage = InputModes::INPCK | InputModes::IGNPAR | InputModes::PARMRK;
            assert_eq!(modes & about_damage, InputModes::INPCK, "{settings}");
            drop(opened);
        }
    }

    #[tokio::test]
    async fn each_obstacle_has_its_own_error_that_names_port_and_settings() {
        let settings: SerialSettings = "9600 8N1".parse().expect("settings");
        let folder = tempfile::tempdir().expect("temporary folder");
        let missing = folder.path().join("nothing-here");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("file");
        let error = |path: &Path| open(&path.into(), settings).map(|_| ()).expect_err("no port");

        let not_found = error(&missing);
        assert!(matches!(not_found, OpenError::NotFound { .. }), "{not_found:?}");
        let text = not_found.to_string();
        assert!(text.contains("nothing-here") && text.contains("9600 8N1"), "{text}");
        #[cfg(target_os = "linux")]
        {
            for path in [&file, Path::new("/dev/null")] {
                let not_a_port = error(path);
                assert!(matches!(not_a_port, OpenError::NotAPort { .. }), "{not_a_port:?}");
            }
        }
    }
}
