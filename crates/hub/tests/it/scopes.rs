//! Who may do what: the permission matrix, scope by scope.

use reqwest::Method;
use serde_json::json;

use crate::support::{TestHub, walk_up};

#[tokio::test]
async fn the_permission_matrix_holds() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    bridge.reading(performer).await;
    bridge.post("/readings", &walk_up("e-1", performer).to_string()).await;
    let member = hub.caller("k3x9", "user_management").await;
    member
        .post("/members", r#"{"externalid":"1","facility":"gym-7"}"#)
        .await;

    let all = [
        "scan_creator",
        "scan_performer",
        "measurement_analysis",
        "reporting",
        "user_management",
        "front_end",
    ];
    let matrix: [(Method, &str, &[&str]); 15] = [
        (
            Method::GET,
            "/facilities",
            &["scan_performer", "user_management", "reporting"],
        ),
        (
            Method::GET,
            "/facilities/1",
            &["scan_performer", "user_management", "reporting"],
        ),
        (Method::PUT, "/facilities/1", &["user_management"]),
        (Method::GET, "/members", &["user_management", "front_end"]),
        (Method::POST, "/members", &["user_management"]),
        (Method::PUT, "/members/1", &["user_management"]),
        (
            Method::GET,
            "/readings",
            &["reporting", "measurement_analysis", "scan_performer", "scan_creator"],
        ),
        (Method::POST, "/readings", &["scan_creator"]),
        (Method::PUT, "/readings/1", &["scan_performer"]),
        (Method::GET, "/readings/1/progress", &["scan_creator", "scan_performer"]),
        (
            Method::GET,
            "/readings/2/measurements",
            &["measurement_analysis", "scan_performer"],
        ),
        (Method::POST, "/readings/1/measurements", &["scan_performer"]),
        (Method::GET, "/scanperformers", &["scan_performer", "scan_creator"]),
        (Method::POST, "/scanperformers", &["scan_performer"]),
        (Method::GET, "/scanperformers/1/queue", &["scan_performer"]),
    ];
    for scope in all {
        let caller = hub.caller("k3x9", scope).await;
        for (method, path, allowed) in &matrix {
            let answer = caller.send(method.clone(), path, "{}").await;
            let refused = answer.status == 403;
            assert_eq!(
                refused,
                !allowed.contains(&scope),
                "{scope}: {method} {path} gave {}",
                answer.status
            );
            if refused {
                assert_eq!(answer.code(), "insufficient_scope");
                assert!(
                    answer.header("www-authenticate").contains(allowed[0]),
                    "{}",
                    answer.header("www-authenticate")
                );
            }
        }
        let index = caller.get("").await.json();
        let verbs = index["collections"]["readings"]["verbs"].to_string();
        assert_eq!(verbs.contains("POST"), scope == "scan_creator", "{scope}: {verbs}");
    }
}

#[tokio::test]
async fn a_creator_alone_creates_and_watches_but_sees_no_measurements_18_7() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    bridge.post("/readings", &walk_up("e-1", performer).to_string()).await;
    let creator = hub.caller("k3x9", "scan_creator").await;
    assert_eq!(
        creator
            .post("/readings", &json!({"scanperformer": performer}).to_string())
            .await
            .status,
        201
    );
    assert_eq!(creator.get("/readings/1/progress").await.json()["progress"], 100);
    let seen = creator.get("/readings/1").await;
    assert!(
        !seen.body.contains("80.50") && !seen.body.contains("quality"),
        "{}",
        seen.body
    );
    assert_eq!(
        creator.get("/readings?fields=measurements").await.code(),
        "field_forbidden"
    );
    assert_eq!(creator.get("/readings/1/measurements").await.status, 403);
    assert_eq!(
        creator.get("/readings?measurements.bodyweight__gte=80").await.status,
        403
    );
    assert_eq!(
        creator.get("/readings/1?fields=id,measurements&lenient=1").await.body,
        r#"{"id":1}"#
    );
    let complete = creator.post("/readings", &walk_up("e-2", performer).to_string()).await;
    assert_eq!((complete.status, complete.code().as_str()), (403, "insufficient_scope"));
}

#[tokio::test]
async fn a_performer_alone_edits_and_measures_but_cannot_create_18_8() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let id = bridge.reading(bridge.performer("a/bay-1").await).await;
    let performer = hub.caller("k3x9", "scan_performer").await;
    assert_eq!(performer.post("/readings", "{}").await.status, 403);
    assert_eq!(
        performer
            .put(&format!("/readings/{id}"), r#"{"status":"claimed"}"#)
            .await
            .status,
        200
    );
    let measured = performer
        .post(&format!("/readings/{id}/measurements"), r#"{"bodyweight":80.5}"#)
        .await;
    assert_eq!(measured.status, 200);
    assert_eq!(performer.get(&format!("/readings/{id}/measurements")).await.status, 200);
    assert_eq!(
        performer.get(&format!("/readings/{id}/raw")).await.code(),
        "field_forbidden"
    );
}

#[tokio::test]
async fn a_report_holds_no_value_and_no_person_18_9() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let mut body = walk_up("e-1", performer);
    body["subject"] = json!({"scheme": "number", "value": "424242"});
    body["inputs"] = json!({"gender": "female", "height": 171.5});
    bridge.post("/readings", &body.to_string()).await;
    let reporter = hub.caller("k3x9", "reporting").await;
    let report = reporter.get("/readings?fields=**").await.body;
    assert!(report.contains("\"status\":\"complete\""), "{report}");
    for secret in ["80.50", "424242", "171.5", "female", "e-1"] {
        assert!(!report.contains(secret), "{secret} in {report}");
    }
}

#[tokio::test]
async fn an_analyst_of_another_facility_sees_nothing() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    bridge.post("/readings", &walk_up("e-1", performer).to_string()).await;
    let analyst = hub.caller("k3x9", "measurement_analysis").await;
    assert_eq!(analyst.get("/readings/1/measurements/bodyweight").await.body, "80.50");
    let stranger = hub.caller("other", "measurement_analysis").await;
    assert_eq!(stranger.get("/readings").await.body, "[]");
    assert_eq!(stranger.get("/readings/1").await.status, 404);
    assert_eq!(stranger.get("/readings/1/measurements").await.status, 404);
}
