//! What can be saved from a store that cannot be worked on.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::store::{SealedRow, Store, account};
use crate::tail::Account;

/// How many numbers are tried one by one where the table cannot be walked: some seconds' work.
pub(crate) const MAX_TRIED: i64 = 1_000_000;
/// Rows per transaction.
const CHUNK: usize = 256;

/// What was found in the old store.
#[derive(Debug, Default)]
pub(crate) struct Salvaged {
    /// Rows that unsealed and are in the new store.
    pub(crate) saved: i64,
    /// Rows that are there but did not unseal. They stay in the old store.
    pub(crate) unreadable: i64,
    /// The highest number that was saved.
    pub(crate) last: i64,
    /// The old store's own account, if it could be read.
    pub(crate) account: Option<Account>,
}

/// Copies every row and remembered value that unseals from the file `old` into `new`. The old file stays as it is, whatever its damage.
///
/// # Errors
/// Only of the new store.
pub(crate) fn salvage(old: &Path, known: Option<Account>, new: &Store) -> rusqlite::Result<Salvaged> {
    let mut found = Salvaged::default();
    let Ok(db) = connect(old) else { return Ok(found) };
    found.account = account(&db).ok();
    let candidates: Vec<i64> = candidates(&db, known.map_or(0, |known| known.last))
        .into_iter()
        .collect();
    for chunk in candidates.chunks(CHUNK) {
        let tx = new.begin()?;
        for &seq in chunk {
            // A number may be a guess, and a page unreadable: what is missing in the end tells the account.
            let Ok(Some(row)) = SealedRow::read(&db, seq) else {
                continue;
            };
            match new.fit(row) {
                Some(row) if new.insert_sealed(&row)? => {
                    found.saved += 1;
                    found.last = seq;
                }
                _ => found.unreadable += 1,
            }
        }
        tx.commit()?;
    }
    copy_meta(&db, new)?;
    Ok(found)
}

fn connect(old: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(old, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The log must be replayed to be read, but it is evidence: it stays as it is. A lenient schema lets a file be read that was cut short.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 0; PRAGMA writable_schema = ON;")?;
    Ok(db)
}

/// The numbers that may have rows: walked from both ends and through the index of keys, each as far as it can be read; where none of the walks
/// came through, also every number up to the last that is known.
fn candidates(db: &Connection, known_last: i64) -> BTreeSet<i64> {
    let mut seqs = BTreeSet::new();
    let mut whole = false;
    for walk in [
        "SELECT seq FROM entry NOT INDEXED ORDER BY seq",
        "SELECT seq FROM entry NOT INDEXED ORDER BY seq DESC",
        "SELECT seq FROM entry ORDER BY key",
    ] {
        whole |= collect(db, walk, &mut seqs).is_ok();
    }
    if !whole {
        let last = known_last.max(seqs.last().copied().unwrap_or(0).min(known_last + MAX_TRIED));
        seqs.extend((last - MAX_TRIED).max(1)..=last);
    }
    seqs
}

fn collect(db: &Connection, walk: &str, seqs: &mut BTreeSet<i64>) -> rusqlite::Result<()> {
    let mut statement = db.prepare(walk)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        seqs.insert(row.get(0)?);
    }
    Ok(())
}

fn copy_meta(db: &Connection, new: &Store) -> rusqlite::Result<()> {
    let mut pairs: Vec<(String, Vec<u8>)> = Vec::new();
    // As far as the table can be read.
    let _ = db.prepare("SELECT key, value FROM meta").and_then(|mut statement| {
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            pairs.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    });
    for (key, sealed) in pairs {
        new.insert_sealed_meta(&key, &sealed)?;
    }
    Ok(())
}
