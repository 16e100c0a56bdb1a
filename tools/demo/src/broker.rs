//! A small MQTT broker in the process, so that a first look needs nothing installed. In the field it is Mosquitto or another.

use std::net::SocketAddr;

use mqtt5::broker::{
    BrokerConfig, MqttBroker,
    config::{AuthConfig, StorageBackend, StorageConfig},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running broker on loopback. It ends when the token it was started with is cancelled.
#[derive(Debug)]
pub(crate) struct Broker {
    address: SocketAddr,
    task: JoinHandle<mqtt5::Result<()>>,
}

impl Broker {
    /// Starts a broker at `address`; port 0 takes a free one. Nothing is kept on disk and everybody on this machine may connect.
    ///
    /// # Errors
    /// If the address is taken.
    pub(crate) async fn start(address: SocketAddr, stop: CancellationToken) -> mqtt5::Result<Self> {
        let config = BrokerConfig::default()
            .with_bind_address(address)
            .with_auth(AuthConfig::new().with_allow_anonymous(true))
            .with_sys_topics_enabled(false)
            .with_storage(StorageConfig::new().with_backend(StorageBackend::Memory));
        let mut broker = MqttBroker::with_config(config).await?;
        let address = broker.local_addr().unwrap_or(address);
        let shutdown = broker.shutdown_handle();
        let task = tokio::spawn(async move {
            let run = broker.run();
            tokio::pin!(run);
            tokio::select! {
                ended = &mut run => return ended,
                () = stop.cancelled() => shutdown.shutdown(),
            }
            run.await
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        // A broker that ended with an error or a panic has nothing left to say to a demo that is over.
        let _ = self.task.await;
    }
}
