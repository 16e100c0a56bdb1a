//! Limits of room and time, and who may open the outbox.

use std::process::Command;
use std::time::Duration;

use bytesize::ByteSize;
use outbox::{Config, Full, OpenError, Outbox, Receipt, SealKey};

use crate::support::{A, entry, list, open, open_with, payload, seal_key, store, wait_for};

const CHILD_DIR: &str = "OUTBOX_TEST_LIMITS_DIR";

#[test]
fn a_disk_with_too_little_room_keeps_new_entries_out_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        min_free: ByteSize::pb(9000),
        ..Config::default()
    };
    let (outbox, _) = open_with(dir.path(), &config);
    assert!(matches!(
        outbox.append(entry("one", A)).map(drop),
        Err(Full::MinFree { .. })
    ));
    assert!(matches!(outbox.stats().borrow().full, Some(Full::MinFree { .. })));
    // A result in memory at an orderly stop takes the room that the limit keeps.
    let stored = outbox.append_reserved(entry("one", A)).unwrap().wait().unwrap();
    assert_eq!(outbox.get(stored.id()).wait().unwrap().payload, payload("one"));
}

#[test]
fn a_full_store_takes_entries_again_when_sent_ones_can_go() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        max_size: ByteSize::kib(200),
        ..Config::default()
    };
    let (outbox, _) = open_with(dir.path(), &config);
    let mut stored = Vec::new();
    let full = loop {
        match outbox.append(entry(&format!("entry-{}", stored.len()), A)) {
            Ok(pending) => stored.push(pending.wait().unwrap().id()),
            Err(full) => break full,
        }
    };
    assert!(matches!(full, Full::MaxSize { .. }), "{full:?}");
    assert!(stored.len() > 10);
    for id in &stored {
        outbox.acknowledge(*id, Receipt(Vec::new())).wait().unwrap();
    }
    wait_for(&outbox, "room", |stats| stats.full.is_none());
    let kept = outbox.stats().borrow().sent;
    // Numbers go on where they were.
    assert_eq!(store(&outbox, "next", A).0, stored.len() as i64 + 1);
    drop(outbox);
    let (outbox, report) = open(dir.path());
    assert_eq!((report.entries, report.lost), (kept + 1, outbox::Lost::None));
    assert!(outbox.verify().wait().unwrap().is_sound());
}

#[test]
fn sent_entries_go_when_their_time_is_over_and_unsent_ones_never() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        keep_sent: Duration::ZERO,
        ..Config::default()
    };
    let (outbox, _) = open_with(dir.path(), &config);
    let sent = store(&outbox, "sent", A);
    store(&outbox, "unsent", A);
    outbox.acknowledge(sent, Receipt(Vec::new())).wait().unwrap();
    drop(outbox);

    let (outbox, report) = open_with(dir.path(), &config);
    assert_eq!(report.lost, outbox::Lost::None);
    wait_for(&outbox, "purge", |stats| stats.sent == 0);
    assert_eq!(list(&outbox).len(), 1);
    drop(outbox);
    assert_eq!(open(dir.path()).1.lost, outbox::Lost::None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_in_memory_is_reported_as_volatile() {
    let Ok(dir) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: no /dev/shm here");
        return;
    };
    assert!(open(dir.path()).1.volatile);
}

#[test]
fn a_second_process_is_refused_and_told_who_was_first() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    store(&outbox, "one", A);
    let second = Command::new(std::env::current_exe().unwrap())
        .args(["limits::second_process", "--exact", "--nocapture"])
        .env(CHILD_DIR, dir.path())
        .output()
        .unwrap();
    assert!(second.status.success());
    let told = format!("refused by {}", std::process::id());
    assert!(String::from_utf8_lossy(&second.stdout).contains(&told), "{second:?}");
    store(&outbox, "two", A);
}

/// The second process; does nothing as a test.
#[test]
fn second_process() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    match Outbox::open(&Config::default(), dir.as_ref(), seal_key()) {
        Err(OpenError::InUse { pid: Some(pid), .. }) => println!("refused by {pid}"),
        other => println!("{other:?}"),
    }
}

#[test]
fn a_key_file_serves_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("seal.key");
    let open = || Outbox::open(&Config::default(), dir.path(), SealKey::load_or_create(&path).unwrap()).unwrap();
    let (outbox, _) = open();
    let id = store(&outbox, "one", A);
    drop(outbox);
    let (outbox, report) = open();
    assert!(report.put_beside.is_none());
    outbox.get(id).wait().unwrap();
}
