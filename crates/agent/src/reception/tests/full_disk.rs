//! A disk that takes nothing.

use super::*;

/// A house whose disk takes nothing, with a result that waits in memory for that reason.
async fn full_house(weight: &str) -> House {
    let house = House::new("unassigned", nothing_fits()).await;
    house.send(arrived(record(weight))).await;
    let mut refused = house.store.refused();
    timeout(PATIENCE, refused.wait_for(|refused| !refused.is_empty()))
        .await
        .unwrap()
        .unwrap();
    house
}

#[tokio::test]
async fn a_result_that_the_disk_refuses_is_never_called_complete() {
    let house = full_house("80.5").await;
    assert!(house.store.refused().borrow().values().all(|refused| refused.full));
    let told = house.teller.waiting();
    assert!(
        !told
            .iter()
            .any(|told| matches!(told, Told::Event(event) if event.kind == EventKind::Completed))
    );
    let board = house.board.now();
    let scanner = board.scanners.values().next().unwrap();
    assert_eq!((scanner.activity, scanner.last.clone()), (Activity::Busy, None));
    house.serving.abort();
}

#[tokio::test]
async fn a_scan_whose_result_waits_for_the_disk_says_so_and_has_not_ended() {
    let house = House::new("unassigned", nothing_fits()).await;
    let measuring = Event::Stage {
        stage: Stage::Measuring,
        within: 50,
    };
    house.send(measuring).await;
    house.send(arrived(record("80.5"))).await;
    let mut board = house.board.subscribe();
    let bay = "bay-1".parse().unwrap();
    let says_so = board.wait_for(|board| {
        let scan = board.scanners[&bay].scan.as_ref();
        scan.is_some_and(|scan| scan.message.contains("waits until it can be stored"))
    });
    let scan = timeout(PATIENCE, says_so).await.unwrap().unwrap().scanners[&bay]
        .scan
        .clone()
        .unwrap();
    assert_eq!((scan.stage, scan.is_final), (Stage::ReadingResults, false));
    house.stop.cancel();
    let finished = house.finish().await;
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Completed]);
    assert_eq!(finished.scanner.last.unwrap().scan, scan.scan);
}

#[tokio::test]
async fn a_damaged_result_that_waits_for_the_disk_is_never_called_measured() {
    let house = House::new("unassigned", nothing_fits()).await;
    house
        .send(Event::Stage {
            stage: Stage::Measuring,
            within: 50,
        })
        .await;
    let mut refused = house.store.refused();
    house.send(rejected(RejectReason::ChecksumMismatch)).await;
    // With the second refusal whatever the first one brought is shown.
    for _ in 0..2 {
        timeout(PATIENCE, refused.changed()).await.unwrap().unwrap();
    }
    let board = house.board.now();
    let scan = board.scanners.values().next().unwrap().scan.clone().unwrap();
    assert_eq!((scan.stage, scan.is_final), (Stage::Measuring, false));
    assert!(!scan.message.contains("Measured"), "{}", scan.message);
    house.stop.cancel();
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::SetAside]);
    assert_eq!(
        finished.events(),
        [EventKind::Started, EventKind::Failed, EventKind::SetAside]
    );
}

#[tokio::test]
async fn while_the_disk_refuses_nothing_more_is_taken_from_the_driver() {
    let house = full_house("80.5").await;
    house.send(arrived(record("70.5"))).await;
    assert_eq!(house.driver.capacity(), 0);
    house.serving.abort();
}

#[tokio::test]
async fn a_stop_stores_what_waits_in_memory_past_the_limits() {
    let house = full_house("80.5").await;
    let refused = house.store.refused();
    house.send(arrived(record("70.5"))).await;
    house.stop.cancel();
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting, State::Waiting]);
    assert!(refused.borrow().is_empty());
}
