//! The task that keeps one scanner's port open and its session running.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use scanner_protocol::{LineEvent, Options, Protocol, Session};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_serial::SerialStream;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::conversation::{Conversation, wait_until};
use crate::link::Link;
use crate::open::open_aside;
use crate::scanner::{DriverEvent, Scanner};
use crate::search::Search;
use crate::{Config, OpenError, PortSelector, PortState, SerialSettings};

/// Keeps one scanner's port open and its session running, until it is told to stop. Made with its other end, a
/// [`Scanner`].
pub struct Driver {
    port: PortSelector,
    settings: SerialSettings,
    /// Where nobody has said the settings and the protocol is to be found.
    search: Option<Search>,
    state: watch::Sender<PortState>,
    conversation: Conversation,
}

/// Why a conversation over an open port ended.
enum Ending {
    /// The driver was told to stop.
    Stopped,
    /// The port has gone or failed.
    Lost(io::Error),
    /// What comes means nothing at these settings.
    OtherSettings(SerialSettings),
}

/// A port that stayed open this long works: losing it is a new story, and back-off starts again.
const STEADY: Duration = Duration::from_secs(10);

impl Driver {
    /// A driver for the scanner of `config`. Opens nothing yet.
    pub fn new(config: &Config) -> (Self, Scanner) {
        let session = Session::new(
            config.protocol,
            Options {
                pc_dialect: config.pc_dialect,
                positional_model: config.positional_model,
                baud: config.settings().baud(),
                link_seed: fastrand::u32(..),
                ..Options::default()
            },
        );
        let (state, state_seen) = watch::channel(PortState::Starting);
        let (conversation, scanner) = Scanner::connect(config, session, state_seen);
        let search = (config.protocol == Protocol::Auto && config.serial.is_none()).then(Search::default);
        let driver = Self {
            port: config.port.clone(),
            settings: config.settings(),
            search,
            state,
            conversation,
        };
        (driver, scanner)
    }

    /// Opens the port, reads it, and opens it again whenever it was lost, for ever. Ends when `stop` is cancelled or
    /// the [`Scanner`]'s events are dropped. A record that is on the wire then has up to 2 s to end, and events that
    /// wait are handed over before the future ends: go on taking them until there are none.
    ///
    /// Dropping the future closes the port and loses what was not handed over.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O and time enabled.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        loop {
            let events = self.conversation.events.clone();
            let opened = tokio::select! {
                biased;
                () = stopped(&stop, &events) => break,
                opened = open_aside(&self.port, self.settings) => opened,
            };
            let pause = match opened {
                Ok((port, path)) => {
                    let since = Instant::now();
                    match self.converse(Link::new(port), Some(&path), &stop).await {
                        Ending::Stopped => break,
                        Ending::OtherSettings(settings) => {
                            warn!(
                                scanner = %self.conversation.scanner,
                                "what comes at {} means nothing: listening at {settings}; `scandiag identify` finds out what is attached",
                                self.settings
                            );
                            self.settings = settings;
                            continue;
                        }
                        Ending::Lost(loss) => {
                            info!(scanner = %self.conversation.scanner, cause = %loss, "port lost");
                            self.conversation.forget_noise();
                            self.publish(PortState::Lost { path });
                        }
                    }
                    if since.elapsed() >= STEADY {
                        backoff.reset();
                    }
                    backoff.after_failure()
                }
                Err(error @ (OpenError::NoMatch { .. } | OpenError::NotFound { .. })) => {
                    self.publish(error.into());
                    backoff.while_missing()
                }
                Err(error) => {
                    self.publish(error.into());
                    backoff.after_failure()
                }
            };
            tokio::select! {
                biased;
                () = stopped(&stop, &events) => break,
                () = self.wait(pause) => {}
            }
        }
        self.conversation.deliver_rest().await;
    }

    /// Drives the session over a stream that is open already, such as a device server's, until the stream ends or the
    /// driver is stopped as in [`run`](Self::run).
    ///
    /// # Errors
    /// The stream ended (`UnexpectedEof`) or failed.
    pub async fn run_on<P>(mut self, port: P, stop: CancellationToken) -> io::Result<()>
    where
        P: AsyncRead + AsyncWrite + Unpin,
    {
        // A stream has no settings to search for.
        self.search = None;
        let ending = self.converse(Link::new(port), None, &stop).await;
        self.conversation.deliver_rest().await;
        match ending {
            Ending::Lost(loss) => Err(loss),
            Ending::Stopped | Ending::OtherSettings(_) => Ok(()),
        }
    }

    /// Talks over an open port until it is lost, has the wrong settings, or the driver is stopped. Tells how it is, if it has a path.
    async fn converse<P>(&mut self, mut link: Link<P>, path: Option<&Path>, stop: &CancellationToken) -> Ending
    where
        P: AsyncRead + AsyncWrite + Unpin,
    {
        let events = self.conversation.events.clone();
        self.conversation.line(LineEvent::Up);
        let mut until_ended = async || {
            let mut was_noise = None;
            loop {
                let is_noise = self.conversation.hears_noise();
                if let Some(path) = path
                    && was_noise.replace(is_noise) != Some(is_noise)
                {
                    self.publish(PortState::Open {
                        path: path.to_owned(),
                        settings: self.settings,
                        is_noise,
                    });
                }
                let leaves_at = self.leaves_at();
                tokio::select! {
                    biased;
                    step = self.conversation.step(Some(&mut link)) => match step {
                        Ok(()) => self.search_on(),
                        Err(loss) => return Ending::Lost(loss),
                    },
                    () = wait_until(leaves_at) => {
                        if let Some(search) = &mut self.search {
                            search.leave();
                            return Ending::OtherSettings(search.settings());
                        }
                    }
                }
            }
        };
        let ending = tokio::select! {
            biased;
            () = stopped(stop, &events) => Ending::Stopped,
            ending = until_ended() => ending,
        };
        if matches!(ending, Ending::Stopped) {
            self.conversation.release();
            self.conversation.finish(&mut link).await;
        }
        self.conversation.line(LineEvent::Down);
        ending
    }

    /// When the port gets other settings if nothing comes: not in the middle of a record.
    fn leaves_at(&self) -> Option<Instant> {
        let search = self.search.as_ref().filter(|_| !self.conversation.is_open())?;
        search.leaves_at()
    }

    /// Tells the search what came; it is over when the session knows what it listens to.
    fn search_on(&mut self) {
        let Some(search) = &mut self.search else { return };
        if let Some(noise) = self.conversation.noise() {
            return search.hear(Instant::now(), noise);
        }
        if self.settings != SerialSettings::COMMON {
            info!(
                scanner = %self.conversation.scanner,
                "the scanner was found at {0}; `serial = \"{0}\"` in its section lets it be heard from the start",
                self.settings
            );
        }
        self.search = None;
    }

    /// Waits without a port; events and commands go on.
    async fn wait(&mut self, pause: Duration) {
        let mut pause = pin!(sleep(pause));
        loop {
            tokio::select! {
                biased;
                () = &mut pause => return,
                // Cannot fail without a port.
                _ = self.conversation.step::<SerialStream>(None) => {}
            }
        }
    }

    /// Tells the new state, and logs it, if it is one: a port that stays away for a night is one line.
    fn publish(&self, state: PortState) {
        self.state.send_if_modified(|current| {
            if *current == state {
                return false;
            }
            match state.code() {
                None => info!(scanner = %self.conversation.scanner, "{state}"),
                Some(code) => warn!(scanner = %self.conversation.scanner, code, "{state}"),
            }
            *current = state;
            true
        });
    }
}

/// Resolves when the driver is to end: told so, or nobody listens any more.
async fn stopped(stop: &CancellationToken, events: &mpsc::Sender<DriverEvent>) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = events.closed() => {}
    }
}
