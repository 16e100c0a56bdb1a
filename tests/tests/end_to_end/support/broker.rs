//! A broker in the test's own process, which can go away and come back on the same port.

use std::net::SocketAddr;

use mqtt5::broker::{
    BrokerConfig, MqttBroker,
    config::{AuthConfig, StorageBackend, StorageConfig},
};
use tokio::task::JoinHandle;

/// A running broker.
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
