//! The live page: what the scanners of a facility are doing, from the broker to a browser.
//!
//! [`subscription`] listens to the broker and keeps a [`board`]; the page follows the board as server-sent events.
//! Nothing here knows the store: the page shows no measured value and no person.

mod board;
mod page;
mod subscription;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::stream;
use tokio::sync::watch;

pub(crate) use subscription::{Broker, run};

use crate::{rest::error::ApiError, state::Hub};

/// The latest snapshot of the board as JSON. Whoever is slow sees the newest and misses those between.
pub(crate) type Live = watch::Receiver<Arc<str>>;

/// A channel for snapshots that begins with a board without broker.
pub(crate) fn channel() -> (watch::Sender<Arc<str>>, Live) {
    watch::channel(board::Board::default().snapshot(0))
}

pub(crate) fn routes() -> Router<Hub> {
    Router::new()
        .route("/", get(page::page))
        .route("/live", get(page::page))
        .route("/live/events", get(events))
}

async fn events(State(hub): State<Hub>) -> Result<Response, ApiError> {
    let permit = hub
        .watchers
        .clone()
        .try_acquire_owned()
        .map_err(|_| ApiError::too_many_watchers())?;
    let mut live = hub.live.clone();
    // The first event is the present state.
    live.mark_changed();
    let events = stream::unfold(
        (live, hub.stop.clone(), permit),
        |(mut live, stop, permit)| async move {
            tokio::select! {
                () = stop.cancelled() => None,
                changed = live.changed() => {
                    changed.ok()?;
                    let snapshot = live.borrow_and_update().clone();
                    let event = Event::default().event("board").data(&*snapshot);
                    Some((Ok::<_, Infallible>(event), (live, stop, permit)))
                }
            }
        },
    );
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}
