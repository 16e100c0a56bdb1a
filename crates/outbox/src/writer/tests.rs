//! Damage that only shows while the outbox works: in stores too big to be checked when they open.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rusqlite::Connection;

use crate::{Config, Disposition, EntryKey, Filter, Lane, Lost, NewEntry, OpenReport, Outbox, SealKey, StoreError};

const PAGE: u64 = 4096;

/// Opened as a big store is: without a check.
fn open(dir: &Path) -> (Outbox, OpenReport) {
    Outbox::open_checked(&Config::default(), dir, SealKey::from_bytes([7; 32]), 0).unwrap()
}

fn store(outbox: &Outbox, n: u8) -> Result<(), StoreError> {
    let entry = NewEntry {
        key: EntryKey(format!("entry-{n}")),
        lane: Lane([n; 16]),
        disposition: Disposition::Send,
        payload: vec![n; 2400],
    };
    outbox.append(entry).unwrap().wait().map(drop)
}

/// A closed store of twelve entries; each payload has a page of its own.
fn closed_store() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    for n in 1..=12 {
        store(&outbox, n).unwrap();
    }
    dir
}

fn query<T: rusqlite::types::FromSql>(dir: &Path, sql: &str) -> T {
    let db = Connection::open(dir.join("outbox.db")).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Breaks the header of a page, counted from zero.
fn break_page(dir: &Path, page: u64) {
    let mut file = fs::OpenOptions::new().write(true).open(dir.join("outbox.db")).unwrap();
    file.seek(SeekFrom::Start(page * PAGE)).unwrap();
    file.write_all(&[0xff; 8]).unwrap();
}

#[test]
fn a_payload_in_a_broken_page_holds_up_no_other_and_the_store_is_replaced() {
    let dir = closed_store();
    let sealed: Vec<u8> = query(dir.path(), "SELECT payload FROM body WHERE seq = 5");
    let file = fs::read(dir.path().join("outbox.db")).unwrap();
    let at = file.windows(64).position(|window| window == &sealed[..64]).unwrap();
    break_page(dir.path(), at as u64 / PAGE);

    let (outbox, report) = open(dir.path());
    assert_eq!((report.entries, report.put_beside), (12, None));
    let leased = outbox.lease(20).wait().unwrap();
    let mut ids: Vec<i64> = leased.iter().map(|leased| leased.id().0).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]);
    drop(leased);

    // The next request finds a sound store, and the loss in the numbers.
    store(&outbox, 13).unwrap();
    let stats = *outbox.stats().borrow();
    assert_eq!((stats.waiting, stats.put_beside_since_opened), (12, 1), "{stats:?}");
    assert_eq!((stats.lost_since_opened, stats.lost), (Lost::AtLeast(1), 1));
    assert!(outbox.verify().wait().unwrap().is_sound());
    assert_eq!(outbox.lease(20).wait().unwrap().len(), 12);
}

#[test]
fn damage_that_an_append_meets_refuses_that_append_alone() {
    let dir = closed_store();
    let page: i64 = query(
        dir.path(),
        "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_entry_1'",
    );
    break_page(dir.path(), page as u64 - 1);

    let (outbox, report) = open(dir.path());
    assert_eq!(report.put_beside, None);
    assert!(matches!(store(&outbox, 13), Err(StoreError::Disk(_))));
    store(&outbox, 13).unwrap();
    let stats = *outbox.stats().borrow();
    assert_eq!((stats.waiting, stats.put_beside_since_opened), (13, 1), "{stats:?}");
    assert_eq!(stats.lost_since_opened, Lost::None);
}

#[test]
fn a_value_that_cannot_be_read_does_not_come_back_for_ever() {
    let dir = closed_store();
    Connection::open(dir.path().join("outbox.db"))
        .unwrap()
        .execute_batch("UPDATE entry SET attempts = -1 WHERE seq = 5")
        .unwrap();
    let (outbox, _) = open(dir.path());
    assert!(outbox.list(Filter::default()).wait().is_err());
    let listed = outbox.list(Filter::default()).wait().unwrap();
    assert_eq!(listed.len(), 11);
    assert_eq!(outbox.stats().borrow().put_beside_since_opened, 1);
}
