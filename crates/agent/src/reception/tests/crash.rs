//! What the next start, or the next reception, makes of what a crash left.

use super::*;

#[tokio::test]
async fn a_crash_after_an_earlier_result_still_ends_the_scan_that_ran() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(Event::Earlier(Ok(Box::new(record("70.5"))))).await;
    house
        .shows(|scanner| scanner.scan.is_some() && scanner.last.is_some())
        .await;
    house.serving.abort();
    let told = house.teller.waiting();
    let Some(Told::Event(started)) = told.iter().find(|told| matches!(told, Told::Event(_))) else {
        panic!("{told:?}")
    };
    let ended = house.teller.interrupted(&"bay-1".parse().unwrap()).unwrap();
    assert_eq!(ended.scan, started.scan);
}

#[tokio::test]
async fn an_end_that_was_not_announced_before_a_crash_is_told_at_the_next_start() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    house.send(rejected(RejectReason::ChecksumMismatch)).await;
    let (outbox, teller) = (house.outbox.clone(), house.teller.clone());
    let finished = house.finish().await;
    // The crash: nothing of the teller's memory was written.
    let (again, _) = retell(&outbox, true).await.unwrap();
    let kinds_and_scans = |told: &[Told]| -> Vec<_> {
        events(told)
            .filter(|event| event.kind != EventKind::Started)
            .map(|event| (event.kind, event.scan))
            .collect()
    };
    let expected = kinds_and_scans(&finished.told);
    assert_eq!(kinds_and_scans(&again.waiting()), expected);
    // Everything announced and remembered: nothing is told again.
    for (kind, scan) in expected {
        teller.announced(progress_mqtt::Announced { scan, kind });
    }
    let stop = CancellationToken::new();
    stop.cancel();
    teller.remember(stop).await;
    let (again, last) = retell(&outbox, true).await.unwrap();
    assert_eq!(again.waiting(), []);
    assert_eq!(last.values().next().unwrap().result, EventKind::Failed);
}

#[tokio::test]
async fn a_scan_that_a_crash_cut_off_fails_at_the_next_start() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.shows(|scanner| scanner.scan.is_some()).await;
    // The crash: what the teller remembered at the start is all there is.
    let (again, last) = retell(&house.outbox, true).await.unwrap();
    let [Told::Event(event)] = &again.waiting()[..] else {
        panic!("{:?}", again.waiting())
    };
    assert_eq!(
        (event.kind, event.code.as_deref()),
        (EventKind::Failed, Some("interrupted"))
    );
    assert_eq!(last.values().next().unwrap().scan, event.scan);
    house.serving.abort();
}

#[tokio::test]
async fn a_scan_that_was_cut_off_is_ended_before_anything_is_told_again() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    house.send(reading(0)).await;
    house
        .shows(|scanner| scanner.scan.is_some() && scanner.last.is_some())
        .await;
    let (again, last) = retell(&house.outbox, true).await.unwrap();
    let [Told::Event(cut_off), Told::Event(completed)] = &again.waiting()[..] else {
        panic!("{:?}", again.waiting())
    };
    assert_eq!(
        (cut_off.kind, completed.kind),
        (EventKind::Failed, EventKind::Completed)
    );
    assert_eq!(last.values().next().unwrap().scan, cut_off.scan);
    house.serving.abort();
}

#[tokio::test]
async fn after_a_crash_the_last_scan_is_the_newest_result_and_where_it_is_now() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("70.5"))).await;
    house.send(arrived(record("80.5"))).await;
    let outbox = house.outbox.clone();
    let finished = house.finish().await;
    let newest = finished.scanner.last.clone().unwrap();
    let after_crash = async || {
        let (_, last) = retell(&outbox, true).await.unwrap();
        last.into_values().next().unwrap()
    };
    let last = after_crash().await;
    assert_eq!((last.scan, last.upload), (newest.scan, Upload::Waiting));
    for leased in outbox.lease(8).await.unwrap() {
        outbox
            .acknowledge(leased.id(), outbox::Receipt(b"17".to_vec()))
            .await
            .unwrap();
    }
    let last = after_crash().await;
    assert_eq!((last.scan, last.upload), (newest.scan, Upload::Unassigned));
}

#[tokio::test]
async fn a_reception_that_comes_after_a_panic_ends_the_scan_it_finds() {
    let mut house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.shows(|scanner| scanner.scan.is_some()).await;
    house.serving.abort();
    house.receive_again();
    house.shows(|scanner| scanner.scan.is_none()).await;
    let told = house.teller.waiting();
    assert!(
        matches!(&told[..], [.., Told::Event(event)] if event.kind == EventKind::Failed),
        "{told:?}"
    );
}
