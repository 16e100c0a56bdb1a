//! The live page, fed by a real broker.

use mqtt5::{
    MqttClient, PublishOptions, QoS,
    broker::{
        BrokerConfig, MqttBroker,
        config::{StorageBackend, StorageConfig},
    },
};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    port::ReservedPort,
    support::{PATIENCE, TestHub},
};

struct Broker {
    port: ReservedPort,
    stop: mqtt5::broker::BrokerShutdownHandle,
    task: JoinHandle<()>,
}

impl Broker {
    async fn start() -> Self {
        Self::start_at(ReservedPort::new()).await
    }

    async fn start_at(port: ReservedPort) -> Self {
        let storage = StorageConfig::default()
            .with_backend(StorageBackend::Memory)
            .with_persistence(false);
        let config = BrokerConfig::default()
            .with_bind_address(port.address())
            .with_storage(storage);
        let mut broker = MqttBroker::with_config(config).await.unwrap();
        let stop = broker.shutdown_handle();
        let task = tokio::spawn(async move {
            let _ = broker.run().await;
        });
        Self { port, stop, task }
    }

    async fn end(self) -> ReservedPort {
        self.stop.shutdown();
        let _ = timeout(PATIENCE, self.task).await;
        self.port
    }

    /// What a hub is told of it.
    fn section(&self) -> String {
        format!("[live]\nmqtt_url = \"mqtt://{}\"\n", self.port.address())
    }

    async fn agent(&self) -> MqttClient {
        let client = MqttClient::new("agent");
        client
            .connect(&format!("mqtt://{}", self.port.address()))
            .await
            .unwrap();
        client
    }
}

async fn say(agent: &MqttClient, channel: &str, payload: Value, retain: bool) {
    let payload = if payload.is_null() {
        Vec::new()
    } else {
        payload.to_string().into_bytes()
    };
    let options = PublishOptions {
        qos: QoS::AtLeastOnce,
        retain,
        ..PublishOptions::default()
    };
    agent
        .publish_with_options(format!("scanbridge/1/gym-7/front-desk/{channel}"), payload, options)
        .await
        .unwrap();
}

/// A page that is open.
struct Page {
    stream: Response,
    text: String,
}

impl Page {
    async fn open(hub: &TestHub) -> Self {
        let stream = hub.request(Method::GET, "/live/events").send().await.unwrap();
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        Self {
            stream,
            text: String::new(),
        }
    }

    /// The first board that is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        timeout(PATIENCE, async {
            loop {
                while let Some((event, rest)) = self.text.split_once("\n\n") {
                    let data = event
                        .lines()
                        .find_map(|line| line.strip_prefix("data: "))
                        .map(str::to_owned);
                    self.text = rest.to_owned();
                    if let Some(board) = data.and_then(|data| serde_json::from_str(&data).ok())
                        && wanted(&board)
                    {
                        return board;
                    }
                }
                let chunk = self.stream.chunk().await.unwrap().expect("the stream goes on");
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        })
        .await
        .expect("the page shows what was said")
    }
}

#[tokio::test]
async fn the_page_follows_a_scan_without_a_reload_and_shows_a_dead_agent_as_dead() {
    let broker = Broker::start().await;
    let agent = broker.agent().await;
    say(&agent, "_/status", json!({"state": "online", "reason": "start"}), true).await;
    say(&agent, "bay-1/status", json!({"state": "busy"}), true).await;
    let scan = |seq: u64, progress: u8| json!({"scan": "s1", "seq": seq, "status": "scanning", "stage": "measuring", "progress": progress, "bodyweight": 80.5});
    say(&agent, "bay-1/scan", scan(1, 40), true).await;

    // The page is opened in the middle of the scan: what is retained brings it up to date.
    let hub = TestHub::start_with(&broker.section()).await;
    let mut page = Page::open(&hub).await;
    page.until(|board| board["scanners"][0]["scan"]["progress"] == 40).await;
    say(&agent, "bay-1/progress", scan(2, 62), false).await;
    let moving = page.until(|board| board["scanners"][0]["scan"]["progress"] == 62).await;
    assert!(!moving.to_string().contains("80.5"));

    say(&agent, "bay-1/scan", Value::Null, true).await;
    let last = json!({"scan": "s1", "result": "completed", "upload": "uploaded", "time": "2026-11-20T10:15:22Z"});
    say(&agent, "bay-1/last", last, true).await;
    let ended = page.until(|board| board["outcomes"][0]["upload"] == "uploaded").await;
    assert!(ended["scanners"][0]["scan"].is_null());

    say(&agent, "_/status", json!({"state": "offline", "reason": "will"}), true).await;
    page.until(|board| board["scanners"][0]["state"] == "offline").await;
    let _ = agent.disconnect().await;
    broker.end().await;
}

#[tokio::test]
async fn the_page_says_when_the_broker_is_away_and_comes_back_by_itself() {
    let broker = Broker::start().await;
    let hub = TestHub::start_with(&broker.section()).await;
    let mut page = Page::open(&hub).await;
    page.until(|board| board["broker"] == "connected").await;
    let agent = broker.agent().await;
    say(&agent, "_/status", json!({"state": "online"}), true).await;
    say(&agent, "bay-1/status", json!({"state": "idle"}), true).await;
    page.until(|board| board["scanners"][0]["state"] == "idle").await;
    let _ = agent.disconnect().await;
    let port = broker.end().await;
    let away = page.until(|board| board["broker"] == "away").await;
    assert_eq!(away["scanners"], json!([]));
    let broker = Broker::start_at(port).await;
    page.until(|board| board["broker"] == "connected").await;
    broker.end().await;
}

#[tokio::test]
async fn the_page_is_served_with_a_policy_and_says_that_no_broker_is_set() {
    let hub = TestHub::start().await;
    for path in ["/", "/live"] {
        let page = hub.request(Method::GET, path).send().await.unwrap();
        assert_eq!(page.status(), 200);
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("script-src 'sha256-"),
            "{policy}"
        );
        assert!(page.text().await.unwrap().contains("/live/events"));
    }
    let mut page = Page::open(&hub).await;
    page.until(|board| board["broker"] == "none").await;
}
