//! What goes over the wire: paths, headers, bodies, digits.

use cloud_api::{Id, PerformerPatch, PerformerStatus, ReadingPatch, Status, Walkup};

use crate::{
    CREATED, TOKEN, client, config,
    fake_http::{FakeHttp, Reply, Request},
    measurements, new_reading, with_tokens,
};

/// Answers as the published examples do.
fn published(request: &Request) -> Reply {
    match request.line().as_str() {
        "GET /rest/v2.10" => Reply::json(
            200,
            r#"{"version":"2.10","walkup":"one-call","batch":true,"idempotency":true,
                "collections":{"readings":{"url":"/rest/v2.10/readings","verbs":["GET","POST"]}}}"#,
        ),
        "POST /rest/v2.10/scanperformers" => Reply::json(
            201,
            r#"{"id":7,"name":"Front desk, bay 1","externalid":"6f1c0d52/bay-1","facility":3,"status":"idle","online":true}"#,
        ),
        "POST /rest/v2.10/readings" => Reply::json(201, CREATED),
        "POST /rest/v2.10/readings/9041/measurements" => {
            Reply::json(200, r#"{"success":true,"added":9,"unchanged":0,"warnings":[]}"#)
        }
        "PUT /rest/v2.10/readings/9041" => Reply::json(200, r#"{"id":9041,"status":"complete","assignment":"assigned"}"#),
        "PUT /rest/v2.10/scanperformers/7" => Reply::json(200, r#"{"id":7}"#),
        _ => Reply::json(404, "{}"),
    }
    .with("x-api-version", "2.10")
    .with("date", "Sun, 06 Nov 1994 08:49:37 GMT")
}

#[tokio::test]
async fn the_calls_of_a_reading_are_those_of_the_published_examples() {
    let server = FakeHttp::start(with_tokens(published)).await;
    let client = client(&server.url());
    assert_eq!(client.index().await.unwrap().unwrap().walkup, Walkup::OneCall);
    let performer =
        r#"{"name":"Front desk, bay 1","externalid":"6f1c0d52/bay-1","instance":"b81e","facility":"gym-7"}"#;
    let performer = client
        .register_performer(&serde_json::from_str(performer).unwrap())
        .await
        .unwrap();
    client
        .heartbeat(
            performer.id,
            &PerformerPatch {
                status: Some(PerformerStatus::Idle),
                ..Default::default()
            },
        )
        .await
        .unwrap();
    let reading = client.create_reading(&new_reading()).await.unwrap();
    let values = measurements(r#"{"bodyweight":81.4,"fatmass":24.0,"phaseangle":-6.20,"bodymassindex":23}"#);
    client
        .add_measurements(reading.id, "0195-walkup", &values)
        .await
        .unwrap();
    let patch = ReadingPatch {
        status: Some(Status::Complete),
        date: Some("2025-03-04T10:15:58Z".parse().unwrap()),
        ..ReadingPatch::default()
    };
    let completed = client.complete_reading(reading.id, &patch).await.unwrap().unwrap();
    assert_eq!((completed.id, completed.status), (Id(9041), Some(Status::Complete)));

    let calls: Vec<_> = server
        .requests()
        .into_iter()
        .filter(|request| request.line() != TOKEN)
        .map(|request| {
            let key = request.header("idempotency-key").unwrap_or("-").to_owned();
            (request.line(), key, request.body)
        })
        .collect();
    let call = |line: &str, key: &str, body: &str| (line.to_owned(), key.to_owned(), body.to_owned());
    assert_eq!(
        calls,
        [
            call("GET /rest/v2.10", "-", ""),
            call(
                "POST /rest/v2.10/scanperformers",
                "-",
                r#"{"name":"Front desk, bay 1","externalid":"6f1c0d52/bay-1","instance":"b81e","facility":"gym-7"}"#
            ),
            call("PUT /rest/v2.10/scanperformers/7", "-", r#"{"status":"idle"}"#),
            call(
                "POST /rest/v2.10/readings",
                "0195-walkup/create",
                r#"{"externalid":"0195-walkup"}"#
            ),
            call(
                "POST /rest/v2.10/readings/9041/measurements",
                "0195-walkup/measurements",
                r#"{"bodymassindex":23,"bodyweight":81.4,"fatmass":24.0,"phaseangle":-6.20}"#
            ),
            call(
                "PUT /rest/v2.10/readings/9041",
                "-",
                r#"{"status":"complete","date":"2025-03-04T10:15:58Z"}"#
            ),
        ]
    );
    let request = server.requests().pop().unwrap();
    assert!(request.header("user-agent").unwrap().starts_with("scanbridge/"));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_servers_clock_is_learned_from_any_answer() {
    let server = FakeHttp::start(with_tokens(published)).await;
    let client = client(&server.url());
    assert_eq!(client.clock_offset_ms(), None);
    client.reading(Id(1)).await.unwrap_err();
    let thirty_years_ms = 30 * 365 * 24 * 3600 * 1000;
    assert!(client.clock_offset_ms().unwrap() < -thirty_years_ms);
}

#[tokio::test]
async fn an_edit_that_is_answered_without_content_is_a_success() {
    let no_content = || Reply::Answer {
        status: 204,
        headers: Vec::new(),
        body: String::new(),
    };
    let server = FakeHttp::start(with_tokens(move |_| no_content())).await;
    let client = client(&server.url());
    assert_eq!(
        client
            .complete_reading(Id(9041), &ReadingPatch::default())
            .await
            .unwrap(),
        None
    );
    client
        .add_measurements(Id(9041), "0195-walkup", &measurements("{}"))
        .await
        .unwrap();
    client.heartbeat(Id(7), &PerformerPatch::default()).await.unwrap();
}

#[tokio::test]
async fn a_dialect_without_an_index_or_a_way_to_ask_makes_no_such_calls() {
    let server = FakeHttp::start(with_tokens(published)).await;
    let config = config(
        &format!("{}/", server.url()),
        "dialect = \"boditrax\"\naccept_unconfirmed = true",
    );
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = cloud_client::Client::new(&config).unwrap();
    assert_eq!(client.index().await.unwrap(), None);
    assert_eq!(
        client.find_reading("0195-walkup").await.unwrap_err().remedy(),
        cloud_client::Remedy::Uncertain
    );
    assert!(server.lines().is_empty());
    // Nor does it send what the server does not know.
    client.create_reading(&new_reading()).await.unwrap();
    let request = server.requests().pop().unwrap();
    assert_eq!(request.header("idempotency-key"), None);
}
