//! A result on its way into the safe.

use super::*;

#[tokio::test]
async fn a_result_is_stored_and_then_called_complete() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(arrived(record("80.50"))).await;
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting]);
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Completed]);
    let reading = finished.reading(0);
    assert_eq!(reading.get(Metric::BODY_WEIGHT).unwrap().to_string(), "80.50");
    assert_eq!(
        finished.entries[0].summary.key.as_str(),
        reading.origin.externalid.to_string()
    );
    let last = finished.scanner.last.unwrap();
    assert_eq!(
        (last.scan, last.result, last.upload),
        (reading.origin.scan, EventKind::Completed, Upload::Waiting)
    );
    assert_eq!(
        (finished.scanner.scan, finished.scanner.model.as_deref()),
        (None, Some("MC-780"))
    );
}

#[tokio::test]
async fn a_result_with_the_devices_own_number_is_stored_once() {
    let house = House::new("unassigned", Config::default()).await;
    for _ in 0..2 {
        house
            .send(arrived(Record {
                result_id: Some("device/boot/17".into()),
                ..record("80.5")
            }))
            .await;
    }
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting]);
    let expected = [
        EventKind::Started,
        EventKind::Completed,
        EventKind::Started,
        EventKind::Failed,
    ];
    assert_eq!(finished.events(), expected);
}

#[tokio::test]
async fn our_own_second_attempt_is_no_repetition_and_the_devices_is() {
    let house = House::new("unassigned", Config::default()).await;
    let parcel = |scan| {
        let origin = Origin {
            externalid: Uuid::from_u128(17),
            scan: ScanId(Uuid::from_u128(scan)),
            scanner: "bay-1".parse().unwrap(),
            received_at: Timestamp::UNIX_EPOCH,
            time_quality: clock::quality(None),
            port: None,
        };
        Parcel::Reading(Reading::from_record(&record("80.5"), origin).unwrap())
    };
    let keep = async |scan| house.store.keep(&parcel(scan), Disposition::Send, &house.stop).await;
    let first = keep(1).await;
    assert_eq!(keep(1).await, first);
    assert_eq!(keep(2).await, Outcome::AlreadyPresent { id: first.id() });
}

#[tokio::test]
async fn results_of_nobody_are_held_where_the_configuration_says_so() {
    let house = House::new("hold", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    house.send(arrived(record_of(Some("0000001234"), "70.5"))).await;
    assert_eq!(house.finish().await.states(), [State::Held, State::Waiting]);
}

#[tokio::test]
async fn results_of_one_person_share_a_lane_and_results_of_nobody_do_not() {
    let house = House::new("unassigned", Config::default()).await;
    let named = Some("0000001234");
    for number in [named, named, None, None] {
        house.send(arrived(record_of(number, "80.5"))).await;
    }
    let finished = house.finish().await;
    let lanes: Vec<_> = finished.entries.iter().map(|entry| entry.lane).collect();
    assert!(lanes[0] == lanes[1] && lanes[1] != lanes[2] && lanes[2] != lanes[3]);
}
