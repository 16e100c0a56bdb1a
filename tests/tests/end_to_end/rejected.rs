//! A record that is not right is kept, shown and never uploaded.

use crate::support::{
    ear::Ear,
    hub::value,
    kiosk::World,
    records::{record, weight},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_checksum_is_set_aside_with_an_alert_and_never_uploaded() {
    let (world, _broker) = World::with_servers().await;
    let ear = Ear::listen(world.broker_port).await;
    let mut scanner = world.scanner();
    let agent = world.agent();

    let mut wrong = record(1);
    let digit = wrong.iter().position(|byte| *byte == b'8').unwrap();
    wrong[digit] = b'9';
    scanner.play(&wrong).await.unwrap();

    ear.until("bay-1/event", |_| !ear.scans("set_aside").is_empty()).await;
    let failed = ear
        .on("bay-1/event")
        .into_iter()
        .find(|event| event.body["kind"] == "failed")
        .unwrap();
    assert_eq!(failed.body["code"], "checksum_mismatch");
    ear.until("_/alert-checksum-mismatch", |alert| alert["severity"].is_string())
        .await;
    ear.until("bay-1/last", |last| {
        last["result"] == "failed" && last["upload"] == "set_aside"
    })
    .await;
    assert_eq!(ear.scans("failed"), ear.scans("started"), "what failed had started");
    assert_eq!(ear.scans("completed").len(), 0);

    scanner.play(&record(2)).await.unwrap();
    let readings = world.hub.until_complete(1).await;
    assert_eq!(
        readings
            .iter()
            .map(|reading| value(reading, "bodyweight"))
            .collect::<Vec<_>>(),
        [weight(2)]
    );
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_a_scan_is_what_dashboards_rely_on_and_nothing_measured_is_said() {
    let (world, _broker) = World::with_servers().await;
    let ear = Ear::listen(world.broker_port).await;
    let mut scanner = world.scanner();
    let agent = world.agent();
    scanner.play(&record(123)).await.unwrap();
    ear.until("bay-1/last", |last| {
        last["upload"] == "unassigned" || last["upload"] == "uploaded"
    })
    .await;
    assert!(agent.terminate().success());
    ear.until("_/status", |status| {
        status["state"] == "offline" && status["reason"] == "shutdown"
    })
    .await;

    let heard = ear.heard();
    let position = |end: &str, wanted: &dyn Fn(&serde_json::Value) -> bool| {
        heard
            .iter()
            .position(|heard| heard.topic.ends_with(end) && wanted(&heard.body))
            .unwrap_or_else(|| panic!("{end}"))
    };
    let started = position("bay-1/event", &|event| event["kind"] == "started");
    let completed = position("bay-1/event", &|event| event["kind"] == "completed");
    let emptied = completed
        + heard[completed..]
            .iter()
            .position(|heard| heard.topic.ends_with("bay-1/scan") && heard.raw.is_empty())
            .unwrap();
    let last = position("bay-1/last", &|last| last["result"] == "completed");
    let uploaded = position("bay-1/event", &|event| event["kind"] == "uploaded");
    assert!(started < completed && completed < emptied && emptied < last && completed < uploaded);

    for heard in &heard {
        let text = String::from_utf8_lossy(&heard.raw);
        for secret in [weight(123).as_str(), "0000000123", "175.0"] {
            assert!(!text.contains(secret), "{} says {secret}: {text}", heard.topic);
        }
    }
}
