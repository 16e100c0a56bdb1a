//! Everything that plays but the scanner: broker, hub and agent, each the real thing, in one process and one temporary folder.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use scanbridge::{Agent, SHUTDOWN_DEADLINE};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;

/// Where people look for a broker and for the hub first; a free port is taken where these are not free.
const USUAL_BROKER_PORT: u16 = 1883;
const USUAL_HUB_PORT: u16 = 7380;

const FACILITY: &str = "gym-7";

/// Why the demo cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No folder, or nothing can be written there.
    #[error("cannot use a temporary folder")]
    Folder(#[source] io::Error),
    /// No port of loopback can be had.
    #[error("cannot find a free port on 127.0.0.1")]
    Port(#[source] io::Error),
    /// The broker does not start.
    #[error("cannot start the broker")]
    Broker(#[source] mqtt5::MqttError),
    /// The hub does not start.
    #[error("cannot start the hub")]
    Hub(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The agent does not start.
    #[error("cannot start the agent")]
    Agent(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the agent is told about its scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// A scanner of Tanita's kind; the agent finds out.
    Published,
    /// The project's own firmware.
    Firmware,
}

impl Attached {
    const fn protocol_and_serial(self) -> (&'static str, &'static str) {
        match self {
            Self::Published => ("auto", "9600 8N1"),
            Self::Firmware => ("scan-link", "115200 8N1"),
        }
    }
}

/// The whole system, running.
pub struct Stage {
    folder: TempDir,
    port: PathBuf,
    stop_agent: CancellationToken,
    stop_servers: CancellationToken,
    broker: Broker,
    hub: scanhub::Running,
    agent: Option<JoinHandle<Vec<String>>>,
}

impl Stage {
    /// Starts broker and hub.
    ///
    /// # Errors
    /// [`StageError`], naming what does not start.
    pub async fn start() -> Result<Self, StageError> {
        let folder = tempfile::Builder::new()
            .prefix("scanbridge-demo-")
            .tempdir()
            .map_err(StageError::Folder)?;
        let (stop_agent, stop_servers) = (CancellationToken::new(), CancellationToken::new());
        let broker_address = usual_or_free(USUAL_BROKER_PORT).map_err(StageError::Port)?;
        let broker = Broker::start(broker_address, stop_servers.clone())
            .await
            .map_err(StageError::Broker)?;

        let hub_address = usual_or_free(USUAL_HUB_PORT).map_err(StageError::Port)?;
        let hub_config = write_hub_config(folder.path(), hub_address, broker.address()).map_err(StageError::Folder)?;
        let hub_config = scanhub::Config::load(&hub_config).map_err(|error| StageError::Hub(error.into()))?;
        let hub = scanhub::Server::start(hub_config, stop_servers.clone())
            .await
            .map_err(|error| StageError::Hub(error.into()))?;

        Ok(Self {
            port: folder.path().join("scanner"),
            folder,
            stop_agent,
            stop_servers,
            broker,
            hub,
            agent: None,
        })
    }

    /// Starts the agent, whose scanner need not be there yet.
    ///
    /// # Errors
    /// [`StageError`], naming what does not start.
    pub async fn start_agent(&mut self, attached: Attached) -> Result<(), StageError> {
        let config = write_agent_config(
            self.folder.path(),
            &self.port,
            attached,
            self.hub.addr(),
            self.broker.address(),
        )
        .map_err(StageError::Folder)?;
        let config = agent_config::Config::load(&config).map_err(|error| StageError::Agent(error.into()))?;
        let agent = Agent::open(config)
            .await
            .map_err(|error| StageError::Agent(error.into()))?;
        self.agent = Some(tokio::spawn(agent.run(
            self.stop_agent.clone(),
            SHUTDOWN_DEADLINE,
            || {},
        )));
        Ok(())
    }

    /// Where the agent looks for its scanner.
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// The broker.
    pub const fn broker(&self) -> SocketAddr {
        self.broker.address()
    }

    /// The hub; its live page is at the root.
    pub fn hub(&self) -> SocketAddr {
        self.hub.addr()
    }

    /// Where everything is kept until the end.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the secret of the app `viewer` lies, which may read every value.
    pub fn viewer_secret(&self) -> PathBuf {
        self.folder.path().join("viewer-secret")
    }

    /// Stops everything: the agent first, so that it can say good-bye to the servers.
    pub async fn stop(self) {
        self.stop_agent.cancel();
        if let Some(agent) = self.agent {
            // What ended with a panic has said so on stderr.
            let _ = agent.await;
        }
        self.stop_servers.cancel();
        self.hub.ended().await;
        self.broker.ended().await;
    }
}

/// The usual port if nobody listens there, else a free one.
fn usual_or_free(port: u16) -> io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", port))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?
        .local_addr()
}

fn write_hub_config(folder: &Path, listen: SocketAddr, broker: SocketAddr) -> io::Result<PathBuf> {
    let bridge = write(folder, "bridge-secret", "demo-bridge")?;
    let viewer = write(folder, "viewer-secret", "demo-viewer")?;
    let text = format!(
        r#"
[server]
listen = "{listen}"
[store]
path = {store:?}
[live]
mqtt_url = "mqtt://{broker}"
[[facility]]
externalid = "{FACILITY}"
name = "Gym 7"
[[app]]
client_id = "bridge"
secret = "file:{bridge}"
scopes = ["scan_performer", "scan_creator"]
facilities = ["{FACILITY}"]
[[app]]
client_id = "viewer"
secret = "file:{viewer}"
scopes = ["measurement_analysis"]
facilities = ["{FACILITY}"]
"#,
        store = folder.join("hub.sqlite"),
        bridge = bridge.display(),
        viewer = viewer.display(),
    );
    write(folder, "scanhub.toml", &text)
}

fn write_agent_config(
    folder: &Path,
    port: &Path,
    attached: Attached,
    hub: SocketAddr,
    broker: SocketAddr,
) -> io::Result<PathBuf> {
    fs::create_dir(folder.join("agent"))?;
    let (protocol, serial) = attached.protocol_and_serial();
    let text = format!(
        r#"
[agent]
facility = "{FACILITY}"
name = "front-desk"
data_dir = {data:?}
[[scanner]]
id = "bay-1"
port = {port:?}
protocol = "{protocol}"
serial = "{serial}"
[cloud]
base_url = "http://{hub}"
dialect = "hub"
client_id = "bridge"
client_secret = "file:{secret}"
[mqtt]
url = "mqtt://{broker}"
"#,
        data = folder.join("agent"),
        secret = folder.join("bridge-secret").display(),
    );
    write(folder, "scanbridge.toml", &text)
}

fn write(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text)?;
    Ok(path)
}
