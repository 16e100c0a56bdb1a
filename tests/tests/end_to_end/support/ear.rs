//! A dashboard that remembers everything it heard.

use std::sync::{Arc, Mutex};

use mqtt5::{ConnectOptions, MqttClient};
use serde_json::Value;

use super::eventually;

/// One message.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Whole topic.
    pub topic: String,
    /// Payload; null for an emptied retained topic.
    pub body: Value,
    /// Bytes of the payload.
    pub raw: Vec<u8>,
}

/// A subscription to everything.
pub struct Ear {
    client: MqttClient,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Ear {
    /// Subscribes to all topics of the contract at the broker on `port`.
    pub async fn listen(port: u16) -> Self {
        let id = format!("ear-{}", uuid::Uuid::now_v7());
        let client = MqttClient::new(&id);
        client
            .connect_with_options(&format!("mqtt://127.0.0.1:{port}"), ConnectOptions::new(id))
            .await
            .unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&heard);
        client
            .subscribe("scanbridge/1/#", move |message| {
                let body = serde_json::from_slice(&message.payload).unwrap_or(Value::Null);
                sink.lock().unwrap().push(Heard {
                    topic: message.topic.clone(),
                    body,
                    raw: message.payload.to_vec(),
                });
            })
            .await
            .unwrap();
        Self { client, heard }
    }

    /// Everything heard so far, oldest first.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What was heard on topics that end in `end`.
    pub fn on(&self, end: &str) -> Vec<Heard> {
        self.heard()
            .into_iter()
            .filter(|heard| heard.topic.ends_with(end))
            .collect()
    }

    /// Scans of the events of `kind`, each once, in the order heard.
    pub fn scans(&self, kind: &str) -> Vec<String> {
        let mut scans = Vec::new();
        for event in self.on("/event") {
            let scan = event.body["scan"].as_str().unwrap_or_default().to_owned();
            if event.body["kind"] == kind && !scans.contains(&scan) {
                scans.push(scan);
            }
        }
        scans
    }

    /// Waits until the latest message on a topic that ends in `end` satisfies `wanted`.
    pub async fn until(&self, end: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let latest = || async { self.on(end).pop().map(|heard| heard.body).filter(&wanted) };
        eventually(&format!("a message on {end}; heard {:?}", self.on(end).len()), latest).await
    }

    /// Waits until a scan at the first scanner is seen live in this stage, and has not got further.
    pub async fn until_stage(&self, stage: &str) {
        self.until("bay-1/progress", |progress| progress["stage"] == stage)
            .await;
    }

    /// Says good-bye.
    pub async fn close(self) {
        // The broker may be gone already.
        let _ = self.client.disconnect().await;
    }
}
