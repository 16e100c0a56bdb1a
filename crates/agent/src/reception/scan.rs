//! The scan that runs at a scanner: each change is told, then shown.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use outbox::EntryId;
use scan_model::{
    Name, ScanId,
    board::{Activity, EventKind, LastScan, ScanEvent, Upload},
    progress::{Change, Ending, Progress, ScanProgress, Stage},
};
use uuid::Uuid;

use crate::{
    announcements::Teller,
    keeper::{BoardKeeper, set_activity},
};

/// What a person is told whose result is not on the disk yet. Why not, the leg `disk` says, to those who can do something about it.
const WAITS_FOR_THE_DISK: &str = "Measured. The result waits until it can be stored";

/// The scans of one scanner, at most one at a time.
pub(super) struct Scans {
    scanner: Name,
    board: BoardKeeper,
    teller: Teller,
    running: Option<Running>,
}

/// A scan that runs while a result of an earlier one is dealt with.
#[must_use]
pub(super) struct SteppedBack(Option<Running>);

struct Running {
    progress: ScanProgress,
    began: Instant,
}

impl Scans {
    /// None runs. One that a predecessor left behind, in this process or before a crash, has failed.
    pub(super) fn new(scanner: Name, board: BoardKeeper, teller: Teller) -> Self {
        if let Some(last) = teller.interrupted(&scanner) {
            board.scanner(&scanner, |shown| (shown.scan, shown.last) = (None, Some(last)));
        }
        Self {
            scanner,
            board,
            teller,
            running: None,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Identity of the running scan. If none runs, one starts in `stage`: always a first attempt, because nobody asks a walk-up
    /// scanner to try again.
    pub(super) async fn running_or_start(&mut self, stage: Stage, at: Instant, received_at: Timestamp) -> ScanId {
        if let Some(running) = &self.running {
            return running.progress.current().scan;
        }
        let progress = ScanProgress::start(ScanId(Uuid::now_v7()), 1, stage, Duration::ZERO);
        let first = progress.current();
        self.teller
            .started(event(&self.scanner, first, EventKind::Started, received_at))
            .await;
        self.teller.progress(&self.scanner, first);
        self.board.scanner(&self.scanner, |shown| {
            shown.scan = Some(first.clone());
            set_activity(shown, Activity::Busy, None);
        });
        let scan = first.scan;
        self.running = Some(Running { progress, began: at });
        scan
    }

    /// Takes the running scan out of the way of a result that is not its own.
    pub(super) fn step_back(&mut self) -> SteppedBack {
        SteppedBack(self.running.take())
    }

    /// Puts it back. Of the two, it is the one that runs.
    pub(super) fn step_forward(&mut self, SteppedBack(running): SteppedBack) {
        let Some(running) = running else { return };
        let progress = running.progress.current();
        self.teller.goes_on(&self.scanner, progress.scan);
        // The end of the other one has emptied what the window shows of this scanner.
        self.teller.progress(&self.scanner, progress);
        self.board.scanner(&self.scanner, |shown| {
            shown.scan = Some(progress.clone());
            set_activity(shown, Activity::Busy, None);
        });
        self.running = Some(running);
    }

    /// The running scan got on.
    pub(super) fn reach(&mut self, stage: Stage, within: u8, at: Instant) {
        self.change(Change::Reached { stage, within }, at);
    }

    /// Tells the person something else, while the scan goes on.
    pub(super) fn prompt(&mut self, message: &'static str, at: Instant) {
        self.change(Change::Prompted(message), at);
    }

    /// The running scan's result is here, and the disk does not take it.
    pub(super) fn wait_for_the_disk(&mut self) {
        let now = Instant::now();
        self.reach(Stage::ReadingResults, 100, now);
        self.prompt(WAITS_FOR_THE_DISK, now);
    }

    fn change(&mut self, change: Change, at: Instant) {
        let Some(Running { progress, began }) = &mut self.running else {
            return;
        };
        if let Some(progress) = progress.apply(change, at.saturating_duration_since(*began)) {
            self.teller.progress(&self.scanner, progress);
            self.board
                .scanner(&self.scanner, |shown| shown.scan = Some(progress.clone()));
        }
    }

    /// Ends the running scan, if there is one, with nothing to be kept. `code` is for programs, `message` for people.
    pub(super) fn fail(&mut self, code: &str, message: &str) {
        let (code, message) = (code.to_owned(), message.to_owned());
        self.end(Ending::Failed { code, message }, Upload::None, None);
    }

    /// Ends the running scan, if there is one. `entry` is where its result lies in the outbox, durably.
    pub(super) fn end(&mut self, ending: Ending, upload: Upload, entry: Option<EntryId>) {
        let Some(Running { mut progress, began }) = self.running.take() else {
            return;
        };
        let result = match ending {
            Ending::Completed => EventKind::Completed,
            Ending::Failed { .. } => EventKind::Failed,
            Ending::Cancelled => EventKind::Cancelled,
        };
        progress.apply(Change::Ended(ending), began.elapsed());
        let (end, time) = (progress.current(), Timestamp::now());
        self.teller.progress(&self.scanner, end);
        self.teller.ended(event(&self.scanner, end, result, time), entry);
        if upload == Upload::SetAside {
            self.teller
                .outcome(event(&self.scanner, end, EventKind::SetAside, time));
        }
        let last = LastScan {
            scan: end.scan,
            time,
            result,
            upload,
        };
        self.teller.last(&self.scanner, &last);
        self.board
            .scanner(&self.scanner, |shown| (shown.scan, shown.last) = (None, Some(last)));
    }
}

/// An event of a scan; a failure's code and message with it.
fn event(scanner: &Name, progress: &Progress, kind: EventKind, time: Timestamp) -> ScanEvent {
    let (code, message) = match &progress.ending {
        Some(Ending::Failed { code, message }) => (Some(code.clone()), Some(message.clone())),
        Some(Ending::Completed | Ending::Cancelled) | None => (None, None),
    };
    ScanEvent {
        scanner: scanner.clone(),
        scan: progress.scan,
        kind,
        time,
        code,
        message,
    }
}
