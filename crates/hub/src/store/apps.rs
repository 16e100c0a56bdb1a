//! Apps: who may ask for tokens, for what, and for which facilities.

use sqlx::{Row as _, SqliteConnection, SqliteExecutor};

/// An app as the token end point needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct AppRow {
    pub(crate) id: i64,
    pub(crate) client_id: String,
    pub(crate) secret_hash: String,
    pub(crate) scopes: String,
    pub(crate) disabled: bool,
}

/// What is set for an app by configuration or command.
#[derive(Debug)]
pub(crate) struct AppSettings<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) scopes: String,
    pub(crate) all_facilities: bool,
    pub(crate) facilities: &'a [i64],
}

pub(crate) async fn find(db: impl SqliteExecutor<'_>, client_id: &str) -> sqlx::Result<Option<AppRow>> {
    sqlx::query_as("SELECT id, client_id, secret_hash, scopes, disabled FROM apps WHERE client_id = ?")
        .bind(client_id)
        .fetch_optional(db)
        .await
}

/// Adds the app or updates all but its secret. Answers its id.
pub(crate) async fn put(
    tx: &mut SqliteConnection,
    settings: &AppSettings<'_>,
    secret_hash: &str,
    now: i64,
) -> sqlx::Result<i64> {
    let id: i64 = sqlx::query(
        "INSERT INTO apps (client_id, secret_hash, name, scopes, all_facilities, created) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (client_id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes, \
         all_facilities = excluded.all_facilities RETURNING id",
    )
    .bind(settings.client_id)
    .bind(secret_hash)
    .bind(settings.name)
    .bind(&settings.scopes)
    .bind(settings.all_facilities)
    .bind(now)
    .fetch_one(&mut *tx)
    .await?
    .get(0);
    sqlx::query("DELETE FROM app_facilities WHERE app = ?")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    for facility in settings.facilities {
        sqlx::query("INSERT INTO app_facilities (app, facility) VALUES (?, ?)")
            .bind(id)
            .bind(facility)
            .execute(&mut *tx)
            .await?;
    }
    Ok(id)
}

/// Replaces the secret and ends every token of the app.
pub(crate) async fn reset_secret(tx: &mut SqliteConnection, id: i64, secret_hash: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE apps SET secret_hash = ? WHERE id = ?")
        .bind(secret_hash)
        .bind(id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM access_tokens WHERE app = ?")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM refresh_tokens WHERE app = ?")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
