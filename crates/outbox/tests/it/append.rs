//! What an answered append promises.

use outbox::{Code, Disposition, EntryId, EntryKey, NewEntry, Outcome, State, StoreError};

use crate::support::{A, B, entry, keys_in, list, open, payload, store};

#[test]
fn a_stored_entry_comes_back_as_it_went_in_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, report) = open(dir.path());
    assert_eq!(report.entries, 0);
    let outcome = outbox.append(entry("one", A)).unwrap().wait().unwrap();
    assert_eq!(outcome, Outcome::Stored { id: EntryId(1) });
    drop(outbox);

    let (outbox, report) = open(dir.path());
    assert_eq!(report.entries, 1);
    let stored = outbox.get(EntryId(1)).wait().unwrap();
    assert_eq!(
        (stored.payload, stored.lane, stored.summary.key.as_str()),
        (payload("one"), A, "one")
    );
    assert_eq!(
        (stored.summary.state, stored.summary.size, stored.step),
        (State::Waiting, 2400, None)
    );
}

#[test]
fn the_same_key_is_stored_once_within_a_batch_and_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let answers: Vec<_> = (0..10).map(|_| outbox.append(entry("one", A)).unwrap()).collect();
    let outcomes: Vec<_> = answers.into_iter().map(|answer| answer.wait().unwrap()).collect();
    assert_eq!(outcomes[0], Outcome::Stored { id: EntryId(1) });
    assert!(
        outcomes[1..]
            .iter()
            .all(|outcome| *outcome == Outcome::AlreadyPresent { id: EntryId(1) })
    );
    drop(outbox);

    let (outbox, _) = open(dir.path());
    let again = outbox
        .append(NewEntry {
            payload: b"other".into(),
            ..entry("one", B)
        })
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(again, Outcome::AlreadyPresent { id: EntryId(1) });
    assert_eq!(outbox.get(EntryId(1)).wait().unwrap().payload, payload("one"));
    let found = |key: &str| outbox.find(EntryKey(key.to_owned())).wait().unwrap();
    assert_eq!((found("one"), found("two")), (Some(EntryId(1)), None));
    // A key that was known used up no number.
    assert_eq!(store(&outbox, "two", A), EntryId(2));
}

#[test]
fn an_append_whose_answer_is_dropped_is_stored_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    for n in 0..100 {
        drop(outbox.append(entry(&n.to_string(), A)).unwrap());
    }
    drop(outbox);
    assert_eq!(list(&open(dir.path()).0).len(), 100);
}

#[test]
fn nothing_on_the_disk_can_be_read_without_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let id = outbox
        .append(NewEntry {
            payload: b"SECRET-payload".into(),
            ..entry("one", A)
        })
        .unwrap()
        .wait()
        .unwrap()
        .id();
    outbox.mark(id, outbox::Step(b"SECRET-step".into())).wait().unwrap();
    outbox
        .set_aside(id, Code::new("http-422"), Some(b"SECRET-answer".into()))
        .wait()
        .unwrap();
    outbox.put_meta("performer", b"SECRET-meta".into()).wait().unwrap();
    let reads_secret = || {
        std::fs::read_dir(dir.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(6).any(|window| window == b"SECRET")
        })
    };
    assert!(!reads_secret());
    drop(outbox);
    assert!(!reads_secret());
}

#[test]
fn the_disposition_decides_where_an_entry_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    outbox
        .append(NewEntry {
            disposition: Disposition::Hold,
            ..entry("held", A)
        })
        .unwrap()
        .wait()
        .unwrap();
    let reason = Disposition::SetAside(Code::new("checksum-mismatch"));
    outbox
        .append(NewEntry {
            disposition: reason,
            ..entry("aside", A)
        })
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(keys_in(&outbox, State::Held), ["held"]);
    assert_eq!(keys_in(&outbox, State::SetAside), ["aside"]);
    assert_eq!(
        list(&outbox)[1].code.as_ref().map(Code::as_str),
        Some("checksum-mismatch")
    );
    assert!(outbox.lease(10).wait().unwrap().is_empty());
    let stats = *outbox.stats().borrow();
    assert_eq!(
        (stats.waiting, stats.held, stats.set_aside, stats.oldest_unsent),
        (0, 1, 1, None)
    );
}

#[test]
fn values_are_remembered_beside_the_entries() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    assert_eq!(outbox.get_meta("performer").wait().unwrap(), None);
    outbox.put_meta("performer", b"7".into()).wait().unwrap();
    outbox.put_meta("performer", b"8".into()).wait().unwrap();
    drop(outbox);
    assert_eq!(
        open(dir.path()).0.get_meta("performer").wait().unwrap(),
        Some(b"8".to_vec())
    );
}

#[tokio::test]
async fn a_closed_outbox_has_committed_all_and_says_so_to_later_requests() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let before: Vec<_> = (0..20)
        .map(|n| outbox.append(entry(&n.to_string(), A)).unwrap())
        .collect();
    outbox.close().await;
    for answer in before {
        answer.await.unwrap();
    }
    assert!(matches!(outbox.get(EntryId(1)).await, Err(StoreError::Closed)));
    assert!(outbox.append(entry("late", A)).is_err());
    outbox.close().await;
    // The directory is free while the old handle still lives.
    assert_eq!(open(dir.path()).1.entries, 20);
}

#[test]
fn a_sound_store_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    store(&outbox, "one", A);
    store(&outbox, "two", A);
    let verified = outbox.verify().wait().unwrap();
    assert!(verified.is_sound());
    assert_eq!(verified.entries, 2);
}
