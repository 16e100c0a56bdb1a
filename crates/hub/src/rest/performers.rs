//! `/scanperformers`: client-side software that performs automated scans.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::get,
};
use cloud_api::{ErrorCode, NewPerformer, PerformerPatch, PerformerStatus, Scope, Word as _};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    answer::{Answer, check_if_match},
    auth::Auth,
    body::{Payload, typed},
    error::{ApiError, Result},
    facilities,
    fields::{Entity, Field, Selection, bare, object, scalar, server_set},
    index::SCANPERFORMERS,
    list::{self, Column, Kind, column},
    params::Params,
};
use crate::{
    clock,
    oauth::token_cache::Caller,
    state::Hub,
    store::{
        filter::Scope as Rows,
        performers::{self, PerformerRow},
    },
};

/// How long a performer belongs to the instance that used it last, and how long it counts as online.
const LEASE_MS: i64 = 90_000;
/// `lastseen` is good to this much: writing it with every call would cost a write where nothing else is written.
const SEEN_MS: i64 = 15_000;

const COLUMNS: [Column; 8] = [
    column("id", Kind::Id),
    column("externalid", Kind::Text),
    column("facility", Kind::Id),
    column("name", Kind::Text),
    column("status", Kind::Text),
    column("lastseen", Kind::Instant),
    column("created", Kind::Instant),
    column("updated", Kind::Instant),
];

/// What a creator needs to choose a performer.
const CREATOR_FIELDS: [&str; 6] = ["id", "name", "facility", "status", "online", "capabilities"];

pub(super) fn routes() -> Router<Hub> {
    Router::new()
        .route("/scanperformers", get(all).post(register))
        .route("/scanperformers/{id}", get(one).merge(super::edit(edit)))
        .route("/scanperformers/{id}/{field}", get(one_field))
}

impl Entity for PerformerRow {
    const FIELDS: &'static [Field] = &[
        scalar("id"),
        scalar("name"),
        scalar("externalid"),
        scalar("facility"),
        scalar("status"),
        scalar("online"),
        scalar("message"),
        object("software"),
        object("device"),
        object("capabilities"),
        scalar("currentreading"),
        scalar("lastseen"),
        object("mqtt"),
        scalar("created"),
        scalar("updated"),
    ];

    fn version(&self) -> i64 {
        self.version
    }

    fn opens(caller: &Caller, field: &str) -> bool {
        caller.scopes.contains(Scope::ScanPerformer) || CREATOR_FIELDS.contains(&field)
    }

    fn is_open(&self, caller: &Caller, field: &str) -> bool {
        Self::opens(caller, field)
    }

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => json!(self.id),
            "name" => json!(self.name),
            "externalid" => json!(self.externalid),
            "facility" => json!(self.facility),
            "status" => json!(self.status),
            "online" => json!(clock::now() - self.lastseen <= LEASE_MS),
            "message" => json!(self.message),
            "software" => stored(self.software.as_deref()),
            "device" => stored(self.device.as_deref()),
            "capabilities" => stored(self.capabilities.as_deref()),
            "currentreading" => json!(self.currentreading),
            "lastseen" => json!(clock::rfc3339(self.lastseen)),
            "mqtt" => stored(self.mqtt.as_deref()),
            "created" => json!(clock::rfc3339(self.created)),
            "updated" => json!(clock::rfc3339(self.updated)),
            _ => Value::Null,
        }
    }
}

/// Takes or renews the lease for an instance.
///
/// # Errors
/// 409 `performer_taken` while another instance holds it.
pub(super) fn lease(row: &mut PerformerRow, instance: Option<&str>, now: i64) -> Result<()> {
    let Some(instance) = instance else {
        return Ok(());
    };
    if row.instance.as_deref().is_some_and(|holder| holder != instance) && row.lease_until > now {
        return Err(ApiError::new(
            ErrorCode::PerformerTaken,
            "Another instance of the software uses this performer: two computers made from one image?",
        )
        .field("instance"));
    }
    row.instance = Some(instance.to_owned());
    row.lease_until = now + LEASE_MS;
    Ok(())
}

/// Notes that an authorised call named the performer.
pub(super) async fn seen(
    tx: &mut sqlx::SqliteConnection,
    row: &mut PerformerRow,
    instance: Option<&str>,
    now: i64,
) -> Result<()> {
    if instance.is_some() {
        lease(row, instance, now)?;
        row.lastseen = now;
        performers::update(tx, row).await?;
    } else if now - row.lastseen > SEEN_MS {
        row.lastseen = now;
        performers::seen(tx, row.id, now).await?;
    }
    Ok(())
}

/// Whether the caller may see a performer: its own, or for a creator one at a facility that has consented.
pub(super) fn is_visible(row: &PerformerRow, auth: &Auth) -> bool {
    row.app == auth.app
        || (auth.has(Scope::ScanCreator) && row.facility.is_some_and(|facility| auth.may_act_for(facility)))
}

async fn all(State(hub): State<Hub>, auth: Auth, params: Params) -> Result<Response> {
    auth.require(SCANPERFORMERS.read, "read scanperformers")?;
    let selection = Selection::of_list::<PerformerRow>(&params, &auth)?;
    let mut scopes = vec![Rows::Is("app", auth.app)];
    if auth.has(Scope::ScanCreator) {
        scopes.push(auth.consented("facility"));
    }
    let query = list::query(&params, &COLUMNS, &[("id", false)], Rows::Any(scopes))?;
    let page = list::page(&params)?;
    let (found, total) = performers::list(hub.store.read(), &query, &page).await?;
    let views: Vec<_> = found.iter().map(|row| selection.view(row, &auth)).collect();
    list::answer("scanperformers", &params, page, total, &views)
}

async fn one(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    auth.require(SCANPERFORMERS.read, "read scanperformers")?;
    let row = existing(&hub, &auth, &id).await?;
    let selection = Selection::of_one::<PerformerRow>(&params, &auth)?;
    Ok(Answer::selected(&row, &selection, &auth)?.unless_known(&headers))
}

async fn one_field(State(hub): State<Hub>, auth: Auth, Path((id, field)): Path<(String, String)>) -> Result<Response> {
    auth.require(SCANPERFORMERS.read, "read scanperformers")?;
    let row = existing(&hub, &auth, &id).await?;
    Ok(Answer::entity(&bare(&row, &auth, &field)?, row.version)?.into_response())
}

/// Idempotent by `externalid`: a known performer is updated and answered with 200.
async fn register(State(hub): State<Hub>, auth: Auth, params: Params, mut payload: Payload) -> Result<Response> {
    auth.require(SCANPERFORMERS.add, "add scanperformers")?;
    let selection = Selection::of_one::<PerformerRow>(&params, &auth)?;
    payload.drop_read_only(&[])?;
    let mqtt = payload.object()?.get("mqtt").cloned();
    let body: NewPerformer = payload.into()?;
    if body.externalid.is_empty() || body.externalid.len() > 200 {
        return Err(ApiError::invalid(
            "externalid",
            "An externalid has 1 to 200 characters.",
        ));
    }
    let now = clock::now();
    let mut tx = hub.store.write().await?;
    let known = performers::find_named(&mut *tx, auth.app, &body.externalid).await?;
    let is_new = known.is_none();
    let mut row = known.unwrap_or_else(|| PerformerRow {
        app: auth.app,
        externalid: body.externalid.clone(),
        status: PerformerStatus::Idle.word().to_owned(),
        created: now,
        ..PerformerRow::default()
    });
    let patch = PerformerPatch {
        name: body.name,
        instance: body.instance,
        facility: body.facility,
        status: body.status,
        message: body.message,
        software: body.software,
        device: body.device,
        capabilities: body.capabilities,
    };
    apply(&mut tx, &auth, &mut row, patch, mqtt, now).await?;
    if is_new {
        row.id = performers::add(&mut tx, &row).await?;
    } else {
        performers::update(&mut tx, &row).await?;
    }
    if params.flag("validate") {
        return Ok(Answer::validated().into_response());
    }
    tx.commit().await?;
    let answer = Answer::selected(&row, &selection, &auth)?;
    let location = format!("{}/scanperformers/{}", super::ROOT, row.id);
    Ok(if is_new { answer.created(location) } else { answer }.into_response())
}

/// The heartbeat, and any other edit.
async fn edit(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
    mut payload: Payload,
) -> Result<Response> {
    auth.require(SCANPERFORMERS.edit, "edit scanperformers")?;
    let selection = Selection::of_one::<PerformerRow>(&params, &auth)?;
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    let now = clock::now();
    let mut tx = hub.store.write().await?;
    // Only the app that registered it may edit it.
    let mut row = performers::find(&mut *tx, id)
        .await?
        .filter(|row| row.app == auth.app)
        .ok_or_else(ApiError::not_found)?;
    check_if_match(&headers, row.version)?;
    payload.drop_read_only(&server_set(&row))?;
    let members = payload.object()?;
    let mqtt = members.get("mqtt").cloned();
    if let Some(sent) = members.remove("externalid")
        && sent != json!(row.externalid)
    {
        return Err(ApiError::new(ErrorCode::ReadOnlyField, "A performer keeps its externalid.").field("externalid"));
    }
    let patch = typed(payload.value)?;
    apply(&mut tx, &auth, &mut row, patch, mqtt, now).await?;
    performers::update(&mut tx, &row).await?;
    if params.flag("validate") {
        return Ok(Answer::validated().into_response());
    }
    tx.commit().await?;
    Ok(Answer::selected(&row, &selection, &auth)?.into_response())
}

async fn apply(
    tx: &mut sqlx::SqliteConnection,
    auth: &Auth,
    row: &mut PerformerRow,
    patch: PerformerPatch,
    mqtt: Option<Value>,
    now: i64,
) -> Result<()> {
    lease(row, patch.instance.as_deref(), now)?;
    if let Some(named) = &patch.facility {
        row.facility = Some(facilities::resolve(tx, auth, named).await?);
    }
    if let Some(status) = patch.status {
        row.status = status.word().to_owned();
    }
    if patch.name.is_some() {
        row.name = patch.name;
    }
    if patch.message.is_some() {
        row.message = patch.message;
    }
    set_json(&mut row.software, patch.software.as_ref());
    set_json(&mut row.device, patch.device.as_ref());
    set_json(&mut row.capabilities, patch.capabilities.as_ref());
    set_json(&mut row.mqtt, mqtt.as_ref().filter(|mqtt| mqtt.is_object()));
    row.version += 1;
    row.lastseen = now;
    row.updated = now;
    Ok(())
}

async fn existing(hub: &Hub, auth: &Auth, id: &str) -> Result<PerformerRow> {
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    performers::find(hub.store.read(), id)
        .await?
        .filter(|row| is_visible(row, auth))
        .ok_or_else(ApiError::not_found)
}

/// Sets a column that holds JSON, if there is something to set.
pub(super) fn set_json(column: &mut Option<String>, value: Option<&impl Serialize>) {
    if let Some(text) = value.and_then(|value| serde_json::to_string(value).ok()) {
        *column = Some(text);
    }
}

/// The value of a column that holds JSON.
pub(super) fn stored(column: Option<&str>) -> Value {
    column
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or(Value::Null)
}
