//! A cloud that is not our hub: written by hand from the published examples, without the project's own shapes. It offers no
//! one-call upload, numbers its ids as text, and adds members nobody asked for.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::{broker::Broker, ear::Ear, eventually, kiosk::World, records::record};

const TOKEN: &str = r#"{"access_token":"at_7Qd0mN3vX2yZ","token_type":"Bearer","expires_in":1800,"refresh_token":"rt_pL81cWbR5tKe","hint":"new"}"#;
const INDEX: &str = r#"{"version":"2.10","walkup":"steps","collections":{"readings":{"url":"/rest/v2.10/readings","verbs":["GET","POST"]}}}"#;
const PERFORMER: &str =
    r#"{"id":7,"name":"Front desk, bay 1","externalid":"6f1c0d52/bay-1","facility":3,"status":"idle","online":true}"#;
const CREATED: &str = r#"{"id":"9041","member":null,"scanperformer":7,"status":"created","stage":"queued","progress":0,"expires":"2035-03-04T10:24:00Z"}"#;
const ADDED: &str = r#"{"success":true,"added":9,"unchanged":0,"warnings":[]}"#;
const COMPLETE: &str =
    r#"{"id":"9041","member":null,"scanperformer":7,"status":"complete","stage":"done","progress":100}"#;

/// One call as it came over the wire.
#[derive(Debug, Clone)]
struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: String,
}

type Calls = Arc<Mutex<Vec<Call>>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_goes_up_step_by_step_with_the_digits_of_the_wire() {
    let calls = Calls::default();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let cloud = Router::new().fallback(answer).with_state(Arc::clone(&calls));
    let serving = tokio::spawn(async move { axum::serve(listener, cloud).await });

    let world = World::new();
    let broker = Broker::start(world.broker_port).await;
    let ear = Ear::listen(world.broker_port).await;
    let config = world
        .config_text()
        .replace(&world.hub.base_url(), &format!("http://{address}"));
    std::fs::write(world.config(), config).unwrap();
    let mut scanner = world.scanner();
    let agent = world.agent();
    scanner.play(&record(205)).await.unwrap();
    ear.until("bay-1/event", |event| event["kind"] == "uploaded").await;
    assert!(agent.terminate().success());

    let calls = calls.lock().unwrap().clone();
    let of = |method: Method, path: &str| {
        calls
            .iter()
            .filter(|call| call.method == method && call.path == path)
            .cloned()
            .collect::<Vec<_>>()
    };
    let [created] = &of(Method::POST, "/rest/v2.10/readings")[..] else {
        panic!("one reading is created: {calls:?}")
    };
    let [measured] = &of(Method::POST, "/rest/v2.10/readings/9041/measurements")[..] else {
        panic!("measured once: {calls:?}")
    };
    let [completed] = &of(Method::PUT, "/rest/v2.10/readings/9041")[..] else {
        panic!("completed once: {calls:?}")
    };

    for call in [created, measured, completed] {
        assert_eq!(call.headers[header::AUTHORIZATION], "Bearer at_7Qd0mN3vX2yZ");
    }
    let body: Value = serde_json::from_str(&created.body).unwrap();
    assert_eq!(
        body["subject"],
        serde_json::json!({"scheme": "number", "value": "0000000205"})
    );
    assert_eq!(body["scanperformer"], 7);
    assert!(measured.body.contains(r#""bodyweight":80.5,"#), "{}", measured.body);
    assert!(
        measured.body.contains(r#""bonemass":3.0"#),
        "three kilograms keep their decimal: {}",
        measured.body
    );
    let body: Value = serde_json::from_str(&completed.body).unwrap();
    assert_eq!(body["status"], "complete");
    assert!(body["date"].as_str().unwrap().ends_with('Z'));

    serving.abort();
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_registers_its_scanner_once_and_reports_its_state() {
    let calls = Calls::default();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let cloud = Router::new().fallback(answer).with_state(Arc::clone(&calls));
    let serving = tokio::spawn(async move { axum::serve(listener, cloud).await });

    let world = World::new();
    let config = world
        .config_text()
        .replace(&world.hub.base_url(), &format!("http://{address}"));
    std::fs::write(world.config(), config).unwrap();
    let _scanner = world.scanner();
    let agent = world.agent();
    let registration = eventually("the scanner is registered", || async {
        calls
            .lock()
            .unwrap()
            .iter()
            .find(|call| call.method == Method::POST && call.path.ends_with("/scanperformers"))
            .cloned()
    })
    .await;
    let body: Value = serde_json::from_str(&registration.body).unwrap();
    assert!(body["externalid"].as_str().unwrap().ends_with("/bay-1"));
    assert_eq!(body["facility"], "gym-7");
    assert_eq!(body["software"]["name"], "scanbridge");
    assert!(agent.terminate().success());
    serving.abort();
}

async fn answer(State(calls): State<Calls>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path().to_owned();
    calls.lock().unwrap().push(Call {
        method: parts.method.clone(),
        path: path.clone(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let (status, text) = reply(&parts.method, &path, &parts.uri);
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn reply(method: &Method, path: &str, _uri: &Uri) -> (StatusCode, &'static str) {
    match (method.as_str(), path.trim_end_matches('/')) {
        ("POST", "/oauth/token") => (StatusCode::OK, TOKEN),
        ("GET", "/rest/v2.10") => (StatusCode::OK, INDEX),
        ("POST", "/rest/v2.10/scanperformers") => (StatusCode::CREATED, PERFORMER),
        ("PUT", "/rest/v2.10/scanperformers/7") => (StatusCode::OK, PERFORMER),
        ("GET", "/rest/v2.10/readings") => (StatusCode::OK, "[]"),
        ("POST", "/rest/v2.10/readings") => (StatusCode::CREATED, CREATED),
        ("POST", "/rest/v2.10/readings/9041/measurements") => (StatusCode::OK, ADDED),
        ("PUT", "/rest/v2.10/readings/9041") => (StatusCode::OK, COMPLETE),
        _ => (
            StatusCode::NOT_FOUND,
            r#"{"success":false,"error":"There is no such thing.","code":"not_found","status":404}"#,
        ),
    }
}
