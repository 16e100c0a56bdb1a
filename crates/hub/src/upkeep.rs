//! What time alone changes: readings that nobody claimed or whose performer fell silent, tokens and kept answers that
//! are over. Any hub process may do it; doing it twice changes nothing.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    clock,
    oauth::WINDOW_MS,
    rest::KEPT_MS,
    state::Hub,
    store::{answers, readings, tokens},
};

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// How long a performer may be silent with a claimed reading: 120 s.
const SILENT_MS: i64 = 120_000;

/// Does it until the end of the program.
pub(crate) async fn run(hub: Hub) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = hub.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = once(&hub, clock::now()).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the store could not be kept up"
            );
        }
    }
}

/// Does it once, as of `now`.
pub(crate) async fn once(hub: &Hub, now: i64) -> sqlx::Result<()> {
    // Most of the time nothing is due; a look is cheaper than a write.
    if !readings::any_overdue(hub.store.read(), now, now - SILENT_MS).await?
        && !tokens::any_expired(hub.store.read(), now, now - WINDOW_MS).await?
        && !answers::any_older(hub.store.read(), now - KEPT_MS).await?
    {
        return Ok(());
    }
    let mut tx = hub.store.write().await?;
    let ended = readings::end_overdue(&mut tx, now, now - SILENT_MS).await?;
    tokens::purge(&mut tx, now, now - WINDOW_MS).await?;
    answers::purge(&mut tx, now - KEPT_MS).await?;
    tx.commit().await?;
    for reading in ended {
        hub.changed(reading);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{state::test_hub, store::readings::ReadingRow};

    const NOW: i64 = 1_800_000_000_000;

    async fn put(hub: &Hub, status: &str, updated: i64, expires: Option<i64>) -> i64 {
        let mut tx = hub.store.write().await.unwrap();
        let id = readings::before_add(&mut tx, 1, None, None, None).await.unwrap().id;
        let row = ReadingRow {
            id,
            version: 1,
            app: 1,
            assignment: "unassigned".into(),
            status: status.into(),
            stage: "measuring".into(),
            progress: 62,
            attempt: 1,
            measurements: "{}".into(),
            extra: "{}".into(),
            created: updated,
            updated,
            expires,
            ..ReadingRow::default()
        };
        readings::add(&mut tx, &row, None).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn get(hub: &Hub, id: i64) -> ReadingRow {
        readings::find(hub.store.read(), 1, id).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_silent_performer_loses_its_reading_and_an_unclaimed_one_expires() {
        let (hub, _folder) = test_hub().await;
        let mut changes = hub.changes.subscribe();
        let silent = put(&hub, "scanning", NOW - SILENT_MS, None).await;
        let alive = put(&hub, "scanning", NOW - SILENT_MS + 1, None).await;
        let uploading = put(&hub, "uploading", NOW - 10 * SILENT_MS, None).await;
        let overdue = put(&hub, "created", NOW - 1000, Some(NOW)).await;
        let waiting = put(&hub, "created", NOW - 1000, Some(NOW + 1)).await;
        once(&hub, NOW).await.unwrap();
        let lost = get(&hub, silent).await;
        assert_eq!(
            (lost.status.as_str(), lost.stage.as_str(), lost.progress),
            ("failed", "measuring", 62)
        );
        assert!(lost.error.unwrap().contains(cloud_api::PERFORMER_LOST));
        assert_eq!(get(&hub, alive).await.status, "scanning");
        assert_eq!(get(&hub, uploading).await.status, "uploading");
        let expired = get(&hub, overdue).await;
        assert_eq!(
            (expired.status.as_str(), expired.stage.as_str(), expired.progress),
            ("expired", "queued", 0)
        );
        assert_eq!(get(&hub, waiting).await.status, "created");
        assert_eq!(
            [changes.try_recv().unwrap(), changes.try_recv().unwrap()],
            [overdue, silent]
        );
        once(&hub, NOW).await.unwrap();
        assert_eq!(get(&hub, silent).await.version, 2);
    }

    #[tokio::test]
    async fn kept_answers_are_dropped_after_a_day() {
        let (hub, _folder) = test_hub().await;
        let answer = answers::AnswerRow {
            request: vec![1],
            status: 201,
            location: None,
            etag: None,
            body: vec![],
        };
        let mut tx = hub.store.write().await.unwrap();
        answers::add(&mut tx, 1, "key", &answer, NOW).await.unwrap();
        tx.commit().await.unwrap();
        for (now, kept) in [(NOW + KEPT_MS - 1, true), (NOW + KEPT_MS, false)] {
            once(&hub, now).await.unwrap();
            let mut tx = hub.store.write().await.unwrap();
            assert_eq!(answers::find(&mut tx, 1, "key").await.unwrap().is_some(), kept);
        }
    }
}
