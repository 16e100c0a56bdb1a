//! Readings: walk-up scans, claims, values, repeats.

use reqwest::Method;
use scanhub::Server;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{API, TestHub, answer, json_body, walk_up};

#[tokio::test]
async fn a_walk_up_sent_twice_is_one_reading_with_its_exact_digits_18_11() {
    let mut hub = TestHub::start().await;
    let body = walk_up("e-1", hub.bridge().await.performer("a/bay-1").await).to_string();
    let bridge = hub.bridge().await;
    let first = bridge.post("/readings", &body).await;
    assert_eq!(
        (first.status, first.header("location")),
        (201, "/rest/v2.10/readings/1")
    );
    let second = bridge.post("/readings", &body).await;
    assert_eq!((second.status, second.json()["id"].as_i64()), (200, Some(1)));
    let other = bridge.post("/readings", &body.replace("80.50", "80.51")).await;
    assert_eq!((other.status, other.code().as_str()), (409, "measurement_conflict"));
    hub.restart().await;
    let bridge = hub.bridge().await;
    assert_eq!(bridge.post("/readings", &body).await.status, 200);
    assert_eq!(bridge.get("/readings").await.body, r#"[{"id":1}]"#);
    assert_eq!(
        bridge.get("/readings/1/measurements").await.body,
        r#"{"bodyweight":80.50,"fatmass":15.2}"#
    );
    assert_eq!(bridge.get("/readings/1/measurements/bodyweight").await.body, "80.50");
    let found = bridge
        .get("/readings?externalid=e-1&fields=status,assignment,date")
        .await;
    assert_eq!(
        found.body,
        r#"[{"status":"complete","assignment":"unassigned","date":"2025-03-04T10:15:58Z"}]"#
    );
}

#[tokio::test]
async fn two_hundred_sendings_at_once_store_each_reading_once() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let sendings = (0..200).map(|n| {
        let body = walk_up(&format!("e-{}", n % 50), performer).to_string();
        let bridge = &bridge;
        async move { bridge.post("/readings", &body).await.status }
    });
    let statuses = futures_util::future::join_all(sendings).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 50);
    assert!(statuses.iter().all(|status| [200, 201].contains(status)));
    assert_eq!(bridge.get("/readings?pagesize=1").await.header("x-total-count"), "50");
}

#[tokio::test]
async fn two_hubs_on_one_store_store_each_reading_once() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let stop = CancellationToken::new();
    let second = Server::start(hub.config(), stop.clone()).await.unwrap();
    let urls = [hub.url(API), format!("http://{}{API}", second.addr())];
    let client = reqwest::Client::new();
    let sendings = (0..80).map(|n| {
        // Each reading goes to both hubs at the same time.
        let body = walk_up(&format!("e-{}", n / 2), performer).to_string();
        let request = client
            .post(format!("{}/readings?fields=id", urls[n % 2]))
            .bearer_auth(&bridge.token);
        async move { answer(json_body(request, &body).send().await.unwrap()).await }
    });
    let answers = futures_util::future::join_all(sendings).await;
    for (n, pair) in answers.chunks(2).enumerate() {
        let mut statuses = [pair[0].status, pair[1].status];
        statuses.sort_unstable();
        assert_eq!((statuses, &pair[0].body), ([200, 201], &pair[1].body), "e-{n}");
    }
    assert_eq!(bridge.get("/readings?pagesize=1").await.header("x-total-count"), "40");
    stop.cancel();
    second.ended().await;
}

#[tokio::test]
async fn a_walk_up_in_steps_goes_from_created_to_complete() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let create = json!({"externalid": "e-1", "scanperformer": performer, "guest": {"gender": "male", "age": 28}});
    let id = bridge.post("/readings", &create.to_string()).await.json()["id"].clone();
    let values = format!("/readings/{id}/measurements");
    assert_eq!(bridge.post(&values, r#"{"bodyweight":80.50}"#).await.json()["added"], 1);
    assert_eq!(
        bridge.post(&values, r#"{"bodyweight":80.5}"#).await.json()["unchanged"],
        1
    );
    assert_eq!(
        bridge.post(&values, r#"{"bodyweight":80.4}"#).await.code(),
        "measurement_conflict"
    );
    let complete = r#"{"status":"complete","date":"2025-03-04T11:15:58+01:00"}"#;
    for _ in 0..2 {
        let done = bridge
            .put(&format!("/readings/{id}?fields=status,date,assignment"), complete)
            .await;
        assert_eq!(
            done.body,
            r#"{"status":"complete","date":"2025-03-04T10:15:58Z","assignment":"guest"}"#
        );
    }
    assert_eq!(bridge.get(&values).await.body, r#"{"bodyweight":80.50}"#);
}

#[tokio::test]
async fn two_performers_claiming_at_once_are_told_200_and_409_18_10() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let (one, two) = (bridge.performer("a/bay-1").await, bridge.performer("a/bay-2").await);
    for _ in 0..20 {
        let id = bridge.post("/readings", r#"{"facility":"gym-7"}"#).await.json()["id"].clone();
        let path = format!("/readings/{id}");
        let claim = |performer: i64| json!({"status": "claimed", "scanperformer": performer}).to_string();
        let (claim_one, claim_two) = (claim(one), claim(two));
        let (a, b) = tokio::join!(bridge.put(&path, &claim_one), bridge.put(&path, &claim_two));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let (won, lost) = if a.status == 200 { (one, b) } else { (two, a) };
        assert_eq!(
            (lost.code().as_str(), &lost.json()["details"]),
            ("already_claimed", &json!({"scanperformer": won}))
        );
    }
}

#[tokio::test]
async fn another_apps_claim_of_a_taken_reading_looks_like_nothing_is_there() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let id = bridge.reading(performer).await;
    let other = hub.caller("other", "scan_creator scan_performer").await;
    let path = format!("/readings/{id}");
    assert_eq!(other.get(&path).await.status, 404);
    assert_eq!(other.put(&path, r#"{"status":"claimed"}"#).await.status, 404);
    assert_eq!(other.get("/readings").await.body, "[]");
}

#[tokio::test]
async fn an_idempotency_key_replays_the_first_answer_and_refuses_another_body() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let send = |key: &'static str, body: String| {
        let request = bridge.request(Method::POST, "/readings").header("idempotency-key", key);
        async move { answer(json_body(request, &body).send().await.unwrap()).await }
    };
    let body = json!({"scanperformer": performer}).to_string();
    let first = send("k-1", body.clone()).await;
    let again = send("k-1", body.clone()).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!((&first.body, first.header("etag")), (&again.body, again.header("etag")));
    let other = send("k-1", json!({"facility": "gym-7"}).to_string()).await;
    assert_eq!((other.status, other.code().as_str()), (422, "idempotency_mismatch"));
    assert_eq!(send("k-2", body).await.json()["id"], 2);
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_refused() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let id = bridge.reading(bridge.performer("a/bay-1").await).await;
    let path = format!("/readings/{id}");
    let etag = bridge.get(&path).await.header("etag").to_owned();
    let edit = |etag: String| {
        let request = bridge.request(Method::PATCH, &path).header("if-match", etag);
        async move { answer(json_body(request, r#"{"status":"claimed"}"#).send().await.unwrap()).await }
    };
    assert_eq!(edit("W/\"99\"".to_owned()).await.code(), "etag_mismatch");
    assert_eq!(edit(etag.clone()).await.status, 200);
    assert_eq!(edit(etag).await.status, 412);
    let now = bridge.get(&path).await;
    let known = bridge
        .request(Method::GET, &path)
        .header("if-none-match", now.header("etag"))
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), 304);
}

#[tokio::test]
async fn whom_a_walk_up_belongs_to_is_looked_up_among_the_facilitys_members() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let manager = hub.caller("k3x9", "user_management").await;
    let performer = bridge.performer("a/bay-1").await;
    let member = manager
        .post(
            "/members",
            r#"{"externalid":"1234","facility":"gym-7",
                "linkedaccount":{"type":"acme","username":"jo","userid":"5512","secret":"x"}}"#,
        )
        .await;
    assert_eq!(member.status, 201, "{}", member.body);
    for (n, (scheme, value, expected)) in [
        ("number", "0000001234", true),
        ("number", "1234", true),
        ("number", "5512", true),
        ("externalid", "1234", true),
        ("externalid", "01234", false),
        ("username", "jo", true),
        ("userid", "5512", true),
        ("number", "0000000000", false),
        ("number", "", false),
        ("number", "777", false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = walk_up(&format!("e-{n}"), performer);
        body["subject"] = json!({"scheme": scheme, "value": value});
        let reading = bridge
            .post("/readings?fields=member,assignment", &body.to_string())
            .await
            .json();
        let wanted = if expected {
            json!({"member": 1, "assignment": "assigned"})
        } else {
            json!({"member": null, "assignment": "unassigned"})
        };
        assert_eq!(reading, wanted, "{scheme} {value}");
    }
}

#[tokio::test]
async fn values_that_cannot_be_true_are_refused_and_unknown_ones_kept() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let id = bridge.reading(performer).await;
    let path = format!("/readings/{id}/measurements");
    assert_eq!(
        bridge.post(&path, r#"{"bodyweight":501}"#).await.code(),
        "implausible_value"
    );
    assert_eq!(
        bridge
            .post(&format!("{path}?strict=1"), r#"{"shoesize":43}"#)
            .await
            .code(),
        "unknown_measurement"
    );
    let kept = bridge.post(&path, r#"{"shoesize":43.0,"bodyweight":260}"#).await.json();
    let codes: Vec<_> = kept["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| &warning["code"])
        .collect();
    assert_eq!(codes, ["implausible_value", "unknown_measurement"]);
    assert_eq!(
        bridge.get(&format!("/readings/{id}/extra")).await.body,
        r#"{"shoesize":43.0}"#
    );
    let list = bridge.get(&format!("{path}?format=list")).await.json();
    assert_eq!(
        (&list[0]["name"], &list[0]["unit"], &list[0]["loinc"]),
        (&json!("bodyweight"), &json!("kg"), &json!("29463-7"))
    );
    let replaced = bridge.put(&path, r#"{"bodyweight":81.20}"#).await;
    assert_eq!(
        (replaced.status, bridge.get(&path).await.body.as_str()),
        (200, r#"{"bodyweight":81.20}"#)
    );
}

#[tokio::test]
async fn a_dry_run_checks_everything_and_stores_nothing() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let dry = bridge
        .post("/readings?validate=1", &walk_up("e-1", performer).to_string())
        .await;
    assert_eq!(
        (dry.status, dry.body.as_str()),
        (200, r#"{"success":true,"validated":true}"#)
    );
    let wrong = walk_up("e-1", 999).to_string();
    assert_eq!(bridge.post("/readings?validate=1", &wrong).await.status, 422);
    assert_eq!(bridge.get("/readings").await.body, "[]");
}

#[tokio::test]
async fn a_creator_cancels_its_reading() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let id = bridge.reading(bridge.performer("a/bay-1").await).await;
    let path = format!("/readings/{id}");
    for _ in 0..2 {
        assert_eq!(bridge.send(Method::DELETE, &path, "").await.status, 204);
    }
    assert_eq!(bridge.get(&format!("{path}/status")).await.body, "\"cancelled\"");
    assert_eq!(
        bridge.put(&path, r#"{"status":"claimed"}"#).await.code(),
        "invalid_transition"
    );
}

#[tokio::test]
async fn forms_and_method_override_are_understood() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await.to_string();
    let created = bridge
        .request(Method::POST, "/readings")
        .form(&[
            ("scanperformer", performer.as_str()),
            ("subject.scheme", "number"),
            ("subject.value", "77"),
        ])
        .send()
        .await
        .unwrap();
    let created = answer(created).await;
    assert_eq!(
        (created.status, &created.json()["subject"]["value"]),
        (201, &json!("77")),
        "{}",
        created.body
    );
    let edited = bridge
        .request(Method::POST, "/readings/1?fields=status,progress")
        .header("x-http-method-override", "PUT")
        .form(&[("status", "claimed"), ("progress", "7")])
        .send()
        .await
        .unwrap();
    assert_eq!(answer(edited).await.body, r#"{"status":"claimed","progress":7}"#);
    let measured = bridge
        .request(Method::POST, "/readings/1/measurements")
        .form(&[("bodyweight", "80.50")])
        .send()
        .await
        .unwrap();
    assert_eq!(answer(measured).await.json()["added"], 1);
    let field = bridge
        .put("/readings/1/message?fields=message", "\"Please stand still\"")
        .await;
    assert_eq!(field.body, r#"{"message":"Please stand still"}"#);
}
