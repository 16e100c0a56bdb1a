//! `/readings/{id}/progress`: asked once, asked until something changes, or followed as an event stream.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use cloud_api::{ErrorCode, Id, Progress, Scope, Stage, Status, Word as _, headers};
use futures_util::stream;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast},
    time::{Instant, timeout_at},
};

use super::{
    answer::Answer,
    auth::Auth,
    body::Payload,
    error::{ApiError, Result},
    params::Params,
    readings,
};
use crate::{clock, state::Hub, store::readings::ReadingRow};

/// Longest a poll is held.
pub(super) const MAX_WAIT_S: i64 = 55;
/// How often a waiter looks at the store itself, for changes that another hub process made.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often an event stream shows that it is alive.
const COMMENT_EVERY: Duration = Duration::from_secs(15);

const READ: &[Scope] = &[Scope::ScanCreator, Scope::ScanPerformer];

pub(super) fn routes() -> Router<Hub> {
    Router::new().route("/readings/{id}/progress", get(progress).merge(super::edit(edit)))
}

async fn progress(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    request: HeaderMap,
) -> Result<Response> {
    auth.require(READ, "read progress")?;
    let row = readings::visible(hub.store.read(), &auth, &id).await?;
    let streamed = request
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/event-stream")));
    if streamed {
        let seen = request
            .get(headers::LAST_EVENT_ID)
            .and_then(|id| id.to_str().ok()?.parse().ok());
        return follow(hub, auth, id, seen);
    }
    let since = match params.get("since") {
        None => None,
        Some(text) => Some(
            clock::parse(text)
                .ok_or_else(|| ApiError::new(ErrorCode::InvalidRequest, "since is an instant.").field("since"))?,
        ),
    };
    let wait = params.integer("wait", 0, MAX_WAIT_S)?.unwrap_or(0).unsigned_abs();
    let mut row = row;
    if wait > 0 && !is_final(&row) {
        let _permit = hub
            .watchers
            .clone()
            .try_acquire_owned()
            .map_err(|_| ApiError::too_many_watchers())?;
        let since = since.unwrap_or(row.updated);
        let mut watch = Watch::new(&hub, row.id);
        let deadline = Instant::now() + Duration::from_secs(wait);
        while row.updated <= since && watch.changed(&hub, deadline).await {
            row = readings::visible(hub.store.read(), &auth, &id).await?;
        }
    }
    Ok(Answer::entity(&shown(&row)?, row.version)?.into_response())
}

/// The heartbeat of a performer that holds the reading, with or without news.
async fn edit(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    request: HeaderMap,
    payload: Payload,
) -> Result<Response> {
    let (row, stored) = readings::apply_edit(&hub, &auth, &id, &params, &request, payload).await?;
    if !stored {
        return Ok(Answer::validated().into_response());
    }
    Ok(Answer::entity(&shown(&row)?, row.version)?.into_response())
}

/// Waits for changes of one reading.
pub(super) struct Watch {
    changes: broadcast::Receiver<i64>,
    reading: Option<i64>,
}

impl Watch {
    pub(super) fn new(hub: &Hub, reading: i64) -> Self {
        Self {
            changes: hub.changes.subscribe(),
            reading: Some(reading),
        }
    }

    /// Waits for changes of any reading.
    pub(super) fn any(hub: &Hub) -> Self {
        Self {
            changes: hub.changes.subscribe(),
            reading: None,
        }
    }

    /// Until something may have changed: true; or until the deadline or the end of the program: false.
    /// Cancel-safe: a change that is missed is found by the next look at the store.
    pub(super) async fn changed(&mut self, hub: &Hub, deadline: Instant) -> bool {
        let look_again = deadline.min(Instant::now() + LOOK_AGAIN);
        loop {
            let received = tokio::select! {
                () = hub.stop.cancelled() => return false,
                received = timeout_at(look_again, self.changes.recv()) => received,
            };
            match received {
                Ok(Ok(id)) if self.reading.is_some_and(|reading| reading != id) => {}
                // Falling behind means that something happened.
                Ok(Ok(_) | Err(broadcast::error::RecvError::Lagged(_))) => return true,
                // The sender lives as long as the hub.
                Ok(Err(broadcast::error::RecvError::Closed)) => return false,
                Err(_) => return Instant::now() < deadline,
            }
        }
    }
}

/// One event for each change, a comment now and then, and the end after the final one.
fn follow(hub: Hub, auth: Auth, id: String, seen: Option<i64>) -> Result<Response> {
    struct Following {
        watch: Option<Watch>,
        seen: Option<i64>,
        last: bool,
        _permit: OwnedSemaphorePermit,
    }
    let permit = hub
        .watchers
        .clone()
        .try_acquire_owned()
        .map_err(|_| ApiError::too_many_watchers())?;
    let start = Following {
        watch: None,
        seen,
        last: false,
        _permit: permit,
    };
    let events = stream::unfold((start, hub, auth, id), |(mut following, hub, auth, id)| async move {
        if following.last {
            return None;
        }
        loop {
            // Subscribed before the first look, so that no change falls between.
            let watch = following.watch.get_or_insert_with(|| Watch::any(&hub));
            let row = readings::visible(hub.store.read(), &auth, &id).await.ok()?;
            watch.reading = Some(row.id);
            if following.seen != Some(row.version) {
                following.seen = Some(row.version);
                following.last = is_final(&row);
                let text = serde_json::to_string(&shown(&row).ok()?).ok()?;
                let event = Event::default()
                    .event("progress")
                    .id(row.version.to_string())
                    .data(text);
                return Some((Ok::<_, Infallible>(event), (following, hub, auth, id)));
            }
            if is_final(&row) || hub.stop.is_cancelled() {
                return None;
            }
            // A stream has no end but the scan's; the deadline only makes it look at the store again.
            watch.changed(&hub, Instant::now() + COMMENT_EVERY).await;
        }
    });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(COMMENT_EVERY).text("waiting"))
        .into_response())
}

fn is_final(row: &ReadingRow) -> bool {
    Status::from_word(&row.status).is_some_and(Status::is_final)
}

fn shown(row: &ReadingRow) -> Result<Progress> {
    let unknown = || {
        ApiError::new(
            ErrorCode::Internal,
            "The store holds a state that this version does not know.",
        )
    };
    let status = Status::from_word(&row.status).ok_or_else(unknown)?;
    Ok(Progress {
        id: Id(row.id),
        status,
        stage: Stage::from_word(&row.stage).ok_or_else(unknown)?,
        progress: row.progress,
        message: row.message.clone(),
        attempt: row.attempt,
        updated: clock::instant(row.updated),
        is_final: status.is_final(),
    })
}
