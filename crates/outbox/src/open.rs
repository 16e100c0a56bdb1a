//! Opening: the store always opens, whatever lies in its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::OpenError;
use crate::files::{beside, companion, length};
use crate::key::SealKey;
use crate::replace::StorePlace;
use crate::salvage::salvage_log;
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
    /// The disk forgets at a reboot (Linux: `tmpfs`, `ramfs`, `overlay`). On Windows a write filter cannot be seen from
    /// here.
    pub volatile: bool,
}

/// Entries that the sequence of numbers says there were, and that are in no store any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case", tag = "lost", content = "count")]
pub enum Lost {
    /// None.
    #[default]
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

/// Opens the store in `dir`, or a fresh one in its place. A store of at most `checked_up_to` bytes is checked whole.
pub(crate) fn open(dir: &Path, key: &SealKey, tail: &mut Tail, checked_up_to: u64) -> Result<Opened, OpenError> {
    let place = StorePlace::in_dir(dir);
    let remembered = tail.read().map_err(place.failed("read the side file of"))?;
    place.finish_replacement()?;
    let (put_beside, lost) = match try_open(&place.db, key, remembered, checked_up_to) {
        Ok(opened) => return Ok(opened),
        Err(NotOpened::Missing) => place.replace(None, key, remembered)?,
        Err(NotOpened::Unfit(reason)) => place.replace(Some(reason), key, remembered)?,
        Err(NotOpened::System(source)) => return Err(OpenError::Database { path: place.db, source }),
    };
    match try_open(&place.db, key, remembered, checked_up_to) {
        Ok(opened) => Ok(Opened {
            put_beside,
            lost,
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

fn try_open(db: &Path, key: &SealKey, remembered: Option<Account>, checked_up_to: u64) -> Result<Opened, NotOpened> {
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
    let kept = store.account()?;
    store.check(checked_up_to)?;
    let remembered_last = remembered.map_or(0, |remembered| remembered.last);
    let tail_vanished = remembered_last > kept.last;
    let log_copy = if tail_vanished { keep_log(db, &log) } else { None };
    store.settle()?;
    if let Some(log) = log_copy {
        salvage_log(&log, kept.last, &store)?;
    }
    let index = store.index()?;
    let last = store.account()?.last.max(remembered_last);
    let missing = last - kept.purged - kept.lost - index.len() as i64;
    if !kept.is_sound() || missing < 0 {
        return Err(NotOpened::Unfit(Reason::Damaged));
    }
    let account = Account {
        last,
        lost: kept.lost + missing,
        ..kept
    };
    if account != kept {
        store.set_account(account)?;
    }
    let lost = match count(missing) {
        0 => Lost::None,
        n if tail_vanished => Lost::AtLeast(n),
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

/// SQLite found the end of the log earlier than it was. What lies behind is about to be overwritten: keep a copy.
fn keep_log(db: &Path, log: &Path) -> Option<PathBuf> {
    let copy = companion(&beside(db, "log"), "-wal");
    match fs::copy(log, &copy) {
        Ok(_) => {
            tracing::error!(copy = %copy.display(), "the log of the store is damaged; kept a copy of it");
            Some(copy)
        }
        Err(error) => {
            tracing::error!(%error, "the end of the store is gone, and its log cannot be copied");
            None
        }
    }
}

pub(crate) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

impl Lost {
    /// This loss and a later one together.
    pub(crate) fn and(self, later: Self) -> Self {
        match (self, later) {
            (Self::None, lost) | (lost, Self::None) => lost,
            (Self::Exact(one), Self::Exact(other)) => Self::Exact(one + other),
            (Self::Exact(one) | Self::AtLeast(one), Self::Exact(other) | Self::AtLeast(other)) => {
                Self::AtLeast(one + other)
            }
        }
    }
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

impl From<rusqlite::Error> for NotOpened {
    fn from(error: rusqlite::Error) -> Self {
        Refusal::from(error).into()
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
