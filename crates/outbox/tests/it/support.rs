//! What the tests have in common.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use outbox::{
    Config, Disposition, EntryKey, Filter, Lane, NewEntry, OpenReport, Outbox, SealKey, State, Stats, Summary,
};

pub(crate) const A: Lane = Lane([0xa; 16]);
pub(crate) const B: Lane = Lane([0xb; 16]);

pub(crate) fn seal_key() -> SealKey {
    SealKey::from_bytes([7; 32])
}

pub(crate) fn open(dir: &Path) -> (Outbox, OpenReport) {
    open_with(dir, &Config::default())
}

pub(crate) fn open_with(dir: &Path, config: &Config) -> (Outbox, OpenReport) {
    Outbox::open(config, dir, seal_key()).expect("the outbox always opens")
}

pub(crate) fn entry(key: &str, lane: Lane) -> NewEntry {
    NewEntry {
        key: EntryKey(key.into()),
        lane,
        disposition: Disposition::Send,
        payload: payload(key),
    }
}

/// A payload of the usual size that tells which entry it belongs to.
pub(crate) fn payload(key: &str) -> Vec<u8> {
    key.bytes().cycle().take(2400).collect()
}

pub(crate) fn store(outbox: &Outbox, key: &str, lane: Lane) -> outbox::EntryId {
    outbox.append(entry(key, lane)).unwrap().wait().unwrap().id()
}

/// Stores entries `entry-1` to `entry-{count}`, each in a lane of its own.
pub(crate) fn store_many(outbox: &Outbox, count: u8) {
    for n in 1..=count {
        store(outbox, &format!("entry-{n}"), Lane([n; 16]));
    }
}

pub(crate) fn list(outbox: &Outbox) -> Vec<Summary> {
    outbox
        .list(Filter {
            limit: usize::MAX,
            ..Filter::default()
        })
        .wait()
        .unwrap()
}

pub(crate) fn keys_in(outbox: &Outbox, state: State) -> Vec<String> {
    list(outbox)
        .into_iter()
        .filter(|entry| entry.state == state)
        .map(|entry| entry.key.0)
        .collect()
}

/// Takes the directory as a power cut would leave it: the files of an outbox that is still open.
pub(crate) fn snapshot(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Waits until the numbers are as wanted.
pub(crate) fn wait_for(outbox: &Outbox, what: &str, wanted: impl Fn(&Stats) -> bool) {
    let stats = outbox.stats();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !wanted(&stats.borrow()) {
        assert!(
            Instant::now() < deadline,
            "waited in vain for: {what}; {:?}",
            *stats.borrow()
        );
        // Any request makes the thread look at its house.
        list(outbox);
    }
}
