//! A dashboard: subscribes to everything and keeps what it gets, in order. Every message is checked against the schemas.

use std::sync::{Arc, Mutex};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, PublishProperties, QoS, TopicFilter};
use serde_json::Value;
use tokio::{sync::Notify, task::JoinHandle};

use super::{patiently, schemas};

/// Where the fixtures' agent lives.
pub(super) const TREE: &str = "scanbridge/1/gym-7/front-desk/";

#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Below [`TREE`].
    pub(super) topic: String,
    /// `Null` if the payload is empty.
    pub(super) body: Value,
    /// The broker had kept it.
    pub(super) was_retained: bool,
    pub(super) acknowledged: bool,
    pub(super) properties: Option<PublishProperties>,
}

pub(super) struct Observer {
    seen: Arc<Mutex<Vec<Seen>>>,
    more: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Observer {
    /// Subscribes at the broker at `port`; returns when the subscription stands.
    pub(super) async fn at(port: u16) -> Self {
        Self::subscribe(port, QoS::AtLeastOnce, None).await
    }

    /// One that sees everything in the order it was published: brokers keep it only among messages they deliver with the same
    /// QoS.
    pub(super) async fn in_order(port: u16) -> Self {
        Self::subscribe(port, QoS::AtMostOnce, None).await
    }

    pub(super) async fn with_login(port: u16, user: &str, password: &str) -> Self {
        Self::subscribe(port, QoS::AtLeastOnce, Some((user, password))).await
    }

    async fn subscribe(port: u16, qos: QoS, login: Option<(&str, &str)>) -> Self {
        let id = format!("observer-{}", fastrand::u64(..));
        let mut options = MqttOptions::new(id, ("127.0.0.1", port));
        if let Some((user, password)) = login {
            options.set_credentials(user, password.as_bytes().to_vec());
        }
        let (client, mut event_loop) = AsyncClient::builder(options).build();
        let (seen, more) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let everything: TopicFilter = "#".into();
        client.try_subscribe(everything, qos).unwrap();
        patiently("the subscription", async {
            loop {
                let event = event_loop.poll().await.unwrap();
                if let Event::Incoming(Packet::SubAck(_)) = event {
                    return;
                }
            }
        })
        .await;
        let (into, notify) = (Arc::clone(&seen), Arc::clone(&more));
        let task = tokio::spawn(async move {
            // The client goes along, or the event loop would end.
            let _client = client;
            while let Ok(event) = event_loop.poll().await {
                if let Event::Incoming(Packet::Publish(publish)) = event {
                    into.lock().unwrap().push(Seen::from(publish));
                    notify.notify_waiters();
                }
            }
        });
        Self { seen, more, task }
    }

    /// Waits until `find` finds something in what was seen so far, and checks all of it against the schemas.
    pub(super) async fn until<T>(&self, what: &str, find: impl Fn(&[Seen]) -> Option<T>) -> T {
        let found = patiently(what, async {
            loop {
                let more = self.more.notified();
                if let Some(found) = find(&self.seen.lock().unwrap()) {
                    return found;
                }
                more.await;
            }
        });
        let found = found.await;
        for seen in self.seen() {
            schemas::check(&seen);
        }
        found
    }

    /// Waits for a message on `topic` whose body has `members`; returns the latest such.
    pub(super) async fn until_body(&self, topic: &str, members: Value) -> Seen {
        self.until(&format!("{topic} with {members}"), |seen| {
            let fits = |seen: &&Seen| {
                let wanted = members.as_object().unwrap();
                seen.topic == topic && wanted.iter().all(|(name, value)| seen.body[name] == *value)
            };
            seen.iter().rev().find(fits).cloned()
        })
        .await
    }

    /// Everything so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Bodies on `topic` so far.
    pub(super) fn bodies(&self, topic: &str) -> Vec<Value> {
        let on_topic = |seen: Seen| (seen.topic == topic).then_some(seen.body);
        self.seen().into_iter().filter_map(on_topic).collect()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl From<Publish> for Seen {
    fn from(publish: Publish) -> Self {
        let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
        // MQTT-3: nothing is ever published elsewhere.
        let topic = topic
            .strip_prefix(TREE)
            .unwrap_or_else(|| panic!("{topic} is outside the agent's tree"));
        Self {
            topic: topic.to_owned(),
            body: if publish.payload.is_empty() {
                Value::Null
            } else {
                serde_json::from_slice(&publish.payload).unwrap()
            },
            was_retained: publish.retain,
            acknowledged: publish.qos == QoS::AtLeastOnce,
            properties: publish.properties,
        }
    }
}
