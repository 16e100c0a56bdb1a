//! `/scanperformers/{id}/queue`: readings that wait for a performer, oldest first.

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use cloud_api::Scope;
use tokio::time::Instant;

use super::{
    answer::Answer,
    auth::Auth,
    error::{ApiError, Result},
    fields::Selection,
    params::Params,
    performers,
    progress::{MAX_WAIT_S, Watch},
};
use crate::{
    clock,
    state::Hub,
    store::{
        performers as store,
        readings::{self, ReadingRow},
    },
};

pub(super) fn routes() -> Router<Hub> {
    Router::new().route("/scanperformers/{id}/queue", get(queue))
}

async fn queue(State(hub): State<Hub>, auth: Auth, Path(id): Path<String>, params: Params) -> Result<Response> {
    auth.require(&[Scope::ScanPerformer], "read queues")?;
    // A performer that takes its work needs to know all of it.
    let selection = Selection::of_one::<ReadingRow>(&params, &auth)?;
    let wait = params.integer("wait", 0, MAX_WAIT_S)?.unwrap_or(0).unsigned_abs();
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    let mut tx = hub.store.write().await?;
    let mut performer = store::find(&mut *tx, id)
        .await?
        .filter(|row| row.app == auth.app)
        .ok_or_else(ApiError::not_found)?;
    performers::seen(&mut tx, &mut performer, None, clock::now()).await?;
    tx.commit().await?;
    let _permit = match wait {
        0 => None,
        _ => Some(
            hub.watchers
                .clone()
                .try_acquire_owned()
                .map_err(|_| ApiError::too_many_watchers())?,
        ),
    };
    let mut watch = Watch::any(&hub);
    let deadline = Instant::now() + Duration::from_secs(wait);
    loop {
        let waiting = readings::queue(hub.store.read(), auth.app, id, performer.facility, clock::now()).await?;
        if !waiting.is_empty() || wait == 0 {
            let views: Vec<_> = waiting.iter().map(|row| selection.view(row, &auth)).collect();
            return Ok(Answer::json(&views)?.into_response());
        }
        if !watch.changed(&hub, deadline).await {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
}
