//! Facilities: gyms or other sites that use the service.

use sqlx::{QueryBuilder, Row as _, SqliteConnection, SqliteExecutor};

use super::filter::{Page, Query};

/// One facility.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub(crate) struct FacilityRow {
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) name: Option<String>,
    pub(crate) externalid: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) postcode: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) units: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

pub(crate) async fn find(db: impl SqliteExecutor<'_>, id: i64) -> sqlx::Result<Option<FacilityRow>> {
    sqlx::query_as("SELECT * FROM facilities WHERE id = ?")
        .bind(id)
        .fetch_optional(db)
        .await
}

pub(crate) async fn find_named(db: impl SqliteExecutor<'_>, externalid: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT id FROM facilities WHERE externalid = ?")
        .bind(externalid)
        .fetch_optional(db)
        .await
}

/// Adds the facility, or sets name and time zone of the one with this `externalid`. Answers its id.
pub(crate) async fn put(
    tx: &mut SqliteConnection,
    externalid: &str,
    name: Option<&str>,
    timezone: Option<&str>,
    now: i64,
) -> sqlx::Result<i64> {
    Ok(sqlx::query(
        "INSERT INTO facilities (version, externalid, name, timezone, units, created, updated) \
         VALUES (1, ?1, ?2, ?3, 'metric', ?4, ?4) \
         ON CONFLICT (externalid) DO UPDATE SET name = coalesce(excluded.name, name), \
         timezone = coalesce(excluded.timezone, timezone) RETURNING id",
    )
    .bind(externalid)
    .bind(name)
    .bind(timezone)
    .bind(now)
    .fetch_one(tx)
    .await?
    .get(0))
}

/// Writes every field of a facility that is there.
pub(crate) async fn update(tx: &mut SqliteConnection, row: &FacilityRow) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE facilities SET version = ?, name = ?, externalid = ?, address = ?, city = ?, postcode = ?, \
         country = ?, timezone = ?, units = ?, language = ?, updated = ? WHERE id = ?",
    )
    .bind(row.version)
    .bind(&row.name)
    .bind(&row.externalid)
    .bind(&row.address)
    .bind(&row.city)
    .bind(&row.postcode)
    .bind(&row.country)
    .bind(&row.timezone)
    .bind(&row.units)
    .bind(&row.language)
    .bind(row.updated)
    .bind(row.id)
    .execute(tx)
    .await?;
    Ok(())
}

/// One page of those that pass `query`, and how many pass.
pub(crate) async fn list<'a>(
    db: impl SqliteExecutor<'a> + Copy,
    query: &Query,
    page: &Page,
) -> sqlx::Result<(Vec<FacilityRow>, i64)> {
    query
        .page(
            page,
            "SELECT count(*) FROM facilities WHERE 1",
            QueryBuilder::new("SELECT * FROM facilities WHERE 1"),
            db,
        )
        .await
}
