//! Killed at any moment: every answered append is there, and none twice.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use outbox::{EntryKey, Lost, NewEntry, Outbox, Outcome, Receipt, StoreError};

use crate::support::{A, entry, list, open, payload, store};

const CHILD_DIR: &str = "OUTBOX_TEST_CRASH_DIR";
const CHILD_FIRST: &str = "OUTBOX_TEST_CRASH_FIRST";
/// How many entries the child stores; for ever if it is not set.
const CHILD_ENOUGH: &str = "OUTBOX_TEST_CRASH_ENOUGH";
const ROUNDS: u64 = 25;

#[test]
fn every_answered_append_outlives_a_kill_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut stored = BTreeSet::new();
    for round in 0..ROUNDS {
        let (mut child, mut lines) = start_child(
            Command::new(std::env::current_exe().unwrap()),
            dir.path(),
            round * 1_000_000,
        );
        let mut line = String::new();
        // The moment: some random microseconds after the child began to store.
        let patience = fastrand::u64(0..40_000);
        while lines.read_line(&mut line).unwrap() > 0 && !line.contains("stored ") {
            line.clear();
        }
        std::thread::sleep(Duration::from_micros(patience));
        child.kill().unwrap();
        child.wait().unwrap();
        stored.extend(key_in(&line));
        stored.extend(lines.lines().map_while(Result::ok).filter_map(|line| key_in(&line)));

        let (outbox, report) = open(dir.path());
        assert_eq!((report.lost, report.put_beside), (Lost::None, None), "round {round}");
        let present: Vec<String> = list(&outbox).into_iter().map(|entry| entry.key.0).collect();
        let distinct: BTreeSet<String> = present.iter().cloned().collect();
        assert_eq!(present.len(), distinct.len(), "stored twice in round {round}");
        assert!(
            stored.is_subset(&distinct),
            "lost in round {round}: {:?}",
            stored.difference(&distinct).collect::<Vec<_>>()
        );
        assert!(outbox.verify().wait().unwrap().is_sound());
    }
    assert!(stored.len() as u64 > ROUNDS);
}

#[cfg(unix)]
#[test]
fn a_disk_that_refuses_is_answered_to_each_and_loses_nothing_stored() {
    let dir = tempfile::tempdir().unwrap();
    // A limit on the size of files stands for a full disk: the write that passes it fails.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 1200; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    let (mut child, lines) = start_child(shell, dir.path(), 0);
    let lines: Vec<String> = lines.lines().map_while(Result::ok).collect();
    assert!(child.wait().unwrap().success(), "{lines:?}");
    let stored: BTreeSet<String> = lines.iter().filter_map(|line| key_in(line)).collect();
    assert!(stored.len() > 10);
    assert!(lines.iter().any(|line| line.contains("refused")));

    let (outbox, report) = open(dir.path());
    assert_eq!((report.lost, report.put_beside), (Lost::None, None));
    let present: BTreeSet<String> = list(&outbox).into_iter().map(|entry| entry.key.0).collect();
    assert!(stored.is_subset(&present));
    store(&outbox, "after", A);
}

/// One sync of the disk fails, as when a cable is loose. What was written but not synced must not count as stored later.
#[cfg(target_os = "linux")]
#[test]
fn a_sync_that_fails_is_answered_and_the_outbox_goes_on() {
    let works = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        assert!(
            std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_none_or(|v| v != "1"),
            "strace is missing"
        );
        println!("skipped: strace is missing or may not trace");
        return;
    }
    for call in ["fsync,fdatasync:error=EIO:when=40", "pwrite64:error=ENOSPC:when=300"] {
        let dir = tempfile::tempdir().unwrap();
        let mut strace = Command::new("strace");
        strace.args(["-f", "-o", "/dev/null", "-e", &format!("inject={call}")]);
        strace.arg(std::env::current_exe().unwrap()).env(CHILD_ENOUGH, "300");
        let (mut child, lines) = start_child(strace, dir.path(), 0);
        let lines: Vec<String> = lines.lines().map_while(Result::ok).collect();
        assert!(child.wait().unwrap().success(), "{call}: {lines:?}");
        let refused = lines.iter().filter(|line| line.contains("refused")).count();
        // All that shared the commit: three entries and an acknowledgement at most, or the acknowledgement alone.
        assert!((1..=4).contains(&refused), "{call}: {refused} refused");
        let (outbox, report) = open(dir.path());
        assert_eq!((report.lost, report.put_beside), (Lost::None, None));
        let present: BTreeSet<String> = list(&outbox).into_iter().map(|entry| entry.key.0).collect();
        let stored: BTreeSet<String> = lines.iter().filter_map(|line| key_in(line)).collect();
        assert!(stored.len() >= 290 && stored.is_subset(&present), "{call}");
    }
}

fn start_child(mut command: Command, dir: &Path, first: u64) -> (Child, BufReader<ChildStdout>) {
    let mut child = command
        .args(["crash::child", "--exact", "--nocapture"])
        .env(CHILD_DIR, dir)
        .env(CHILD_FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

fn key_in(line: &str) -> Option<String> {
    // A line cut short by the kill is no answer that was given.
    line.split_once("stored ")
        .and_then(|(_, key)| key.trim_end().strip_suffix('.'))
        .map(str::to_owned)
}

/// The process that is killed; does nothing as a test. Several entries are on their way at once, and some are
/// acknowledged.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let first: u64 = std::env::var(CHILD_FIRST).unwrap().parse().unwrap();
    let (outbox, _) = open(dir.as_ref());
    let enough: u64 = std::env::var(CHILD_ENOUGH).map_or(u64::MAX, |enough| enough.parse().unwrap());
    let mut refused = 0;
    // Answered while the next entries are on their way, so that both share a commit now and then.
    let mut acknowledgement = None;
    for n in (first..enough).step_by(3) {
        let answers = [n, n + 1, n + 2].map(|n| (n, append(&outbox, &format!("entry-{n}"))));
        refused += acknowledgement
            .take()
            .map_or(0, |answer| u32::from(answered(answer).is_none()));
        for (n, answer) in answers {
            match answered(answer) {
                Some(Outcome::Stored { id }) => {
                    say(&format!("stored entry-{n}."));
                    if n % 7 == 0 {
                        acknowledgement = Some(outbox.acknowledge(id, Receipt(Vec::new())));
                    }
                }
                Some(Outcome::AlreadyPresent { .. }) => panic!("a fresh key was known"),
                None => refused += 1,
            }
        }
        if refused > 10 {
            return;
        }
    }
    acknowledgement.map(answered);
}

/// What the outbox answers, or nothing and a line about it if the disk refused.
fn answered<T>(pending: outbox::Pending<T>) -> Option<T> {
    match pending.wait() {
        Ok(answer) => Some(answer),
        Err(StoreError::Disk(_) | StoreError::Unavailable(_)) => {
            say("refused");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn append(outbox: &Outbox, key: &str) -> outbox::Pending<Outcome> {
    outbox
        .append(NewEntry {
            key: EntryKey(key.into()),
            payload: payload(key),
            ..entry(key, A)
        })
        .unwrap()
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}
