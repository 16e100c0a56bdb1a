//! Scan performers.

use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, SqliteExecutor};

use super::filter::{Page, Query};

/// One performer.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub(crate) struct PerformerRow {
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) app: i64,
    pub(crate) name: Option<String>,
    pub(crate) externalid: String,
    /// Who holds the lease, or held it last.
    pub(crate) instance: Option<String>,
    pub(crate) lease_until: i64,
    pub(crate) facility: Option<i64>,
    pub(crate) status: String,
    pub(crate) message: Option<String>,
    pub(crate) software: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) capabilities: Option<String>,
    pub(crate) mqtt: Option<String>,
    pub(crate) lastseen: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    #[sqlx(default)]
    pub(crate) currentreading: Option<i64>,
}

const COLUMNS: &str = "SELECT *, (SELECT r.id FROM readings r WHERE r.scanperformer = scanperformers.id \
                       AND r.status IN ('claimed', 'scanning', 'uploading') ORDER BY r.id DESC LIMIT 1) \
                       AS currentreading FROM scanperformers WHERE 1";

pub(crate) async fn find(db: impl SqliteExecutor<'_>, id: i64) -> sqlx::Result<Option<PerformerRow>> {
    let mut select = QueryBuilder::<Sqlite>::new(COLUMNS);
    select.push(" AND id = ").push_bind(id);
    select.build_query_as().fetch_optional(db).await
}

pub(crate) async fn find_named(
    db: impl SqliteExecutor<'_>,
    app: i64,
    externalid: &str,
) -> sqlx::Result<Option<PerformerRow>> {
    let mut select = QueryBuilder::<Sqlite>::new(COLUMNS);
    select
        .push(" AND app = ")
        .push_bind(app)
        .push(" AND externalid = ")
        .push_bind(externalid);
    select.build_query_as().fetch_optional(db).await
}

/// Adds a performer; answers the id. `row.id` is not used.
pub(crate) async fn add(tx: &mut SqliteConnection, row: &PerformerRow) -> sqlx::Result<i64> {
    Ok(sqlx::query(
        "INSERT INTO scanperformers (version, app, name, externalid, instance, lease_until, facility, status, \
         message, software, device, capabilities, mqtt, lastseen, created, updated) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(row.version)
    .bind(row.app)
    .bind(&row.name)
    .bind(&row.externalid)
    .bind(&row.instance)
    .bind(row.lease_until)
    .bind(row.facility)
    .bind(&row.status)
    .bind(&row.message)
    .bind(&row.software)
    .bind(&row.device)
    .bind(&row.capabilities)
    .bind(&row.mqtt)
    .bind(row.lastseen)
    .bind(row.created)
    .bind(row.updated)
    .fetch_one(tx)
    .await?
    .get(0))
}

/// Writes every field of a performer that is there.
pub(crate) async fn update(tx: &mut SqliteConnection, row: &PerformerRow) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE scanperformers SET version = ?, name = ?, instance = ?, lease_until = ?, facility = ?, status = ?, \
         message = ?, software = ?, device = ?, capabilities = ?, mqtt = ?, lastseen = ?, updated = ? WHERE id = ?",
    )
    .bind(row.version)
    .bind(&row.name)
    .bind(&row.instance)
    .bind(row.lease_until)
    .bind(row.facility)
    .bind(&row.status)
    .bind(&row.message)
    .bind(&row.software)
    .bind(&row.device)
    .bind(&row.capabilities)
    .bind(&row.mqtt)
    .bind(row.lastseen)
    .bind(row.updated)
    .bind(row.id)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that the performer was named by an authorised call.
pub(crate) async fn seen(tx: &mut SqliteConnection, id: i64, now: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE scanperformers SET lastseen = ? WHERE id = ?")
        .bind(now)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

/// One page of those that pass `query`, and how many pass.
pub(crate) async fn list<'a>(
    db: impl SqliteExecutor<'a> + Copy,
    query: &Query,
    page: &Page,
) -> sqlx::Result<(Vec<PerformerRow>, i64)> {
    query
        .page(
            page,
            "SELECT count(*) FROM scanperformers WHERE 1",
            QueryBuilder::new(COLUMNS),
            db,
        )
        .await
}
