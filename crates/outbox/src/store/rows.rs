//! The statements on single rows.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::Store;
use super::columns::Millis;
use super::failure::Failure;
use super::sealed::SealedRow;
use crate::entry::{Code, Entry, EntryId, EntryKey, Filter, Lane, NewEntry, Step, Summary};
use crate::error::StoreError;
use crate::seal::{Part, Place};
use crate::state::State;

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

impl Store {
    pub(crate) fn insert(
        &self,
        seq: i64,
        entry: &NewEntry,
        state: State,
        code: Option<&Code>,
        now: Timestamp,
    ) -> Result<Inserted, Failure> {
        if self.insert_sealed(&self.seal_new(seq, entry, state, code, now)?)? {
            return Ok(Inserted::New);
        }
        let seq = self.find(&entry.key)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Inserted::Known { seq })
    }

    /// The entry that holds the key.
    pub(crate) fn find(&self, key: &EntryKey) -> rusqlite::Result<Option<i64>> {
        self.db
            .prepare_cached("SELECT seq FROM entry WHERE key = ?1")?
            .query_row([key.as_str()], |row| row.get(0))
            .optional()
    }

    pub(crate) fn head(&self, seq: i64) -> Result<Head, Failure> {
        self.db
            .prepare_cached("SELECT state, lane, key, stored_at, attempts, code FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| {
                Ok(Head {
                    state: row.get(0)?,
                    lane: row.get(1)?,
                    key: row.get(2)?,
                    stored_at: row.get::<_, Millis>(3)?.0,
                    attempts: row.get(4)?,
                    code: row.get(5)?,
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
            .execute(params![seq, state, Millis(now), Millis(*due_at), attempts, code])?;
        Ok(())
    }

    /// Sets a waiting row aside without a look into it: of a damaged one not even the outside need be readable.
    pub(crate) fn set_aside_unread(&self, seq: i64, code: &Code, now: Timestamp) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("UPDATE entry SET state = ?2, changed_at = ?3, attempts = 0, code = ?4 WHERE seq = ?1")?
            .execute(params![seq, State::SetAside, Millis(now), code])?;
        Ok(())
    }

    pub(crate) fn set_step(&self, seq: i64, head: &Head, step: &Step, now: Timestamp) -> Result<(), Failure> {
        let sealed = self.seal.seal(head.place(seq, Part::Step), &step.0)?;
        self.db
            .prepare_cached("UPDATE entry SET step = ?2, changed_at = ?3 WHERE seq = ?1")?
            .execute(params![seq, sealed, Millis(now)])?;
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
                stored_at: row.get::<_, Millis>(3)?.0,
                changed_at: row.get::<_, Millis>(4)?.0,
                next_attempt: row.get::<_, Millis>(5)?.0,
                attempts: row.get(6)?,
                size: u64::try_from(row.get::<_, i64>(7)?).unwrap_or(0),
                code: row.get(8)?,
            })
        })?;
        rows.collect()
    }

    /// The remembered value of a key; `None` if there is none or it is damaged.
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

    pub(crate) fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        let sealed = self.seal.seal(Place::meta(key), value)?;
        Ok(self.put_sealed_meta(key, &sealed)?)
    }

    /// Keeps a sealed value as it is, if it unseals.
    pub(crate) fn insert_sealed_meta(&self, key: &str, sealed: &[u8]) -> rusqlite::Result<()> {
        match self.seal.unseal(Place::meta(key), sealed) {
            Some(_) => self.put_sealed_meta(key, sealed),
            None => Ok(()),
        }
    }

    fn put_sealed_meta(&self, key: &str, sealed: &[u8]) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?
            .execute(params![key, sealed])?;
        Ok(())
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
