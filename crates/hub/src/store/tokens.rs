//! Tokens, as digests, and failed authentications.

use sqlx::{Row as _, SqliteConnection, SqliteExecutor};

/// SHA-256 of a token.
pub(crate) type Digest = [u8; 32];

/// A live access token with what its app may see.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct AccessRow {
    pub(crate) app: i64,
    pub(crate) client_id: String,
    pub(crate) scopes: String,
    pub(crate) expires: i64,
    pub(crate) all_facilities: bool,
    /// Ids separated by commas; null for none.
    pub(crate) facilities: Option<String>,
}

/// A refresh token, live or rotated.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct RefreshRow {
    pub(crate) family: String,
    pub(crate) app: i64,
    pub(crate) client_id: String,
    pub(crate) scopes: String,
    pub(crate) expires: i64,
    pub(crate) rotated: Option<i64>,
    pub(crate) nonce: Option<Vec<u8>>,
}

/// A token to be stored.
#[derive(Debug)]
pub(crate) struct NewToken<'a> {
    pub(crate) digest: &'a Digest,
    pub(crate) family: &'a str,
    pub(crate) app: i64,
    pub(crate) scopes: &'a str,
    pub(crate) expires: i64,
}

/// One indexed read; the whole of a token check.
pub(crate) async fn find_access(db: impl SqliteExecutor<'_>, digest: &Digest) -> sqlx::Result<Option<AccessRow>> {
    sqlx::query_as(
        "SELECT t.app, a.client_id, t.scopes, t.expires, a.all_facilities, \
         (SELECT group_concat(facility) FROM app_facilities f WHERE f.app = t.app) AS facilities \
         FROM access_tokens t JOIN apps a ON a.id = t.app WHERE t.digest = ? AND a.disabled = 0",
    )
    .bind(&digest[..])
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_refresh(db: impl SqliteExecutor<'_>, digest: &Digest) -> sqlx::Result<Option<RefreshRow>> {
    sqlx::query_as(
        "SELECT t.family, t.app, a.client_id, t.scopes, t.expires, t.rotated, t.nonce \
         FROM refresh_tokens t JOIN apps a ON a.id = t.app WHERE t.digest = ? AND a.disabled = 0",
    )
    .bind(&digest[..])
    .fetch_optional(db)
    .await
}

pub(crate) async fn add_access(tx: &mut SqliteConnection, token: &NewToken<'_>) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO access_tokens (digest, family, app, scopes, expires) VALUES (?, ?, ?, ?, ?)")
        .bind(&token.digest[..])
        .bind(token.family)
        .bind(token.app)
        .bind(token.scopes)
        .bind(token.expires)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn add_refresh(tx: &mut SqliteConnection, token: &NewToken<'_>) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (digest, family, app, scopes, expires) VALUES (?, ?, ?, ?, ?)")
        .bind(&token.digest[..])
        .bind(token.family)
        .bind(token.app)
        .bind(token.scopes)
        .bind(token.expires)
        .execute(tx)
        .await?;
    Ok(())
}

/// Marks a refresh token as used.
pub(crate) async fn rotate(tx: &mut SqliteConnection, digest: &Digest, nonce: &[u8], now: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE refresh_tokens SET rotated = ?, nonce = ? WHERE digest = ?")
        .bind(now)
        .bind(nonce)
        .bind(&digest[..])
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends every token of a family.
pub(crate) async fn revoke_family(tx: &mut SqliteConnection, family: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM access_tokens WHERE family = ?")
        .bind(family)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM refresh_tokens WHERE family = ?")
        .bind(family)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Number of failures of `subject` since `since`, and when the oldest of them was.
pub(crate) async fn failures(db: impl SqliteExecutor<'_>, subject: &Digest, since: i64) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query("SELECT count(*), coalesce(min(at), 0) FROM failures WHERE subject = ? AND at > ?")
        .bind(&subject[..])
        .bind(since)
        .fetch_one(db)
        .await?;
    Ok((row.get(0), row.get(1)))
}

pub(crate) async fn add_failure(tx: &mut SqliteConnection, subject: &Digest, now: i64) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO failures (subject, at) VALUES (?, ?)")
        .bind(&subject[..])
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether [`purge`] has anything to do.
pub(crate) async fn any_expired(db: impl SqliteExecutor<'_>, now: i64, failures_before: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM access_tokens WHERE expires <= ?1) \
         OR EXISTS (SELECT 1 FROM refresh_tokens WHERE expires <= ?1) OR EXISTS (SELECT 1 FROM failures WHERE at <= ?2)",
    )
    .bind(now)
    .bind(failures_before)
    .fetch_one(db)
    .await
}

/// Drops what has expired. Rotated refresh tokens stay until they expire, so that their reuse is noticed.
pub(crate) async fn purge(tx: &mut SqliteConnection, now: i64, failures_before: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM access_tokens WHERE expires <= ?")
        .bind(now)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM refresh_tokens WHERE expires <= ?")
        .bind(now)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM failures WHERE at <= ?")
        .bind(failures_before)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
