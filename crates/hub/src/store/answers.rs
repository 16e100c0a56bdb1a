//! First answers to requests with an `Idempotency-Key`.

use sqlx::{SqliteConnection, SqliteExecutor};

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct AnswerRow {
    /// Digest of the request.
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) async fn find(tx: &mut SqliteConnection, app: i64, key: &str) -> sqlx::Result<Option<AnswerRow>> {
    sqlx::query_as("SELECT request, status, location, etag, body FROM answers WHERE app = ? AND key = ?")
        .bind(app)
        .bind(key)
        .fetch_optional(tx)
        .await
}

pub(crate) async fn add(
    tx: &mut SqliteConnection,
    app: i64,
    key: &str,
    answer: &AnswerRow,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO answers (app, key, request, status, location, etag, body, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(app)
    .bind(key)
    .bind(&answer.request)
    .bind(answer.status)
    .bind(&answer.location)
    .bind(&answer.etag)
    .bind(&answer.body)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether [`purge`] has anything to do.
pub(crate) async fn any_older(db: impl SqliteExecutor<'_>, before: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM answers WHERE created <= ?)")
        .bind(before)
        .fetch_one(db)
        .await
}

pub(crate) async fn purge(tx: &mut SqliteConnection, before: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM answers WHERE created <= ?")
        .bind(before)
        .execute(tx)
        .await?;
    Ok(())
}
