//! `/facilities`: read by who scans, manages or reports; the profile is written by who manages.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::get,
};
use cloud_api::{ErrorCode, FacilityRef};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Answer, check_if_match},
    auth::Auth,
    body::Payload,
    error::{ApiError, Result},
    fields::{Entity, Field, Selection, scalar},
    index::FACILITIES,
    list::{self, Column, Kind, column},
    params::Params,
};
use crate::{
    clock,
    oauth::token_cache::Caller,
    state::Hub,
    store::facilities::{self, FacilityRow},
};

const COLUMNS: [Column; 6] = [
    column("id", Kind::Id),
    column("externalid", Kind::Text),
    column("name", Kind::Text),
    column("timezone", Kind::Text),
    column("created", Kind::Instant),
    column("updated", Kind::Instant),
];

pub(super) fn routes() -> Router<Hub> {
    Router::new()
        .route("/facilities", get(all))
        .route("/facilities/{id}", get(one).merge(super::edit(edit)))
        .route("/facilities/{id}/{field}", get(one_field))
}

/// The id of a facility that a caller names.
///
/// # Errors
/// 422 if there is none, 403 if it has not consented to the caller's app.
pub(super) async fn resolve(tx: &mut sqlx::SqliteConnection, caller: &Caller, named: &FacilityRef) -> Result<i64> {
    let by_id = match named {
        FacilityRef::Id(id) => Some(id.0),
        FacilityRef::Name(name) => match facilities::find_named(&mut *tx, name).await? {
            Some(id) => Some(id),
            None => name.parse().ok(),
        },
    };
    let known = match by_id {
        Some(id) => facilities::find(&mut *tx, id).await?,
        None => None,
    };
    match known {
        None => Err(ApiError::invalid("facility", "There is no such facility.")),
        Some(row) if caller.may_act_for(row.id) => Ok(row.id),
        Some(_) => Err(ApiError::new(
            ErrorCode::FacilityNotConsented,
            "The facility has not consented to this app.",
        )
        .field("facility")),
    }
}

impl Entity for FacilityRow {
    const FIELDS: &'static [Field] = &[
        scalar("id"),
        scalar("name"),
        scalar("externalid"),
        scalar("address"),
        scalar("city"),
        scalar("postcode"),
        scalar("country"),
        scalar("timezone"),
        scalar("units"),
        scalar("language"),
        scalar("licensing"),
        scalar("created"),
        scalar("updated"),
    ];

    fn version(&self) -> i64 {
        self.version
    }

    fn opens(_: &Caller, _: &str) -> bool {
        true
    }

    fn is_open(&self, _: &Caller, _: &str) -> bool {
        true
    }

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => json!(self.id),
            "name" => json!(self.name),
            "externalid" => json!(self.externalid),
            "address" => json!(self.address),
            "city" => json!(self.city),
            "postcode" => json!(self.postcode),
            "country" => json!(self.country),
            "timezone" => json!(self.timezone),
            "units" => json!(self.units),
            "language" => json!(self.language),
            // Licences are not sold by this server: scans are open.
            "licensing" => json!("open"),
            "created" => json!(clock::rfc3339(self.created)),
            "updated" => json!(clock::rfc3339(self.updated)),
            _ => Value::Null,
        }
    }
}

async fn all(State(hub): State<Hub>, auth: Auth, params: Params) -> Result<Response> {
    auth.require(FACILITIES.read, "read facilities")?;
    let selection = Selection::of_list::<FacilityRow>(&params, &auth)?;
    let query = list::query(&params, &COLUMNS, &[("id", false)], auth.consented("id"))?;
    let page = list::page(&params)?;
    let (rows, total) = facilities::list(hub.store.read(), &query, &page).await?;
    let views: Vec<_> = rows.iter().map(|row| selection.view(row, &auth)).collect();
    list::answer("facilities", &params, page, total, &views)
}

async fn one(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    auth.require(FACILITIES.read, "read facilities")?;
    let row = visible(hub.store.read(), &auth, &id).await?;
    let selection = Selection::of_one::<FacilityRow>(&params, &auth)?;
    Ok(Answer::selected(&row, &selection, &auth)?.unless_known(&headers))
}

async fn one_field(State(hub): State<Hub>, auth: Auth, Path((id, field)): Path<(String, String)>) -> Result<Response> {
    auth.require(FACILITIES.read, "read facilities")?;
    let row = visible(hub.store.read(), &auth, &id).await?;
    Ok(Answer::entity(&super::fields::bare(&row, &auth, &field)?, row.version)?.into_response())
}

/// Only what is present changes.
#[derive(Debug, Deserialize)]
struct FacilityPatch {
    name: Option<String>,
    externalid: Option<String>,
    address: Option<String>,
    city: Option<String>,
    postcode: Option<String>,
    country: Option<String>,
    timezone: Option<String>,
    units: Option<String>,
    language: Option<String>,
}

async fn edit(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
    mut payload: Payload,
) -> Result<Response> {
    auth.require(FACILITIES.edit, "edit facilities")?;
    let selection = Selection::of_one::<FacilityRow>(&params, &auth)?;
    let mut tx = hub.store.write().await?;
    let mut row = visible(&mut *tx, &auth, &id).await?;
    check_if_match(&headers, row.version)?;
    payload.drop_read_only(&super::fields::server_set(&row))?;
    let patch: FacilityPatch = payload.into()?;
    if patch
        .timezone
        .as_ref()
        .is_some_and(|name| jiff::tz::TimeZone::get(name).is_err())
    {
        return Err(ApiError::invalid("timezone", "This is no IANA time zone."));
    }
    if patch
        .units
        .as_ref()
        .is_some_and(|units| units != "metric" && units != "imperial")
    {
        return Err(ApiError::invalid("units", "Units are `metric` or `imperial`."));
    }
    if let Some(externalid) = &patch.externalid
        && facilities::find_named(&mut *tx, externalid)
            .await?
            .is_some_and(|other| other != row.id)
    {
        return Err(ApiError::invalid("externalid", "Another facility has this key."));
    }
    let set = |field: &mut Option<String>, value: Option<String>| {
        if value.is_some() {
            *field = value;
        }
    };
    set(&mut row.name, patch.name);
    set(&mut row.externalid, patch.externalid);
    set(&mut row.address, patch.address);
    set(&mut row.city, patch.city);
    set(&mut row.postcode, patch.postcode);
    set(&mut row.country, patch.country);
    set(&mut row.timezone, patch.timezone);
    set(&mut row.units, patch.units);
    set(&mut row.language, patch.language);
    row.version += 1;
    row.updated = clock::now();
    facilities::update(&mut tx, &row).await?;
    if params.flag("validate") {
        return Ok(Answer::validated().into_response());
    }
    tx.commit().await?;
    Ok(Answer::selected(&row, &selection, &auth)?.into_response())
}

async fn visible(db: impl sqlx::SqliteExecutor<'_>, caller: &Caller, id: &str) -> Result<FacilityRow> {
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    facilities::find(db, id)
        .await?
        .filter(|row| caller.may_act_for(row.id))
        .ok_or_else(ApiError::not_found)
}
