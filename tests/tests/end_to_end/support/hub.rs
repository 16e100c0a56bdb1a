//! The hub as an integrator sees it: raw HTTP and raw JSON, without the project's own client.

use std::{fs, path::PathBuf};

use reqwest::Client;
use serde_json::Value;

use super::{eventually, port::ReservedPort, program::Program};

/// Name of the facility everywhere.
pub const FACILITY: &str = "gym-7";

/// A real `scanhub`, its data in a folder, its address fixed so that it can go away and come back.
pub struct Hub {
    folder: PathBuf,
    port: ReservedPort,
    http: Client,
    program: Option<Program>,
}

impl Hub {
    /// A hub that is not running yet; its page follows the broker on `broker_port`.
    pub fn new(folder: PathBuf, broker_port: u16) -> Self {
        fs::create_dir_all(&folder).unwrap();
        let port = ReservedPort::new();
        let address = port.address();
        for (name, secret) in [("bridge", "bridge-secret"), ("viewer", "viewer-secret")] {
            fs::write(folder.join(name), secret).unwrap();
        }
        let path = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            r#"
[server]
listen = "{address}"
[store]
path = "{store}"
[live]
mqtt_url = "mqtt://127.0.0.1:{broker_port}"
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
scopes = ["measurement_analysis", "reporting"]
facilities = ["{FACILITY}"]
"#,
            store = path("hub.sqlite"),
            bridge = path("bridge"),
            viewer = path("viewer"),
        );
        fs::write(folder.join("hub.toml"), config).unwrap();
        Self {
            folder,
            port,
            http: Client::new(),
            program: None,
        }
    }

    /// Starts it and waits until it answers.
    pub async fn start(&mut self) {
        let config = self.folder.join("hub.toml").display().to_string();
        self.program = Some(Program::start(
            "scanhub",
            &["serve", "--config", &config],
            &self.folder.join("hub.log"),
        ));
        eventually("the hub answers", || async {
            self.http.get(self.url("/")).send().await.ok()
        })
        .await;
    }

    /// Takes it away as a power cut would.
    pub fn kill(&mut self) {
        self.program.take().unwrap().kill();
    }

    /// Its address, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Where the secret of the app `bridge` lies.
    pub fn bridge_secret(&self) -> PathBuf {
        self.folder.join("bridge")
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url())
    }

    /// Every reading with all its fields and values, as an analyst sees them.
    pub async fn readings(&self) -> Vec<Value> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "viewer"),
            ("client_secret", "viewer-secret"),
        ];
        let token: Value = self
            .http
            .post(self.url("/oauth/token"))
            .form(&form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let mut readings = Vec::new();
        for page in 1.. {
            let url = self.url(&format!(
                "/rest/v2.10/readings?fields=*,measurements,raw&sort=id&pagesize=200&page={page}"
            ));
            let answer = self
                .http
                .get(url)
                .bearer_auth(token["access_token"].as_str().unwrap())
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
            let answer: Vec<Value> = answer.json().await.unwrap();
            if answer.is_empty() {
                break;
            }
            readings.extend(answer);
        }
        readings
    }

    /// Waits until it holds `count` complete readings.
    pub async fn until_complete(&self, count: usize) -> Vec<Value> {
        eventually(&format!("{count} complete readings in the hub"), || async {
            let readings = self.readings().await;
            let complete = readings
                .iter()
                .filter(|reading| reading["status"] == "complete")
                .count();
            (complete >= count).then_some(readings)
        })
        .await
    }
}

/// The digits of a value of a reading.
pub fn value(reading: &Value, name: &str) -> String {
    reading["measurements"][name].to_string()
}
