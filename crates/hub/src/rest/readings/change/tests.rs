use cloud_api::Id;

use super::*;

const NOW: i64 = 1_741_000_000_000;
const APP: i64 = 1;

fn row(status: &str, stage: &str, progress: u8) -> ReadingRow {
    ReadingRow {
        id: 9041,
        version: 1,
        app: APP,
        scanperformer: (status != "created").then_some(7),
        status: status.into(),
        stage: stage.into(),
        progress,
        attempt: 1,
        measurements: "{}".into(),
        extra: "{}".into(),
        created: NOW - 60_000,
        updated: NOW - 1000,
        claimed: (status != "created" && status != "expired").then_some(NOW - 30_000),
        ..ReadingRow::default()
    }
}

fn patch(text: &str) -> (ReadingPatch, Option<Values>) {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    let values = value
        .as_object_mut()
        .unwrap()
        .remove("measurements")
        .map(|values| Values::read(&values, false).unwrap());
    (serde_json::from_value(value).unwrap(), values)
}

fn edit(row: &mut ReadingRow, text: &str) -> Result<bool> {
    let (patch, values) = patch(text);
    apply(row, &patch, values, APP, NOW).map(|(changed, _)| changed)
}

const RESULT: &str = r#"{"status":"complete","date":"2025-03-04T10:15:58Z","measurements":{"bodyweight":80.50}}"#;

#[test]
fn a_scan_goes_its_whole_way() {
    let mut row = row("created", "queued", 0);
    for (edit_text, status, stage, progress) in [
        (r#"{"status":"claimed","scanperformer":7}"#, "claimed", "preparing", 1),
        (r#"{"progress":5}"#, "claimed", "preparing", 5),
        (r#"{"status":"scanning"}"#, "scanning", "waiting_for_member", 10),
        (r#"{"stage":"measuring","progress":62}"#, "scanning", "measuring", 62),
        (r#"{"progress":50}"#, "scanning", "measuring", 62),
        (r#"{"stage":"weighing"}"#, "scanning", "measuring", 62),
        (r#"{"status":"uploading","progress":90}"#, "uploading", "uploading", 90),
        (RESULT, "complete", "done", 100),
    ] {
        assert!(edit(&mut row, edit_text).unwrap(), "{edit_text}");
        assert_eq!(
            (row.status.as_str(), row.stage.as_str(), row.progress),
            (status, stage, progress),
            "{edit_text}"
        );
    }
    assert_eq!(row.measurements, r#"{"bodyweight":80.50}"#);
    assert_eq!(row.completed, Some(NOW));
}

#[test]
fn a_claim_by_another_performer_is_told_who_holds_it() {
    let mut claimed = row("claimed", "preparing", 1);
    let error = edit(&mut claimed, r#"{"status":"claimed","scanperformer":4}"#).unwrap_err();
    assert_eq!(error.code, ErrorCode::AlreadyClaimed);
    assert!(!edit(&mut claimed, r#"{"status":"claimed","scanperformer":7}"#).unwrap());
}

#[test]
fn repeating_a_move_changes_nothing_and_other_values_are_a_conflict() {
    let mut row = row("scanning", "measuring", 62);
    row.started = Some(NOW);
    let before = row.clone();
    assert!(!edit(&mut row, r#"{"status":"claimed","scanperformer":7}"#).unwrap());
    assert!(row == before);
    edit(&mut row, RESULT).unwrap();
    let complete = row.clone();
    assert!(!edit(&mut row, RESULT).unwrap());
    assert!(row == complete);
    for other in ["80.51", "80.5,\"fatmass\":15"] {
        let text = RESULT.replace("80.50", other);
        assert_eq!(
            edit(&mut row.clone(), &text).unwrap_err().code,
            ErrorCode::MeasurementConflict,
            "{other}"
        );
    }
}

#[test]
fn completion_needs_a_date_and_measurements() {
    for (text, field) in [
        (r#"{"status":"complete","measurements":{"bodyweight":80}}"#, "date"),
        (r#"{"status":"complete","date":"2025-03-04T10:15:58Z"}"#, "measurements"),
    ] {
        let error = edit(&mut row("scanning", "measuring", 62), text).unwrap_err();
        assert_eq!(error.code, ErrorCode::ValidationFailed, "{field}");
    }
}

#[test]
fn late_results_are_taken_after_a_loss_and_an_expiry_for_thirty_days() {
    let mut lost = row("failed", "measuring", 62);
    lost.error = Some(r#"{"code":"performer_lost","retryable":true}"#.into());
    assert!(edit(&mut lost.clone(), RESULT).unwrap());
    lost.created = NOW - LATE_MS - 1;
    assert_eq!(edit(&mut lost, RESULT).unwrap_err().code, ErrorCode::InvalidTransition);
    assert!(edit(&mut row("expired", "queued", 0), RESULT).unwrap());
    let mut failed = row("failed", "measuring", 62);
    failed.error = Some(r#"{"code":"no_weight","retryable":true}"#.into());
    assert_eq!(
        edit(&mut failed, RESULT).unwrap_err().code,
        ErrorCode::InvalidTransition
    );
}

#[test]
fn a_walk_up_goes_straight_from_created_for_its_own_app_only() {
    assert!(edit(&mut row("created", "queued", 0), RESULT).unwrap());
    let mut foreign = row("created", "queued", 0);
    foreign.app = 2;
    assert_eq!(
        edit(&mut foreign, RESULT).unwrap_err().code,
        ErrorCode::InvalidTransition
    );
}

#[test]
fn a_failure_says_why_and_may_be_tried_again() {
    let mut row = row("scanning", "measuring", 62);
    assert!(edit(&mut row.clone(), r#"{"status":"failed"}"#).is_err());
    edit(
        &mut row,
        r#"{"status":"failed","error":{"code":"no_weight","retryable":true}}"#,
    )
    .unwrap();
    assert_eq!((row.stage.as_str(), row.progress), ("measuring", 62));
    edit(&mut row, r#"{"status":"created"}"#).unwrap();
    assert_eq!((row.attempt, row.progress, row.stage.as_str()), (2, 0, "queued"));
    assert!(row.error.is_none() && row.scanperformer.is_none());
}

#[test]
fn a_released_reading_waits_again_in_the_same_attempt() {
    let mut row = row("claimed", "preparing", 5);
    edit(&mut row, r#"{"status":"created"}"#).unwrap();
    assert_eq!((row.attempt, row.scanperformer, row.claimed), (1, None, None));
}

#[test]
fn a_stage_of_another_status_is_refused() {
    let error = edit(&mut row("claimed", "preparing", 5), r#"{"stage":"measuring"}"#).unwrap_err();
    assert_eq!(error.code, ErrorCode::ValidationFailed);
}

#[test]
fn moves_backwards_are_refused() {
    for (status, stage, to) in [
        ("uploading", "uploading", "created"),
        ("complete", "done", "failed"),
        ("cancelled", "measuring", "scanning"),
        ("created", "queued", "scanning"),
    ] {
        let text = format!(r#"{{"status":"{to}","error":{{"code":"x"}}}}"#);
        let error = edit(&mut row(status, stage, 50), &text).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidTransition, "{status} to {to}");
    }
    assert_eq!(patch(r#"{"scanperformer":"7"}"#).0.scanperformer, Some(Id(7)));
}
