//! Tells the window what happens, and remembers across restarts what it has announced (MQTT-19).
//!
//! Telling never waits: what the window cannot take is left out. The end and the outcome of a stored result are different: if
//! a crash comes between storing and announcing, they are told at the next start, with the identity they would have had.

mod ledger;
mod retell;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use outbox::{EntryId, Outbox};
use progress_mqtt::{Announced, Told};
use scan_model::{
    Name,
    board::{EventKind, LastScan, ScanEvent, Upload},
    progress::Progress,
};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use ledger::{Ledger, Remembered};
pub(crate) use retell::retell;

/// Where the outbox keeps what was announced.
const META_KEY: &str = "announcements";

/// Told before the window was there: what a start finds unannounced. As many as the window itself can take at once.
const MOST_WAITING: usize = 1_000;

/// What a person is told whose scan was cut off by a crash of the agent.
const INTERRUPTED: &str = "The agent was restarted during the scan. Please scan again";

/// Changes are written together: one write for a scan's end, its announcement and its upload, and none in the way of the
/// next result. What a crash takes with it is told again, with the same identity.
const WRITE_DELAY: Duration = Duration::from_millis(250);

/// Tells what happens to scans. Clones tell the same window.
#[derive(Debug, Clone)]
pub(crate) struct Teller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    window: Window,
    ledger: Ledger,
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
    fn remembering(window: bool, remembered: Remembered) -> Self {
        let window = if window {
            Window::Expected(Vec::new())
        } else {
            Window::None
        };
        let state = Mutex::new(State {
            window,
            ledger: Ledger::new(remembered),
        });
        Self(Arc::new(Inner {
            state,
            changed: Notify::new(),
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

    /// A scan started.
    pub(crate) fn started(&self, event: ScanEvent) {
        let mut state = self.state();
        state.ledger.told_start(&event.scanner, event.scan);
        state.tell(Told::Event(event));
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
    pub(crate) async fn remember(self, outbox: Outbox, stop: CancellationToken) {
        let mut written = None;
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
                drop(outbox.get_meta(META_KEY).await);
                closed_at = Some(Timestamp::now());
            }
            let now = self.state().ledger.remember(closed_at);
            if written.as_ref() != Some(&now) {
                let value = serde_json::to_vec(&now).expect("names are text keys and writing to memory does not fail");
                match outbox.put_meta(META_KEY, value).await {
                    Ok(()) => written = Some(now),
                    // Nothing is lost by it: what is not remembered is told again, with the same identity.
                    Err(error) => tracing::warn!(%error, "what was announced could not be remembered"),
                }
            }
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
