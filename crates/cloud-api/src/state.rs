//! States of a reading and the moves between them (contract section 9.1). The states themselves are those of a scan.

pub use scan_model::progress::{Stage, Status};

/// Code of the error of a reading whose performer fell silent; the one failure that may still be completed.
pub const PERFORMER_LOST: &str = "performer_lost";

/// Statuses that may follow `status` in the ordinary course, retries and the claiming performer's skip to
/// [`Status::Complete`] included. [`may_complete_late`] and [`may_complete_walkup`] tell the further ways.
#[must_use]
pub fn next(status: Status) -> &'static [Status] {
    match status {
        Status::Created => &[Status::Claimed, Status::Cancelled, Status::Expired],
        Status::Claimed => &[
            Status::Scanning,
            Status::Created,
            Status::Failed,
            Status::Cancelled,
            Status::Complete,
        ],
        Status::Scanning => &[Status::Uploading, Status::Failed, Status::Cancelled, Status::Complete],
        Status::Uploading => &[Status::Complete, Status::Failed],
        Status::Failed => &[Status::Created],
        Status::Complete | Status::Cancelled | Status::Expired => &[],
    }
}

/// Whether the claiming performer may still complete a reading that ended without its result: from [`Status::Failed`]
/// with [`PERFORMER_LOST`], and from [`Status::Expired`], for 30 days.
#[must_use]
pub fn may_complete_late(status: Status, error_code: Option<&str>) -> bool {
    match status {
        Status::Failed => error_code == Some(PERFORMER_LOST),
        Status::Expired => true,
        _ => false,
    }
}

/// Whether a performer may complete its own app's walk-up reading straight from `status`.
#[must_use]
pub fn may_complete_walkup(status: Status) -> bool {
    status == Status::Created
}

/// Stage of a reading that just entered `status`; `None` where the last stage reached is kept.
#[must_use]
pub fn first_stage(status: Status) -> Option<Stage> {
    match status {
        Status::Created | Status::Expired => Some(Stage::Queued),
        Status::Claimed => Some(Stage::Preparing),
        Status::Scanning => Some(Stage::WaitingForMember),
        Status::Uploading => Some(Stage::Uploading),
        Status::Complete => Some(Stage::Done),
        Status::Failed | Status::Cancelled => None,
    }
}

/// Whether a reading in `status` may be at `stage`.
#[must_use]
pub fn belongs(stage: Stage, status: Status) -> bool {
    match status {
        Status::Failed | Status::Cancelled => stage != Stage::Done,
        Status::Expired => stage == Stage::Queued,
        _ => stage.status() == status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Word as _;

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
        for &from in Status::ALL {
            for &to in Status::ALL {
                assert_eq!(
                    next(from).contains(&to),
                    allowed.contains(&(from, to)),
                    "{from:?} to {to:?}"
                );
            }
        }
    }

    #[test]
    fn only_a_lost_performer_or_an_expired_reading_completes_late() {
        assert!(may_complete_late(Status::Failed, Some("performer_lost")));
        assert!(may_complete_late(Status::Expired, None));
        assert!(!may_complete_late(Status::Failed, Some("no_weight")));
        assert!(!may_complete_late(Status::Failed, None));
        assert!(!may_complete_late(Status::Cancelled, Some("performer_lost")));
    }

    #[test]
    fn a_stage_belongs_to_the_status_of_its_row() {
        assert!(belongs(Stage::Measuring, Status::Scanning));
        assert!(!belongs(Stage::Measuring, Status::Claimed));
        assert!(belongs(Stage::Measuring, Status::Failed));
        assert!(!belongs(Stage::Done, Status::Failed));
        assert!(belongs(Stage::Done, Status::Complete));
        for &status in Status::ALL {
            if let Some(stage) = first_stage(status) {
                assert!(belongs(stage, status), "{stage:?} in {status:?}");
            }
        }
    }
}
