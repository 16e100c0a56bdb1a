//! Opening: the store always opens, whatever lies in its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::OpenError;
use crate::files::{beside, companion, length, remove_if_present, rename_if_present, sync_parent};
use crate::key::SealKey;
use crate::salvage::{MAX_TRIED, Salvaged, salvage};
use crate::store::{Indexed, Refusal, Store};
use crate::tail::{Account, Tail};

/// What was found when the outbox opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenReport {
    /// Entries in the store, of all states.
    pub entries: u64,
    /// Entries that were found missing now.
    pub lost: Lost,
    /// A store that could not be worked on and was put beside.
    pub put_beside: Option<PutBeside>,
    /// The disk forgets at a reboot (Linux: `tmpfs`, `ramfs`, `overlay`). On Windows a write filter cannot be seen from here.
    pub volatile: bool,
}

/// Entries that the sequence of numbers says there were, and that are in no store any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "lost", content = "count")]
pub enum Lost {
    /// None.
    None,
    /// So many, exactly: there are gaps within the sequence.
    Exact(u64),
    /// So many or more: the end of the sequence is gone. Zero if nothing is known of it.
    AtLeast(u64),
}

/// A store that was put beside, with all its files, for somebody to look at. It is never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PutBeside {
    /// Where the database file lies now.
    pub path: PathBuf,
    /// Why.
    pub reason: Reason,
    /// Entries that were saved into the new store.
    pub saved: u64,
    /// Entries that are still in there, but do not unseal.
    pub unreadable: u64,
}

/// Why a store cannot be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Torn or corrupt.
    Damaged,
    /// Some other program's file.
    Foreign,
    /// Written by a newer release of this program.
    Newer,
    /// Sealed with another key.
    WrongKey,
}

/// An open store and what is in it.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) index: Vec<Indexed>,
    pub(crate) account: Account,
    pub(crate) lost: Lost,
    pub(crate) put_beside: Option<PutBeside>,
}

/// Opens the store in `dir`, or a fresh one in its place.
pub(crate) fn open(dir: &Path, key: &SealKey, tail: &mut Tail) -> Result<Opened, OpenError> {
    let place = StorePlace {
        db: dir.join("outbox.db"),
        new: dir.join("outbox.db.new"),
    };
    let remembered = tail.read().map_err(place.failed("read the side file of"))?;
    place.finish_replacement()?;
    let (put_beside, lost_before) = match try_open(&place.db, key, remembered) {
        Ok(opened) => return Ok(opened),
        Err(NotOpened::Missing) => place.replace(None, key, remembered)?,
        Err(NotOpened::Unfit(reason)) => place.replace(Some(reason), key, remembered)?,
        Err(NotOpened::System(source)) => return Err(OpenError::Database { path: place.db, source }),
    };
    match try_open(&place.db, key, remembered) {
        Ok(opened) => Ok(Opened {
            put_beside,
            lost: lost_before,
            ..opened
        }),
        Err(NotOpened::System(source)) => Err(OpenError::Database { path: place.db, source }),
        // A disk that does not give back what was written a moment ago.
        Err(NotOpened::Missing | NotOpened::Unfit(_)) => {
            Err(place.failed("read back")(io::ErrorKind::InvalidData.into()))
        }
    }
}

/// Why [`try_open`] did not open.
enum NotOpened {
    Missing,
    Unfit(Reason),
    System(rusqlite::Error),
}

fn try_open(db: &Path, key: &SealKey, remembered: Option<Account>) -> Result<Opened, NotOpened> {
    let log = companion(db, "-wal");
    // SQLite deletes the log of an empty database without a look into it.
    if length(db).unwrap_or(0) == 0 {
        let nothing = !db.exists() && length(&log).unwrap_or(0) == 0;
        return Err(if nothing {
            NotOpened::Missing
        } else {
            NotOpened::Unfit(Reason::Damaged)
        });
    }
    let store = Store::open(db, key)?;
    let kept = store.account().map_err(Refusal::from)?;
    let last = kept.last.max(remembered.map_or(0, |remembered| remembered.last));
    if last > kept.last {
        keep_log(db, &log);
    }
    store.settle()?;
    let index = store.index().map_err(Refusal::from)?;
    let Some(missing) = kept
        .is_sound()
        .then(|| last - kept.purged - kept.lost - index.len() as i64)
        .filter(|missing| *missing >= 0)
    else {
        return Err(NotOpened::Unfit(Reason::Damaged));
    };
    let account = Account {
        last,
        lost: kept.lost + missing,
        ..kept
    };
    if account != kept {
        store.set_account(account).map_err(Refusal::from)?;
    }
    let lost = match count(missing) {
        0 => Lost::None,
        n if last > kept.last => Lost::AtLeast(n),
        n => Lost::Exact(n),
    };
    Ok(Opened {
        store,
        index,
        account,
        lost,
        put_beside: None,
    })
}

/// The log ends too early. What lies behind its break is about to be overwritten: keep a copy for somebody to look at.
fn keep_log(db: &Path, log: &Path) {
    let copy = companion(&beside(db, "log"), "-wal");
    match fs::copy(log, &copy) {
        Ok(_) => tracing::error!(copy = %copy.display(), "the log of the store is damaged; kept a copy of it"),
        Err(error) => tracing::error!(%error, "the log of the store is damaged and could not be copied"),
    }
}

/// Where the store lies, and where a fresh one is prepared.
struct StorePlace {
    db: PathBuf,
    new: PathBuf,
}

impl StorePlace {
    /// Prepares a fresh store with all that can be saved from the present one, then puts the present one beside and the fresh one in its place.
    ///
    /// The fresh store is whole and synced before the first rename, and the database is renamed before its log: a crash in between leaves either
    /// the old store in its place, to begin again, or no store in its place and a whole new one ([`finish_replacement`](Self::finish_replacement)).
    fn replace(
        &self,
        reason: Option<Reason>,
        key: &SealKey,
        remembered: Option<Account>,
    ) -> Result<(Option<PutBeside>, Lost), OpenError> {
        self.remove_prepared()?;
        let database_failed = |source| OpenError::Database {
            path: self.new.clone(),
            source,
        };
        let fresh = Store::create(&self.new, key).map_err(database_failed)?;
        let found = match reason {
            Some(_) if length(&self.db).unwrap_or(0) > 0 => {
                salvage(&self.db, remembered, &fresh).map_err(database_failed)?
            }
            _ => Salvaged::default(),
        };
        let (account, missing) = settle_account(&found, remembered);
        fresh.set_account(account).map_err(database_failed)?;
        drop(fresh);
        let put_beside = match reason {
            Some(reason) => Some(PutBeside {
                path: self.put_beside(reason)?,
                reason,
                saved: count(found.saved),
                unreadable: count(found.unreadable),
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
    fn finish_replacement(&self) -> Result<(), OpenError> {
        if self.db.exists() || !self.new.exists() {
            return Ok(());
        }
        self.put_beside(Reason::Damaged)?;
        self.install()
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

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> OpenError {
        let path = self.db.clone();
        move |source| OpenError::Io { action, path, source }
    }
}

/// The account a fresh store starts with, and how many entries are nowhere any more.
fn settle_account(found: &Salvaged, remembered: Option<Account>) -> (Account, i64) {
    // The old store's own account is the newer one, but it comes out of a file that may be damaged.
    let believable =
        |account: &Account| account.is_sound() && account.last <= remembered.map_or(i64::MAX, |it| it.last + MAX_TRIED);
    let base = found.account.filter(believable).or(remembered).unwrap_or_default();
    let last = base
        .last
        .max(found.last)
        .max(remembered.map_or(0, |remembered| remembered.last));
    let missing = (last - base.purged - base.lost - found.saved - found.unreadable).max(0);
    let lost = (last - base.purged - found.saved).max(0);
    (
        Account {
            last,
            purged: last - lost - found.saved,
            lost,
        },
        missing,
    )
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

impl Reason {
    /// The reason as a word, also part of the name of the file that was put beside.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Foreign => "foreign",
            Self::Newer => "newer",
            Self::WrongKey => "wrong_key",
        }
    }
}

impl From<Refusal> for NotOpened {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Damaged => Self::Unfit(Reason::Damaged),
            Refusal::Foreign => Self::Unfit(Reason::Foreign),
            Refusal::Newer => Self::Unfit(Reason::Newer),
            Refusal::WrongKey => Self::Unfit(Reason::WrongKey),
            Refusal::System(error) => Self::System(error),
        }
    }
}
