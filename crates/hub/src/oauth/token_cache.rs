//! Who a token speaks for, remembered for a moment so that a busy client costs no read per call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use cloud_api::Scopes;

use crate::store::{filter::Scope as Rows, tokens, tokens::Digest};

/// The app that a token speaks for, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) app: i64,
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    /// Facilities that have consented; `None` for all.
    pub(crate) facilities: Option<Vec<i64>>,
    /// When the token ends.
    expires: i64,
}

impl Caller {
    /// Whether the facility has consented.
    pub(crate) fn may_act_for(&self, facility: i64) -> bool {
        self.facilities.as_ref().is_none_or(|ids| ids.contains(&facility))
    }

    /// Rows whose `column` is a facility that has consented.
    pub(crate) fn consented(&self, column: &'static str) -> Rows {
        match &self.facilities {
            None => Rows::All(Vec::new()),
            Some(ids) => Rows::Among(column, ids.clone()),
        }
    }
}

/// How long an answer of the store is believed. Another process may revoke a token: it is refused here that much later
/// at most. This process forgets at once what it revokes.
const BELIEVED_MS: i64 = 2_000;

/// Tokens remembered at most; far more than a facility has clients.
const CAPACITY: usize = 1024;

/// Live tokens by digest.
#[derive(Debug, Default)]
pub(crate) struct TokenCache(Mutex<HashMap<Digest, (Arc<Caller>, i64)>>);

impl TokenCache {
    /// The caller of a live token, from memory or by one read; `None` for any other.
    pub(crate) async fn caller(
        &self,
        db: &sqlx::SqlitePool,
        digest: &Digest,
        now: i64,
    ) -> sqlx::Result<Option<Arc<Caller>>> {
        if let Some(caller) = self.remembered(digest, now) {
            return Ok(Some(caller));
        }
        let Some(row) = tokens::find_access(db, digest).await?.filter(|row| row.expires > now) else {
            return Ok(None);
        };
        let ids = row.facilities.unwrap_or_default();
        let caller = Arc::new(Caller {
            app: row.app,
            client_id: row.client_id,
            // A scope that a newer hub stored opens nothing here.
            scopes: row.scopes.split(' ').filter_map(|word| word.parse().ok()).collect(),
            facilities: (!row.all_facilities).then(|| ids.split(',').filter_map(|id| id.parse().ok()).collect()),
            expires: row.expires,
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(*digest, (caller.clone(), now + BELIEVED_MS));
        Ok(Some(caller))
    }

    /// Forgets everything; to be called after every revocation.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remembered(&self, digest: &Digest, now: i64) -> Option<Arc<Caller>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, until) = known.get(digest)?;
        (now < *until && now < caller.expires).then(|| caller.clone())
    }
}
