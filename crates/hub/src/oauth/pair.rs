//! The tokens of an answer: made, kept as digests, and exchanged for their successors.

use cloud_api::{Scopes, TokenResponse};
use uuid::Uuid;

use super::{
    Refusal,
    secret::{self, Token},
};
use crate::{
    state::Hub,
    store::{
        apps::AppRow,
        tokens::{self, NewToken},
    },
};

/// Life of an access token: 1800 s, as in the published samples.
pub(super) const ACCESS_S: i64 = 1800;
/// Life of a refresh token: 30 days.
pub(super) const REFRESH_MS: i64 = 30 * 24 * 3600 * 1000;
/// How long after its use a refresh token still yields the same successor: a client whose answer was lost asks again.
pub(super) const GRACE_MS: i64 = 10_000;

/// The first pair of a new family. The answer names the scopes if the app asked for none.
pub(super) async fn issue(
    hub: &Hub,
    app: &AppRow,
    scopes: Scopes,
    name_scopes: bool,
    now: i64,
) -> Result<TokenResponse, Refusal> {
    let pair = Pair {
        access: Token::random("at")?,
        refresh: Token::random("rt")?,
    };
    let family = Uuid::now_v7().simple().to_string();
    let mut tx = hub.store.write().await?;
    pair.add(&mut tx, &family, app.id, scopes, now).await?;
    tx.commit().await?;
    Ok(pair.response(scopes, name_scopes))
}

/// Uses up a refresh token. Whoever comes second within the grace gets the same successors; later, somebody holds a
/// token that is not theirs, and the whole family ends.
pub(super) async fn rotate(hub: &Hub, token: &str, scopes: Scopes, now: i64) -> Result<TokenResponse, Refusal> {
    let digest = secret::digest(token);
    let mut tx = hub.store.write().await?;
    // Read again: only here nobody else can use it up at the same time.
    let Some(row) = tokens::find_refresh(&mut *tx, &digest).await? else {
        return Err(Refusal::dead_token());
    };
    let used = row.rotated.zip(row.nonce.clone());
    match used {
        None => {
            let nonce = secret::random::<16>()?;
            let pair = Pair::successors(token, &nonce);
            tokens::rotate(&mut tx, &digest, &nonce, now).await?;
            pair.add(&mut tx, &row.family, row.app, scopes, now).await?;
            tx.commit().await?;
            Ok(pair.response(scopes, true))
        }
        Some((rotated, nonce)) if now - rotated <= GRACE_MS => {
            let pair = Pair::successors(token, &nonce);
            // The scopes of the first answer count: the successors carry them.
            let successor = tokens::find_access(&mut *tx, &pair.access.digest())
                .await?
                .ok_or_else(Refusal::dead_token)?;
            let scopes = successor.scopes.parse().map_err(|_| Refusal::outside())?;
            Ok(pair.response(scopes, true))
        }
        Some(_) => {
            tokens::revoke_family(&mut tx, &row.family).await?;
            tx.commit().await?;
            hub.tokens.clear();
            tracing::warn!(
                client_id = row.client_id,
                "a refresh token was used twice: its family is revoked"
            );
            Err(Refusal::dead_token())
        }
    }
}

/// The two tokens of one answer.
struct Pair {
    access: Token,
    refresh: Token,
}

impl Pair {
    fn successors(token: &str, nonce: &[u8]) -> Self {
        Self {
            access: Token::successor("at", token, nonce),
            refresh: Token::successor("rt", token, nonce),
        }
    }

    async fn add(
        &self,
        tx: &mut sqlx::SqliteConnection,
        family: &str,
        app: i64,
        scopes: Scopes,
        now: i64,
    ) -> sqlx::Result<()> {
        let scopes = &scopes.to_string();
        let (access, refresh) = (&self.access.digest(), &self.refresh.digest());
        let expires = now + ACCESS_S * 1000;
        tokens::add_access(
            tx,
            &NewToken {
                digest: access,
                family,
                app,
                scopes,
                expires,
            },
        )
        .await?;
        let expires = now + REFRESH_MS;
        tokens::add_refresh(
            tx,
            &NewToken {
                digest: refresh,
                family,
                app,
                scopes,
                expires,
            },
        )
        .await
    }

    fn response(&self, scopes: Scopes, name_scopes: bool) -> TokenResponse {
        TokenResponse {
            access_token: self.access.reveal(),
            token_type: "bearer".to_owned(),
            expires_in: Some(ACCESS_S.unsigned_abs()),
            refresh_token: Some(self.refresh.reveal()),
            scope: name_scopes.then(|| scopes.to_string()),
        }
    }
}
