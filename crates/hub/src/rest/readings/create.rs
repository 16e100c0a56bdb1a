//! Adding a reading: one that waits for a performer, or a walk-up scan in one call.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use cloud_api::{Assignment, ErrorCode, NewReading, Scope, Stage, Status, Subject, SubjectScheme, Word as _};
use serde::Serialize;
use sqlx::{Connection as _, SqliteConnection};

use super::{
    change::EXPIRES_MS,
    values::{Stored, Values},
};
use crate::{
    clock,
    rest::{
        ROOT,
        answer::Answer,
        auth::Auth,
        body::{Payload, typed},
        error::{ApiError, Result},
        facilities,
        fields::Selection,
        idempotency::{Claim, Key},
        index::READINGS,
        params::Params,
        performers,
    },
    state::Hub,
    store::{
        members::{self, Lookup},
        performers::PerformerRow,
        readings::{self, ReadingRow},
    },
};

/// Longest `externalid`.
const MAX_EXTERNALID: usize = 200;

pub(crate) async fn add(
    State(hub): State<Hub>,
    auth: Auth,
    params: Params,
    key: Key,
    mut payload: Payload,
) -> Result<Response> {
    auth.require(READINGS.add, "add readings")?;
    let selection = Selection::of_one::<ReadingRow>(&params, &auth)?;
    let claim = key.claim(auth.app, &payload.bytes);
    payload.drop_read_only(&[])?;
    let values = match payload.object()?.remove("measurements") {
        Some(values) => Values::read(&values, params.flag("strict"))?,
        None => Values::default(),
    };
    let body: NewReading = typed(payload.value)?;
    check(&auth, &body, &values)?;
    let mut stored = Stored::default();
    stored.join(values, false)?;

    let addition = Addition {
        auth: &auth,
        selection: &selection,
        claim: claim.as_ref(),
        body: &body,
        stored: &stored,
        validate: params.flag("validate"),
        now: clock::now(),
    };
    let mut db = hub.store.hold().await?;
    let outcome = match addition.attempt(&mut db).await? {
        Outcome::Overtaken => {
            // It may be overtaken again for as long as the other processes of the hub are busy, but not with the store locked.
            let mut tx = db.begin_with("BEGIN IMMEDIATE").await?;
            let outcome = addition.attempt(&mut tx).await?;
            tx.commit().await?;
            outcome
        }
        outcome => outcome,
    };
    match outcome {
        Outcome::Added(id, answer) => {
            hub.changed(id);
            Ok(answer.into_response())
        }
        Outcome::Unchanged(answer) => Ok(answer.into_response()),
        Outcome::Overtaken => Err(ApiError::internal()),
    }
}

/// A reading to add, all that needs no store being checked.
struct Addition<'a> {
    auth: &'a Auth,
    selection: &'a Selection,
    claim: Option<&'a Claim>,
    body: &'a NewReading,
    stored: &'a Stored,
    validate: bool,
    now: i64,
}

enum Outcome {
    /// The reading has this id now.
    Added(i64, Answer),
    /// It was there before, or was to be validated only.
    Unchanged(Answer),
    /// Another process of the hub took the id or the `externalid` in between; nothing was stored.
    Overtaken,
}

impl Addition<'_> {
    async fn attempt(&self, db: &mut SqliteConnection) -> Result<Outcome> {
        let &Self { auth, body, stored, .. } = self;
        let key = self.claim.map(Claim::key);
        let performer = body.scanperformer.map(|id| id.0);
        let before = readings::before_add(db, auth.app, body.externalid.as_deref(), key, performer).await?;
        if let (true, Some(claim)) = (before.answered, self.claim)
            && let Some(answer) = claim.replay(db).await?
        {
            return Ok(Outcome::Unchanged(answer));
        }
        if let Some(id) = before.existing {
            let existing = readings::find(&mut *db, auth.app, id)
                .await?
                .ok_or_else(ApiError::not_found)?;
            check_repeat(&existing, body, stored)?;
            return Ok(Outcome::Unchanged(Answer::selected(&existing, self.selection, auth)?));
        }
        let mut row = new_row(auth, body, stored, self.now);
        row.id = before.id;
        place(db, auth, body, &mut row, before.performer, self.now).await?;
        if self.validate {
            return Ok(Outcome::Unchanged(Answer::validated()));
        }
        let answer = Answer::selected(&row, self.selection, auth)?.created(format!("{ROOT}/readings/{}", row.id));
        let kept = self.claim.map(|claim| claim.row(&answer));
        if readings::add(db, &row, key.zip(kept.as_ref())).await? {
            Ok(Outcome::Added(row.id, answer))
        } else {
            Ok(Outcome::Overtaken)
        }
    }
}

/// Checks that need no store.
fn check(auth: &Auth, body: &NewReading, values: &Values) -> Result<()> {
    match body.status {
        None | Some(Status::Created) => {
            if !values.is_empty() {
                return Err(ApiError::invalid(
                    "measurements",
                    "Measurements are added to a reading that is there.",
                ));
            }
        }
        Some(Status::Complete) => {
            // One call does what a creator and a performer do in three.
            auth.require(&[Scope::ScanPerformer], "complete readings")?;
            if body.date.is_none() {
                return Err(ApiError::invalid(
                    "date",
                    "A complete reading has the date of its measurement.",
                ));
            }
            if values.is_empty() {
                return Err(ApiError::invalid(
                    "measurements",
                    "A complete reading has measurements.",
                ));
            }
        }
        Some(_) => {
            return Err(ApiError::invalid(
                "status",
                "A reading begins as `created` or `complete`.",
            ));
        }
    }
    if body.member.is_some() && body.guest.is_some() {
        return Err(ApiError::invalid("guest", "A scan is a member's or a guest's."));
    }
    if body
        .externalid
        .as_ref()
        .is_some_and(|id| id.is_empty() || id.len() > MAX_EXTERNALID)
    {
        return Err(ApiError::invalid(
            "externalid",
            "An externalid has 1 to 200 characters.",
        ));
    }
    Ok(())
}

/// A repeat with the same `externalid` is answered with what is there, unless it brings other measurements.
fn check_repeat(existing: &ReadingRow, body: &NewReading, stored: &Stored) -> Result<()> {
    let complete = Status::Complete.word();
    if body.status != Some(Status::Complete) || existing.status != complete || existing.values().covers(stored) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::MeasurementConflict,
        "The reading was completed with other measurements.",
    ))
}

fn new_row(auth: &Auth, body: &NewReading, stored: &Stored, now: i64) -> ReadingRow {
    let complete = body.status == Some(Status::Complete);
    let (status, stage) = if complete {
        (Status::Complete, Stage::Done)
    } else {
        (Status::Created, Stage::Queued)
    };
    ReadingRow {
        version: 1,
        app: auth.app,
        createdby: auth.client_id.clone(),
        member: body.member.map(|id| id.0),
        subject: json(body.subject.as_ref()),
        guest: json(body.guest.as_ref()),
        externalid: body.externalid.clone(),
        date: body.date.map(clock::millis),
        status: status.word().to_owned(),
        stage: stage.word().to_owned(),
        progress: stage.range().0,
        message: body.message.clone(),
        attempt: 1,
        inputs: json(body.inputs.as_ref()),
        measurements: json(Some(&stored.known)).unwrap_or_default(),
        extra: json(Some(&stored.extra)).unwrap_or_default(),
        device: json(body.device.as_ref()),
        raw: body.raw.clone(),
        checksum: body.checksum.clone(),
        quality: json(body.quality.as_ref()),
        created: now,
        completed: complete.then_some(now),
        expires: (!complete).then_some(now + EXPIRES_MS),
        updated: now,
        performed: auth.has(Scope::ScanPerformer),
        ..ReadingRow::default()
    }
}

/// Finds out where and whose the reading is.
async fn place(
    db: &mut SqliteConnection,
    auth: &Auth,
    body: &NewReading,
    row: &mut ReadingRow,
    performer: Option<PerformerRow>,
    now: i64,
) -> Result<()> {
    if body.scanperformer.is_some() {
        let mut performer = performer
            .filter(|performer| performers::is_visible(performer, auth))
            .filter(|performer| performer.app == auth.app || body.status != Some(Status::Complete))
            .ok_or_else(|| ApiError::invalid("scanperformer", "There is no such performer."))?;
        if performer.app == auth.app {
            performers::seen(db, &mut performer, None, now).await?;
        } else {
            row.performed = false;
        }
        row.scanperformer = Some(performer.id);
        row.facility = performer.facility;
    }
    if let Some(named) = &body.facility {
        row.facility = Some(facilities::resolve(db, auth, named).await?);
    }
    let assignment = if let Some(id) = body.member {
        let member = members::find(&mut *db, id.0)
            .await?
            .filter(|member| auth.may_act_for(member.facility))
            .ok_or_else(|| ApiError::invalid("member", "There is no such member."))?;
        row.facility = row.facility.or(Some(member.facility));
        Assignment::Assigned
    } else if body.guest.is_some() && body.subject.is_none() {
        Assignment::Guest
    } else {
        row.member = match (&body.subject, row.facility) {
            (Some(subject), Some(facility)) => named_member(db, facility, subject).await?,
            _ => None,
        };
        if row.member.is_some() {
            Assignment::Assigned
        } else {
            Assignment::Unassigned
        }
    };
    row.assignment = assignment.word().to_owned();
    Ok(())
}

async fn named_member(db: &mut SqliteConnection, facility: i64, subject: &Subject) -> Result<Option<i64>> {
    let value = subject.value.trim();
    // All zeros is what a scanner sends when nobody typed a number.
    if value.bytes().all(|b| b == b'0') {
        return Ok(None);
    }
    let lookup = match subject.scheme {
        SubjectScheme::ExternalId => Lookup::ExternalId,
        SubjectScheme::Username => Lookup::Username,
        SubjectScheme::UserId => Lookup::UserId,
        SubjectScheme::Number => Lookup::Number,
    };
    Ok(members::look_up(db, facility, lookup, value).await?)
}

fn json(value: Option<&impl Serialize>) -> Option<String> {
    value.and_then(|value| serde_json::to_string(value).ok())
}
