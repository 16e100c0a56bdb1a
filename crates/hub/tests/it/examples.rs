//! Section 17 of the contract, byte for byte where it shows bytes.

use reqwest::Method;

use crate::support::{TestHub, answer, json_body};

#[tokio::test]
async fn a_performer_is_registered() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let body = r#"{"name":"Front desk, bay 1","externalid":"6f1c0d52/bay-1","instance":"b81e...","facility":"gym-7",
        "software":{"name":"scanbridge","version":"0.1.0","platform":"linux-x86_64"},
        "device":{"maker":"Tanita","model":"MC-780","serial":"2100417"}}"#;
    let path = "/scanperformers?fields=id,name,externalid,facility,status,online";
    let created = bridge.post(path, body).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("location"), "/rest/v2.10/scanperformers/1");
    assert_eq!(created.header("x-api-version"), "2.10");
    assert_eq!(
        created.body,
        r#"{"id":1,"name":"Front desk, bay 1","externalid":"6f1c0d52/bay-1","facility":1,"status":"idle","online":true}"#
    );
    let again = bridge.post(path, body).await;
    assert_eq!((again.status, again.body), (200, created.body));
}

#[tokio::test]
async fn a_reading_is_created_claimed_measured_and_finished() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let manager = hub.caller("k3x9", "user_management").await;
    let member = manager
        .post("/members", r#"{"externalid":"512","facility":"gym-7"}"#)
        .await;
    assert_eq!(member.json()["id"], 1);
    let performer = bridge.performer("6f1c0d52/bay-1").await;
    let created = bridge
        .post("/readings", &format!(r#"{{"member":1,"scanperformer":{performer}}}"#))
        .await;
    assert_eq!(created.status, 201);
    let start = r#"{"id":1,"member":1,"scanperformer":1,"status":"created","stage":"queued","progress":0,"expires":"#;
    assert!(created.body.starts_with(start), "{}", created.body);
    assert_eq!(created.header("etag"), "W/\"1\"");

    let claim = r#"{"status":"claimed","stage":"preparing","progress":5}"#;
    let claimed = json_body(
        bridge.request(Method::PUT, "/readings/1").header("if-match", "W/\"1\""),
        claim,
    );
    assert_eq!(answer(claimed.send().await.unwrap()).await.status, 200);

    let values = r#"{"bodyweight":81.4,"fatmass":15.2,"musclemass":62.9,"bonemass":3.3,"watermass":47.8,
        "visceralfatrating":6,"metabolicage":34,"basalmetabolicratekj":8030,"trunkmusclemass":33.1}"#;
    let added = bridge.post("/readings/1/measurements", values).await;
    assert_eq!(added.body, r#"{"success":true,"added":9,"unchanged":0,"warnings":[]}"#);

    let done = bridge
        .put("/readings/1", r#"{"status":"complete","date":"2025-03-04T10:15:58Z"}"#)
        .await;
    assert_eq!((done.status, &done.json()["progress"]), (200, &100.into()));

    assert_eq!(bridge.get("/readings/1/date").await.body, r#""2025-03-04T10:15:58Z""#);
    let later = r#"{"member":1,"scanperformer":1,"status":"complete","date":"2025-02-02T09:40:11Z",
        "measurements":{"bodyweight":82.0,"fatmass":16.0}}"#;
    bridge.post("/readings", later).await;
    let older = later.replace("2025-02-02", "2024-02-02");
    bridge.post("/readings", &older).await;
    let path = "/readings?member=1&date__gte=2025-01-01&sort=-date&pagesize=1\
                &fields=id,date,measurements(bodyweight,fatmass)";
    let selected = bridge.get(path).await;
    assert_eq!(
        selected.body,
        r#"[{"id":1,"date":"2025-03-04T10:15:58Z","measurements":{"bodyweight":81.4,"fatmass":15.2}}]"#
    );
    assert_eq!(selected.header("x-total-count"), "2");
    assert!(
        selected.header("link").contains("page=2>; rel=\"next\""),
        "{}",
        selected.header("link")
    );
    let second = bridge.get(&path.replace("pagesize=1", "pagesize=1&page=2")).await;
    assert_eq!(
        second.body,
        r#"[{"id":2,"date":"2025-02-02T09:40:11Z","measurements":{"bodyweight":82.0,"fatmass":16.0}}]"#
    );
    assert_eq!(bridge.get("/readings").await.body, r#"[{"id":1},{"id":2},{"id":3}]"#);
}

#[tokio::test]
async fn what_is_not_allowed_says_so_in_the_contracts_words() {
    let hub = TestHub::start().await;
    let performer = hub.caller("k3x9", "scan_performer").await;
    let refused = performer
        .request(Method::GET, "/members")
        .header("x-request-id", "01JNG...")
        .send()
        .await
        .unwrap();
    let refused = answer(refused).await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (
            403,
            r#"{"success":false,"error":"This token may not read members.","code":"insufficient_scope","status":403,"request_id":"01JNG..."}"#
        )
    );
    assert_eq!(refused.header("x-request-id"), "01JNG...");
}
