//! What never becomes a reading.

use super::*;

#[tokio::test]
async fn a_wrong_checksum_is_set_aside_with_its_bytes_and_raises_an_alert() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(rejected(RejectReason::ChecksumMismatch)).await;
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::SetAside]);
    let frame = finished.rejected(0);
    assert_eq!(
        (frame.reason.as_str(), &frame.raw[..]),
        ("checksum_mismatch", &b"{0,16,\x00"[..])
    );
    assert_eq!(
        finished.events(),
        [EventKind::Started, EventKind::Failed, EventKind::SetAside]
    );
    assert_eq!(finished.alerts, ["checksum-mismatch"]);
    let last = finished.scanner.last.unwrap();
    assert_eq!((last.result, last.upload), (EventKind::Failed, Upload::SetAside));
}

#[tokio::test]
async fn the_next_good_result_clears_the_alert() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(rejected(RejectReason::ChecksumMismatch)).await;
    house.send(rejected(RejectReason::Truncated)).await;
    house.send(arrived(record("80.5"))).await;
    let finished = house.finish().await;
    assert_eq!(finished.alerts, [""; 0]);
    assert_eq!(finished.states(), [State::SetAside, State::SetAside, State::Waiting]);
}

#[tokio::test]
async fn a_weight_that_cannot_be_true_is_set_aside_and_never_goes_up() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("900"))).await;
    let finished = house.finish().await;
    assert_eq!(
        (finished.states(), finished.alerts.clone()),
        (vec![State::SetAside], vec!["record-rejected".to_owned()])
    );
    let frame = finished.rejected(0);
    assert_eq!(
        (frame.reason.as_str(), &frame.raw[..]),
        ("no_plausible_weight", &b"{0,16,\xff"[..])
    );
}

#[tokio::test]
async fn a_profile_is_no_result_and_nothing_is_kept_of_it() {
    let house = House::new("unassigned", Config::default()).await;
    house
        .send(arrived(Record {
            measurements: Vec::new(),
            ..record("1")
        }))
        .await;
    let finished = house.finish().await;
    assert!(finished.entries.is_empty());
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Failed]);
}

#[tokio::test]
async fn what_does_not_say_which_result_it_is_is_told_once_however_often_its_scanner_sends_it() {
    let mut house = House::new("unassigned", Config::default()).await;
    house.scanner.protocol = "scan-link".parse().unwrap();
    house.receive_again();
    house.send(rejected(RejectReason::BadFrame)).await;
    house.shows(|scanner| scanner.last.is_some()).await;
    house.serving.abort();
    house.receive_again();
    house.send(rejected(RejectReason::BadFrame)).await;
    let another = Rejected {
        raw: b"{0,16,\x01".to_vec(),
        reason: RejectReason::BadFrame,
        offset: 0,
        detail: String::new(),
        result_id: None,
    };
    house.send(Event::Rejected(another.clone())).await;
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::SetAside, State::SetAside]);
    assert_eq!(finished.rejected(1).raw, another.raw);
    let a_scan = [EventKind::Started, EventKind::Failed, EventKind::SetAside];
    assert_eq!(finished.events(), [a_scan, a_scan].concat());
}
