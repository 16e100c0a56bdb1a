//! `/readings`: sets of measurements of one member (or guest) on a certain date.

mod change;
mod create;
mod entity;
mod values;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use cloud_api::{ErrorCode, ReadingPatch, Scope};
use serde_json::{Map, Value};

pub(super) use create::add;

use self::values::Values;
use super::{
    answer::{Answer, check_if_match},
    auth::Auth,
    body::{Payload, typed},
    error::{ApiError, Result},
    fields::{Selection, bare, server_set},
    idempotency::Key,
    index::READINGS,
    list,
    params::Params,
    performers,
};
use crate::{
    clock,
    state::Hub,
    store::readings::{self, ReadingRow},
};

/// Scopes that open the measurements of a reading.
const SEE_VALUES: &[Scope] = &[Scope::MeasurementAnalysis, Scope::ScanPerformer];

pub(super) fn routes() -> Router<Hub> {
    Router::new()
        .route("/readings", get(all).post(add))
        .route("/readings/{id}", get(one).merge(super::edit(edit)).delete(cancel))
        .route(
            "/readings/{id}/measurements",
            get(measurements)
                .post(add_measurements)
                .put(replace_measurements)
                .patch(replace_measurements),
        )
        .route("/readings/{id}/measurements/{name}", get(one_measurement))
        .route("/readings/{id}/{field}", get(one_field).merge(super::edit(edit_field)))
}

/// A reading that the caller may see.
pub(super) async fn visible(db: impl sqlx::SqliteExecutor<'_>, auth: &Auth, id: &str) -> Result<ReadingRow> {
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    readings::find(db, auth.app, id)
        .await?
        .filter(|row| entity::is_visible(row, auth))
        .ok_or_else(ApiError::not_found)
}

pub(super) async fn all(State(hub): State<Hub>, auth: Auth, params: Params) -> Result<Response> {
    auth.require(READINGS.read, "read readings")?;
    let selection = Selection::of_list::<ReadingRow>(&params, &auth)?;
    let query = list::query(
        &params,
        &entity::COLUMNS,
        &[("date", true), ("id", true)],
        entity::rows(&auth),
    )?;
    if query.conditions.iter().any(|condition| condition.is_of_value()) {
        auth.require(SEE_VALUES, "see measurements")?;
    }
    let page = list::page(&params)?;
    let (found, total) = readings::list(hub.store.read(), auth.app, &query, &page).await?;
    let views: Vec<_> = found.iter().map(|row| selection.view(row, &auth)).collect();
    list::answer("readings", &params, page, total, &views)
}

/// Applies an edit and answers the reading. `/progress` is edited this way too.
pub(super) async fn apply_edit(
    hub: &Hub,
    auth: &Auth,
    id: &str,
    params: &Params,
    headers: &HeaderMap,
    mut payload: Payload,
) -> Result<(ReadingRow, bool)> {
    auth.require(READINGS.edit, "edit readings")?;
    let now = clock::now();
    let values = match payload.object()?.remove("measurements") {
        Some(values) => Some(Values::read(&values, params.flag("strict"))?),
        None => None,
    };
    let mut tx = hub.store.write().await?;
    let mut row = editable(&mut tx, auth, id).await?;
    check_if_match(headers, row.version)?;
    payload.drop_read_only(&server_set(&row))?;
    let patch: ReadingPatch = typed(payload.value)?;
    // The performer must be the caller's own, whether it holds the reading or claims it now.
    let named = patch.scanperformer.map(|id| id.0);
    if let Some(id) = named.or(row.scanperformer) {
        let mut performer = crate::store::performers::find(&mut *tx, id)
            .await?
            .filter(|performer| performer.app == auth.app)
            .ok_or_else(|| ApiError::invalid("scanperformer", "There is no such performer."))?;
        performers::seen(&mut tx, &mut performer, patch.instance.as_deref(), now).await?;
        if row.facility.is_none() {
            row.facility = performer.facility;
        }
    }
    let (changed, _) = change::apply(&mut row, &patch, values, auth.app, now)?;
    if changed {
        row.version += 1;
        row.updated = now;
        readings::update(&mut tx, &row).await?;
    }
    if params.flag("validate") {
        return Ok((row, false));
    }
    tx.commit().await?;
    hub.changed(row.id);
    // What is performed by the caller may have changed with the status; the caller edits it, so it sees it.
    row.performed = true;
    Ok((row, true))
}

async fn one(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    auth.require(READINGS.read, "read readings")?;
    let row = visible(hub.store.read(), &auth, &id).await?;
    let selection = Selection::of_one::<ReadingRow>(&params, &auth)?;
    Ok(Answer::selected(&row, &selection, &auth)?.unless_known(&headers))
}

async fn one_field(State(hub): State<Hub>, auth: Auth, Path((id, field)): Path<(String, String)>) -> Result<Response> {
    auth.require(READINGS.read, "read readings")?;
    let row = visible(hub.store.read(), &auth, &id).await?;
    Ok(Answer::entity(&bare(&row, &auth, &field)?, row.version)?.into_response())
}

async fn edit(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
    payload: Payload,
) -> Result<Response> {
    let selection = Selection::of_one::<ReadingRow>(&params, &auth)?;
    let (row, stored) = apply_edit(&hub, &auth, &id, &params, &headers, payload).await?;
    if !stored {
        return Ok(Answer::validated().into_response());
    }
    Ok(Answer::selected(&row, &selection, &auth)?.into_response())
}

/// One field, set with its bare value.
async fn edit_field(
    State(hub): State<Hub>,
    auth: Auth,
    Path((id, field)): Path<(String, String)>,
    params: Params,
    headers: HeaderMap,
    payload: Payload,
) -> Result<Response> {
    let members: Map<String, Value> = [(field.to_ascii_lowercase(), payload.value)].into_iter().collect();
    let payload = Payload {
        value: Value::Object(members),
        bytes: payload.bytes,
    };
    edit(State(hub), auth, Path(id), params, headers, payload).await
}

async fn cancel(State(hub): State<Hub>, auth: Auth, Path(id): Path<String>, params: Params) -> Result<Response> {
    auth.require(READINGS.add, "cancel readings")?;
    let now = clock::now();
    let mut tx = hub.store.write().await?;
    let mut row = visible(&mut *tx, &auth, &id).await?;
    if row.app != auth.app {
        return Err(ApiError::not_found());
    }
    if change::cancel(&mut row)? {
        row.version += 1;
        row.updated = now;
        readings::update(&mut tx, &row).await?;
    }
    if params.flag("validate") {
        return Ok(Answer::validated().into_response());
    }
    tx.commit().await?;
    hub.changed(row.id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn measurements(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    let row = with_values(&hub, &auth, &id).await?;
    let values = row.values();
    let answer = match params.get("format") {
        None | Some("object") => Answer::entity(&values.known, row.version)?,
        Some("list") => Answer::entity(&values.list(), row.version)?,
        Some(_) => {
            return Err(ApiError::new(ErrorCode::InvalidRequest, "format is `object` or `list`.").field("format"));
        }
    };
    Ok(answer.unless_known(&headers))
}

async fn one_measurement(
    State(hub): State<Hub>,
    auth: Auth,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response> {
    let row = with_values(&hub, &auth, &id).await?;
    let name = scan_model::Metric::from_alias(&name).map_or(name.to_lowercase(), scan_model::Metric::rest_name);
    let values = row.values();
    let value = values
        .known
        .get(&name)
        .or_else(|| values.extra.get(&name))
        .ok_or_else(ApiError::not_found)?;
    Ok(Answer::entity(value, row.version)?.into_response())
}

async fn add_measurements(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    key: Key,
    payload: Payload,
) -> Result<Response> {
    write_measurements(&hub, &auth, &id, &params, Some(key), payload).await
}

async fn replace_measurements(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    payload: Payload,
) -> Result<Response> {
    write_measurements(&hub, &auth, &id, &params, None, payload).await
}

/// Adds under an optional key, or replaces where there is none to be had.
async fn write_measurements(
    hub: &Hub,
    auth: &Auth,
    id: &str,
    params: &Params,
    key: Option<Key>,
    payload: Payload,
) -> Result<Response> {
    auth.require(&[Scope::ScanPerformer], "add measurements")?;
    let now = clock::now();
    let replace = key.is_none();
    let claim = key.and_then(|key| key.claim(auth.app, &payload.bytes));
    let values = Values::read(&payload.value, params.flag("strict"))?;
    let mut tx = hub.store.write().await?;
    if let Some(claim) = &claim
        && let Some(answer) = claim.replay(&mut tx).await?
    {
        return Ok(answer.into_response());
    }
    let mut row = editable(&mut tx, auth, id).await?;
    let (changed, added) = change::add_values(&mut row, values, replace)?;
    if changed {
        row.version += 1;
        row.updated = now;
        readings::update(&mut tx, &row).await?;
    }
    if params.flag("validate") {
        return Ok(Answer::validated().into_response());
    }
    let answer = Answer::json(&added)?;
    if let Some(claim) = claim {
        claim.keep(&mut tx, &answer, now).await?;
    }
    tx.commit().await?;
    hub.changed(row.id);
    Ok(answer.into_response())
}

async fn with_values(hub: &Hub, auth: &Auth, id: &str) -> Result<ReadingRow> {
    auth.require(SEE_VALUES, "see measurements")?;
    let row = visible(hub.store.read(), auth, id).await?;
    bare(&row, auth, "measurements")?;
    Ok(row)
}

/// A reading that the caller's performers hold or may claim.
async fn editable(tx: &mut sqlx::SqliteConnection, auth: &Auth, id: &str) -> Result<ReadingRow> {
    let row = visible(tx, auth, id).await?;
    if entity::may_edit(&row, auth) {
        return Ok(row);
    }
    // Seen, but held by somebody else: for a claim that is the answer.
    Err(ApiError::new(
        ErrorCode::AlreadyClaimed,
        "The reading has already been claimed by another performer.",
    )
    .field("scanperformer"))
}
