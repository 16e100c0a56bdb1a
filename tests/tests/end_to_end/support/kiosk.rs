//! A kiosk PC: the real `scanbridge`, its configuration and data, and a scanner on a pseudo-terminal.

use std::{
    fs,
    path::{Path, PathBuf},
};

use scansim::{Line, Pace, Player};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    broker::Broker,
    eventually,
    hub::{FACILITY, Hub},
    port::ReservedPort,
    program::Program,
};

/// Everything of one facility with one kiosk. Nothing runs until it is started.
pub struct World {
    folder: TempDir,
    /// The broker's port, whether one listens there or not.
    pub broker_port: u16,
    _broker: ReservedPort,
    /// The hub.
    pub hub: Hub,
    local_api: ReservedPort,
}

impl World {
    /// A world in which nothing runs yet.
    pub fn new() -> Self {
        // Whoever comes first installs it for the whole process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let broker = ReservedPort::new();
        let broker_port = broker.address().port();
        let hub = Hub::new(folder.path().join("hub"), broker_port);
        let world = Self {
            folder,
            broker_port,
            _broker: broker,
            hub,
            local_api: ReservedPort::new(),
        };
        fs::create_dir(world.data_dir()).unwrap();
        fs::write(world.config(), world.config_text()).unwrap();
        world
    }

    /// The usual world: broker and hub run.
    pub async fn with_servers() -> (Self, Broker) {
        let mut world = Self::new();
        let broker = Broker::start(world.broker_port).await;
        world.hub.start().await;
        (world, broker)
    }

    /// The agent's configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("scanbridge.toml")
    }

    /// The agent's data.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the agent looks for its scanner.
    pub fn port(&self) -> PathBuf {
        self.folder.path().join("scanner")
    }

    /// Has the agent's port speak scan-link instead.
    pub fn speaks_scan_link(&self) {
        let config = self
            .config_text()
            .replace("tanita-tagged", "scan-link")
            .replace("9600 8N1", "115200 8N1");
        fs::write(self.config(), config).unwrap();
    }

    /// A scanner plugged into the agent's port, sending as fast as the line takes it.
    pub fn scanner(&self) -> Player {
        Player::new(Line::pty(self.port()).unwrap(), Pace::Unlimited)
    }

    /// Starts the agent.
    pub fn agent(&self) -> Program {
        self.agent_with(&[])
    }

    /// Starts the agent with something in its environment.
    pub fn agent_with(&self, environment: &[(&str, &Path)]) -> Program {
        let config = self.config().display().to_string();
        let log = self.folder.path().join("agent.log");
        Program::start_with("scanbridge", &["run", "--config", &config], &log, environment)
    }

    /// Starts the agent under `strace`, with these options of it.
    pub fn agent_traced(&self, options: &[&str]) -> Program {
        let config = self.config().display().to_string();
        let log = self.folder.path().join("agent.log");
        Program::start_traced("scanbridge", &["run", "--config", &config], &log, options)
    }

    /// What a running agent says of itself.
    pub async fn health(&self) -> Value {
        let url = format!("http://{}/healthz", self.local_api.address());
        eventually("the agent's local API answers", || async {
            reqwest::get(&url).await.ok()
        })
        .await
        .json()
        .await
        .unwrap()
    }

    /// The agent's configuration, with everything a test does not care about at its simplest.
    pub fn config_text(&self) -> String {
        format!(
            r#"
[agent]
facility = "{FACILITY}"
name = "front-desk"
data_dir = "{data}"
timezone = "Europe/London"

[[scanner]]
id = "bay-1"
port = "{port}"
protocol = "tanita-tagged"
serial = "9600 8N1"

[cloud]
base_url = "{hub}"
dialect = "hub"
client_id = "bridge"
client_secret = "file:{secret}"

[mqtt]
url = "mqtt://127.0.0.1:{broker}"

[local_api]
listen = "{local_api}"
"#,
            data = text(&self.data_dir()),
            port = text(&self.port()),
            hub = self.hub.base_url(),
            secret = text(&self.hub.bridge_secret()),
            broker = self.broker_port,
            local_api = self.local_api.address(),
        )
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
