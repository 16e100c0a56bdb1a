//! Registration, lease, heartbeat and queue.

use serde_json::json;

use crate::support::TestHub;

#[tokio::test]
async fn a_second_instance_is_told_that_the_performer_is_taken() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let body = |instance: &str| json!({"externalid": "a/bay-1", "facility": "gym-7", "instance": instance}).to_string();
    let id = bridge.post("/scanperformers", &body("one")).await.json()["id"].clone();
    assert_eq!(bridge.post("/scanperformers", &body("one")).await.status, 200);
    let cloned = bridge.post("/scanperformers", &body("two")).await;
    assert_eq!((cloned.status, cloned.code().as_str()), (409, "performer_taken"));
    let path = format!("/scanperformers/{id}");
    let beat = bridge.put(&path, r#"{"status":"busy","instance":"two"}"#).await;
    assert_eq!(beat.code(), "performer_taken");
    let beat = bridge
        .put(&path, r#"{"status":"busy","instance":"one","message":"hello"}"#)
        .await;
    assert_eq!(
        (beat.status, &beat.json()["status"], &beat.json()["message"]),
        (200, &json!("busy"), &json!("hello"))
    );
    let reading = bridge.reading(id.as_i64().unwrap()).await;
    let claim = bridge
        .put(
            &format!("/readings/{reading}"),
            r#"{"status":"claimed","instance":"two"}"#,
        )
        .await;
    assert_eq!(claim.code(), "performer_taken");
}

#[tokio::test]
async fn only_the_app_that_registered_a_performer_sees_and_edits_it() {
    let hub = TestHub::start().await;
    let id = hub.bridge().await.performer("a/bay-1").await;
    let other = hub.caller("other", "scan_creator scan_performer").await;
    assert_eq!(other.get(&format!("/scanperformers/{id}")).await.status, 404);
    assert_eq!(
        other
            .put(&format!("/scanperformers/{id}"), r#"{"status":"idle"}"#)
            .await
            .status,
        404
    );
    assert_eq!(other.get("/scanperformers").await.body, "[]");
    let elsewhere = other
        .post("/scanperformers", r#"{"externalid":"x","facility":"gym-7"}"#)
        .await;
    assert_eq!(
        (elsewhere.status, elsewhere.code().as_str()),
        (403, "facility_not_consented")
    );
    let nowhere = other
        .post("/scanperformers", r#"{"externalid":"x","facility":"gym-9"}"#)
        .await;
    assert_eq!((nowhere.status, &nowhere.json()["field"]), (422, &json!("facility")));
}

#[tokio::test]
async fn the_queue_answers_when_a_reading_comes_and_204_when_none_does() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let id = bridge.performer("a/bay-1").await;
    let path = format!("/scanperformers/{id}/queue");
    assert_eq!(bridge.get(&path).await.body, "[]");
    assert_eq!(bridge.get(&format!("{path}?wait=1")).await.status, 204);
    // Whether the poll or the reading comes first makes no difference to the answer.
    let poll = format!("{path}?wait=20&fields=id,status");
    let (waiting, reading) = tokio::join!(bridge.get(&poll), bridge.reading(id));
    assert_eq!(waiting.json(), json!([{"id": reading, "status": "created"}]));
    bridge
        .put(&format!("/readings/{reading}"), r#"{"status":"claimed"}"#)
        .await;
    assert_eq!(bridge.get(&path).await.body, "[]");
    assert_eq!(
        bridge.get(&format!("/scanperformers/{id}/currentreading")).await.json(),
        json!(reading)
    );
}
