//! Edits of a reading: which moves are allowed, and what each of them sets (contract section 9.1). Pure.

use cloud_api::{
    AddedMeasurements, ErrorCode, ReadingPatch, Stage, Status, Word as _,
    state::{belongs, first_stage, may_complete_late, may_complete_walkup, next},
};
use serde_json::json;

use super::values::Values;
use crate::{
    clock,
    rest::{
        error::{ApiError, Result},
        performers::set_json,
    },
    store::readings::ReadingRow,
};

/// How long nobody needs to claim a reading before it expires: 10 minutes.
pub(super) const EXPIRES_MS: i64 = 10 * 60 * 1000;
/// How long a result may come late: 30 days.
const LATE_MS: i64 = 30 * 24 * 3600 * 1000;

/// Applies an edit of the performer. `app` is the caller's. `true` if something changed; the row may also be touched
/// when it did not, to be thrown away by the caller on an error only.
pub(super) fn apply(
    row: &mut ReadingRow,
    patch: &ReadingPatch,
    values: Option<Values>,
    app: i64,
    now: i64,
) -> Result<(bool, AddedMeasurements)> {
    let from = status(row)?;
    check_performer(row, patch, from)?;
    let wanted = patch.status.unwrap_or(from);
    if patch.status.is_some() && was_made(row, from, wanted) {
        return repeated(row, values);
    }
    let added = match values {
        Some(values) => {
            let mut stored = row.values();
            let added = stored.join(values, false)?;
            store_values(row, &stored)?;
            added
        }
        None => AddedMeasurements {
            success: true,
            ..AddedMeasurements::default()
        },
    };
    set_facts(row, patch);
    if wanted != from {
        make_move(row, from, wanted, app, now)?;
        enter(row, wanted, patch, now)?;
    }
    set_progress(row, wanted, patch)?;
    Ok((true, added))
}

/// Adds or replaces values alone.
pub(super) fn add_values(row: &mut ReadingRow, values: Values, replace: bool) -> Result<(bool, AddedMeasurements)> {
    if matches!(status(row)?, Status::Cancelled) {
        return Err(transition("A cancelled reading takes no measurements."));
    }
    let mut stored = row.values();
    let added = stored.join(values, replace)?;
    store_values(row, &stored)?;
    Ok((added.added > 0, added))
}

/// Stops a reading for its creator. `false` if it was stopped before.
pub(super) fn cancel(row: &mut ReadingRow) -> Result<bool> {
    let from = status(row)?;
    if from == Status::Cancelled {
        return Ok(false);
    }
    if !next(from).contains(&Status::Cancelled) {
        return Err(transition("The reading cannot be cancelled any more."));
    }
    row.status = Status::Cancelled.word().to_owned();
    Ok(true)
}

/// The stored status. A word of a newer hub's store is a fault of the set-up.
pub(super) fn status(row: &ReadingRow) -> Result<Status> {
    Status::from_word(&row.status).ok_or_else(|| {
        ApiError::new(
            ErrorCode::Internal,
            "The store holds a state that this version does not know.",
        )
    })
}

fn check_performer(row: &mut ReadingRow, patch: &ReadingPatch, from: Status) -> Result<()> {
    let Some(performer) = patch.scanperformer else {
        return Ok(());
    };
    match row.scanperformer {
        Some(other) if other != performer.0 => Err(ApiError::new(
            ErrorCode::AlreadyClaimed,
            "The reading has already been claimed by another performer.",
        )
        .field("scanperformer")
        .details(json!({ "scanperformer": other }))),
        None if from == Status::Created || from == Status::Expired => {
            row.scanperformer = Some(performer.0);
            Ok(())
        }
        None => Err(transition("Only a reading that waits can be given a performer.")),
        Some(_) => Ok(()),
    }
}

/// Whether the move was made already in this attempt: the answer to it may have been lost.
fn was_made(row: &ReadingRow, from: Status, to: Status) -> bool {
    from == to
        || match to {
            Status::Claimed => {
                matches!(from, Status::Scanning | Status::Uploading | Status::Complete) && row.claimed.is_some()
            }
            Status::Scanning => matches!(from, Status::Uploading | Status::Complete) && row.started.is_some(),
            Status::Uploading => from == Status::Complete && row.started.is_some(),
            _ => false,
        }
    // A retry is asked for once: the second asking finds the new attempt waiting, which is `from == to`.
}

/// Answers a repeat with the reading as it is, unless it brings other values.
fn repeated(row: &mut ReadingRow, values: Option<Values>) -> Result<(bool, AddedMeasurements)> {
    let mut stored = row.values();
    let before = stored.clone();
    let added = match values {
        Some(values) => stored.join(values, false)?,
        None => AddedMeasurements {
            success: true,
            ..AddedMeasurements::default()
        },
    };
    if status(row)? == Status::Complete && stored != before {
        return Err(ApiError::new(
            ErrorCode::MeasurementConflict,
            "The reading was completed with other measurements.",
        ));
    }
    let changed = stored != before;
    store_values(row, &stored)?;
    Ok((changed, added))
}

fn make_move(row: &ReadingRow, from: Status, to: Status, app: i64, now: i64) -> Result<()> {
    if from == Status::Claimed && to == Status::Claimed {
        return Ok(());
    }
    let error_code = row
        .error
        .as_deref()
        .and_then(|text| serde_json::from_str::<cloud_api::ReadingError>(text).ok());
    let in_time = now - row.created <= LATE_MS;
    let late = to == Status::Complete
        && in_time
        && may_complete_late(from, error_code.as_ref().map(|error| error.code.as_str()));
    let walkup = to == Status::Complete && may_complete_walkup(from) && row.app == app;
    if next(from).contains(&to) || late || walkup {
        Ok(())
    } else {
        Err(transition(format!(
            "A reading does not go from {} to {}.",
            from.word(),
            to.word()
        )))
    }
}

/// What entering a status sets.
fn enter(row: &mut ReadingRow, to: Status, patch: &ReadingPatch, now: i64) -> Result<()> {
    row.status = to.word().to_owned();
    if let Some(stage) = first_stage(to) {
        row.stage = stage.word().to_owned();
        row.progress = row.progress.max(stage.range().0);
    }
    match to {
        Status::Created => {
            if patch.status == Some(Status::Created) && row.error.is_some() {
                row.attempt += 1;
            }
            row.progress = 0;
            row.error = None;
            row.message = None;
            row.scanperformer = None;
            row.claimed = None;
            row.started = None;
            row.expires = Some(now + EXPIRES_MS);
        }
        Status::Claimed => {
            if row.scanperformer.is_none() {
                return Err(ApiError::invalid(
                    "scanperformer",
                    "Say which performer claims the reading.",
                ));
            }
            row.claimed = Some(now);
        }
        Status::Scanning => row.started = Some(now),
        Status::Complete => {
            if row.date.is_none() {
                return Err(ApiError::invalid(
                    "date",
                    "A complete reading has the date of its measurement.",
                ));
            }
            if row.values().is_empty() {
                return Err(ApiError::invalid(
                    "measurements",
                    "A complete reading has measurements.",
                ));
            }
            row.progress = 100;
            row.error = None;
            row.completed = Some(now);
        }
        Status::Failed if patch.error.is_none() => {
            return Err(ApiError::invalid("error", "A failed reading says why."));
        }
        Status::Uploading | Status::Failed | Status::Cancelled | Status::Expired => {}
    }
    Ok(())
}

fn set_facts(row: &mut ReadingRow, patch: &ReadingPatch) {
    if patch.message.is_some() {
        row.message.clone_from(&patch.message);
    }
    if let Some(date) = patch.date {
        row.date = Some(clock::millis(date));
    }
    if patch.raw.is_some() {
        row.raw.clone_from(&patch.raw);
    }
    if patch.checksum.is_some() {
        row.checksum.clone_from(&patch.checksum);
    }
    set_json(&mut row.error, patch.error.as_ref());
    set_json(&mut row.inputs, patch.inputs.as_ref());
    set_json(&mut row.device, patch.device.as_ref());
    set_json(&mut row.quality, patch.quality.as_ref());
}

fn set_progress(row: &mut ReadingRow, status: Status, patch: &ReadingPatch) -> Result<()> {
    if let Some(stage) = patch.stage {
        if !belongs(stage, status) {
            return Err(ApiError::invalid(
                "stage",
                format!(
                    "The stage {} does not belong to the status {}.",
                    stage.word(),
                    status.word()
                ),
            ));
        }
        // A stage that comes late does not turn the scan back.
        let current = Stage::from_word(&row.stage).unwrap_or(Stage::Queued);
        if stage >= current || !belongs(current, status) {
            row.stage = stage.word().to_owned();
            row.progress = row.progress.max(stage.range().0);
        }
    }
    if let Some(progress) = patch.progress {
        row.progress = row.progress.max(progress);
    }
    Ok(())
}

fn store_values(row: &mut ReadingRow, values: &super::values::Stored) -> Result<()> {
    let text = |map| {
        serde_json::to_string(map)
            .map_err(|_| ApiError::new(ErrorCode::Internal, "The measurements could not be written."))
    };
    row.measurements = text(&values.known)?;
    row.extra = text(&values.extra)?;
    Ok(())
}

fn transition(text: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(ErrorCode::InvalidTransition, text).field("status")
}

#[cfg(test)]
mod tests;
