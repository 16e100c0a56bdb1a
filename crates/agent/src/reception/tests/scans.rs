//! What is told of a scan while it runs and at its end.

use super::*;

#[tokio::test]
async fn the_last_progress_of_a_scan_is_told_before_its_end() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    let finished = house.finish().await;
    let [.., Told::Progress { progress, .. }, Told::Event(event)] = &finished.told[..] else {
        panic!("{:?}", finished.told)
    };
    assert!(progress.is_final && progress.progress == 100);
    assert_eq!((event.kind, event.scan), (EventKind::Completed, progress.scan));
}

#[tokio::test]
async fn a_scan_that_runs_goes_on_while_a_result_of_an_earlier_one_is_stored() {
    let house = House::new("unassigned", Config::default()).await;
    let measuring = |within| Event::Stage {
        stage: Stage::Measuring,
        within,
    };
    house.send(measuring(50)).await;
    house.send(Event::Earlier(Ok(Box::new(record("70.5"))))).await;
    house.send(measuring(90)).await;
    house.send(arrived(record("80.5"))).await;
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting, State::Waiting]);
    let events: Vec<_> = events(&finished.told).map(|event| (event.kind, event.scan)).collect();
    let [(_, running), (_, earlier), ..] = events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        events,
        [
            (EventKind::Started, running),
            (EventKind::Started, earlier),
            (EventKind::Completed, earlier),
            (EventKind::Completed, running)
        ]
    );
    // The end of the earlier one emptied the scanner's topic: what runs is told again right behind it.
    let mut told = finished.told.iter();
    told.find(|told| matches!(told, Told::Event(event) if event.kind == EventKind::Completed));
    let Some(Told::Progress { progress, .. }) = told.next() else {
        panic!("{:?}", finished.told)
    };
    assert_eq!(
        (progress.scan, progress.stage, progress.is_final),
        (running, Stage::Measuring, false)
    );
    let (first, second) = (finished.reading(0), finished.reading(1));
    assert_eq!((first.origin.scan, second.origin.scan), (earlier, running));
    assert_eq!(finished.scanner.last.unwrap().scan, running);
}

#[tokio::test]
async fn a_scan_that_is_stopped_at_the_device_is_cancelled_and_not_failed() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(Event::Cancelled).await;
    assert_eq!(
        house.finish().await.events(),
        [EventKind::Started, EventKind::Cancelled]
    );
}
