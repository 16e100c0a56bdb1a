//! A fresh store in the place of one that cannot be worked on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::files::{beside, companion, length, remove_if_present, rename_if_present, sync_parent};
use crate::key::SealKey;
use crate::open::{Lost, PutBeside, Reason, count};
use crate::salvage::{MAX_TRIED, Salvaged, salvage, salvage_pages};
use crate::store::Store;
use crate::tail::Account;

/// Where the store lies, and where a fresh one is prepared.
pub(crate) struct StorePlace {
    pub(crate) db: PathBuf,
    new: PathBuf,
}

impl StorePlace {
    pub(crate) fn in_dir(dir: &Path) -> Self {
        Self {
            db: dir.join("outbox.db"),
            new: dir.join("outbox.db.new"),
        }
    }

    /// Prepares a fresh store with all that can be saved from the present one, then puts the present one beside and the
    /// fresh one in its place. Without a reason there is no present one.
    ///
    /// The fresh store is whole and synced before the first rename, and the database is renamed before its log. A crash
    /// in between leaves either the old store in its place, to begin again, or no store in its place and a whole new
    /// one: see [`finish_replacement`](Self::finish_replacement).
    pub(crate) fn replace(
        &self,
        reason: Option<Reason>,
        key: &SealKey,
        remembered: Option<Account>,
    ) -> Result<(Option<PutBeside>, Lost), OpenError> {
        self.remove_prepared()?;
        let (found, missing) = self
            .prepare(reason, key, remembered)
            .map_err(|source| OpenError::Database {
                path: self.new.clone(),
                source,
            })?;
        let put_beside = match reason {
            Some(reason) => Some(PutBeside {
                path: self.put_beside(reason)?,
                reason,
                saved: found.saved.len() as u64,
                unreadable: found.unreadable.len() as u64,
            }),
            None => None,
        };
        self.install()?;
        let nothing_known = reason == Some(Reason::Damaged) && remembered.is_none() && found.account.is_none();
        let lost = if missing == 0 && !nothing_known {
            Lost::None
        } else {
            Lost::AtLeast(count(missing))
        };
        Ok((put_beside, lost))
    }

    /// Ends a replacement that a crash interrupted between its renames.
    pub(crate) fn finish_replacement(&self) -> Result<(), OpenError> {
        if self.db.exists() || !self.new.exists() {
            return Ok(());
        }
        self.put_beside(Reason::Damaged)?;
        self.install()
    }

    pub(crate) fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> OpenError {
        let path = self.db.clone();
        move |source| OpenError::Io { action, path, source }
    }

    /// Makes the fresh store and fills it. Returns what was found in the present one, and how many entries are missing.
    fn prepare(
        &self,
        reason: Option<Reason>,
        key: &SealKey,
        remembered: Option<Account>,
    ) -> rusqlite::Result<(Salvaged, i64)> {
        let fresh = Store::create(&self.new, key)?;
        let mut found = Salvaged::default();
        // SQLite deletes the log of an empty database when it opens it.
        if reason.is_some() && length(&self.db).unwrap_or(0) > 0 {
            found = salvage(&self.db, remembered, &fresh)?;
        }
        if reason == Some(Reason::Damaged) {
            salvage_pages(&self.db, &mut found, &fresh)?;
        }
        let (account, missing) = settle_account(&found, remembered);
        fresh.set_account(account)?;
        Ok((found, missing))
    }

    fn put_beside(&self, reason: Reason) -> Result<PathBuf, OpenError> {
        let path = beside(&self.db, reason.as_str());
        for suffix in ["", "-wal", "-shm"] {
            rename_if_present(&companion(&self.db, suffix), &companion(&path, suffix))
                .map_err(self.failed("put beside"))?;
        }
        Ok(path)
    }

    fn install(&self) -> Result<(), OpenError> {
        fs::rename(&self.new, &self.db).map_err(self.failed("put a fresh store in the place of"))?;
        sync_parent(&self.db).map_err(self.failed("sync the directory of"))
    }

    fn remove_prepared(&self) -> Result<(), OpenError> {
        ["", "-journal", "-wal", "-shm"]
            .iter()
            .try_for_each(|suffix| remove_if_present(&companion(&self.new, suffix)))
            .map_err(self.failed("clear the way for"))
    }
}

/// The account a fresh store starts with, and how many entries are nowhere any more.
fn settle_account(found: &Salvaged, remembered: Option<Account>) -> (Account, i64) {
    let (saved, unreadable) = (found.saved.len() as i64, found.unreadable.len() as i64);
    let remembered_last = remembered.map_or(0, |remembered| remembered.last);
    // The old store's own account is the newer one, but it comes out of a file that may be damaged.
    let believable = |account: &Account| {
        let far = remembered.is_some() && account.last > remembered_last.saturating_add(MAX_TRIED);
        account.is_sound() && !far
    };
    let base = found.account.filter(believable).or(remembered).unwrap_or_default();
    let last_saved = found.saved.last().copied().unwrap_or(0);
    let last = base.last.max(last_saved).max(remembered_last);
    let missing = (last - base.purged - base.lost - saved - unreadable).max(0);
    let lost = (last - base.purged - saved).max(0);
    (
        Account {
            last,
            purged: last - lost - saved,
            lost,
        },
        missing,
    )
}
