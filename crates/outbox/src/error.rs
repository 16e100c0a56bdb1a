//! What can go wrong, one enum per thing a caller can attempt.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytesize::ByteSize;
use serde::Serialize;

use crate::entry::EntryId;
use crate::state::State;

/// The outbox could not be opened. Damage is no reason: a damaged store is put beside and a fresh one opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on this directory.
    #[error("the outbox in `{}` is in use by {}", dir.display(), named(*pid))]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// The other's process id, if it could be read.
        pid: Option<u32>,
    },
    /// A file or directory of the outbox could not be made, read or renamed.
    #[error("failed to {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// SQLite could not work on the store, for a reason other than damage.
    #[error("failed to open the store `{}`", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// Why it failed.
        source: rusqlite::Error,
    },
    /// The writer thread could not be started.
    #[error("failed to start the outbox's thread")]
    Thread(#[source] io::Error),
}

/// The seal key could not be loaded or made.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} the seal key `{}`", path.display())]
pub struct KeyError {
    /// What was tried.
    pub action: &'static str,
    /// The key file.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

/// No room for another entry; names the limit. What is stored already goes on being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "limit", rename_all = "snake_case")]
pub enum Full {
    /// The disk has less free space than `min_free`.
    #[error("the disk has {} free, `min_free` is {}", ByteSize(*free), ByteSize(*min_free))]
    MinFree {
        /// Bytes free.
        free: u64,
        /// Bytes that must stay free.
        min_free: u64,
    },
    /// The store has reached `max_size`.
    #[error("the outbox takes {}, `max_size` is {}", ByteSize(*bytes), ByteSize(*max_size))]
    MaxSize {
        /// Bytes in use.
        bytes: u64,
        /// Bytes it may use.
        max_size: u64,
    },
    /// More requests wait for the disk than the outbox keeps in memory: the disk hangs, or the outbox is closed.
    #[error("too many requests wait for the disk")]
    Requests,
}

/// A request to the outbox failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such entry (any more).
    #[error("no entry {0} in the outbox")]
    Unknown(EntryId),
    /// The entry stands where this step is not allowed.
    #[error("entry {id} is {state}, this is not possible now")]
    WrongState {
        /// The entry.
        id: EntryId,
        /// Where it stands.
        state: State,
    },
    /// The entry's content does not unseal: it was damaged on the disk. It is kept as it is.
    #[error("the content of entry {0} is damaged")]
    Damaged(EntryId),
    /// The content could not be sealed.
    #[error("failed to seal the entry")]
    Seal(#[source] Arc<crate::seal::SealError>),
    /// The disk refused (full, broken, gone). Nothing of the request is promised; it may be tried again with the same
    /// key.
    #[error("the outbox could not write to the disk")]
    Disk(#[source] Arc<rusqlite::Error>),
    /// After an error of the disk the store could not be opened again so far. The next request tries anew.
    #[error("the outbox has no store to work on")]
    Unavailable(#[source] Arc<OpenError>),
    /// More requests wait for the disk than the outbox keeps in memory.
    #[error("too many requests wait for the disk")]
    Busy,
    /// The outbox is closed.
    #[error("the outbox is closed")]
    Closed,
}

fn named(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
