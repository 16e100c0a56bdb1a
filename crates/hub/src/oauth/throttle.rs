//! The limit on failed authentications. It lives in the store, so all hub processes count together.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::{clock, store::tokens, store::tokens::Digest};

/// Failures that a client at one address has in [`WINDOW_MS`].
const FAILURES: i64 = 5;
/// Five minutes.
pub(crate) const WINDOW_MS: i64 = 5 * 60 * 1000;

/// Who failed: an app's identifier as claimed, from one address, so that nobody can lock out an app from elsewhere.
/// A digest, because the claimed identifier may be anything.
pub(super) fn subject(client_id: &str, peer: IpAddr) -> Digest {
    Sha256::new()
        .chain_update(client_id)
        .chain_update([0])
        .chain_update(peer.to_string())
        .finalize()
        .into()
}

/// Seconds to wait, if there were too many failures.
pub(super) async fn wait(db: &sqlx::SqlitePool, subject: &Digest, now: i64) -> sqlx::Result<Option<i64>> {
    let (count, oldest) = tokens::failures(db, subject, now - WINDOW_MS).await?;
    Ok((count >= FAILURES).then(|| clock::seconds_until(now, oldest + WINDOW_MS)))
}
