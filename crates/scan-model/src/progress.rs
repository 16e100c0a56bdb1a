//! How far a scan is: one pure reducer that never goes backwards and ends exactly once.
//!
//! Every view of a scan (MQTT, the local event stream, progress edits in the cloud) shows what this reducer says, so none of
//! them can disagree. Time is an argument, so the limit on changes is tested without waiting.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::ScanId;

/// State of a scan or reading, as the cloud API names it (boditrax API, section 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a performer.
    Created,
    /// A performer took it and is opening the device.
    Claimed,
    /// The device is at work.
    Scanning,
    /// Measurements are being added in the cloud. Never shown for a scan on the kiosk.
    Uploading,
    /// The result is there. For a scan on the kiosk: fsynced on its disk.
    Complete,
    /// It ended without a result.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Nobody claimed it in time.
    Expired,
}

impl Status {
    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Cancelled | Self::Expired)
    }
}

/// What happens at the moment, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Waits for a performer.
    Queued,
    /// The device is being opened and told about the person.
    Preparing,
    /// The device is ready and nobody is on it.
    WaitingForMember,
    /// The weight is settling.
    Weighing,
    /// Impedance measurement, or the turn of a 3D scanner.
    Measuring,
    /// The result is arriving.
    ReadingResults,
    /// Measurements are being added in the cloud.
    Uploading,
    /// Over, with a result.
    Done,
}

impl Stage {
    /// The per cents of the whole that belong to the stage, first and last.
    pub const fn range(self) -> (u8, u8) {
        match self {
            Self::Queued => (0, 0),
            Self::Preparing => (1, 9),
            Self::WaitingForMember => (10, 19),
            Self::Weighing => (20, 39),
            Self::Measuring => (40, 79),
            Self::ReadingResults => (80, 89),
            Self::Uploading => (90, 98),
            Self::Done => (100, 100),
        }
    }

    /// The status a scan in this stage has.
    pub const fn status(self) -> Status {
        match self {
            Self::Queued => Status::Created,
            Self::Preparing => Status::Claimed,
            Self::WaitingForMember | Self::Weighing | Self::Measuring | Self::ReadingResults => Status::Scanning,
            Self::Uploading => Status::Uploading,
            Self::Done => Status::Complete,
        }
    }

    /// What the person at the scanner should read.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Queued => "Waiting for the scanner",
            Self::Preparing => "Preparing the scanner",
            Self::WaitingForMember => "Please step on",
            Self::Weighing => "Weighing, please stand still",
            Self::Measuring => "Measuring, please stand still",
            Self::ReadingResults => "Reading the results",
            Self::Uploading => "Uploading",
            Self::Done => "Done",
        }
    }
}

/// How a scan ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The result is fsynced.
    Completed,
    /// It ended without a result; `code` is a word for programs, `message` for people. Neither says anything of a body.
    Failed {
        /// Error name, such as `checksum_mismatch`.
        code: String,
        /// What the person or the staff should do.
        message: String,
    },
    /// Somebody stopped it.
    Cancelled,
}

/// Something that happened to a running scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The device entered a stage, or got on within it: `within` is the share of the stage that is done, 0 to 100.
    Reached {
        /// The stage.
        stage: Stage,
        /// Per cent of the stage.
        within: u8,
    },
    /// The person should be told something else, while the scan goes on where it is.
    Prompted(&'static str),
    /// The scan ended.
    Ended(Ending),
}

/// A running or ended scan as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The scan.
    pub scan: ScanId,
    /// Number of this change, from 1, rising by one.
    pub seq: u32,
    /// State.
    pub status: Status,
    /// Stage; of a failed scan, the last one it reached.
    pub stage: Stage,
    /// Per cent of the whole, 0 to 100. Never falls.
    pub progress: u8,
    /// Text for people.
    pub message: String,
    /// 1 for the first try, one more for each retry; a retry is a scan of its own.
    pub attempt: u32,
    /// Whether nothing comes after it.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// How it ended.
    #[serde(skip)]
    pub ending: Option<Ending>,
}

/// The reducer over one scan.
#[derive(Debug, Clone)]
pub struct ScanProgress {
    current: Progress,
    changed_at: Duration,
}

impl ScanProgress {
    /// Shortest time between two changes that only move the percentage: at most four a second (MQTT contract, section 1).
    pub const SHORTEST_STEP: Duration = Duration::from_millis(250);

    /// A scan that starts in `stage` at `now`, a time since any fixed start.
    pub fn start(scan: ScanId, attempt: u32, stage: Stage, now: Duration) -> Self {
        let current = Progress {
            scan,
            seq: 1,
            status: stage.status(),
            stage,
            progress: stage.range().0,
            message: stage.message().to_owned(),
            attempt,
            is_final: false,
            ending: None,
        };
        Self {
            current,
            changed_at: now,
        }
    }

    /// The state as of the last change.
    pub fn current(&self) -> &Progress {
        &self.current
    }

    /// Applies `change` and returns the new state if it is worth showing: nothing after the end, nothing that falls back, no
    /// two mere changes of percentage within [`Self::SHORTEST_STEP`] (the later one is dropped: another will come, and the end
    /// always passes). A device that goes back to an earlier stage keeps the stage and percentage it had.
    pub fn apply(&mut self, change: Change, now: Duration) -> Option<&Progress> {
        if self.current.is_final {
            return None;
        }
        match change {
            Change::Reached { stage, within } => {
                let (first, last) = stage.range();
                let percent =
                    first + u8::try_from(u32::from(last - first) * u32::from(within.min(100)) / 100).unwrap_or(0);
                let new_stage = stage > self.current.stage;
                let too_soon = now.saturating_sub(self.changed_at) < Self::SHORTEST_STEP;
                if stage < self.current.stage || (!new_stage && (percent <= self.current.progress || too_soon)) {
                    return None;
                }
                self.current.stage = stage;
                self.current.status = stage.status();
                self.current.progress = self.current.progress.max(percent);
                stage.message().clone_into(&mut self.current.message);
            }
            Change::Prompted(message) => {
                if self.current.message == message {
                    return None;
                }
                message.clone_into(&mut self.current.message);
            }
            Change::Ended(ending) => {
                match &ending {
                    Ending::Completed => {
                        self.current.status = Status::Complete;
                        self.current.stage = Stage::Done;
                        self.current.progress = 100;
                        Stage::Done.message().clone_into(&mut self.current.message);
                    }
                    Ending::Failed { message, .. } => {
                        self.current.status = Status::Failed;
                        self.current.message.clone_from(message);
                    }
                    Ending::Cancelled => {
                        self.current.status = Status::Cancelled;
                        "Stopped".clone_into(&mut self.current.message);
                    }
                }
                self.current.is_final = true;
                self.current.ending = Some(ending);
            }
        }
        self.current.seq += 1;
        self.changed_at = now;
        Some(&self.current)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn reached(stage: Stage, within: u8) -> Change {
        Change::Reached { stage, within }
    }

    fn scan() -> ScanProgress {
        ScanProgress::start(ScanId(Uuid::nil()), 1, Stage::Preparing, Duration::ZERO)
    }

    #[test]
    fn a_stage_shows_at_once_and_percentages_wait() {
        let mut scan = scan();
        let millis = Duration::from_millis;
        assert_eq!(
            scan.apply(reached(Stage::Measuring, 0), millis(1)).unwrap().progress,
            40
        );
        assert_eq!(scan.apply(reached(Stage::Measuring, 50), millis(200)), None);
        assert_eq!(
            scan.apply(reached(Stage::Measuring, 55), millis(251)).unwrap().progress,
            61
        );
        assert_eq!(
            scan.apply(reached(Stage::ReadingResults, 0), millis(252)).unwrap().seq,
            4
        );
    }

    #[test]
    fn a_failed_scan_keeps_its_stage_and_percentage() {
        let mut scan = scan();
        scan.apply(reached(Stage::Weighing, 0), Duration::ZERO);
        let ending = Ending::Failed {
            code: "no_weight".into(),
            message: "Step on again".into(),
        };
        let last = scan.apply(Change::Ended(ending), Duration::ZERO).unwrap();
        assert_eq!(
            (last.status, last.stage, last.progress, last.is_final),
            (Status::Failed, Stage::Weighing, 20, true)
        );
    }

    #[test]
    fn a_prompt_is_shown_once_and_moves_nothing() {
        let mut scan = scan();
        let shown = scan
            .apply(Change::Prompted("Please stand still"), Duration::ZERO)
            .unwrap();
        assert_eq!(
            (shown.seq, shown.progress, shown.message.as_str()),
            (2, 1, "Please stand still")
        );
        assert_eq!(scan.apply(Change::Prompted("Please stand still"), Duration::ZERO), None);
    }

    #[test]
    fn the_words_are_those_of_the_api() {
        assert_eq!(Stage::WaitingForMember.to_string(), "waiting_for_member");
        assert_eq!(Status::Complete.to_string(), "complete");
    }

    fn changes() -> impl Strategy<Value = Change> {
        let stages = vec![
            Stage::Queued,
            Stage::Preparing,
            Stage::WaitingForMember,
            Stage::Weighing,
            Stage::Measuring,
            Stage::ReadingResults,
        ];
        prop_oneof![
            8 => (proptest::sample::select(stages), 0..=120_u8).prop_map(|(stage, within)| reached(stage, within)),
            1 => Just(Change::Ended(Ending::Completed)),
            1 => Just(Change::Ended(Ending::Cancelled)),
        ]
    }

    proptest! {
        #[test]
        fn progress_never_falls_seq_rises_by_one_and_the_end_comes_once(
            steps in proptest::collection::vec((changes(), 0..400_u64), 0..60)
        ) {
            let mut scan = scan();
            let (mut now, mut last, mut ends) = (Duration::ZERO, scan.current().clone(), 0);
            for (change, gap) in steps {
                now += Duration::from_millis(gap);
                if let Some(next) = scan.apply(change, now) {
                    prop_assert_eq!(next.seq, last.seq + 1);
                    prop_assert!(next.progress >= last.progress && next.stage >= last.stage && !last.is_final);
                    ends += u32::from(next.is_final);
                    last = next.clone();
                }
            }
            prop_assert!(ends <= 1);
        }
    }
}
