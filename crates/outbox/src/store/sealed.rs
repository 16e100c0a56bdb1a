//! A whole row as it lies on the disk, and the opening of its boxes.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Type, Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};

use super::Store;
use super::columns::Millis;
use crate::entry::{Code, Entry, EntryId, EntryKey, Lane, NewEntry, Step, Summary};
use crate::seal::{Part, Place, SealError};
use crate::state::State;

/// A row of `entry` with its payload, the boxes still sealed.
#[derive(Debug, Clone)]
pub(crate) struct SealedRow {
    seq: i64,
    key: String,
    lane: Lane,
    state: State,
    stored_at: Millis,
    changed_at: Millis,
    due_at: Millis,
    attempts: u32,
    size: i64,
    code: Option<Code>,
    step: Option<Vec<u8>>,
    note: Option<Vec<u8>>,
    /// `None` if its row is gone.
    payload: Option<Vec<u8>>,
}

/// Columns of `entry`; those of newer releases come behind them.
pub(crate) const ENTRY_COLUMNS: usize = 12;

impl SealedRow {
    /// The row `seq` by any connection to a store.
    pub(crate) fn read(db: &Connection, seq: i64) -> rusqlite::Result<Option<Self>> {
        let columns = db
            .prepare_cached("SELECT * FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| {
                (0..ENTRY_COLUMNS)
                    .map(|column| row.get(column))
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .optional()?;
        let Some(columns) = columns else { return Ok(None) };
        let mut row = Self::from_columns(seq, &columns)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(error)))?;
        row.payload = db
            .prepare_cached("SELECT payload FROM body WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))
            .optional()?;
        Ok(Some(row))
    }

    /// The row with these columns of `entry`, without its payload. A number that is no state says nothing about whether
    /// the entry was sent: it reads as [`State::Uncertain`].
    pub(crate) fn from_columns(seq: i64, columns: &[Value]) -> FromSqlResult<Self> {
        fn column<T: FromSql>(columns: &[Value], at: usize) -> FromSqlResult<T> {
            T::column_result(columns.get(at).map_or(ValueRef::Null, ValueRef::from))
        }
        Ok(Self {
            seq,
            key: column(columns, 1)?,
            lane: column(columns, 2)?,
            state: match column(columns, 3) {
                Err(FromSqlError::OutOfRange(_)) => State::Uncertain,
                state => state?,
            },
            stored_at: column(columns, 4)?,
            changed_at: column(columns, 5)?,
            due_at: column(columns, 6)?,
            attempts: column(columns, 7)?,
            size: column(columns, 8)?,
            code: column(columns, 9)?,
            step: column(columns, 10)?,
            note: column(columns, 11)?,
            payload: None,
        })
    }

    pub(crate) fn with_payload(self, payload: Vec<u8>) -> Self {
        Self {
            payload: Some(payload),
            ..self
        }
    }
}

impl Store {
    pub(crate) fn seal_new(
        &self,
        seq: i64,
        entry: &NewEntry,
        state: State,
        code: Option<&Code>,
        now: Timestamp,
    ) -> Result<SealedRow, SealError> {
        let place = Place {
            part: Part::Payload,
            seq,
            lane: entry.lane,
            key: entry.key.as_str(),
        };
        Ok(SealedRow {
            seq,
            key: entry.key.0.clone(),
            lane: entry.lane,
            state,
            stored_at: Millis(now),
            changed_at: Millis(now),
            due_at: Millis(now),
            attempts: 0,
            size: i64::try_from(entry.payload.len()).unwrap_or(i64::MAX),
            code: code.cloned(),
            step: None,
            note: None,
            payload: Some(self.seal.seal(place, &entry.payload)?),
        })
    }

    /// Inserts a row as it is; `false` if its key is known.
    pub(crate) fn insert_sealed(&self, row: &SealedRow) -> rusqlite::Result<bool> {
        let inserted = self
            .db
            .prepare_cached(
                "INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT (key) DO NOTHING",
            )?
            .execute(params![
                row.seq,
                row.key,
                row.lane,
                row.state,
                row.stored_at,
                row.changed_at,
                row.due_at,
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
            .prepare_cached("INSERT INTO body VALUES (?1, ?2)")?
            .execute(params![row.seq, row.payload])?;
        Ok(true)
    }

    /// Opens the boxes of a row; `None` if any of them is damaged.
    pub(crate) fn unseal(&self, row: &SealedRow) -> Option<Entry> {
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
                stored_at: row.stored_at.0,
                changed_at: row.changed_at.0,
                next_attempt: row.due_at.0,
                attempts: row.attempts,
                code: row.code.clone(),
                size: u64::try_from(row.size).unwrap_or(0),
            },
            lane: row.lane,
            payload: open(Part::Payload, row.payload.as_deref()?)?,
            step: open_optional(Part::Step, &row.step)?.map(Step),
            note: open_optional(Part::Note, &row.note)?,
        })
    }

    /// What of a row can be kept: all of it, or the payload alone if only that unseals. How far the sending had come is
    /// then unknown.
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
}
