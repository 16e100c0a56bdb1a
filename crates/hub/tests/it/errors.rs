//! Errors, versions and the rules around every request.

use reqwest::Method;
use serde_json::json;

use crate::support::{API, TestHub, answer, json_body};

#[tokio::test]
async fn versions_up_to_2_10_are_served_and_others_unknown() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    for version in ["v2", "v2.0", "v2.9", "v2.10"] {
        let served = hub
            .request(Method::GET, &format!("/rest/{version}/readings"))
            .bearer_auth(&bridge.token)
            .send();
        let served = answer(served.await.unwrap()).await;
        assert_eq!(
            (served.status, served.header("x-api-version")),
            (200, "2.10"),
            "{version}"
        );
    }
    for (path, code) in [
        ("/rest/v2.11/readings", "unknown_version"),
        ("/rest/v3", "unknown_version"),
        ("/rest/v2.10/gaols", "unknown_collection"),
        ("/rest/v2.10/readings/1/2/3/4", "not_found"),
        ("/nowhere", "not_found"),
    ] {
        let missing = hub
            .request(Method::GET, path)
            .bearer_auth(&bridge.token)
            .send()
            .await
            .unwrap();
        let missing = answer(missing).await;
        assert_eq!((missing.status, missing.code().as_str()), (404, code), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let wrong = bridge.send(Method::DELETE, "/readings", "").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "method_not_allowed"));
    assert!(
        wrong.header("allow").contains("GET") && wrong.header("allow").contains("POST"),
        "{}",
        wrong.header("allow")
    );
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_told_apart() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let post = |media_type: &'static str, body: String| {
        let request = bridge
            .request(Method::POST, "/readings")
            .header("content-type", media_type)
            .body(body);
        async move { answer(request.send().await.unwrap()).await }
    };
    let large = format!("{{\"message\":\"{}\"}}", "x".repeat(1024 * 1024));
    let deep = format!("{}{}", "{\"a\":".repeat(20), "1".to_owned() + &"}".repeat(20));
    for (media_type, body, status, code) in [
        ("application/json", "{".to_owned(), 400, "invalid_json"),
        ("application/json", "[]".to_owned(), 400, "invalid_json"),
        ("application/json", deep, 400, "invalid_json"),
        ("application/json", large, 413, "body_too_large"),
        ("text/xml", "<a/>".to_owned(), 415, "unsupported_media_type"),
        (
            "application/json",
            r#"{"member":"x"}"#.to_owned(),
            422,
            "validation_failed",
        ),
        (
            "application/json",
            r#"{"guest":{"height":"tall"}}"#.to_owned(),
            422,
            "validation_failed",
        ),
    ] {
        let refused = post(media_type, body).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (status, code),
            "{}",
            refused.body
        );
    }
    let named = post("application/json", r#"{"guest":{"height":"tall"}}"#.to_owned()).await;
    assert_eq!(named.json()["field"], "guest.height");
    assert!(!named.body.contains("tall"), "{}", named.body);
}

#[tokio::test]
async fn problem_json_is_answered_to_those_who_ask() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let request = bridge
        .request(Method::GET, "/readings/99")
        .header("accept", "application/problem+json");
    let problem = answer(request.send().await.unwrap()).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    let body = problem.json();
    assert_eq!(
        (&body["status"], &body["title"], &body["code"]),
        (&json!(404), &json!("Not Found"), &json!("not_found"))
    );
    assert_eq!(body["request_id"], problem.header("x-request-id"));
}

#[tokio::test]
async fn every_answer_has_a_request_id_a_version_and_a_date() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    for path in ["/readings", "/readings/1", "/nowhere"] {
        let served = bridge.get(path).await;
        assert!(
            !served.header("x-request-id").is_empty() && !served.header("date").is_empty(),
            "{path}"
        );
        assert_eq!(served.header("x-api-version"), "2.10");
    }
    let odd = bridge
        .request(Method::GET, "/readings")
        .header("x-request-id", "a b")
        .send()
        .await
        .unwrap();
    assert_ne!(odd.headers()["x-request-id"], "a b");
}

#[tokio::test]
async fn a_stop_ends_long_polls_and_event_streams() {
    let mut hub = TestHub::start().await;
    let (token, id) = {
        let bridge = hub.bridge().await;
        let performer = bridge.performer("a/bay-1").await;
        (bridge.token.clone(), bridge.reading(performer).await)
    };
    let client = reqwest::Client::new();
    let progress = hub.url(&format!("{API}/readings/{id}/progress"));
    let stream = client
        .get(&progress)
        .bearer_auth(&token)
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    let page = client.get(hub.url("/live/events")).send().await.unwrap();
    let poll = tokio::spawn(client.get(format!("{progress}?wait=50")).bearer_auth(&token).send());
    let edit = json_body(client.put(&progress).bearer_auth(&token), "{}")
        .send()
        .await
        .unwrap();
    assert_eq!(edit.status(), 200);
    hub.stop().await;
    assert!(stream.text().await.unwrap().contains("event: progress"));
    assert!(page.text().await.unwrap().contains("event: board"));
    let _ = poll.await.unwrap();
}
