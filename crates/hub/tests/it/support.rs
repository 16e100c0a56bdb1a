//! A hub of its own for each test.

use std::{
    io,
    path::Path,
    sync::{Mutex, Once, PoisonError},
    time::Duration,
};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use scanhub::{Config, Running, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const API: &str = "/rest/v2.10";

/// Secret of every app of the tests.
pub(crate) const SECRET: &str = "s3cret for tests";

/// What every hub of this process has logged.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Writes into [`LOG`].
struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn logged() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

pub(crate) struct TestHub {
    folder: TempDir,
    more: String,
    running: Option<Running>,
    stop: CancellationToken,
    http: reqwest::Client,
}

impl TestHub {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// `more` is added to the configuration.
    pub(crate) async fn start_with(more: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let filter = tracing_subscriber::EnvFilter::new("scanhub=trace,sqlx=debug,axum=trace");
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_ansi(false)
                .with_writer(|| Log)
                .init();
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        let stop = CancellationToken::new();
        let mut hub = Self {
            folder,
            more: more.to_owned(),
            running: None,
            stop,
            http,
        };
        hub.run().await;
        hub
    }

    /// Stops the hub and starts it again on the same store.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        let running = self.running.take().unwrap();
        tokio::time::timeout(PATIENCE, running.ended())
            .await
            .expect("the hub ends when it is told to");
    }

    /// The configuration of this hub, with its store in `folder`.
    pub(crate) fn config(&self) -> Config {
        let folder = self.folder.path().display();
        let app = |id: &str, scopes: &str, facilities: &str| {
            format!(
                "[[app]]\nclient_id = \"{id}\"\nsecret = 'file:{folder}/secret'\nscopes = {scopes}\nfacilities = {facilities}\n"
            )
        };
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = '{folder}/hub.db'\n\
             [[facility]]\nexternalid = \"gym-7\"\n[[facility]]\nexternalid = \"gym-8\"\n{}{}{}",
            app(
                "k3x9",
                "[\"scan_creator\", \"scan_performer\", \"measurement_analysis\", \"reporting\", \"user_management\", \"front_end\"]",
                "[\"gym-7\"]"
            ),
            app(
                "other",
                "[\"scan_creator\", \"scan_performer\", \"measurement_analysis\"]",
                "[\"gym-8\"]"
            ),
            self.more,
        );
        Config::parse(&text, Path::new("test.toml")).unwrap()
    }

    pub(crate) fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("hub.db")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.as_ref().unwrap().addr())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) async fn token_form(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let response = self
            .request(Method::POST, "/oauth/token")
            .form(form)
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// A caller with these scopes of an app.
    pub(crate) async fn caller(&self, app: &str, scopes: &str) -> Caller<'_> {
        let (status, answer) = self
            .token_form(&[
                ("grant_type", "client_credentials"),
                ("client_id", app),
                ("client_secret", SECRET),
                ("scope", scopes),
            ])
            .await;
        assert_eq!(status, 200, "{answer}");
        Caller {
            hub: self,
            token: answer["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// A caller that starts and performs scans, as the bridge does.
    pub(crate) async fn bridge(&self) -> Caller<'_> {
        self.caller("k3x9", "scan_creator scan_performer").await
    }

    async fn run(&mut self) {
        self.stop = CancellationToken::new();
        self.running = Some(Server::start(self.config(), self.stop.clone()).await.unwrap());
    }
}

/// A token in use.
pub(crate) struct Caller<'a> {
    pub(crate) hub: &'a TestHub,
    pub(crate) token: String,
}

impl Caller<'_> {
    /// A request below the API's root.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.hub
            .request(method, &format!("{API}{path}"))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        answer(json_body(self.request(method, path), body).send().await.unwrap()).await
    }

    /// Registers a performer; answers its id.
    pub(crate) async fn performer(&self, externalid: &str) -> i64 {
        let body = json!({"externalid": externalid, "facility": "gym-7"}).to_string();
        self.post("/scanperformers", &body).await.json()["id"].as_i64().unwrap()
    }

    /// Creates a reading for a performer; answers its id.
    pub(crate) async fn reading(&self, performer: i64) -> i64 {
        let answer = self
            .post("/readings", &json!({"scanperformer": performer}).to_string())
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_i64().unwrap()
    }
}

/// Status, headers and text of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn answer(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer {
        status,
        headers,
        body: response.text().await.unwrap(),
    }
}

pub(crate) fn json_body(request: RequestBuilder, body: &str) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_owned())
}

/// A walk-up scan in one call.
pub(crate) fn walk_up(externalid: &str, performer: i64) -> Value {
    serde_json::from_str(&format!(
        r#"{{"externalid":"{externalid}","scanperformer":{performer},"subject":{{"scheme":"number","value":"0000"}},
            "status":"complete","date":"2025-03-04T10:15:58Z","measurements":{{"bodyweight":80.50,"fatmass":15.2}},
            "quality":{{"ok":true,"flags":[]}}}}"#
    ))
    .unwrap()
}
