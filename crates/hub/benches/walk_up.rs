//! How long a client waits for the answer to a walk-up scan in one call, beside what it cannot be faster than: a bare
//! POST over a kept connection, and that plus one appended and synced write. `cargo bench -p scanhub`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its numbers and may stop"
)]

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use reqwest::Client;
use scanhub::{Config, Server};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 400;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir_in(".").unwrap();
    std::fs::write(folder.path().join("secret"), "s3cret").unwrap();
    let at = folder.path().display();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = '{at}/hub.db'\n[[facility]]\nexternalid = \"gym-7\"\n\
         [[app]]\nclient_id = \"k3x9\"\nsecret = 'file:{at}/secret'\nscopes = [\"scan_creator\", \"scan_performer\"]\n\
         facilities = [\"*\"]\n"
    );
    let stop = CancellationToken::new();
    let hub = Server::start(Config::parse(&text, Path::new("bench")).unwrap(), stop.clone())
        .await
        .unwrap();
    let base = format!("http://{}", hub.addr());
    let bare = bare_server().await;
    let client = Client::builder().no_proxy().build().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "k3x9"),
        ("client_secret", "s3cret"),
    ];
    let tokens: serde_json::Value = client
        .post(format!("{base}/oauth/token"))
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = tokens["access_token"].as_str().unwrap();
    let performer = json!({"externalid": "a/bay-1", "facility": "gym-7"});
    client
        .post(format!("{base}/rest/v2.10/scanperformers"))
        .bearer_auth(token)
        .json(&performer)
        .send()
        .await
        .unwrap();

    let mut log = File::create(folder.path().join("log")).unwrap();
    let (mut posts, mut synced, mut scans) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..ROUNDS {
        let body = walk_up(n);
        let started = Instant::now();
        let answer = client.post(&bare).body(body.clone()).send().await.unwrap();
        answer.bytes().await.unwrap();
        posts.push(started.elapsed());

        let started = Instant::now();
        log.write_all(body.as_bytes()).unwrap();
        log.sync_data().unwrap();
        synced.push(started.elapsed());

        let started = Instant::now();
        let answer = client
            .post(format!("{base}/rest/v2.10/readings?fields=id,status"))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .header("idempotency-key", format!("e-{n}/create"))
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        answer.bytes().await.unwrap();
        scans.push(started.elapsed());
    }
    report("bare POST", posts);
    report("bare append and fdatasync", synced);
    report("walk-up in one call", scans);
    stop.cancel();
    hub.ended().await;
}

/// A scan of the size an eight-electrode scanner sends: some 60 values.
fn walk_up(n: usize) -> String {
    let segments = ["rightarm", "leftarm", "trunk", "rightleg", "leftleg"];
    let mut values = serde_json::Map::new();
    for (n, segment) in segments.iter().enumerate() {
        for (metric, value) in [
            ("musclemass", 12.3),
            ("fatmass", 3.4),
            ("fatpercentage", 20.1),
            ("musclescore", 1.0),
        ] {
            values.insert(format!("{segment}{metric}"), json!(value));
        }
        for frequency in ["5khz", "50khz", "250khz", "500khz"] {
            values.insert(format!("resistance{segment}{frequency}"), json!(300.0 + n as f64));
            values.insert(format!("reactance{segment}{frequency}"), json!(-30.5));
        }
    }
    values.insert("bodyweight".to_owned(), json!(80.5));
    json!({
        "externalid": format!("0192f3c1-0000-7000-8000-{n:012}"),
        "scanperformer": 1,
        "subject": {"scheme": "number", "value": "0000001234"},
        "status": "complete",
        "date": "2025-03-04T10:15:58Z",
        "measurements": values,
        "device": {"maker": "Tanita", "model": "MC-780"},
        "checksum": "hmac-sha256:00",
        "quality": {"ok": true, "flags": []},
    })
    .to_string()
}

async fn bare_server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/", axum::routing::post(|_: axum::body::Bytes| async { "ok" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_micros();
    println!("{name:<28} p50 {:>6} µs   p99 {:>6} µs", at(50), at(99));
}
