//! The REST API (contract sections 1 and 5 to 10): one module per collection, and what they share.

mod answer;
mod auth;
mod body;
pub(crate) mod error;
mod facilities;
mod fields;
mod frame;
mod idempotency;
mod index;
mod list;
mod members;
mod params;
mod performers;
mod progress;
mod queue;
mod readings;
mod rewrite;

use axum::{
    Router,
    http::{Method, Uri},
    middleware,
    routing::{MethodRouter, get},
};
use cloud_api::ErrorCode;

pub(crate) use idempotency::KEPT_MS;
pub(crate) use rewrite::Rewrite;

use self::error::ApiError;
use crate::state::Hub;

/// Path of the API with the one version that is served; other spellings are rewritten to it before routing.
pub(crate) const ROOT: &str = "/rest/v2.10";

/// Every route of the API below [`ROOT`], and what answers anything else.
pub(crate) fn routes() -> Router<Hub> {
    Router::new()
        .route(ROOT, get(index::index))
        .nest(
            ROOT,
            Router::new()
                .merge(facilities::routes())
                .merge(members::routes())
                .merge(performers::routes())
                .merge(readings::routes())
                .merge(progress::routes())
                .merge(queue::routes()),
        )
        .method_not_allowed_fallback(wrong_method)
        .fallback(nothing_here)
}

/// Request id, version header, error bodies and the log line of every request.
pub(crate) fn framed(router: Router<Hub>) -> Router<Hub> {
    router.layer(middleware::from_fn(frame::frame))
}

/// `PUT` and `PATCH` mean the same: only the sent fields change.
fn edit<H, T>(handler: H) -> MethodRouter<Hub>
where
    H: axum::handler::Handler<T, Hub>,
    T: 'static,
{
    axum::routing::put(handler.clone()).patch(handler)
}

async fn wrong_method(method: Method) -> ApiError {
    ApiError::new(
        ErrorCode::MethodNotAllowed,
        format!("{method} is not for this resource; `Allow` lists what is."),
    )
}

async fn nothing_here(uri: Uri) -> ApiError {
    let path = uri.path();
    match path.strip_prefix("/rest/") {
        None => ApiError::new(ErrorCode::NotFound, "There is nothing here."),
        Some(rest) => match rest.strip_prefix("v2.10/").and_then(|rest| rest.split('/').next()) {
            None => ApiError::new(
                ErrorCode::UnknownVersion,
                "This server serves version 2.10 and its aliases.",
            ),
            Some(collection) if index::COLLECTIONS.iter().any(|known| known.name == collection) => {
                ApiError::new(ErrorCode::NotFound, "There is nothing here.")
            }
            Some(_) => ApiError::new(ErrorCode::UnknownCollection, "There is no such collection."),
        },
    }
}
