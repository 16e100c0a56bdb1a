//! What the log says, and what it must never say.

use reqwest::Method;
use serde_json::json;

use crate::support::{API, SECRET, TestHub, logged, walk_up};

#[tokio::test]
async fn no_log_line_holds_a_token_a_secret_a_value_or_a_person_18_14() {
    let hub = TestHub::start().await;
    let (_, tokens) = hub
        .token_form(&[
            ("grant_type", "client_credentials"),
            ("client_id", "k3x9"),
            ("client_secret", SECRET),
        ])
        .await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let mut scan = walk_up("log-test", performer);
    scan["subject"] = json!({"scheme": "number", "value": "7071718"});
    scan["measurements"] = serde_json::from_str(r#"{"bodyweight":83.1415}"#).unwrap();
    bridge.post("/readings", &scan.to_string()).await;
    bridge
        .post("/readings", &scan.to_string().replace("83.1415", "831415"))
        .await;
    let by_query = format!("{API}/readings/1/measurements?access_token={}", bridge.token);
    hub.request(Method::GET, &by_query).send().await.unwrap();
    hub.request(Method::GET, &format!("/nowhere/7071718?access_token={}", bridge.token))
        .send()
        .await
        .unwrap();
    let manager = hub.caller("k3x9", "user_management").await;
    manager
        .post(
            "/members",
            r#"{"email":"log-test-jo@example.org","firstname":"Log-Test-Jo"}"#,
        )
        .await;
    manager.post("/members", r#"{"email":"log-test-jo@example.org"}"#).await;

    let log = logged();
    assert!(
        log.contains("/rest/v2.10/readings/{id}/measurements"),
        "the log tells the route"
    );
    for secret in [
        &bridge.token,
        tokens["refresh_token"].as_str().unwrap(),
        SECRET,
        "83.1415",
        "831415",
        "7071718",
        "log-test-jo",
        "Log-Test-Jo",
    ] {
        assert!(!log.contains(secret), "`{secret}` is in the log");
    }
}
