//! What can be saved from a store that cannot be worked on.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::carve::Carved;
use crate::files::companion;
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
    pub(crate) saved: BTreeSet<i64>,
    /// Rows that are there but did not unseal. They stay in the old store.
    pub(crate) unreadable: BTreeSet<i64>,
    /// The old store's own account, if it could be read.
    pub(crate) account: Option<Account>,
}

/// Copies every row and remembered value that unseals from the file `old` into `new`. The old file stays as it is,
/// whatever its damage. `known` is how far the numbers went.
///
/// # Errors
/// Only of the new store.
pub(crate) fn salvage(old: &Path, known: Option<Account>, new: &Store) -> rusqlite::Result<Salvaged> {
    let mut found = Salvaged::default();
    if let Ok(db) = connect(old) {
        found.account = account(&db).ok();
        let candidates = candidates(&db, known.map_or(0, |known| known.last));
        // A number may be a guess, and a page unreadable: the account tells in the end what is missing.
        found.save(new, candidates, |seq| SealedRow::read(&db, seq).ok().flatten())?;
        copy_meta(&db, new)?;
    }
    Ok(found)
}

/// Copies what [`salvage`] did not reach: rows that only show in the bare pages of `old` and its log.
pub(crate) fn salvage_pages(old: &Path, found: &mut Salvaged, new: &Store) -> rusqlite::Result<()> {
    let mut carved = Carved::from_files(old, &companion(old, "-wal"));
    let candidates: BTreeSet<i64> = carved.numbers().filter(|seq| !found.saved.contains(seq)).collect();
    let mut more = Salvaged::default();
    more.save(new, candidates, |seq| carved.row(seq, |row| new.fit(row)))?;
    found.unreadable = &found.unreadable - &more.saved;
    found.saved.append(&mut more.saved);
    Ok(())
}

/// Copies rows behind the number `last` out of the log of `store`, of which SQLite read a part only.
pub(crate) fn salvage_log(log: &Path, last: i64, store: &Store) -> rusqlite::Result<()> {
    let mut carved = Carved::from_files(Path::new(""), log);
    let candidates = carved.numbers().filter(|seq| *seq > last).collect();
    Salvaged::default().save(store, candidates, |seq| carved.row(seq, |row| store.fit(row)))
}

impl Salvaged {
    fn save(
        &mut self,
        new: &Store,
        candidates: BTreeSet<i64>,
        mut read: impl FnMut(i64) -> Option<SealedRow>,
    ) -> rusqlite::Result<()> {
        let candidates: Vec<i64> = candidates.into_iter().collect();
        for chunk in candidates.chunks(CHUNK) {
            let tx = new.begin()?;
            for &seq in chunk {
                let Some(row) = read(seq) else { continue };
                match new.fit(row) {
                    Some(row) if new.insert_sealed(&row)? => self.saved.insert(seq),
                    _ => self.unreadable.insert(seq),
                };
            }
            tx.commit()?;
        }
        Ok(())
    }
}

fn connect(old: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(old, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The log must be replayed to be read, but it is evidence: it stays as it is. With a writable schema SQLite reads
    // files that were cut short.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 0; PRAGMA writable_schema = ON;")?;
    Ok(db)
}

/// The numbers that may have rows: walked from both ends and through the index of keys, each as far as it can be read;
/// where none of the walks came through, also every number up to the last that is known.
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
        // A number from a damaged page may be anything.
        let last = known_last.max(
            seqs.last()
                .copied()
                .unwrap_or(0)
                .min(known_last.saturating_add(MAX_TRIED)),
        );
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

/// Copies remembered values as far as their table can be read.
fn copy_meta(db: &Connection, new: &Store) -> rusqlite::Result<()> {
    let mut pairs: Vec<(String, Vec<u8>)> = Vec::new();
    let _ = db.prepare("SELECT key, value FROM meta").and_then(|mut statement| {
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            pairs.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    });
    pairs
        .iter()
        .try_for_each(|(key, sealed)| new.insert_sealed_meta(key, sealed))
}
