//! The database: one connection, its pragmas, its schema, and the statements on the whole of it.

mod columns;
mod failure;
mod rows;
mod sealed;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::ffi;
use rusqlite::{Connection, OpenFlags, Transaction, params};

use self::columns::Millis;
pub(crate) use self::failure::{Failure, Refusal, is_damage, is_unreadable};
pub(crate) use self::rows::{Inserted, Standing};
pub(crate) use self::sealed::{ENTRY_COLUMNS, SealedRow};
use crate::entry::{EntryId, Filter, Lane};
use crate::key::SealKey;
use crate::seal::Seal;
use crate::state::State;
use crate::tail::Account;

/// "SBox" in the header of the file: it is ours.
const APPLICATION_ID: i64 = 0x5342_6f78;
/// Version of the schema. A store with a higher one was written by a newer release.
const VERSION: i64 = 1;
const SCHEMA: &str = include_str!("schema.sql");
/// Up to this size, in bytes, a store is checked whole when it opens, in some tens of milliseconds. Damage in a bigger
/// one shows when it is met, and then the next opening checks everything.
pub(crate) const CHECKED_WHEN_OPENED: u64 = 32 * 1024 * 1024;

/// The open database.
pub(crate) struct Store {
    db: Connection,
    seal: Seal,
    key_check: [u8; 32],
}

/// One entry as [`Store::index`] finds it.
pub(crate) struct Indexed {
    pub(crate) seq: i64,
    pub(crate) lane: Lane,
    pub(crate) state: State,
    pub(crate) stored_at: Timestamp,
    pub(crate) due_at: Timestamp,
}

/// Room in the file, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub(crate) used: u64,
    pub(crate) free: u64,
}

impl Store {
    /// Makes a new store at `path`, in one file without a log, so that it can be renamed into place.
    pub(crate) fn create(path: &Path, key: &SealKey) -> rusqlite::Result<Self> {
        let store = Self::connect(
            path,
            key,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?;
        let tx = store.begin()?;
        tx.execute_batch(SCHEMA)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", VERSION)?;
        tx.execute("INSERT INTO ledger VALUES (1, 0, 0, 0, ?1)", [store.key_check])?;
        tx.commit()?;
        Ok(store)
    }

    /// Opens the store at `path`. It must [settle](Self::settle) before anything in it counts as stored.
    pub(crate) fn open(path: &Path, key: &SealKey) -> Result<Self, Refusal> {
        let store = Self::connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        match (store.pragma("application_id")?, store.pragma("user_version")?) {
            (APPLICATION_ID, VERSION) => {}
            (APPLICATION_ID, newer) if newer > VERSION => return Err(Refusal::Newer),
            (APPLICATION_ID, _) => return Err(Refusal::Damaged),
            _ => return Err(Refusal::Foreign),
        }
        store
            .db
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        let key_check: [u8; 32] = store
            .db
            .query_row("SELECT key_check FROM ledger", [], |row| row.get(0))?;
        if key_check == store.key_check {
            Ok(store)
        } else {
            Err(Refusal::WrongKey)
        }
    }

    fn connect(path: &Path, key: &SealKey, flags: OpenFlags) -> rusqlite::Result<Self> {
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.set_prepared_statement_cache_capacity(32);
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // Exclusive: no other program can write, and the index of the log is in memory, so that a `-shm` file which
        // somebody owns or removes is no matter. The cache is small because nothing is read twice; what of a batch does
        // not fit goes into the log early.
        db.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON;
             PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -512;",
        )?;
        db.busy_timeout(Duration::from_secs(2))?;
        Ok(Self {
            db,
            seal: Seal::new(key),
            key_check: key.derive("outbox key check"),
        })
    }

    /// Looks for damage, in all of a store of at most `up_to` bytes. Pages that cannot be read are damage as well.
    pub(crate) fn check(&self, up_to: u64) -> Result<(), Refusal> {
        if self.room()?.used > up_to {
            return Ok(());
        }
        let all = Filter {
            limit: usize::MAX,
            ..Filter::default()
        };
        // SQLite's check does not look at values: a number out of range or a key that is no text shows when it is read.
        match self.quick_check().and_then(|findings| Ok((findings, self.list(all)?))) {
            Ok((findings, _)) if findings.is_empty() => Ok(()),
            Ok(_) => Err(Refusal::Damaged),
            Err(error) if is_unreadable(&error) => Err(Refusal::Damaged),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings what lies in the log into the database file, synced.
    ///
    /// After a crash, or a sync that failed, the log may hold commits that can be read but never reached the disk. They
    /// must not count as stored when somebody appends them again: the checkpoint writes them anew and syncs.
    pub(crate) fn settle(&self) -> Result<(), Refusal> {
        let busy: i64 = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy != 0 {
            return Err(Refusal::System(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_BUSY),
                None,
            )));
        }
        Ok(())
    }

    /// Closes the database; its log goes with it.
    pub(crate) fn close(self) {
        if let Err((_, error)) = self.db.close() {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the store was not closed cleanly; nothing is lost by that");
        }
    }

    /// Starts a transaction: all methods work within it until it is committed or dropped.
    pub(crate) fn begin(&self) -> rusqlite::Result<Transaction<'_>> {
        self.db.unchecked_transaction()
    }

    /// Every entry's outside, oldest first.
    pub(crate) fn index(&self) -> rusqlite::Result<Vec<Indexed>> {
        let mut statement = self
            .db
            .prepare("SELECT seq, lane, state, stored_at, due_at FROM entry ORDER BY seq")?;
        let rows = statement.query_map([], |row| {
            Ok(Indexed {
                seq: row.get(0)?,
                lane: row.get(1)?,
                state: row.get(2)?,
                stored_at: row.get::<_, Millis>(3)?.0,
                due_at: row.get::<_, Millis>(4)?.0,
            })
        })?;
        rows.collect()
    }

    /// The account of all numbers.
    pub(crate) fn account(&self) -> rusqlite::Result<Account> {
        account(&self.db)
    }

    pub(crate) fn set_account(&self, account: Account) -> rusqlite::Result<()> {
        let Account { last, purged, lost } = account;
        self.db.execute(
            "UPDATE ledger SET floor = ?1, purged = ?2, lost = ?3",
            [last, purged, lost],
        )?;
        Ok(())
    }

    /// Deletes at most `max` sent and discarded entries that have not changed since `before`, and says in which states
    /// they were. The newest row always stays: it carries the last number.
    pub(crate) fn purge(&self, before: Timestamp, max: usize) -> rusqlite::Result<Vec<State>> {
        let tx = self.begin()?;
        let gone: Vec<(i64, State)> = tx
            .prepare_cached(
                "DELETE FROM entry WHERE seq IN (
                     SELECT seq FROM entry
                     WHERE state IN (?1, ?2) AND changed_at <= ?3 AND seq < (SELECT max(seq) FROM entry)
                     ORDER BY seq LIMIT ?4
                 ) RETURNING seq, state",
            )?
            .query_map(
                params![State::Sent, State::Discarded, Millis(before), max as i64],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?
            .collect::<rusqlite::Result<_>>()?;
        if !gone.is_empty() {
            let mut delete_body = tx.prepare_cached("DELETE FROM body WHERE seq = ?1")?;
            for (seq, _) in &gone {
                delete_body.execute([seq])?;
            }
            tx.execute("UPDATE ledger SET purged = purged + ?1", [gone.len() as i64])?;
        }
        tx.commit()?;
        Ok(gone.into_iter().map(|(_, state)| state).collect())
    }

    pub(crate) fn room(&self) -> rusqlite::Result<Room> {
        let pragma = |name| self.pragma(name).map(|n| u64::try_from(n).unwrap_or(0));
        let (size, pages, unused) = (pragma("page_size")?, pragma("page_count")?, pragma("freelist_count")?);
        Ok(Room {
            used: pages.saturating_sub(unused) * size,
            free: unused * size,
        })
    }

    /// What SQLite's own check finds wrong, in its words; empty if nothing.
    pub(crate) fn quick_check(&self) -> rusqlite::Result<Vec<String>> {
        let mut statement = self.db.prepare("PRAGMA quick_check(20)")?;
        let findings: Vec<String> = statement
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(if findings == ["ok"] { Vec::new() } else { findings })
    }

    /// Entries that do not unseal.
    pub(crate) fn damaged_entries(&self) -> rusqlite::Result<Vec<EntryId>> {
        let mut damaged = Vec::new();
        for Indexed { seq, .. } in self.index()? {
            match self.entry(seq) {
                Ok(_) => {}
                Err(Failure::Database(error)) if !is_damage(&error) => return Err(error),
                Err(_) => damaged.push(EntryId(seq)),
            }
        }
        Ok(damaged)
    }

    fn pragma(&self, name: &str) -> rusqlite::Result<i64> {
        self.db
            .prepare_cached(&format!("PRAGMA {name}"))?
            .query_row([], |row| row.get(0))
    }
}

/// The account that a store keeps, by any connection to it; `last` is at least the highest number of a row.
pub(crate) fn account(db: &Connection) -> rusqlite::Result<Account> {
    db.query_row(
        "SELECT max(floor, ifnull((SELECT max(seq) FROM entry), 0)), purged, lost FROM ledger",
        [],
        |row| {
            Ok(Account {
                last: row.get(0)?,
                purged: row.get(1)?,
                lost: row.get(2)?,
            })
        },
    )
}
