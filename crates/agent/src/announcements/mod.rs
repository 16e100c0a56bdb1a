//! Tells the window what happens, and remembers across restarts what it has announced (MQTT-19).
//!
//! Telling never waits for the window: what that cannot take is left out. Only a start waits, for the disk, and not long. The
//! end and the outcome of a stored result are different: if a crash comes between storing and announcing, they are told at
//! the next start, with the identity they would have had.

mod ledger;
mod retell;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use err_report::Report;
use jiff::Timestamp;
use outbox::{EntryId, Outbox, Pending};
use progress_mqtt::{Announced, Told};
use scan_model::{
    Name, ScanId,
    board::{EventKind, LastScan, ScanEvent, Upload},
    progress::Progress,
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use ledger::{Ledger, Remembered};
pub(crate) use retell::retell;

/// Where the outbox keeps what was announced.
const META_KEY: &str = "announcements";

/// Told before the window was there: what a start finds unannounced. As many as the window itself can take at once.
const MOST_WAITING: usize = 1_000;

/// What a person is told whose result did not arrive as it was sent.
pub(crate) const NOT_INTACT: &str = "The result did not arrive intact. Please scan again";
/// What a person is told whose scan was cut off by a crash of the agent.
const INTERRUPTED: &str = "The agent was restarted during the scan. Please scan again";

/// Changes are written together: one write for a scan's end, its announcement and its upload, and none in the way of the
/// next result. What a crash takes with it is told again, with the same identity. Starts alone are written at once.
const WRITE_DELAY: Duration = Duration::from_millis(250);

/// How long a start waits to be remembered before it is told all the same: a disk that hangs must not hide a scan.
const START_PATIENCE: Duration = Duration::from_secs(1);

/// Tells what happens to scans. Clones tell the same window.
#[derive(Debug, Clone)]
pub(crate) struct Teller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
    outbox: Outbox,
}

#[derive(Debug)]
struct State {
    window: Window,
    ledger: Ledger,
    /// What the outbox was last asked to keep, unless it refused.
    written: Option<Remembered>,
}

#[derive(Debug)]
enum Window {
    /// There will never be one: everything counts as announced.
    None,
    /// It is not there yet.
    Expected(Vec<Told>),
    There(progress_mqtt::Teller),
}

impl Teller {
    /// `window`: whether one will be attached.
    fn remembering(outbox: Outbox, window: bool, remembered: Remembered) -> Self {
        let window = if window {
            Window::Expected(Vec::new())
        } else {
            Window::None
        };
        let state = Mutex::new(State {
            window,
            ledger: Ledger::new(remembered),
            written: None,
        });
        Self(Arc::new(Inner {
            state,
            changed: Notify::new(),
            outbox,
        }))
    }

    /// From now on this window is told, first what waits.
    pub(crate) fn attach(&self, window: progress_mqtt::Teller) {
        let mut state = self.state();
        if let Window::Expected(waiting) = &mut state.window {
            for told in waiting.drain(..) {
                window.tell(told);
            }
        }
        state.window = Window::There(window);
    }

    /// A scan got on.
    pub(crate) fn progress(&self, scanner: &Name, progress: &Progress) {
        self.state().tell(Told::Progress {
            scanner: scanner.clone(),
            progress: progress.clone(),
        });
    }

    /// A scan started. It is remembered on disk before anybody is told: who hears of a start hears of an end, even if the
    /// agent is killed in between.
    pub(crate) async fn started(&self, event: ScanEvent) {
        self.state().ledger.told_start(&event.scanner, event.scan);
        if timeout(START_PATIENCE, self.write(None)).await.is_err() {
            tracing::warn!(scan = %event.scan, "the start of a scan is told before it is remembered: the disk is slow");
        }
        self.state().tell(Told::Event(event));
    }

    /// A scan that was told of still runs, though another one has come and gone meanwhile.
    pub(crate) fn goes_on(&self, scanner: &Name, scan: ScanId) {
        self.state().ledger.told_start(scanner, scan);
        self.0.changed.notify_one();
    }

    /// A scan ended; its result, if it has one, is `entry` of the outbox.
    pub(crate) fn ended(&self, event: ScanEvent, entry: Option<EntryId>) {
        let mut state = self.state();
        state.ledger.stopped(&event.scanner, event.scan);
        match entry {
            Some(entry) if state.has_window() => state.ledger.told_end(entry, event.scan),
            Some(entry) => state.ledger.skipped_end(entry),
            None => {}
        }
        state.tell(Told::Event(event));
        self.0.changed.notify_one();
    }

    /// Ends a scan that nobody can end any more: who watched over it crashed. Its outcome, if one was running.
    pub(crate) fn interrupted(&self, scanner: &Name) -> Option<LastScan> {
        let scan = self.state().ledger.running(scanner)?;
        let (time, kind) = (Timestamp::now(), EventKind::Failed);
        let (code, message) = (Some("interrupted".to_owned()), Some(INTERRUPTED.to_owned()));
        self.ended(
            ScanEvent {
                scanner: scanner.clone(),
                scan,
                kind,
                time,
                code,
                message,
            },
            None,
        );
        let last = LastScan {
            scan,
            time,
            result: kind,
            upload: Upload::None,
        };
        self.last(scanner, &last);
        Some(last)
    }

    /// A stored result went up, or was set aside.
    pub(crate) fn outcome(&self, event: ScanEvent) {
        let mut state = self.state();
        if state.has_window() {
            state.ledger.told_outcome(event.scan, Timestamp::now());
        }
        state.tell(Told::Event(event));
        self.0.changed.notify_one();
    }

    /// The broker has an event.
    pub(crate) fn announced(&self, Announced { scan, kind }: Announced) {
        self.state().ledger.announced(scan, kind);
        self.0.changed.notify_one();
    }

    /// A scanner's last scan is another one, or got on.
    pub(crate) fn last(&self, scanner: &Name, last: &LastScan) {
        self.state().ledger.show_last(scanner, last);
        self.0.changed.notify_one();
    }

    /// Keeps the memory on disk in step until `stop`, and writes it a last time then.
    pub(crate) async fn remember(self, stop: CancellationToken) {
        loop {
            let stopped = tokio::select! {
                () = self.0.changed.notified() => tokio::select! {
                    () = sleep(WRITE_DELAY) => false,
                    () = stop.cancelled() => true,
                },
                () = stop.cancelled() => true,
            };
            let mut closed_at = None;
            if stopped {
                // An answer means that every note asked for before is on the disk, or never will be.
                drop(self.0.outbox.get_meta(META_KEY).await);
                closed_at = Some(Timestamp::now());
            }
            self.write(closed_at).await;
            if stopped {
                return;
            }
        }
    }

    /// What waits for a window that is not there yet.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> Vec<Told> {
        match &self.state().window {
            Window::Expected(waiting) => waiting.clone(),
            Window::None | Window::There(_) => Vec::new(),
        }
    }

    /// Puts what is to be remembered on the disk, if that is news to it.
    async fn write(&self, closed_at: Option<Timestamp>) {
        let Some(pending) = self.ask_to_write(closed_at) else {
            return;
        };
        if let Err(error) = pending.await {
            // Nothing is lost by it: what is not remembered is told again, with the same identity.
            tracing::warn!(error = %Report::new(&error), "what was announced could not be remembered");
            self.state().written = None;
        }
    }

    /// Under one lock, so that of two writes the later one holds the later state.
    fn ask_to_write(&self, closed_at: Option<Timestamp>) -> Option<Pending<()>> {
        let mut state = self.state();
        let now = state.ledger.remember(closed_at);
        if state.written.as_ref() == Some(&now) {
            return None;
        }
        let value = serde_json::to_vec(&now).expect("names are text keys and writing to memory does not fail");
        state.written = Some(now);
        Some(self.0.outbox.put_meta(META_KEY, value))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one step, so a panic elsewhere leaves nothing half done.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_window(&self) -> bool {
        !matches!(self.window, Window::None)
    }

    fn tell(&mut self, told: Told) {
        let heard = match &mut self.window {
            Window::None => true,
            Window::Expected(waiting) => {
                let room = waiting.len() < MOST_WAITING;
                if room {
                    waiting.push(told);
                }
                room
            }
            Window::There(window) => window.tell(told),
        };
        if !heard {
            tracing::warn!("the window does not keep up: something about a scan is not shown");
        }
    }
}
