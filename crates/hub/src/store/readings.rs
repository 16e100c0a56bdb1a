//! Readings.

use sqlx::{FromRow as _, QueryBuilder, Row as _, Sqlite, SqliteConnection, SqliteExecutor};

use super::{
    answers::AnswerRow,
    filter::{Page, Query},
    performers::PerformerRow,
};

/// One reading. Words are those of the wire, objects are JSON text.
#[derive(Clone, Default, PartialEq, sqlx::FromRow)]
pub(crate) struct ReadingRow {
    pub(crate) id: i64,
    pub(crate) version: i64,
    /// Who created it.
    pub(crate) app: i64,
    pub(crate) member: Option<i64>,
    pub(crate) subject: Option<String>,
    pub(crate) assignment: String,
    pub(crate) guest: Option<String>,
    pub(crate) facility: Option<i64>,
    pub(crate) scanperformer: Option<i64>,
    pub(crate) externalid: Option<String>,
    pub(crate) date: Option<i64>,
    pub(crate) status: String,
    pub(crate) stage: String,
    pub(crate) progress: u8,
    pub(crate) message: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) inputs: Option<String>,
    pub(crate) measurements: String,
    /// Values whose name the vocabulary does not know.
    pub(crate) extra: String,
    pub(crate) device: Option<String>,
    pub(crate) raw: Option<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) quality: Option<String>,
    pub(crate) created: i64,
    pub(crate) claimed: Option<i64>,
    pub(crate) started: Option<i64>,
    pub(crate) completed: Option<i64>,
    pub(crate) expires: Option<i64>,
    pub(crate) updated: i64,
    /// Client id of the creator.
    pub(crate) createdby: String,
    /// Whether the asking app's performers hold the reading or may claim it.
    pub(crate) performed: bool,
}

/// Begins a selection of readings as an app sees them; ends before the first condition.
fn select(app: i64) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new(
        "SELECT readings.*, (SELECT client_id FROM apps WHERE apps.id = readings.app) AS createdby, ",
    );
    push_performed(&mut select, app);
    select.push(" AS performed FROM readings WHERE 1");
    select
}

/// Whether an app's performers hold a reading or may claim it: its own performer has it; or nobody has it and it is
/// the app's own, or waits at a facility where the app has a performer.
pub(super) fn push_performed(select: &mut QueryBuilder<Sqlite>, app: i64) {
    select
        .push("(CASE WHEN scanperformer IS NOT NULL THEN EXISTS (SELECT 1 FROM scanperformers p WHERE p.id = scanperformer AND p.app = ")
        .push_bind(app)
        .push(") ELSE readings.app = ")
        .push_bind(app)
        .push(" OR (readings.status = 'created' AND EXISTS (SELECT 1 FROM scanperformers p WHERE p.facility = readings.facility AND p.app = ")
        .push_bind(app)
        .push(")) END)");
}

pub(crate) async fn find(db: impl SqliteExecutor<'_>, app: i64, id: i64) -> sqlx::Result<Option<ReadingRow>> {
    let mut select = select(app);
    select.push(" AND id = ").push_bind(id);
    select.build_query_as().fetch_optional(db).await
}

/// What must be known before a reading is added.
pub(crate) struct Before {
    /// The id that the reading will have.
    pub(crate) id: i64,
    /// A reading that has its `externalid` already.
    pub(crate) existing: Option<i64>,
    /// Whether an answer is kept under its idempotency key.
    pub(crate) answered: bool,
    pub(crate) performer: Option<PerformerRow>,
}

/// Looks up everything in one statement: each one costs two changes of thread, more than the looking up itself.
pub(crate) async fn before_add(
    db: &mut SqliteConnection,
    app: i64,
    externalid: Option<&str>,
    key: Option<&str>,
    performer: Option<i64>,
) -> sqlx::Result<Before> {
    let row = sqlx::query(
        "SELECT p.*, (SELECT coalesce(max(id), 0) + 1 FROM readings) AS next_id, \
         (SELECT id FROM readings WHERE app = ?1 AND externalid = ?2) AS existing, \
         EXISTS (SELECT 1 FROM answers WHERE app = ?1 AND key = ?3) AS answered \
         FROM (SELECT 1) LEFT JOIN scanperformers p ON p.id = ?4",
    )
    .bind(app)
    .bind(externalid)
    .bind(key)
    .bind(performer)
    .fetch_one(db)
    .await?;
    let found: Option<i64> = row.get("id");
    Ok(Before {
        id: row.get("next_id"),
        existing: row.get("existing"),
        answered: row.get("answered"),
        performer: found.map(|_| PerformerRow::from_row(&row)).transpose()?,
    })
}

/// Adds a reading with the id it was given and the answer to keep under a key, by one statement. Answers whether it did:
/// another process may have been faster since [`before_add`].
pub(crate) async fn add(
    db: &mut SqliteConnection,
    row: &ReadingRow,
    answer: Option<(&str, &AnswerRow)>,
) -> sqlx::Result<bool> {
    let (key, answer) = answer.unzip();
    let added = sqlx::query(
        "INSERT INTO new_readings (id, version, app, member, subject, assignment, guest, facility, scanperformer, \
         externalid, date, status, stage, progress, message, error, attempt, inputs, measurements, extra, device, raw, \
         checksum, quality, created, claimed, started, completed, expires, updated, \
         key, request, answer_status, location, etag, body) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(row.id)
        .bind(row.version)
        .bind(row.app)
        .bind(row.member)
        .bind(&row.subject)
        .bind(&row.assignment)
        .bind(&row.guest)
        .bind(row.facility)
        .bind(row.scanperformer)
        .bind(&row.externalid)
        .bind(row.date)
        .bind(&row.status)
        .bind(&row.stage)
        .bind(row.progress)
        .bind(&row.message)
        .bind(&row.error)
        .bind(row.attempt)
        .bind(&row.inputs)
        .bind(&row.measurements)
        .bind(&row.extra)
        .bind(&row.device)
        .bind(&row.raw)
        .bind(&row.checksum)
        .bind(&row.quality)
        .bind(row.created)
        .bind(row.claimed)
        .bind(row.started)
        .bind(row.completed)
        .bind(row.expires)
        .bind(row.updated)
    .bind(key)
    .bind(answer.map(|answer| &answer.request))
    .bind(answer.map(|answer| answer.status))
    .bind(answer.and_then(|answer| answer.location.as_ref()))
    .bind(answer.and_then(|answer| answer.etag.as_ref()))
    .bind(answer.map(|answer| &answer.body))
    .execute(db)
    .await;
    match added {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes every field of a reading that may change after its creation.
pub(crate) async fn update(tx: &mut SqliteConnection, row: &ReadingRow) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE readings SET version = ?, facility = ?, scanperformer = ?, date = ?, status = ?, stage = ?, \
         progress = ?, message = ?, error = ?, attempt = ?, inputs = ?, measurements = ?, extra = ?, device = ?, \
         raw = ?, checksum = ?, quality = ?, claimed = ?, started = ?, completed = ?, expires = ?, updated = ? \
         WHERE id = ?",
    )
    .bind(row.version)
    .bind(row.facility)
    .bind(row.scanperformer)
    .bind(row.date)
    .bind(&row.status)
    .bind(&row.stage)
    .bind(row.progress)
    .bind(&row.message)
    .bind(&row.error)
    .bind(row.attempt)
    .bind(&row.inputs)
    .bind(&row.measurements)
    .bind(&row.extra)
    .bind(&row.device)
    .bind(&row.raw)
    .bind(&row.checksum)
    .bind(&row.quality)
    .bind(row.claimed)
    .bind(row.started)
    .bind(row.completed)
    .bind(row.expires)
    .bind(row.updated)
    .bind(row.id)
    .execute(tx)
    .await?;
    Ok(())
}

/// Readings that wait for this performer or for anybody at its facility, oldest first.
pub(crate) async fn queue(
    db: impl SqliteExecutor<'_>,
    app: i64,
    performer: i64,
    facility: Option<i64>,
    now: i64,
) -> sqlx::Result<Vec<ReadingRow>> {
    let mut select = select(app);
    select
        .push(" AND status = 'created' AND (expires IS NULL OR expires > ")
        .push_bind(now)
        .push(") AND (scanperformer = ")
        .push_bind(performer)
        .push(" OR (scanperformer IS NULL AND facility = ")
        .push_bind(facility)
        // A screenful: the performer takes them one by one.
        .push(")) ORDER BY id LIMIT 50");
    select.build_query_as().fetch_all(db).await
}

/// Whether [`end_overdue`] has anything to do.
pub(crate) async fn any_overdue(db: impl SqliteExecutor<'_>, now: i64, silent_since: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM readings WHERE status = 'created' AND expires <= ?1) \
         OR EXISTS (SELECT 1 FROM readings WHERE status IN ('claimed', 'scanning') AND updated <= ?2)",
    )
    .bind(now)
    .bind(silent_since)
    .fetch_one(db)
    .await
}

/// Ends readings that nobody claimed in time and those whose performer fell silent. Answers their ids.
pub(crate) async fn end_overdue(tx: &mut SqliteConnection, now: i64, silent_since: i64) -> sqlx::Result<Vec<i64>> {
    let mut ended: Vec<i64> = sqlx::query_scalar(
        "UPDATE readings SET status = 'expired', stage = 'queued', progress = 0, updated = ?1, version = version + 1 \
         WHERE status = 'created' AND expires <= ?1 RETURNING id",
    )
    .bind(now)
    .fetch_all(&mut *tx)
    .await?;
    let lost: Vec<i64> = sqlx::query_scalar(
        "UPDATE readings SET status = 'failed', updated = ?1, version = version + 1, \
         error = '{\"code\":\"performer_lost\",\"message\":\"The scanner stopped answering.\",\"retryable\":true}' \
         WHERE status IN ('claimed', 'scanning') AND updated <= ?2 RETURNING id",
    )
    .bind(now)
    .bind(silent_since)
    .fetch_all(&mut *tx)
    .await?;
    ended.extend(lost);
    Ok(ended)
}

/// One page of those that pass `query`, and how many pass.
pub(crate) async fn list<'a>(
    db: impl SqliteExecutor<'a> + Copy,
    app: i64,
    query: &Query,
    page: &Page,
) -> sqlx::Result<(Vec<ReadingRow>, i64)> {
    query
        .page(page, "SELECT count(*) FROM readings WHERE 1", select(app), db)
        .await
}
