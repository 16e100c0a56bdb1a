//! Progress: asked once, waited for, followed.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{PATIENCE, TestHub};

/// The events of a stream that has ended: id and JSON.
fn events(text: &str) -> Vec<(String, Value)> {
    text.split("\n\n")
        .filter(|block| block.contains("event: progress"))
        .map(|block| {
            let line = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap_or_default()
            };
            (line("id: ").to_owned(), serde_json::from_str(line("data: ")).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn a_long_poll_answers_with_the_next_change() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let id = bridge.reading(bridge.performer("a/bay-1").await).await;
    let path = format!("/readings/{id}/progress");
    let now = bridge.get(&path).await.json();
    assert_eq!(
        (&now["status"], &now["final"], &now["attempt"]),
        (&json!("created"), &json!(false), &json!(1))
    );
    let since = now["updated"].as_str().unwrap().to_owned();
    let poll = format!("{path}?wait=20&since={since}");
    let reading = format!("/readings/{id}");
    let (changed, _) = tokio::join!(bridge.get(&poll), bridge.put(&reading, r#"{"status":"claimed"}"#));
    let changed = changed.json();
    assert_eq!(changed["status"], "claimed");
    let same = bridge.get(&format!("{path}?wait=1")).await.json();
    assert_eq!(same["status"], "claimed");
}

#[tokio::test]
async fn an_event_stream_shows_every_state_and_ends_after_the_final_one() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let id = bridge.reading(bridge.performer("a/bay-1").await).await;
    let path = format!("/readings/{id}/progress");
    let follow = || bridge.request(Method::GET, &path).header("accept", "text/event-stream");
    let mut stream = follow().send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    for (edit, expected) in [
        ("", "\"created\""),
        (r#"{"status":"claimed"}"#, "\"claimed\""),
        (
            r#"{"status":"scanning","stage":"measuring","progress":62}"#,
            "\"progress\":62",
        ),
        (
            r#"{"status":"complete","date":"2025-03-04T10:15:58Z","measurements":{"bodyweight":80.5}}"#,
            "\"final\":true",
        ),
    ] {
        if !edit.is_empty() {
            assert_eq!(bridge.put(&format!("/readings/{id}"), edit).await.status, 200, "{edit}");
        }
        while !text.contains(expected) {
            let chunk = timeout(PATIENCE, stream.chunk())
                .await
                .expect("an event comes")
                .unwrap()
                .expect("no end yet");
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
    while let Some(chunk) = timeout(PATIENCE, stream.chunk())
        .await
        .expect("the stream ends")
        .unwrap()
    {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let seen = events(&text);
    let statuses: Vec<_> = seen
        .iter()
        .map(|(_, event)| event["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["created", "claimed", "scanning", "complete"]);
    assert!(!text.contains("80.5"));
    // Who saw the end gets nothing more; who saw less gets the end alone.
    let resumed = follow()
        .header("last-event-id", &seen[3].0)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(events(&resumed).is_empty(), "{resumed}");
    let behind = follow()
        .header("last-event-id", &seen[1].0)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(events(&behind).len(), 1);
}
