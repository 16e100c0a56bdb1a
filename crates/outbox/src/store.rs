//! The database: its schema and every statement the writer uses.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, params};

use crate::entry::{Code, Entry, EntryId, EntryKey, Filter, Lane, NewEntry, State, Step, Summary};
use crate::error::StoreError;
use crate::key::SealKey;
use crate::seal::{Part, Place, Seal, SealError};
use crate::tail::Account;

/// "SBox" in the header of the file: it is ours.
const APPLICATION_ID: i64 = 0x5342_6f78;
/// Version of the schema. A store with a higher one was written by a newer release.
const VERSION: i64 = 1;
const SCHEMA: &str = include_str!("schema.sql");
/// Up to this size a store is checked whole when it opens, in some tens of milliseconds. Damage in a bigger one shows when it is met.
const CHECKED_WHEN_OPENED: u64 = 32 * 1024 * 1024;

/// The open database.
pub(crate) struct Store {
    db: Connection,
    seal: Seal,
    key_check: [u8; 32],
}

/// Why a request to the store failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// This request alone: the others go on.
    Request(StoreError),
    /// The database: nothing of the transaction stands.
    Database(rusqlite::Error),
}

/// Why an existing file is not the store to work on.
#[derive(Debug)]
pub(crate) enum Refusal {
    Damaged,
    Foreign,
    Newer,
    WrongKey,
    /// No fault of the file: the disk or the system refused.
    System(rusqlite::Error),
}

/// What became of an insert.
pub(crate) enum Inserted {
    New,
    Known { seq: i64 },
}

/// The part of a row that is needed to move it.
pub(crate) struct Head {
    pub(crate) state: State,
    pub(crate) lane: Lane,
    pub(crate) key: String,
    pub(crate) stored_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) code: Option<Code>,
}

/// The part of a row that a move changes.
pub(crate) struct Standing {
    pub(crate) state: State,
    pub(crate) due_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) code: Option<Code>,
}

/// One entry as [`Store::index`] finds it.
pub(crate) struct Indexed {
    pub(crate) seq: i64,
    pub(crate) lane: Lane,
    pub(crate) state: State,
    pub(crate) stored_at: Timestamp,
    pub(crate) due_at: Timestamp,
}

/// A whole row, its boxes still sealed.
pub(crate) struct SealedRow {
    seq: i64,
    key: String,
    lane: Lane,
    /// A number on the disk that is no state says nothing about whether the entry was sent: it reads as [`State::Uncertain`].
    state: State,
    stored_at: Timestamp,
    changed_at: Timestamp,
    due_at: Timestamp,
    attempts: u32,
    size: i64,
    code: Option<String>,
    step: Option<Vec<u8>>,
    note: Option<Vec<u8>>,
    /// `None` if its row is gone.
    payload: Option<Vec<u8>>,
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
        if store
            .db
            .query_row("SELECT key_check FROM ledger", [], |row| row.get::<_, [u8; 32]>(0))?
            != store.key_check
        {
            return Err(Refusal::WrongKey);
        }
        Ok(store)
    }

    fn connect(path: &Path, key: &SealKey, flags: OpenFlags) -> rusqlite::Result<Self> {
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.set_prepared_statement_cache_capacity(32);
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // Exclusive: no other program can write, and the index of the log is in memory, so a `-shm` file that somebody owns or removes is no matter.
        // The cache is small because nothing is read twice; what does not fit of a batch goes into the log early.
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

    /// Brings what lies in the log into the database file, synced, and checks the whole if it is small.
    ///
    /// After a crash, or a sync that failed, the log may hold commits that can be read but never reached the disk. They must not count as
    /// stored when somebody appends them again: the checkpoint writes them anew and syncs.
    pub(crate) fn settle(&self) -> Result<(), Refusal> {
        let busy: i64 = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy != 0 {
            return Err(Refusal::System(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                None,
            )));
        }
        if self.room()?.used <= CHECKED_WHEN_OPENED && !self.quick_check()?.is_empty() {
            return Err(Refusal::Damaged);
        }
        Ok(())
    }

    /// Starts a transaction: the methods below work within it until it is committed or dropped.
    pub(crate) fn begin(&self) -> rusqlite::Result<Transaction<'_>> {
        self.db.unchecked_transaction()
    }

    // Entries

    pub(crate) fn insert(
        &self,
        seq: i64,
        entry: &NewEntry,
        state: State,
        code: Option<&Code>,
        now: Timestamp,
    ) -> Result<Inserted, Failure> {
        let place = Place {
            part: Part::Payload,
            seq,
            lane: entry.lane,
            key: entry.key.as_str(),
        };
        let payload = self.seal.seal(place, &entry.payload)?;
        let row = SealedRow {
            seq,
            key: entry.key.0.clone(),
            lane: entry.lane,
            state,
            stored_at: now,
            changed_at: now,
            due_at: now,
            attempts: 0,
            size: i64::try_from(entry.payload.len()).unwrap_or(i64::MAX),
            code: code.map(|code| code.as_str().to_owned()),
            step: None,
            note: None,
            payload: Some(payload),
        };
        if self.insert_sealed(&row)? {
            return Ok(Inserted::New);
        }
        let seq = self
            .db
            .prepare_cached("SELECT seq FROM entry WHERE key = ?1")?
            .query_row([&entry.key.0], |row| row.get(0))?;
        Ok(Inserted::Known { seq })
    }

    /// Inserts a row as it is; `false` if its key is known.
    pub(crate) fn insert_sealed(&self, row: &SealedRow) -> rusqlite::Result<bool> {
        let inserted = self
            .db
            .prepare_cached(
                "INSERT INTO entry (seq, key, lane, state, stored_at, changed_at, due_at, attempts, size, code, step, note)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (key) DO NOTHING",
            )?
            .execute(params![
                row.seq,
                row.key,
                row.lane,
                row.state,
                row.stored_at.as_millisecond(),
                row.changed_at.as_millisecond(),
                row.due_at.as_millisecond(),
                row.attempts,
                row.size,
                row.code,
                row.step,
                row.note,
            ])?;
        if inserted == 0 {
            return Ok(false);
        }
        self.db
            .prepare_cached("INSERT INTO body (seq, payload) VALUES (?1, ?2)")?
            .execute(params![row.seq, row.payload])?;
        Ok(true)
    }

    pub(crate) fn head(&self, seq: i64) -> Result<Head, Failure> {
        self.db
            .prepare_cached("SELECT state, lane, key, stored_at, attempts, code FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| {
                Ok(Head {
                    state: row.get(0)?,
                    lane: row.get(1)?,
                    key: row.get(2)?,
                    stored_at: time(row, 3)?,
                    attempts: row.get(4)?,
                    code: row.get::<_, Option<String>>(5)?.as_deref().map(Code::new),
                })
            })
            .optional()?
            .ok_or(Failure::Request(StoreError::Unknown(EntryId(seq))))
    }

    pub(crate) fn set_standing(&self, seq: i64, standing: &Standing, now: Timestamp) -> rusqlite::Result<()> {
        let Standing {
            state,
            due_at,
            attempts,
            code,
        } = standing;
        self.db
            .prepare_cached(
                "UPDATE entry SET state = ?2, changed_at = ?3, due_at = ?4, attempts = ?5, code = ?6 WHERE seq = ?1",
            )?
            .execute(params![
                seq,
                state,
                now.as_millisecond(),
                due_at.as_millisecond(),
                attempts,
                code.as_ref().map(Code::as_str)
            ])?;
        Ok(())
    }

    pub(crate) fn set_step(&self, seq: i64, head: &Head, step: &Step, now: Timestamp) -> Result<(), Failure> {
        let sealed = self.seal.seal(head.place(seq, Part::Step), &step.0)?;
        self.db
            .prepare_cached("UPDATE entry SET step = ?2, changed_at = ?3 WHERE seq = ?1")?
            .execute(params![seq, sealed, now.as_millisecond()])?;
        Ok(())
    }

    pub(crate) fn set_note(&self, seq: i64, head: &Head, note: Option<&[u8]>) -> Result<(), Failure> {
        let sealed = note
            .map(|note| self.seal.seal(head.place(seq, Part::Note), note))
            .transpose()?;
        self.db
            .prepare_cached("UPDATE entry SET note = ?2 WHERE seq = ?1")?
            .execute(params![seq, sealed])?;
        Ok(())
    }

    /// The entry with its content.
    pub(crate) fn entry(&self, seq: i64) -> Result<Entry, Failure> {
        let unknown = Failure::Request(StoreError::Unknown(EntryId(seq)));
        let row = SealedRow::read(&self.db, seq)?.ok_or(unknown)?;
        self.unseal(&row)
            .ok_or(Failure::Request(StoreError::Damaged(EntryId(seq))))
    }

    pub(crate) fn list(&self, filter: Filter) -> rusqlite::Result<Vec<Summary>> {
        let mut statement = self.db.prepare_cached(
            "SELECT seq, key, state, stored_at, changed_at, due_at, attempts, size, code FROM entry
             WHERE seq > ?1 AND (?2 IS NULL OR state = ?2) ORDER BY seq LIMIT ?3",
        )?;
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![filter.after.map_or(0, |id| id.0), filter.state, limit], |row| {
            Ok(Summary {
                id: EntryId(row.get(0)?),
                key: EntryKey(row.get(1)?),
                state: row.get(2)?,
                stored_at: time(row, 3)?,
                changed_at: time(row, 4)?,
                next_attempt: time(row, 5)?,
                attempts: row.get(6)?,
                size: u64::try_from(row.get::<_, i64>(7)?).unwrap_or(0),
                code: row.get::<_, Option<String>>(8)?.as_deref().map(Code::new),
            })
        })?;
        rows.collect()
    }

    /// Opens the boxes of a row; `None` if any of them is damaged.
    fn unseal(&self, row: &SealedRow) -> Option<Entry> {
        let place = Place {
            part: Part::Payload,
            seq: row.seq,
            lane: row.lane,
            key: &row.key,
        };
        let open = |part, sealed: &[u8]| self.seal.unseal(place.with_part(part), sealed);
        let open_optional = |part, sealed: &Option<Vec<u8>>| match sealed {
            Some(sealed) => open(part, sealed).map(Some),
            None => Some(None),
        };
        Some(Entry {
            summary: Summary {
                id: EntryId(row.seq),
                key: EntryKey(row.key.clone()),
                state: row.state,
                stored_at: row.stored_at,
                changed_at: row.changed_at,
                next_attempt: row.due_at,
                attempts: row.attempts,
                code: row.code.as_deref().map(Code::new),
                size: u64::try_from(row.size).unwrap_or(0),
            },
            lane: row.lane,
            payload: open(Part::Payload, row.payload.as_deref()?)?,
            step: open_optional(Part::Step, &row.step)?.map(Step),
            note: open_optional(Part::Note, &row.note)?,
        })
    }

    /// What of a row can be kept: all of it, or the payload alone if only that unseals. How far the sending had come is then unknown.
    pub(crate) fn fit(&self, row: SealedRow) -> Option<SealedRow> {
        if self.unseal(&row).is_some() {
            return Some(row);
        }
        let state = if row.state == State::Sent {
            State::Sent
        } else {
            State::Uncertain
        };
        let payload_alone = SealedRow {
            state,
            step: None,
            note: None,
            ..row
        };
        self.unseal(&payload_alone).is_some().then_some(payload_alone)
    }

    // Key-value pairs

    /// The value of a key; `None` if there is none or it is damaged.
    pub(crate) fn meta(&self, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        Ok(sealed.and_then(|sealed| {
            let value = self.seal.unseal(Place::meta(key), &sealed);
            if value.is_none() {
                tracing::error!(key, "a remembered value is damaged and was forgotten");
            }
            value
        }))
    }

    /// Keeps a sealed value as it is, if it unseals.
    pub(crate) fn insert_sealed_meta(&self, key: &str, sealed: &[u8]) -> rusqlite::Result<()> {
        if self.seal.unseal(Place::meta(key), sealed).is_some() {
            self.db
                .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
                .execute(params![key, sealed])?;
        }
        Ok(())
    }

    pub(crate) fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        let sealed = self.seal.seal(Place::meta(key), value)?;
        self.db
            .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
            .execute(params![key, sealed])?;
        Ok(())
    }

    // The whole

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
                stored_at: time(row, 3)?,
                due_at: time(row, 4)?,
            })
        })?;
        rows.collect()
    }

    /// The account of all numbers; `last` is at least the highest of a row.
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

    /// Deletes at most `max` sent and discarded entries that have not changed since `before`, and says in which states they were. The
    /// newest row always stays: it carries the last number.
    pub(crate) fn purge(&self, before: Timestamp, max: usize) -> rusqlite::Result<Vec<State>> {
        let tx = self.begin()?;
        let gone: Vec<(i64, State)> = tx
            .prepare_cached(
                "DELETE FROM entry WHERE seq IN (
                     SELECT seq FROM entry WHERE state IN (?1, ?2) AND changed_at <= ?3 AND seq < (SELECT max(seq) FROM entry)
                     ORDER BY seq LIMIT ?4
                 ) RETURNING seq, state",
            )?
            .query_map(params![State::Sent, State::Discarded, before.as_millisecond(), max as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
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
        let page = |name| self.pragma(name).map(|pages| u64::try_from(pages).unwrap_or(0));
        let (size, pages, unused) = (page("page_size")?, page("page_count")?, page("freelist_count")?);
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

    /// Closes the database; its log goes with it.
    pub(crate) fn close(self) {
        if let Err((_, error)) = self.db.close() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the store was not closed cleanly; nothing is lost by that"
            );
        }
    }

    fn pragma(&self, name: &str) -> rusqlite::Result<i64> {
        self.db
            .prepare_cached(&format!("PRAGMA {name}"))?
            .query_row([], |row| row.get(0))
    }
}

impl Head {
    fn place(&self, seq: i64, part: Part) -> Place<'_> {
        Place {
            part,
            seq,
            lane: self.lane,
            key: &self.key,
        }
    }
}

impl SealedRow {
    /// The row `seq` of any connection to a store, its boxes unopened.
    pub(crate) fn read(db: &Connection, seq: i64) -> rusqlite::Result<Option<Self>> {
        let row = db
            .prepare_cached(
                "SELECT key, lane, state, stored_at, changed_at, due_at, attempts, size, code, step, note FROM entry WHERE seq = ?1",
            )?
            .query_row([seq], |row| {
                Ok(Self {
                    seq,
                    key: row.get(0)?,
                    lane: row.get(1)?,
                    state: State::from_code(row.get(2)?).unwrap_or(State::Uncertain),
                    stored_at: time(row, 3)?,
                    changed_at: time(row, 4)?,
                    due_at: time(row, 5)?,
                    attempts: row.get(6)?,
                    size: row.get(7)?,
                    code: row.get(8)?,
                    step: row.get(9)?,
                    note: row.get(10)?,
                    payload: None,
                })
            })
            .optional()?;
        let Some(mut row) = row else { return Ok(None) };
        row.payload = db
            .prepare_cached("SELECT payload FROM body WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))
            .optional()?;
        Ok(Some(row))
    }
}

/// The account that a store keeps, by any connection to it.
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

/// Whether an error means that the file is damaged, not that the system refused.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) | rusqlite::Error::SqlInputError { error: failure, .. } => {
            // `Unknown` is SQLITE_ERROR: our own statements find no table or column of theirs.
            // `ConstraintViolation`: a number or key is taken that should be free.
            matches!(
                failure.code,
                ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::Unknown
                    | ErrorCode::ConstraintViolation
            )
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let millis = row.get(column)?;
    Timestamp::from_millisecond(millis).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, millis))
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Self::Request(StoreError::Seal(Arc::new(error)))
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) {
            Self::Damaged
        } else {
            Self::System(error)
        }
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.code().into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let code = value.as_i64()?;
        Self::from_code(code).ok_or(FromSqlError::OutOfRange(code))
    }
}

impl ToSql for Lane {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl FromSql for Lane {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}
