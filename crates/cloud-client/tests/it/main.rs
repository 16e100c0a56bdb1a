//! The client against a server that is not ours: raw HTTP and raw JSON, no types of the contract.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod fake_http;
mod tls;
mod tokens;
mod wire;

use std::path::Path;

use cloud_api::{Measurements, NewReading};
use cloud_client::{Client, Config};
use fake_http::{Reply, Request};

const TOKEN: &str = "POST /oauth/token";
const READINGS: &str = "POST /rest/v2.10/readings";

/// The published form of a token answer.
const TOKEN_ANSWER: &str = r#"{"access_token":"at_7Qd0mN3vX2yZ","token_type":"bearer","expires_in":1800,
    "refresh_token":"rt_pL81cWbR5tKe","scope":"scan_performer scan_creator"}"#;

const CREATED: &str = r#"{"id":9041,"member":512,"scanperformer":7,"status":"created","stage":"queued","progress":0,
    "expires":"2025-03-04T10:24:00Z"}"#;

fn config(base_url: &str, more: &str) -> Config {
    // A file that every checkout has and whose content does not matter.
    let secret = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    toml::from_str(&format!(
        "base_url = {base_url:?}\nclient_id = \"k3x9\"\nclient_secret = {:?}\n{more}",
        format!("file:{}", secret.display()),
    ))
    .unwrap()
}

fn client(base_url: &str) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(&config(base_url, "")).unwrap()
}

/// A handler that gives tokens and leaves the rest to `rest`.
fn with_tokens(rest: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| match request.line().as_str() {
        TOKEN => Reply::json(200, TOKEN_ANSWER),
        _ => rest(request),
    }
}

fn new_reading() -> NewReading {
    NewReading {
        externalid: Some("0195-walkup".into()),
        ..NewReading::default()
    }
}

fn measurements(text: &str) -> Measurements {
    serde_json::from_str(text).unwrap()
}
