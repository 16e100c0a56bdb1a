//! A broker: Mosquitto as in a facility, or one in the test's own process that can go away and come back on the same port.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use mqtt5::broker::{
    BrokerConfig, MqttBroker,
    config::{AuthConfig, StorageBackend, StorageConfig},
};
use tempfile::TempDir;
use tokio::{net::TcpStream, task::JoinHandle};

use super::{eventually, skip};

/// Where Debian puts it: not in everybody's path.
const MOSQUITTO: &str = "/usr/sbin/mosquitto";

/// A running broker in this process.
pub struct Broker {
    shutdown: mqtt5::broker::BrokerShutdownHandle,
    task: JoinHandle<mqtt5::Result<()>>,
}

impl Broker {
    /// Starts it on `port` of loopback.
    pub async fn start(port: u16) -> Self {
        let config = BrokerConfig::default()
            .with_bind_address(SocketAddr::from(([127, 0, 0, 1], port)))
            .with_auth(AuthConfig::new().with_allow_anonymous(true))
            .with_storage(StorageConfig::new().with_backend(StorageBackend::Memory));
        let mut broker = MqttBroker::with_config(config).await.unwrap();
        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        let task = tokio::spawn(async move { broker.run().await });
        ready.wait_for(|ready| *ready).await.unwrap();
        Self { shutdown, task }
    }

    /// Takes it away, with everything it remembers.
    pub async fn stop(self) {
        self.shutdown.shutdown();
        self.task.await.unwrap().unwrap();
    }
}

/// A running Mosquitto. Killed when dropped.
pub struct Mosquitto {
    program: Child,
    _folder: TempDir,
}

impl Mosquitto {
    /// Starts it on `port` of loopback, open to everybody; `None`, with the reason printed, where it is missing.
    pub async fn start(port: u16) -> Option<Self> {
        if !Path::new(MOSQUITTO).exists() {
            skip("mosquitto is missing");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("mosquitto.conf");
        fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).unwrap();
        let mut command = Command::new(MOSQUITTO);
        command
            .arg("-c")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mosquitto = Self {
            program: command.spawn().unwrap(),
            _folder: folder,
        };
        eventually("mosquitto listens", || async {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Some(mosquitto)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
