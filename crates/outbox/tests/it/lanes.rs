//! The order in which entries leave, and the ways they may go.

use std::time::Duration;

use outbox::{Code, EntryId, Leased, Outbox, Receipt, State, Step, StoreError};

use crate::support::{A, B, keys_in, list, open, store};

fn lease(outbox: &Outbox) -> Vec<Leased> {
    outbox.lease(10).wait().unwrap()
}

fn keys(leased: &[Leased]) -> Vec<&str> {
    leased.iter().map(|leased| leased.entry.summary.key.as_str()).collect()
}

fn acknowledge(outbox: &Outbox, id: EntryId) {
    outbox.acknowledge(id, Receipt(b"9041".into())).wait().unwrap();
}

#[test]
fn the_second_of_a_lane_waits_for_the_first_and_other_lanes_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let first = store(&outbox, "a1", A);
    store(&outbox, "a2", A);
    store(&outbox, "b1", B);
    let out = lease(&outbox);
    assert_eq!(keys(&out), ["a1", "b1"]);
    assert!(lease(&outbox).is_empty());
    acknowledge(&outbox, first);
    assert_eq!(keys(&lease(&outbox)), ["a2"]);
    assert_eq!(keys_in(&outbox, State::Sent), ["a1"]);
    assert_eq!(outbox.get(first).wait().unwrap().note.as_deref(), Some(&b"9041"[..]));
}

#[test]
fn a_dropped_lease_is_given_out_again() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    store(&outbox, "a1", A);
    drop(lease(&outbox));
    assert_eq!(keys(&lease(&outbox)), ["a1"]);
}

#[test]
fn an_entry_put_off_holds_its_lane_until_it_is_due() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let first = store(&outbox, "a1", A);
    store(&outbox, "a2", A);
    let out = lease(&outbox);
    outbox
        .retry_later(first, Duration::from_secs(3600), Code::new("unreachable"))
        .wait()
        .unwrap();
    drop(out);
    assert!(lease(&outbox).is_empty());
    assert!(outbox.next_due().unwrap() > Duration::from_secs(3000));
    let summary = &list(&outbox)[0];
    assert_eq!(
        (summary.attempts, summary.code.as_ref().map(Code::as_str)),
        (1, Some("unreachable"))
    );
    drop(outbox);

    // A pause outlives a restart, but never by much: the calendar may have jumped.
    let (outbox, _) = open(dir.path());
    assert!(lease(&outbox).is_empty());
    assert!(outbox.next_due().unwrap() <= Duration::from_secs(300));
}

#[tokio::test]
async fn a_sleeping_sender_wakes_when_something_becomes_due() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let sender = outbox.clone();
    let sent = tokio::spawn(async move {
        let mut sent = Vec::new();
        while sent.len() < 3 {
            sender.due().await;
            for leased in sender.lease(10).await.unwrap() {
                if leased.entry.summary.attempts == 0 {
                    sender
                        .retry_later(leased.id(), Duration::from_millis(5), Code::new("unreachable"))
                        .await
                        .unwrap();
                } else {
                    sender.acknowledge(leased.id(), Receipt(Vec::new())).await.unwrap();
                    sent.push(leased.entry.summary.key.0.clone());
                }
            }
        }
        sent
    });
    for key in ["a1", "a2", "a3"] {
        outbox.append(crate::support::entry(key, A)).unwrap().await.unwrap();
    }
    assert_eq!(
        tokio::time::timeout(Duration::from_secs(30), sent)
            .await
            .unwrap()
            .unwrap(),
        ["a1", "a2", "a3"]
    );
}

#[test]
fn steps_outlive_a_restart_and_the_latest_counts() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let id = store(&outbox, "a1", A);
    outbox.mark(id, Step(b"creating".into())).wait().unwrap();
    outbox.mark(id, Step(b"created 9041".into())).wait().unwrap();
    drop(outbox);
    let (outbox, _) = open(dir.path());
    assert_eq!(lease(&outbox)[0].entry.step, Some(Step(b"created 9041".into())));
}

#[test]
fn entries_set_aside_or_uncertain_let_their_lane_go_on_and_come_back_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let (first, second) = (store(&outbox, "a1", A), store(&outbox, "a2", A));
    store(&outbox, "a3", A);
    outbox
        .set_aside(first, Code::new("http-422"), Some(b"weight out of range".into()))
        .wait()
        .unwrap();
    outbox.uncertain(second).wait().unwrap();
    let out = lease(&outbox);
    assert_eq!(keys(&out), ["a3"]);
    assert_eq!(
        outbox.get(first).wait().unwrap().note.as_deref(),
        Some(&b"weight out of range"[..])
    );

    outbox.requeue(first).wait().unwrap();
    assert!(lease(&outbox).is_empty(), "a later one of the lane is out");
    drop(out);
    assert_eq!(keys(&lease(&outbox)), ["a1"]);
}

#[test]
fn an_entry_goes_only_where_it_may() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let id = store(&outbox, "a1", A);
    let refused = |answer: Result<(), StoreError>, state| match answer {
        Err(StoreError::WrongState { state: found, .. }) => assert_eq!(found, state),
        other => panic!("{other:?}"),
    };
    refused(outbox.release(id).wait(), State::Waiting);
    refused(outbox.requeue(id).wait(), State::Waiting);
    acknowledge(&outbox, id);
    acknowledge(&outbox, id);
    refused(outbox.mark(id, Step(Vec::new())).wait(), State::Sent);
    refused(outbox.discard(id).wait(), State::Sent);
    refused(outbox.set_aside(id, Code::new("late"), None).wait(), State::Sent);
    assert!(matches!(
        outbox.release(EntryId(99)).wait(),
        Err(StoreError::Unknown(EntryId(99)))
    ));
    assert_eq!(outbox.stats().borrow().sent, 1);
}

#[test]
fn a_discarded_entry_is_kept_and_can_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (outbox, _) = open(dir.path());
    let id = store(&outbox, "a1", A);
    outbox.discard(id).wait().unwrap();
    assert!(lease(&outbox).is_empty());
    outbox.requeue(id).wait().unwrap();
    assert_eq!(keys(&lease(&outbox)), ["a1"]);
}
