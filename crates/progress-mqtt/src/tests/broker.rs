//! Brokers that can be started, stopped and started again at the same port.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
};

use mqtt5::broker::{
    BrokerConfig, MqttBroker,
    config::{StorageBackend, StorageConfig, WebSocketConfig},
};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
};

use super::{patiently, port::ReservedPort};
use crate::config::{BrokerUrl, Config, Version};

const MOSQUITTO: &str = "/usr/sbin/mosquitto";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Embedded,
    Mosquitto,
}

pub(super) struct Broker {
    kind: Kind,
    port: ReservedPort,
    websocket_port: ReservedPort,
    /// Further lines of Mosquitto's configuration.
    settings: String,
    dir: TempDir,
    running: Running,
}

enum Running {
    No,
    Embedded(JoinHandle<()>),
    Mosquitto(Child),
}

impl Broker {
    /// A broker that lets everybody in. Nothing if it is not installed.
    pub(super) async fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, "allow_anonymous true\n", |_| {}).await
    }

    /// Mosquitto with settings of its own; `prepare` puts files into its directory, its working directory.
    pub(super) async fn mosquitto(settings: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        Self::start_with(Kind::Mosquitto, settings, prepare).await
    }

    async fn start_with(kind: Kind, settings: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        if kind == Kind::Mosquitto && !is_mosquitto_installed() {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path());
        let mut broker = Self {
            kind,
            port: ReservedPort::new(),
            websocket_port: ReservedPort::new(),
            settings: settings.to_owned(),
            dir,
            running: Running::No,
        };
        broker.start_again().await;
        Some(broker)
    }

    /// Starts it at the same port, having forgotten everything.
    pub(super) async fn start_again(&mut self) {
        match self.kind {
            Kind::Embedded => {
                let websocket = WebSocketConfig::new().with_bind_addresses(vec![self.websocket_port.address()]);
                let config = BrokerConfig::new()
                    .with_bind_addresses(vec![self.port.address()])
                    .with_websocket(websocket)
                    .with_storage(StorageConfig {
                        backend: StorageBackend::Memory,
                        ..StorageConfig::default()
                    });
                let mut broker = MqttBroker::with_config(config).await.unwrap();
                self.running = Running::Embedded(tokio::spawn(async move {
                    let _ = broker.run().await;
                }));
            }
            Kind::Mosquitto => {
                let file = self.dir.path().join("mosquitto.conf");
                let (port, settings) = (self.port(), &self.settings);
                let text = format!("listener {port} 127.0.0.1\n{settings}log_dest none\n");
                std::fs::write(&file, text).unwrap();
                let mut command = Command::new(MOSQUITTO);
                command.arg("-c").arg(&file).current_dir(self.dir.path());
                command.stdout(Stdio::null()).stderr(Stdio::null());
                self.running = Running::Mosquitto(command.kill_on_drop(true).spawn().unwrap());
                patiently("mosquitto", async {
                    while TcpStream::connect(self.port.address()).await.is_err() {
                        tokio::task::yield_now().await;
                    }
                })
                .await;
            }
        }
    }

    /// Ends it without any goodbye to its clients.
    pub(super) async fn kill(&mut self) {
        match std::mem::replace(&mut self.running, Running::No) {
            Running::No => {}
            Running::Embedded(task) => {
                task.abort();
                let _ = task.await;
            }
            Running::Mosquitto(mut child) => child.kill().await.unwrap(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port.address().port()
    }

    pub(super) fn websocket_url(&self) -> BrokerUrl {
        url(&format!("ws://{}/mqtt", self.websocket_port.address()))
    }

    pub(super) fn config(&self, version: Version) -> Config {
        config(self.port(), version)
    }
}

/// Plain MQTT at a port of this machine.
pub(super) fn config(port: u16, version: Version) -> Config {
    Config {
        version,
        ..Config::new(url(&format!("mqtt://127.0.0.1:{port}")))
    }
}

pub(super) fn url(text: &str) -> BrokerUrl {
    BrokerUrl::try_from(text.to_owned()).unwrap()
}

pub(super) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn is_mosquitto_installed() -> bool {
    let is_there = Path::new(MOSQUITTO).exists();
    if !is_there {
        let required = std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_some_and(|v| v == "1");
        assert!(!required, "{MOSQUITTO} is missing and real parts are required");
        println!("skipped: {MOSQUITTO} is not installed");
    }
    is_there
}
