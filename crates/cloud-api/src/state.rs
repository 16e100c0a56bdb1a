//! States of a reading and the moves between them (contract section 9.1).

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

/// Code of the error of a reading whose performer fell silent; the one failure that may still be completed.
pub const PERFORMER_LOST: &str = "performer_lost";

/// Where a reading stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waiting for a performer.
    Created,
    /// A performer took it and is opening the device.
    Claimed,
    /// The device is at work.
    Scanning,
    /// Measurements are being added.
    Uploading,
    /// Date and measurements are there.
    Complete,
    /// The performer gave up or fell silent; the error says why.
    Failed,
    /// The creator or an operator stopped it.
    Cancelled,
    /// Nobody claimed it in time.
    Expired,
}

impl Status {
    /// Every status, in the order of a scan.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Claimed,
        Self::Scanning,
        Self::Uploading,
        Self::Complete,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// Statuses that may follow this one in the ordinary course, retries and the claiming performer's skip to
    /// [`Status::Complete`] included. Late completion and walk-up completion have further conditions:
    /// [`Status::may_complete_late`], [`Status::may_complete_walkup`].
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Created => &[Self::Claimed, Self::Cancelled, Self::Expired],
            Self::Claimed => &[
                Self::Scanning,
                Self::Created,
                Self::Failed,
                Self::Cancelled,
                Self::Complete,
            ],
            Self::Scanning => &[
                Self::Uploading,
                Self::Failed,
                Self::Cancelled,
                Self::Complete,
            ],
            Self::Uploading => &[Self::Complete, Self::Failed],
            Self::Failed => &[Self::Created],
            Self::Complete | Self::Cancelled | Self::Expired => &[],
        }
    }

    /// Whether the claiming performer may still complete a reading that ended without its result: from
    /// [`Status::Failed`] with [`PERFORMER_LOST`], and from [`Status::Expired`], for 30 days.
    #[must_use]
    pub fn may_complete_late(self, error_code: Option<&str>) -> bool {
        match self {
            Self::Failed => error_code == Some(PERFORMER_LOST),
            Self::Expired => true,
            _ => false,
        }
    }

    /// Whether a performer may complete its own app's walk-up reading straight from here.
    #[must_use]
    pub fn may_complete_walkup(self) -> bool {
        self == Self::Created
    }

    /// Whether a scan in this status is over. A failed one may be tried again, as a new attempt.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Complete | Self::Failed | Self::Cancelled | Self::Expired
        )
    }

    /// Stage of a reading that just entered this status; `None` where the last stage reached is kept.
    #[must_use]
    pub fn first_stage(self) -> Option<Stage> {
        match self {
            Self::Created | Self::Expired => Some(Stage::Queued),
            Self::Claimed => Some(Stage::Preparing),
            Self::Scanning => Some(Stage::WaitingForMember),
            Self::Uploading => Some(Stage::Uploading),
            Self::Complete => Some(Stage::Done),
            Self::Failed | Self::Cancelled => None,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Claimed => "claimed",
            Self::Scanning => "scanning",
            Self::Uploading => "uploading",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

/// How far a scan is, finer than [`Status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Waiting for a performer.
    Queued,
    /// The performer opens the device.
    Preparing,
    /// Device ready, nobody on it.
    WaitingForMember,
    /// Weight settling.
    Weighing,
    /// Impedance measurement.
    Measuring,
    /// The result is arriving and being parsed.
    ReadingResults,
    /// Measurements are being added.
    Uploading,
    /// Over, with a result.
    Done,
}

impl Stage {
    /// Every stage, in the order of a scan.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Preparing,
        Self::WaitingForMember,
        Self::Weighing,
        Self::Measuring,
        Self::ReadingResults,
        Self::Uploading,
        Self::Done,
    ];

    /// Whether a reading in `status` may be at this stage.
    #[must_use]
    pub fn belongs_to(self, status: Status) -> bool {
        match status {
            Status::Scanning => {
                matches!(
                    self,
                    Self::WaitingForMember
                        | Self::Weighing
                        | Self::Measuring
                        | Self::ReadingResults
                )
            }
            Status::Failed | Status::Cancelled => self != Self::Done,
            other => other.first_stage() == Some(self),
        }
    }

    /// Percentages that belong to the stage.
    #[must_use]
    pub fn progress(self) -> RangeInclusive<u8> {
        match self {
            Self::Queued => 0..=0,
            Self::Preparing => 1..=9,
            Self::WaitingForMember => 10..=19,
            Self::Weighing => 20..=39,
            Self::Measuring => 40..=79,
            Self::ReadingResults => 80..=89,
            Self::Uploading => 90..=98,
            Self::Done => 100..=100,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Preparing => "preparing",
            Self::WaitingForMember => "waiting_for_member",
            Self::Weighing => "weighing",
            Self::Measuring => "measuring",
            Self::ReadingResults => "reading_results",
            Self::Uploading => "uploading",
            Self::Done => "done",
        }
    }
}

/// A word that names no status or stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of a reading")]
pub struct UnknownState(pub String);

impl FromStr for Status {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| UnknownState(word.to_owned()))
    }
}

impl FromStr for Stage {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str() == word)
            .ok_or_else(|| UnknownState(word.to_owned()))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moves_are_those_of_the_contract() {
        use Status::{Cancelled, Claimed, Complete, Created, Expired, Failed, Scanning, Uploading};
        let allowed = [
            (Created, Claimed),
            (Created, Cancelled),
            (Created, Expired),
            (Claimed, Scanning),
            (Claimed, Created),
            (Claimed, Failed),
            (Claimed, Cancelled),
            (Claimed, Complete),
            (Scanning, Uploading),
            (Scanning, Failed),
            (Scanning, Cancelled),
            (Scanning, Complete),
            (Uploading, Complete),
            (Uploading, Failed),
            (Failed, Created),
        ];
        for from in Status::ALL {
            for to in Status::ALL {
                assert_eq!(
                    from.next().contains(&to),
                    allowed.contains(&(from, to)),
                    "{from} to {to}"
                );
            }
        }
    }

    #[test]
    fn only_a_lost_performer_or_an_expired_reading_completes_late() {
        assert!(Status::Failed.may_complete_late(Some("performer_lost")));
        assert!(Status::Expired.may_complete_late(None));
        assert!(!Status::Failed.may_complete_late(Some("no_weight")));
        assert!(!Status::Failed.may_complete_late(None));
        assert!(!Status::Cancelled.may_complete_late(Some("performer_lost")));
    }

    #[test]
    fn a_stage_belongs_to_the_status_of_its_row() {
        assert!(Stage::Measuring.belongs_to(Status::Scanning));
        assert!(!Stage::Measuring.belongs_to(Status::Claimed));
        assert!(Stage::Measuring.belongs_to(Status::Failed));
        assert!(!Stage::Done.belongs_to(Status::Failed));
        assert!(Stage::Done.belongs_to(Status::Complete));
        for status in Status::ALL {
            if let Some(stage) = status.first_stage() {
                assert!(stage.belongs_to(status), "{stage} in {status}");
            }
        }
    }

    #[test]
    fn percentages_of_the_stages_rise_without_overlap() {
        for pair in Stage::ALL.windows(2) {
            assert!(
                pair[0].progress().end() < pair[1].progress().start(),
                "{} and {}",
                pair[0],
                pair[1]
            );
        }
    }

    #[test]
    fn words_of_serde_and_of_display_are_the_same() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for stage in Stage::ALL {
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
        }
    }
}
