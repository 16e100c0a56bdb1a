//! `/members`: people with an account. Listed, added and edited by who manages the facility's users.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::get,
};
use cloud_api::{ErrorCode, FacilityRef, Scope};
use jiff::civil::Date;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Number, Value, json};

use super::{
    answer::{Answer, check_if_match},
    auth::Auth,
    body::Payload,
    error::{ApiError, Result},
    facilities,
    fields::{Entity, Field, Selection, bare, scalar, server_set},
    idempotency::Key,
    index::MEMBERS,
    list::{self, Column, Kind, column},
    params::Params,
    readings,
};
use crate::{
    clock,
    oauth::{secret, token_cache::Caller},
    state::Hub,
    store::{
        filter::Scope as Rows,
        members::{self, MemberRow, NewLinkedAccount},
    },
};

const COLUMNS: [Column; 8] = [
    column("id", Kind::Id),
    column("facility", Kind::Id),
    column("externalid", Kind::Text),
    column("email", Kind::Text),
    column("firstname", Kind::Text),
    column("lastname", Kind::Text),
    column("created", Kind::Instant),
    column("updated", Kind::Instant),
];

pub(super) fn routes() -> Router<Hub> {
    Router::new()
        .route("/members", get(all).post(add))
        .route("/members/{id}", get(one).merge(super::edit(edit)))
        .route("/members/{id}/readings", get(its_readings).post(add_reading))
        .route("/members/{id}/{field}", get(one_field))
}

impl Entity for MemberRow {
    const FIELDS: &'static [Field] = &[
        scalar("id"),
        scalar("email"),
        scalar("firstname"),
        scalar("lastname"),
        scalar("gender"),
        scalar("dateofbirth"),
        scalar("height"),
        scalar("clothesweight"),
        scalar("bodytype"),
        scalar("facility"),
        scalar("externalid"),
        scalar("units"),
        scalar("language"),
        scalar("lastreading"),
        scalar("disabled"),
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
            "email" => json!(self.email),
            "firstname" => json!(self.firstname),
            "lastname" => json!(self.lastname),
            "gender" => json!(self.gender),
            "dateofbirth" => json!(self.dateofbirth),
            "height" => decimal(self.height.as_deref()),
            "clothesweight" => decimal(self.clothesweight.as_deref()),
            "bodytype" => json!(self.bodytype),
            "facility" => json!(self.facility),
            "externalid" => json!(self.externalid),
            "units" => json!(self.units),
            "language" => json!(self.language),
            "lastreading" => json!(self.lastreading),
            "disabled" => json!(self.disabled),
            "created" => json!(clock::rfc3339(self.created)),
            "updated" => json!(clock::rfc3339(self.updated)),
            _ => Value::Null,
        }
    }
}

/// Body of an add or edit: only what is present is set.
#[derive(Deserialize)]
struct MemberBody {
    email: Option<String>,
    firstname: Option<String>,
    lastname: Option<String>,
    gender: Option<String>,
    dateofbirth: Option<Date>,
    height: Option<Number>,
    clothesweight: Option<Number>,
    bodytype: Option<String>,
    facility: Option<FacilityRef>,
    externalid: Option<String>,
    units: Option<String>,
    language: Option<String>,
    disabled: Option<bool>,
    linkedaccount: Option<LinkedAccountBody>,
}

/// The shape of the published member-info answer.
#[derive(Deserialize)]
struct LinkedAccountBody {
    r#type: String,
    username: Option<String>,
    userid: Option<String>,
    secret: Option<String>,
}

async fn all(State(hub): State<Hub>, auth: Auth, params: Params) -> Result<Response> {
    auth.require(MEMBERS.read, "read members")?;
    let selection = Selection::of_list::<MemberRow>(&params, &auth)?;
    let query = list::query(&params, &COLUMNS, &[("id", false)], rows(&auth))?;
    let page = list::page(&params)?;
    let (found, total) = members::list(hub.store.read(), &query, &page).await?;
    let views: Vec<_> = found.iter().map(|row| selection.view(row, &auth)).collect();
    list::answer("members", &params, page, total, &views)
}

async fn one(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    auth.require(MEMBERS.read, "read members")?;
    let row = visible(hub.store.read(), &auth, &id).await?;
    let selection = Selection::of_one::<MemberRow>(&params, &auth)?;
    Ok(Answer::selected(&row, &selection, &auth)?.unless_known(&headers))
}

async fn one_field(State(hub): State<Hub>, auth: Auth, Path((id, field)): Path<(String, String)>) -> Result<Response> {
    auth.require(MEMBERS.read, "read members")?;
    let row = visible(hub.store.read(), &auth, &id).await?;
    Ok(Answer::entity(&bare(&row, &auth, &field)?, row.version)?.into_response())
}

async fn add(State(hub): State<Hub>, auth: Auth, params: Params, key: Key, mut payload: Payload) -> Result<Response> {
    auth.require(MEMBERS.add, "add members")?;
    let selection = Selection::of_one::<MemberRow>(&params, &auth)?;
    let claim = key.claim(auth.app, &payload.bytes);
    payload.drop_read_only(&[])?;
    let body: MemberBody = payload.into()?;
    if body.email.is_none() && body.externalid.is_none() && body.linkedaccount.is_none() {
        return Err(ApiError::invalid(
            "email",
            "A member needs an email, an externalid or a linkedaccount.",
        ));
    }
    let now = clock::now();
    let account = linked_account(&hub, &body).await?;
    let mut tx = hub.store.write().await?;
    if let Some(claim) = &claim
        && let Some(answer) = claim.replay(&mut tx).await?
    {
        return Ok(answer.into_response());
    }
    let mut row = MemberRow {
        version: 1,
        created: now,
        updated: now,
        ..MemberRow::default()
    };
    row.facility = match (&body.facility, &auth.facilities) {
        (Some(named), _) => facilities::resolve(&mut tx, &auth, named).await?,
        (None, Some(ids)) if ids.len() == 1 => ids[0],
        (None, _) => {
            return Err(ApiError::invalid(
                "facility",
                "Say which facility the member belongs to.",
            ));
        }
    };
    fill(&mut tx, &mut row, body).await?;
    row.id = members::add(&mut tx, &row).await?;
    if let Some(account) = account {
        members::add_linked_account(&mut tx, row.id, &account, now)
            .await
            .map_err(taken_account)?;
    }
    let answer = Answer::selected(&row, &selection, &auth)?.created(format!("{}/members/{}", super::ROOT, row.id));
    if params.flag("validate") {
        return Ok(Answer::validated().into_response());
    }
    if let Some(claim) = claim {
        claim.keep(&mut tx, &answer, now).await?;
    }
    tx.commit().await?;
    Ok(answer.into_response())
}

async fn edit(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    headers: HeaderMap,
    mut payload: Payload,
) -> Result<Response> {
    auth.require(MEMBERS.edit, "edit members")?;
    let selection = Selection::of_one::<MemberRow>(&params, &auth)?;
    let mut tx = hub.store.write().await?;
    let mut row = visible(&mut *tx, &auth, &id).await?;
    check_if_match(&headers, row.version)?;
    payload.drop_read_only(&server_set(&row))?;
    let body: MemberBody = payload.into()?;
    if body.linkedaccount.is_some() {
        return Err(ApiError::invalid(
            "linkedaccount",
            "A linked account is given when the member is added.",
        ));
    }
    if let Some(named) = &body.facility {
        row.facility = facilities::resolve(&mut tx, &auth, named).await?;
    }
    fill(&mut tx, &mut row, body).await?;
    row.version += 1;
    row.updated = clock::now();
    members::update(&mut tx, &row).await?;
    if params.flag("validate") {
        return Ok(Answer::validated().into_response());
    }
    tx.commit().await?;
    Ok(Answer::selected(&row, &selection, &auth)?.into_response())
}

async fn its_readings(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Response> {
    let id: i64 = id.parse().map_err(|_| ApiError::not_found())?;
    params.0.push(("member".to_owned(), id.to_string()));
    readings::all(State(hub), auth, params).await
}

async fn add_reading(
    State(hub): State<Hub>,
    auth: Auth,
    Path(id): Path<String>,
    params: Params,
    key: Key,
    mut payload: Payload,
) -> Result<Response> {
    let id: i64 = id.parse().map_err(|_| ApiError::not_found())?;
    payload.object()?.insert("member".to_owned(), json!(id));
    readings::add(State(hub), auth, params, key, payload).await
}

/// Sets what the body has, after checking that it may be so.
async fn fill(tx: &mut sqlx::SqliteConnection, row: &mut MemberRow, body: MemberBody) -> Result<()> {
    let one_of = |field: &str, value: &Option<String>, words: &[&str]| match value {
        Some(word) if !words.contains(&word.as_str()) => Err(ApiError::invalid(
            field,
            format!("One of {} belongs here.", words.join(", ")),
        )),
        _ => Ok(()),
    };
    let gender = body.gender.map(|gender| gender.to_lowercase());
    one_of("gender", &gender, &["male", "female", "unspecified"])?;
    one_of("bodytype", &body.bodytype, &["standard", "athlete", "auto"])?;
    one_of("units", &body.units, &["metric", "imperial"])?;
    let email = body.email.map(|email| email.trim().to_lowercase());
    if let Some(email) = &email {
        if !email.contains('@') || email.len() > 254 {
            return Err(ApiError::invalid("email", "This is no e-mail address."));
        }
        if let Some(existing) = members::find_by_email(&mut *tx, email)
            .await?
            .filter(|id| *id != row.id)
        {
            return Err(duplicate("email", existing));
        }
    }
    if let Some(externalid) = &body.externalid
        && let Some(existing) = members::find_by_externalid(&mut *tx, row.facility, externalid)
            .await?
            .filter(|id| *id != row.id)
    {
        return Err(duplicate("externalid", existing));
    }
    let set = |field: &mut Option<String>, value: Option<String>| {
        if value.is_some() {
            *field = value;
        }
    };
    set(&mut row.email, email);
    set(&mut row.firstname, body.firstname);
    set(&mut row.lastname, body.lastname);
    set(&mut row.gender, gender);
    set(&mut row.dateofbirth, body.dateofbirth.map(|date| date.to_string()));
    set(&mut row.height, body.height.map(|height| height.to_string()));
    set(
        &mut row.clothesweight,
        body.clothesweight.map(|weight| weight.to_string()),
    );
    set(&mut row.bodytype, body.bodytype);
    set(&mut row.externalid, body.externalid);
    set(&mut row.units, body.units);
    set(&mut row.language, body.language);
    row.disabled = body.disabled.unwrap_or(row.disabled);
    Ok(())
}

async fn linked_account(hub: &Hub, body: &MemberBody) -> Result<Option<NewLinkedAccount>> {
    let Some(account) = &body.linkedaccount else {
        return Ok(None);
    };
    if account.username.is_none() && account.userid.is_none() {
        return Err(ApiError::invalid(
            "linkedaccount",
            "A linked account has a username or a userid.",
        ));
    }
    let secret_hash = match &account.secret {
        None => None,
        Some(secret) => Some(
            secret::hashed(hub, SecretString::from(secret.clone()))
                .await
                .map_err(|error| {
                    tracing::error!(error = &error as &dyn std::error::Error, "a secret could not be hashed");
                    ApiError::internal()
                })?,
        ),
    };
    Ok(Some(NewLinkedAccount {
        provider: account.r#type.clone(),
        username: account.username.clone(),
        userid: account.userid.clone(),
        secret_hash,
    }))
}

async fn visible(db: impl sqlx::SqliteExecutor<'_>, auth: &Auth, id: &str) -> Result<MemberRow> {
    // An app's own token has no member: `members/me`, and all that `front_end` alone may see, is nobody.
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    members::find(db, id)
        .await?
        .filter(|row| auth.has(Scope::UserManagement) && auth.may_act_for(row.facility))
        .ok_or_else(ApiError::not_found)
}

fn rows(auth: &Auth) -> Rows {
    if auth.has(Scope::UserManagement) {
        auth.consented("facility")
    } else {
        Rows::Nothing
    }
}

fn decimal(text: Option<&str>) -> Value {
    text.and_then(|text| text.parse::<Number>().ok())
        .map_or(Value::Null, Value::Number)
}

fn duplicate(field: &str, existing: i64) -> ApiError {
    ApiError::new(ErrorCode::DuplicateMember, "A member like this is there already.")
        .field(field)
        .details(json!({ "existing": existing }))
}

fn taken_account(error: sqlx::Error) -> ApiError {
    match &error {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => {
            ApiError::invalid("linkedaccount", "This account is linked to a member already.")
        }
        _ => error.into(),
    }
}
