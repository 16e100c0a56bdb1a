//! `scandiag sniff`: what comes over a line, as it comes.

mod line;
mod link_frames;
mod source;
mod tally;

use std::{
    error::Error,
    fs::File,
    future::pending,
    io::{self, Write as _},
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use scanner_driver::SerialSettings;
use scanner_protocol::{Carrier, Onlooker, Protocol, Tick};
use tokio::time::{Instant, sleep_until};

use self::{
    line::{Line, WIDTH, What},
    link_frames::LinkFrames,
    source::Source,
    tally::Tally,
};
use crate::{
    cli::Sniff,
    decode::report::Report,
    exit::Code,
    hints::{self, Looked, Looker},
    output,
};

/// Bytes that nobody understood are told once so much time has passed without a unit behind them.
const TELL_SKIPPED: Duration = Duration::from_secs(1);
/// Bytes wait so long for what they mean, to be shown above it and not in the pieces in which the port delivers them.
const SHOW_BYTES: Duration = Duration::from_millis(200);
/// So many do not wait: a long record is seen to grow.
const ENOUGH_BYTES: usize = 4 * WIDTH;

/// Why a line cannot be listened to, or not any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SniffError {
    /// No line carries this protocol.
    #[error("no serial line carries `{0}`: `scandiag decode` reads it from a file")]
    NoLine(Protocol),
    /// A capture is never overwritten.
    #[error("`{}` is there already and is left alone: give `--record` a new name", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
    },
    /// The file has no folder to be in.
    #[error("cannot keep the bytes in `{}`: the folder `{}` does not exist; make it, or name a file elsewhere", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The bytes cannot be kept.
    #[error("cannot keep the bytes in `{}`", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Ctrl-C cannot be heard, so nothing would end this.
    #[error("the system does not tell of Ctrl-C")]
    Unstoppable(#[source] io::Error),
    /// The port is gone.
    #[error("`{}` was lost: is the cable plugged in?", path.display())]
    Lost {
        /// The port.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Listens until it is told to stop, and prints what comes. Writes nothing to the port.
///
/// # Errors
/// [`SniffError`]; the port cannot be opened; stdout is closed.
pub(crate) fn run(arguments: &Sniff) -> Result<Code, Box<dyn Error>> {
    if arguments.protocol.carrier() != Carrier::Serial {
        return Err(SniffError::NoLine(arguments.protocol).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(sniff(arguments));
    // A read of standard input may wait for ever; nothing depends on it any more.
    runtime.shutdown_background();
    result
}

async fn sniff(arguments: &Sniff) -> Result<Code, Box<dyn Error>> {
    let usual = SerialSettings::usual(arguments.protocol);
    let settings = arguments.serial.unwrap_or(usual);
    let mut source = Source::open(&arguments.source, settings).await?;
    let mut ear = Ear::new(arguments, source.is_live())?;
    if source.is_port() {
        let why = match (arguments.serial, arguments.protocol) {
            (Some(_), _) => String::new(),
            (None, Protocol::Auto) => "; `--serial` sets others".to_owned(),
            (None, protocol) => format!(", as is usual for {protocol}; `--serial` sets others"),
        };
        output::note(&format!("{}: listening at {settings}{why}", arguments.source.display()));
    }
    let mut stop = pin!(tokio::signal::ctrl_c());
    let end = arguments
        .seconds
        .map(|seconds| ear.started + Duration::from_secs(seconds));
    let failed: Option<Box<dyn Error>> = loop {
        let wake = ear.wake();
        tokio::select! {
            biased;
            stopped = &mut stop => break stopped.err().map(|error| SniffError::Unstoppable(error).into()),
            () = until(end) => break None,
            heard = source.next() => match heard {
                Ok(Some(bytes)) => ear.hear(bytes)?,
                Ok(None) => break None,
                Err(error) => break Some(source.lost(&arguments.source, error)),
            },
            () = until(wake) => ear.let_time_pass()?,
        }
    };
    ear.finish()?;
    match failed {
        None => {
            ear.hint(arguments, source.is_port());
            Ok(Code::Ok)
        }
        Some(error) => Err(error),
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// Everything that wants to know of a byte.
struct Ear {
    started: Instant,
    /// Offsets in time mean something: the bytes come as they are sent.
    is_live: bool,
    json: bool,
    shows_bytes: bool,
    /// Bytes that were not shown yet, and since when there are some.
    unshown: Vec<u8>,
    unshown_since: Option<Instant>,
    record: Option<(PathBuf, File)>,
    onlooker: Onlooker,
    /// The frames of scan-link, where the line may carry it.
    frames: Option<LinkFrames>,
    tally: Tally,
    /// Some lines were refused that are records of a known model.
    needs_model: bool,
    /// Skipped bytes that were told of, and since when there are others.
    told: u64,
    untold_since: Option<Instant>,
}

impl Ear {
    fn new(arguments: &Sniff, is_live: bool) -> Result<Self, SniffError> {
        let record = arguments.record.as_deref().map(create).transpose()?;
        let may_be_link = matches!(arguments.protocol, Protocol::Auto | Protocol::ScanLink);
        Ok(Self {
            started: Instant::now(),
            is_live,
            json: arguments.json,
            shows_bytes: !arguments.no_bytes,
            unshown: Vec::new(),
            unshown_since: None,
            record,
            onlooker: arguments
                .model
                .map_or_else(|| Onlooker::new(arguments.protocol), Onlooker::positional),
            frames: may_be_link.then(LinkFrames::default),
            tally: Tally::default(),
            needs_model: false,
            told: 0,
            untold_since: None,
        })
    }

    /// When time alone has something to tell.
    fn wake(&self) -> Option<Instant> {
        let silence = self.onlooker.poll_timeout();
        let silence = silence.map(|Tick(micros)| self.started + Duration::from_micros(micros));
        let skipped = self.untold_since.map(|since| since + TELL_SKIPPED);
        let bytes = self.unshown_since.map(|since| since + SHOW_BYTES);
        [silence, skipped, bytes].into_iter().flatten().min()
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        if let Some((path, file)) = &mut self.record {
            file.write_all(bytes).map_err(|source| SniffError::Record {
                path: path.clone(),
                source,
            })?;
        }
        self.tally.bytes(bytes);
        if self.shows_bytes {
            self.unshown.extend_from_slice(bytes);
            self.unshown_since.get_or_insert_with(Instant::now);
        }
        let frames = self
            .frames
            .as_mut()
            .map(|frames| frames.take(bytes))
            .unwrap_or_default();
        for frame in frames {
            self.tally.frame(&frame);
            self.show_bytes(self.unshown.len())?;
            self.print(&What::Frame(frame))?;
        }
        self.onlooker.handle_bytes(self.now(), bytes);
        self.print_units()?;
        if self.unshown.len() >= ENOUGH_BYTES {
            self.show_bytes(self.unshown.len() / WIDTH * WIDTH)?;
        }
        self.watch_skipped()
    }

    fn let_time_pass(&mut self) -> Result<(), Box<dyn Error>> {
        self.onlooker.handle_timeout(self.now());
        self.print_units()?;
        if self.unshown_since.is_some_and(|since| since.elapsed() >= SHOW_BYTES) {
            self.show_bytes(self.unshown.len())?;
        }
        self.watch_skipped()
    }

    /// Shows so many of the bytes that wait.
    fn show_bytes(&mut self, count: usize) -> io::Result<()> {
        if count > 0 {
            self.print(&What::Bytes(&self.unshown[..count]))?;
            self.unshown.drain(..count);
        }
        self.unshown_since = (!self.unshown.is_empty()).then(Instant::now);
        Ok(())
    }

    /// Prints what was under way, and the summary.
    fn finish(&mut self) -> Result<(), Box<dyn Error>> {
        self.onlooker.close(self.now());
        self.print_units()?;
        self.show_bytes(self.unshown.len())?;
        self.tell_skipped()?;
        self.tally.skipped = self.onlooker.bytes_skipped();
        self.print(&What::Summary(&self.tally))?;
        Ok(())
    }

    /// What to try next, if less was understood than there may be.
    fn hint(&self, arguments: &Sniff, is_port: bool) {
        if !is_port && self.tally.is_hexadecimal() {
            output::note(&hints::hexadecimal(
                &arguments.source,
                "`scandiag decode --hex` takes it",
            ));
            return;
        }
        let looked = Looked {
            path: &arguments.source,
            looker: if is_port { Looker::Sniff } else { Looker::Decode },
            protocol: arguments.protocol,
            model: arguments.model,
            is_dump: false,
            bytes: self.tally.bytes,
            good: self.tally.good(),
            needs_model: self.needs_model,
        };
        looked.hint();
    }

    fn now(&self) -> Tick {
        Tick::since_start(self.started.elapsed())
    }

    fn print_units(&mut self) -> Result<(), Box<dyn Error>> {
        while let Some(unit) = self.onlooker.poll_unit() {
            self.tell_skipped()?;
            // The frame itself was shown, and says more.
            if link_frames::is_hello(&unit) {
                continue;
            }
            self.show_bytes(self.unshown.len())?;
            self.tally.unit(&unit);
            self.needs_model |= hints::needs_model(&unit);
            self.print(&What::Unit(Report::new(&unit)))?;
        }
        Ok(())
    }

    fn watch_skipped(&mut self) -> Result<(), Box<dyn Error>> {
        if self.onlooker.bytes_skipped() <= self.told {
            self.untold_since = None;
        } else if self.untold_since.is_none() {
            self.untold_since = Some(Instant::now());
        }
        if self.untold_since.is_some_and(|since| since.elapsed() >= TELL_SKIPPED) {
            self.tell_skipped()?;
        }
        Ok(())
    }

    fn tell_skipped(&mut self) -> Result<(), Box<dyn Error>> {
        // Another family may have spoken, for which fewer bytes were noise.
        let skipped = self.onlooker.bytes_skipped();
        let new = skipped.saturating_sub(self.told);
        self.told = skipped;
        self.untold_since = None;
        if new > 0 {
            self.show_bytes(self.unshown.len())?;
            self.print(&What::Skipped(new))?;
        }
        Ok(())
    }

    fn print(&self, what: &What<'_>) -> io::Result<()> {
        let after = self.is_live.then(|| self.started.elapsed());
        let line = Line { after, what };
        if self.json {
            output::json(&line)
        } else {
            output::line(&line.to_string())
        }
    }
}

fn create(path: &Path) -> Result<(PathBuf, File), SniffError> {
    let folder = path.parent().unwrap_or(path);
    match File::create_new(path) {
        Ok(file) => Ok((path.to_owned(), file)),
        Err(source) => {
            let path = path.to_owned();
            Err(match source.kind() {
                io::ErrorKind::AlreadyExists => SniffError::Kept { path },
                io::ErrorKind::NotFound => SniffError::NoFolder {
                    folder: folder.to_owned(),
                    path,
                },
                _ => SniffError::Record { path, source },
            })
        }
    }
}
