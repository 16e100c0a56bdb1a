//! The hub's subscription to the broker, for the live page alone. The broker may be away at any time.

use std::{sync::Arc, time::Duration};

use mqtt5::{
    ConnectOptions, ConnectionEvent, MqttClient, MqttError, QoS, SubscribeOptions, time::Duration as MqttDuration,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::board::Board;
use crate::clock;

/// Messages between the client's reader and the board. A burst of retained messages of a large site fits; when it is
/// full the connection is made anew, which brings everything retained again.
const QUEUE: usize = 4096;
/// Longest wait between two attempts; the page says meanwhile that the broker is away.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// A broker that does not answer within this is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// A dead connection is noticed within one and a half of these.
const KEEP_ALIVE_S: u64 = 20;

/// Where and how to subscribe.
#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) url: Url,
    /// First segment of the topics.
    pub(crate) root: String,
    pub(crate) credentials: Option<(String, SecretString)>,
    /// Certificates to trust, PEM.
    pub(crate) ca: Option<Vec<u8>>,
}

/// Keeps the board until `stop`, over any number of connections.
pub(crate) async fn run(broker: Broker, page: watch::Sender<Arc<str>>, stop: CancellationToken) {
    let mut board = Board::default();
    let mut failures = 0_u32;
    board.away();
    page.send_replace(board.snapshot(clock::now()));
    loop {
        match Connection::open(&broker).await {
            Ok(connection) => {
                tracing::info!("the live page follows the broker");
                failures = 0;
                board.connected();
                connection.follow(&broker, &mut board, &page, &stop).await;
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                if failures == 1 {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the live page cannot reach the broker"
                    );
                }
            }
        }
        if stop.is_cancelled() {
            return;
        }
        board.away();
        page.send_replace(board.snapshot(clock::now()));
        let most = MAX_BACKOFF.min(Duration::from_secs(1 << failures.min(5)));
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(most.mul_f64(fastrand::f64())) => {}
        }
    }
}

/// The broker could not be subscribed to.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("the broker does not answer")]
    Silent,
    #[error("the broker refuses or is not there")]
    Refused(#[source] MqttError),
}

struct Connection {
    client: MqttClient,
    messages: mpsc::Receiver<(String, Vec<u8>)>,
    /// True once the connection is lost or messages were.
    lost: watch::Receiver<bool>,
}

impl Connection {
    async fn open(broker: &Broker) -> Result<Self, OpenError> {
        let client = MqttClient::with_options(options(broker));
        match timeout(PATIENCE, Self::subscribe(&client, broker)).await {
            Ok(Ok((messages, lost))) => Ok(Self { client, messages, lost }),
            Ok(Err(error)) => Err(OpenError::Refused(error)),
            Err(_) => Err(OpenError::Silent),
        }
    }

    async fn subscribe(
        client: &MqttClient,
        broker: &Broker,
    ) -> Result<(mpsc::Receiver<(String, Vec<u8>)>, watch::Receiver<bool>), MqttError> {
        let (lose, lost) = watch::channel(false);
        let lose = Arc::new(lose);
        let (push, messages) = mpsc::channel(QUEUE);
        if broker.ca.is_some() {
            client.set_tls_config(None, None, broker.ca.clone()).await;
        }
        let on_event = lose.clone();
        client
            .on_connection_event(move |event| {
                if matches!(event, ConnectionEvent::Disconnected { .. }) {
                    on_event.send_replace(true);
                }
            })
            .await?;
        client.connect(broker.url.as_str()).await?;
        let at_least_once = SubscribeOptions {
            qos: QoS::AtLeastOnce,
            ..SubscribeOptions::default()
        };
        client
            .subscribe_with_options(format!("{}/1/+/+/+/+", broker.root), at_least_once, move |message| {
                if push.try_send((message.topic, message.payload)).is_err() {
                    lose.send_replace(true);
                }
            })
            .await?;
        Ok((messages, lost))
    }

    /// Until the connection is lost or `stop`.
    async fn follow(
        mut self,
        broker: &Broker,
        board: &mut Board,
        page: &watch::Sender<Arc<str>>,
        stop: &CancellationToken,
    ) {
        let prefix = format!("{}/1/", broker.root);
        let apply = |board: &mut Board, (topic, payload): (String, Vec<u8>)| {
            if let Some(topic) = topic.strip_prefix(&prefix) {
                board.apply(topic, &payload, clock::now());
            }
        };
        page.send_replace(board.snapshot(clock::now()));
        loop {
            let now = clock::now();
            let until_expiry = board
                .next_expiry(now)
                .map(|at| Duration::from_millis((at - now).unsigned_abs()));
            tokio::select! {
                () = stop.cancelled() => break,
                _ = self.lost.wait_for(|lost| *lost) => break,
                message = self.messages.recv() => {
                    let Some(message) = message else { break };
                    apply(board, message);
                    // A burst becomes one snapshot.
                    while let Ok(message) = self.messages.try_recv() {
                        apply(board, message);
                    }
                }
                // Without a running scan there is nothing that could grow stale.
                () = sleep(until_expiry.unwrap_or(Duration::from_secs(3600))) => {}
            }
            page.send_replace(board.snapshot(clock::now()));
        }
        // Nothing is published and the session is clean: whether the goodbye arrives does not matter.
        let _ = timeout(Duration::from_secs(1), self.client.disconnect()).await;
    }
}

fn options(broker: &Broker) -> ConnectOptions {
    let options = ConnectOptions::new(format!("scanhub-{}", Uuid::now_v7().simple()))
        .with_clean_start(true)
        .with_automatic_reconnect(false)
        .with_keep_alive(MqttDuration::from_secs(KEEP_ALIVE_S));
    match &broker.credentials {
        Some((name, password)) => options.with_credentials(name.clone(), password.expose_secret().as_bytes()),
        None => options,
    }
}
