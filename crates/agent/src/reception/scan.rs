//! A scan that is running at a scanner.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use scan_model::{
    Name, ScanId,
    board::{EventKind, ScanEvent},
    progress::{Change, Ending, Progress, ScanProgress, Stage},
};
use uuid::Uuid;

/// A running scan: its identity and how far it is.
pub(super) struct RunningScan {
    progress: ScanProgress,
    began: Instant,
}

impl RunningScan {
    /// A scan that starts now. What a walk-up scanner sends is always a first attempt: nobody asked it to try again.
    pub(super) fn start(stage: Stage, at: Instant) -> Self {
        let progress = ScanProgress::start(ScanId(Uuid::now_v7()), 1, stage, Duration::ZERO);
        Self { progress, began: at }
    }

    pub(super) fn id(&self) -> ScanId {
        self.progress.current().scan
    }

    pub(super) fn progress(&self) -> &Progress {
        self.progress.current()
    }

    /// The scan got on; its new state, if that is worth showing.
    pub(super) fn reach(&mut self, stage: Stage, within: u8, at: Instant) -> Option<&Progress> {
        self.progress.apply(
            Change::Reached { stage, within },
            at.saturating_duration_since(self.began),
        )
    }

    pub(super) fn end(&mut self, ending: Ending) {
        self.progress.apply(Change::Ended(ending), self.began.elapsed());
    }

    /// An event of this scan; a failure's code and message with it.
    pub(super) fn event(&self, scanner: &Name, kind: EventKind, time: Timestamp) -> ScanEvent {
        let (code, message) = match &self.progress().ending {
            Some(Ending::Failed { code, message }) => (Some(code.clone()), Some(message.clone())),
            _ => (None, None),
        };
        ScanEvent {
            scanner: scanner.clone(),
            scan: self.id(),
            kind,
            time,
            code,
            message,
        }
    }
}
