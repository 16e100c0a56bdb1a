//! Files that were damaged, swapped or lost behind the outbox's back.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use outbox::{Config, EntryId, Lost, OpenReport, Outbox, Reason, SealKey, State, StoreError};
use rusqlite::Connection;

use crate::support::{A, keys_in, list, open, payload, seal_key, snapshot, store, store_many};

const DB: &str = "outbox.db";

/// A closed store of `count` entries.
fn closed_store(count: u8) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    store_many(&outbox, count);
    outbox.put_meta("performer", b"7".to_vec()).wait().unwrap();
    dir
}

fn sql(dir: &Path, statement: &str) {
    Connection::open(dir.join(DB))
        .unwrap()
        .execute_batch(statement)
        .unwrap();
}

fn flip_bit(path: &Path, bit: u64) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(bit / 8)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(bit / 8)).unwrap();
    file.write_all(&[byte[0] ^ 1 << (bit % 8)]).unwrap();
}

fn counted_lost(report: &OpenReport) -> u64 {
    match report.lost {
        Lost::None => 0,
        Lost::Exact(n) | Lost::AtLeast(n) => n,
    }
}

fn unreadable(report: &OpenReport) -> u64 {
    report.put_beside.as_ref().map_or(0, |beside| beside.unreadable)
}

/// Every entry that is there is whole or known to be damaged, and everything else is counted.
fn check(outbox: &Outbox, report: &OpenReport, count: u64, what: &str) {
    let present = list(outbox);
    for summary in &present {
        match outbox.get(summary.id).wait() {
            Ok(entry) => assert_eq!(entry.payload, payload(summary.key.as_str()), "{what}"),
            Err(StoreError::Damaged(_)) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }
    assert_eq!(present.len() as u64, report.entries, "{what}");
    assert_eq!(
        report.entries + counted_lost(report) + unreadable(report),
        count,
        "{what}: {report:?}"
    );
    // And life goes on.
    assert_eq!(store(outbox, "next", A), EntryId(count as i64 + 1), "{what}");
}

#[test]
fn a_file_of_another_program_is_put_beside_untouched() {
    let dir = closed_store(3);
    fs::remove_file(dir.path().join(DB)).unwrap();
    sql(
        dir.path(),
        "CREATE TABLE theirs (value); INSERT INTO theirs VALUES (42)",
    );
    let (outbox, report) = open(dir.path());
    let beside = report.put_beside.clone().unwrap();
    assert_eq!(
        (beside.reason, beside.saved, report.lost),
        (Reason::Foreign, 0, Lost::AtLeast(3))
    );
    check(&outbox, &report, 3, "foreign");
    let theirs = Connection::open(beside.path).unwrap();
    assert_eq!(
        theirs
            .query_row("SELECT value FROM theirs", [], |row| row.get::<_, i64>(0))
            .unwrap(),
        42
    );
}

#[test]
fn a_store_of_a_newer_release_is_put_beside_and_what_is_understood_is_saved() {
    let dir = closed_store(3);
    sql(
        dir.path(),
        "ALTER TABLE entry ADD COLUMN colour TEXT; PRAGMA user_version = 99",
    );
    let (outbox, report) = open(dir.path());
    let beside = report.put_beside.clone().unwrap();
    assert_eq!(
        (beside.reason, beside.saved, report.lost),
        (Reason::Newer, 3, Lost::None)
    );
    assert_eq!(outbox.get_meta("performer").wait().unwrap(), Some(b"7".to_vec()));
    assert_eq!(keys_in(&outbox, State::Waiting).len(), 3);
    check(&outbox, &report, 3, "newer");
}

#[test]
fn a_file_of_nonsense_is_put_beside_and_the_loss_counted() {
    for nonsense in [&b""[..], b"not a database", &[0; 8192], &[0xff; 100_000]] {
        let dir = closed_store(5);
        fs::write(dir.path().join(DB), nonsense).unwrap();
        let (outbox, report) = open(dir.path());
        assert!(report.put_beside.is_some());
        assert_eq!(report.lost, Lost::AtLeast(5));
        check(&outbox, &report, 5, "nonsense");
        // Told once: the numbers are accounted for.
        drop(outbox);
        let (outbox, report) = open(dir.path());
        assert_eq!((report.lost, report.put_beside), (Lost::None, None));
        assert_eq!(outbox.stats().borrow().lost, 5);
    }
}

#[test]
fn a_store_cut_short_anywhere_gives_what_is_left() {
    let whole = closed_store(12);
    let len = fs::metadata(whole.path().join(DB)).unwrap().len();
    let mut saved_some = 0;
    for cut in (0..len).step_by(1777) {
        let dir = tempfile::tempdir().unwrap();
        snapshot(whole.path(), dir.path());
        OpenOptions::new()
            .write(true)
            .open(dir.path().join(DB))
            .unwrap()
            .set_len(cut)
            .unwrap();
        let (outbox, report) = open(dir.path());
        check(&outbox, &report, 12, &format!("cut at {cut} of {len}"));
        saved_some += u32::from(report.entries > 0);
    }
    assert!(saved_some > 5, "only {saved_some} of the cut stores gave anything");
}

#[test]
fn a_store_without_its_first_page_gives_every_entry() {
    let dir = closed_store(12);
    let mut file = OpenOptions::new().write(true).open(dir.path().join(DB)).unwrap();
    file.write_all(&[0; 4096]).unwrap();
    let (outbox, report) = open(dir.path());
    let beside = report.put_beside.clone().unwrap();
    assert_eq!(
        (beside.reason, beside.saved, report.lost),
        (Reason::Damaged, 12, Lost::None)
    );
    check(&outbox, &report, 12, "first page");
}

#[test]
fn a_bit_flipped_anywhere_in_the_store_costs_little_and_nothing_wrong_is_ever_sent() {
    let whole = closed_store(12);
    let bits = fs::metadata(whole.path().join(DB)).unwrap().len() * 8;
    let mut saved = 0;
    for _ in 0..100 {
        let bit = fastrand::u64(0..bits);
        let dir = tempfile::tempdir().unwrap();
        snapshot(whole.path(), dir.path());
        flip_bit(&dir.path().join(DB), bit);
        let (outbox, report) = open(dir.path());
        check(&outbox, &report, 12, &format!("bit {bit} of {bits}"));
        for leased in outbox.lease(100).wait().unwrap() {
            assert_eq!(
                leased.entry.payload,
                payload(leased.entry.summary.key.as_str()),
                "bit {bit}"
            );
        }
        saved += outbox.stats().borrow().waiting - 1;
    }
    // A payload that was hit is gone; a hit in the one page of outsides may cost more.
    assert!(saved > 1000, "{saved} of 1200 entries came through a hundred flips");
}

#[test]
fn a_bit_flipped_in_the_log_costs_at_most_the_entry_it_hit() {
    let running = tempfile::tempdir().unwrap();
    let (outbox, _) = open(running.path());
    store_many(&outbox, 12);
    let whole = tempfile::tempdir().unwrap();
    snapshot(running.path(), whole.path());
    drop(outbox);
    let bits = fs::metadata(whole.path().join("outbox.db-wal")).unwrap().len() * 8;
    let mut noticed = 0;
    for n in 0..40 {
        let bit = bits / 40 * n + fastrand::u64(0..bits / 40);
        let dir = tempfile::tempdir().unwrap();
        snapshot(whole.path(), dir.path());
        flip_bit(&dir.path().join("outbox.db-wal"), bit);
        let (outbox, report) = open(dir.path());
        check(&outbox, &report, 12, &format!("bit {bit} of {bits}"));
        assert!(report.entries >= 11, "bit {bit} of {bits}: {report:?}");
        // The damaged log is kept for somebody to look at.
        noticed += u32::from(fs::read_dir(dir.path()).unwrap().any(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.contains("outbox.db.log-") || name.contains("outbox.db.damaged-")
        }));
    }
    assert!(noticed > 20, "only {noticed} of 40 flips were noticed");
}

#[test]
fn a_tail_that_vanished_is_counted_once_and_its_numbers_are_not_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    store_many(&outbox, 10);
    let earlier = tempfile::tempdir().unwrap();
    snapshot(dir.path(), earlier.path());
    for n in 11..=15 {
        store(&outbox, &format!("entry-{n}"), A);
    }
    drop(outbox);
    // The store as it was earlier, beside a side file that knows more.
    let tail = fs::read(dir.path().join("outbox.tail")).unwrap();
    fs::write(earlier.path().join("outbox.tail"), tail).unwrap();

    let (outbox, report) = open(earlier.path());
    assert_eq!((report.entries, report.lost), (10, Lost::AtLeast(5)));
    drop(outbox);
    let (outbox, report) = open(earlier.path());
    assert_eq!((report.entries, report.lost), (10, Lost::None));
    assert_eq!(outbox.stats().borrow().lost, 5);
    assert_eq!(store(&outbox, "next", A), EntryId(16));
    assert!(outbox.verify().wait().unwrap().is_sound());
}

#[test]
fn a_gap_within_the_sequence_is_counted_exactly() {
    let dir = closed_store(10);
    sql(dir.path(), "DELETE FROM entry WHERE seq IN (3, 7)");
    let (outbox, report) = open(dir.path());
    assert_eq!((report.entries, report.lost), (8, Lost::Exact(2)));
    drop(outbox);
    assert_eq!(open(dir.path()).1.lost, Lost::None);
}

#[test]
fn a_store_sealed_with_another_key_is_kept_whole_and_opens_again_with_its_own() {
    let dir = closed_store(5);
    let (outbox, report) = Outbox::open(&Config::default(), dir.path(), SealKey::from_bytes([8; 32])).unwrap();
    let beside = report.put_beside.clone().unwrap();
    assert_eq!(
        (beside.reason, beside.saved, beside.unreadable, report.lost),
        (Reason::WrongKey, 0, 5, Lost::None)
    );
    check(&outbox, &report, 5, "wrong key");
    drop(outbox);

    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(&beside.path, elsewhere.path().join(DB)).unwrap();
    let (outbox, report) = Outbox::open(&Config::default(), elsewhere.path(), seal_key()).unwrap();
    assert_eq!((report.entries, report.put_beside), (5, None));
    assert_eq!(outbox.get(EntryId(1)).wait().unwrap().payload, payload("entry-1"));
}

#[test]
fn a_damaged_payload_is_set_aside_and_the_others_go_on() {
    let dir = closed_store(3);
    sql(dir.path(), "UPDATE body SET payload = zeroblob(2440) WHERE seq = 2");
    let (outbox, _) = open(dir.path());
    let verified = outbox.verify().wait().unwrap();
    assert_eq!(verified.damaged, [EntryId(2)]);
    let leased = outbox.lease(10).wait().unwrap();
    assert_eq!(
        leased.iter().map(|leased| leased.id()).collect::<Vec<_>>(),
        [EntryId(1), EntryId(3)]
    );
    assert_eq!(keys_in(&outbox, State::SetAside), ["entry-2"]);
    assert_eq!(
        list(&outbox)[1].code.as_ref().map(|code| code.as_str()),
        Some("damaged")
    );
}

#[test]
fn a_payload_that_was_moved_to_another_entry_is_noticed() {
    let dir = closed_store(2);
    sql(
        dir.path(),
        "UPDATE body SET payload = (SELECT payload FROM body WHERE seq = 1) WHERE seq = 2",
    );
    let (outbox, _) = open(dir.path());
    assert!(matches!(
        outbox.get(EntryId(2)).wait(),
        Err(StoreError::Damaged(EntryId(2)))
    ));
}

#[test]
fn a_replacement_that_a_crash_interrupted_is_ended() {
    let dir = closed_store(4);
    // The moment after the old database was renamed: its log still lies there, the prepared store is whole.
    fs::rename(dir.path().join(DB), dir.path().join("outbox.db.new")).unwrap();
    fs::write(dir.path().join("outbox.db-wal"), b"the log of the old store").unwrap();
    let (outbox, report) = open(dir.path());
    assert_eq!((report.entries, report.lost), (4, Lost::None));
    check(&outbox, &report, 4, "interrupted");
}

#[test]
fn a_store_that_is_missing_altogether_is_counted_as_lost() {
    let dir = closed_store(4);
    fs::remove_file(dir.path().join(DB)).unwrap();
    let (outbox, report) = open(dir.path());
    assert_eq!(
        (report.entries, report.lost, report.put_beside.clone()),
        (0, Lost::AtLeast(4), None)
    );
    check(&outbox, &report, 4, "missing");
}
