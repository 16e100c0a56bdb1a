//! A scanner with a processor of its own: the firmware of `firmware-protocol/examples/body-scanner` under `qemu-system-arm`.

mod firmware;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};

pub use firmware::{Firmware, FirmwareError};

use crate::LineError;
use crate::pty::make_link;

/// Longest time the emulator takes to start and the console to answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// An emulated Cortex-M4 board. Its link to the bridge is a pseudo-terminal, its memory a file, so that a loss of power forgets
/// nothing that real flash would keep. Dropping it ends the emulator.
#[derive(Debug)]
pub struct EmulatedScanner {
    firmware: Firmware,
    folder: PathBuf,
    link: PathBuf,
    plugged: bool,
    board: Option<Board>,
}

/// How an emulated scanner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// How often it was switched on.
    pub boot: u32,
    /// Results since it was switched on.
    pub results: u32,
    /// Results in its memory, because the bridge has not said that they are stored.
    pub waiting: u32,
    /// Bytes of results that a fault of its line swallowed or turned since it was switched on.
    pub struck: u32,
}

/// Why an emulated scanner does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The emulator cannot be started.
    #[error("cannot start qemu-system-arm")]
    Start(#[source] io::Error),
    /// The emulator has ended. Holds what it said.
    #[error("qemu-system-arm has ended: {0}")]
    Ended(String),
    /// The board has no power.
    #[error("the board has no power")]
    NoPower,
    /// The port of the board cannot be used.
    #[error("cannot use the board's port")]
    Port(#[source] LineError),
    /// The console does not answer.
    #[error("the board's console does not answer")]
    Console(#[source] io::Error),
    /// The console answers something else.
    #[error("the board's console answers `{0}`")]
    Refused(String),
}

impl EmulatedScanner {
    /// A board without power whose cable is out. What it remembers lies in `folder`; its port appears at `link` once it is plugged in.
    pub fn new(firmware: Firmware, folder: impl Into<PathBuf>, link: impl Into<PathBuf>) -> Self {
        Self {
            firmware,
            folder: folder.into(),
            link: link.into(),
            plugged: false,
            board: None,
        }
    }

    /// Switches it on. Nobody steps on but by [`say`](Self::say). Nothing happens if it is on already.
    ///
    /// # Errors
    /// The emulator does not start, or the firmware does not answer.
    pub async fn power_on(&mut self) -> Result<(), EmulatorError> {
        if self.board.is_some() {
            return Ok(());
        }
        self.board = Some(Board::start(&self.firmware, &self.folder).await?);
        self.say("every 0").await?;
        if self.plugged { self.plug() } else { Ok(()) }
    }

    /// Takes the power away in the middle of whatever it does. The port vanishes with it.
    pub fn cut_power(&mut self) {
        if let Some(board) = self.board.take() {
            board.remove_link(&self.link);
        }
    }

    /// Puts the cable in.
    ///
    /// # Errors
    /// The link cannot be made.
    pub fn plug(&mut self) -> Result<(), EmulatorError> {
        self.plugged = true;
        match &self.board {
            Some(board) => make_link(&board.device, &self.link).map_err(|source| {
                EmulatorError::Port(LineError::Link {
                    link: self.link.clone(),
                    source,
                })
            }),
            None => Ok(()),
        }
    }

    /// Lets the port be opened again after its reader was killed; see [`Pty::forget_dead_owner`](crate::Pty::forget_dead_owner).
    pub fn forget_dead_owner(&self) {
        if let Some(board) = &self.board {
            // Without it the next reader finds the port held, and says so.
            let _ = rustix::termios::ioctl_tiocnxcl(&board.port);
        }
    }

    /// Types a line on the console and returns the answer, without the `ok` at its end. The words are those of the firmware's
    /// `console.rs`: `step on`, `drop 100`, …
    ///
    /// # Errors
    /// The board has no power, does not answer, or does not know the word.
    pub async fn say(&mut self, line: &str) -> Result<String, EmulatorError> {
        let board = self.board.as_mut().ok_or(EmulatorError::NoPower)?;
        let answer = board.ask(line).await.map_err(EmulatorError::Console)?;
        match answer.trim_end().strip_suffix("ok") {
            Some(answer) => Ok(answer.trim_end().to_owned()),
            None => Err(EmulatorError::Refused(answer)),
        }
    }

    /// How the scanner stands.
    ///
    /// # Errors
    /// As for [`say`](Self::say).
    pub async fn report(&mut self) -> Result<Report, EmulatorError> {
        let answer = self.say("report").await?;
        Report::read(&answer).ok_or(EmulatorError::Refused(answer))
    }

    /// What the scanner measured last, by its own word: canonical names and the digits.
    ///
    /// # Errors
    /// As for [`say`](Self::say).
    pub async fn values(&mut self) -> Result<BTreeMap<String, String>, EmulatorError> {
        let answer = self.say("values").await?;
        let values = pairs(&answer).map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(values.collect())
    }
}

impl Report {
    fn read(answer: &str) -> Option<Self> {
        let number = |wanted| {
            let (_, value) = pairs(answer).find(|(name, _)| *name == wanted)?;
            value.parse().ok()
        };
        Some(Self {
            boot: number("boot")?,
            results: number("results")?,
            waiting: number("waiting")?,
            struck: number("struck")?,
        })
    }
}

impl Drop for EmulatedScanner {
    fn drop(&mut self) {
        self.cut_power();
    }
}

/// A board that runs. Dropping it ends the emulator at once.
#[derive(Debug)]
struct Board {
    qemu: Child,
    console: BufStream<UnixStream>,
    device: PathBuf,
    /// Held open so that the mark of a reader that was killed can be taken off.
    port: OwnedFd,
}

impl Board {
    async fn start(firmware: &Firmware, folder: &Path) -> Result<Self, EmulatorError> {
        let (log, console, flash) = (folder.join("qemu.log"), folder.join("console"), folder.join("flash"));
        // Of an emulator that was killed.
        let _ = fs::remove_file(&console);
        let output = File::create(&log).map_err(EmulatorError::Start)?;
        let errors = output.try_clone().map_err(EmulatorError::Start)?;
        let mut qemu = Command::new("qemu-system-arm")
            // The board's PSRAM, a part of which the firmware takes for flash, outlives the emulator in a file.
            .args(["-machine", "mps2-an386,memory-backend=psram", "-cpu", "cortex-m4"])
            .arg("-object")
            .arg(format!(
                "memory-backend-file,id=psram,size=16M,share=on,mem-path={}",
                flash.display()
            ))
            .args(["-display", "none", "-monitor", "none", "-serial", "pty", "-serial"])
            // The processor starts once the console is connected.
            .arg(format!("unix:{},server=on,wait=on", console.display()))
            .arg("-kernel")
            .arg(firmware.image())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(EmulatorError::Start)?;
        let connected = connect(&mut qemu, &console).await;
        let said = fs::read_to_string(&log).unwrap_or_default();
        let opened = connected.map_err(EmulatorError::Console).and_then(|console| {
            let console = console.ok_or_else(|| EmulatorError::Ended(said.trim().to_owned()))?;
            let device = device(&said).ok_or_else(|| EmulatorError::Ended(said.trim().to_owned()))?;
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let port = rustix::fs::open(&device, flags, Mode::empty())
                .map_err(|error| EmulatorError::Port(LineError::Pty { source: error.into() }))?;
            Ok((console, device, port))
        });
        match opened {
            Ok((console, device, port)) => Ok(Self {
                qemu,
                console: BufStream::new(console),
                device,
                port,
            }),
            Err(error) => {
                end(&mut qemu);
                Err(error)
            }
        }
    }

    async fn ask(&mut self, line: &str) -> io::Result<String> {
        let asked = async {
            self.console.write_all(format!("{line}\n").as_bytes()).await?;
            self.console.flush().await?;
            let mut answer = String::new();
            self.console.read_line(&mut answer).await?;
            Ok(answer)
        };
        timeout(PATIENCE, asked).await?
    }

    fn remove_link(&self, link: &Path) {
        if fs::read_link(link).is_ok_and(|target| target == self.device) {
            let _ = fs::remove_file(link);
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        end(&mut self.qemu);
    }
}

fn end(qemu: &mut Child) {
    // Gone already is as good.
    let _ = qemu.kill();
    let _ = qemu.wait();
}

/// Waits for the emulator's console; `None` if the emulator has ended.
async fn connect(qemu: &mut Child, console: &Path) -> io::Result<Option<UnixStream>> {
    let start = Instant::now();
    loop {
        match UnixStream::connect(console).await {
            Ok(stream) => return Ok(Some(stream)),
            Err(_) if qemu.try_wait()?.is_some() => return Ok(None),
            Err(error) if start.elapsed() > PATIENCE => return Err(error),
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}

/// The pseudo-terminal: `char device redirected to /dev/pts/4 (label serial0)`.
fn device(said: &str) -> Option<PathBuf> {
    let (_, rest) = said.split_once("char device redirected to ")?;
    rest.split_whitespace().next().map(PathBuf::from)
}

fn pairs(answer: &str) -> impl Iterator<Item = (&str, &str)> {
    answer.split(' ').filter_map(|word| word.split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_emulator_and_of_the_console_are_read() {
        let said = "char device redirected to /dev/pts/4 (label serial0)\n";
        assert_eq!(device(said), Some(PathBuf::from("/dev/pts/4")));
        assert_eq!(device("qemu-system-arm: no such machine\n"), None);
        let report = Report {
            boot: 2,
            results: 3,
            waiting: 1,
            struck: 60,
        };
        assert_eq!(
            Report::read("boot=2 results=3 waiting=1 struck=60 link=1708 "),
            Some(report)
        );
        assert_eq!(Report::read("boot=2 waiting=1"), None);
    }
}
