//! What each answer means: every row of the table of the upload rules, through a real connection.

use std::{sync::Mutex, time::Duration};

use cloud_api::{Id, PerformerPatch, ReadingPatch};
use cloud_client::{Call, CallError, Pause, Remedy};

use crate::{
    CREATED, READINGS, client,
    fake_http::{FakeHttp, Reply},
    measurements, new_reading, with_tokens,
};

const LATER: Remedy = Remedy::RetryLater { after: None };

fn error(status: u16, code: &str) -> Reply {
    Reply::json(
        status,
        format!(r#"{{"success":false,"error":"No.","code":"{code}","status":{status}}}"#),
    )
}

async fn fails(call: Call, reply: Reply) -> CallError {
    let server = FakeHttp::start(with_tokens(move |_| reply.clone())).await;
    let client = client(&server.url());
    match call {
        Call::Authenticate => client.authenticate().await.unwrap_err(),
        Call::Index => client.index().await.unwrap_err(),
        Call::RegisterPerformer => {
            let performer = serde_json::from_str(r#"{"externalid":"6f1c0d52/bay-1"}"#).unwrap();
            client.register_performer(&performer).await.unwrap_err()
        }
        Call::Heartbeat => client.heartbeat(Id(7), &PerformerPatch::default()).await.unwrap_err(),
        Call::FindReading => client.find_reading("0195-walkup").await.unwrap_err(),
        Call::ReadReading => client.reading(Id(9041)).await.unwrap_err(),
        Call::CreateReading => client.create_reading(&new_reading()).await.unwrap_err(),
        Call::AddMeasurements => client
            .add_measurements(Id(9041), "0195-walkup", &measurements("{}"))
            .await
            .unwrap_err(),
        Call::CompleteReading => client
            .complete_reading(Id(9041), &ReadingPatch::default())
            .await
            .unwrap_err(),
    }
}

#[tokio::test]
async fn every_row_of_the_table_has_its_remedy() {
    let pause = Remedy::Pause;
    let create = Call::CreateReading;
    let add = Call::AddMeasurements;
    let complete = Call::CompleteReading;
    let rows = [
        // the moment
        (create, Reply::Drop, LATER),
        (
            create,
            Reply::CutOff {
                body: r#"{"id":90"#.into(),
            },
            LATER,
        ),
        (create, Reply::json(201, r#"{"id":90"#), LATER),
        (create, Reply::json(201, r#"{"id":"not a number"}"#), LATER),
        (create, Reply::json(200, ""), LATER),
        (create, error(408, "timeout"), LATER),
        (create, error(425, "too_early"), LATER),
        (create, error(429, "rate_limited"), LATER),
        (create, error(500, "internal"), LATER),
        (create, Reply::html(502), LATER),
        (create, error(503, "unavailable"), LATER),
        (create, Reply::html(504), LATER),
        // the token
        (create, error(401, "invalid_token"), pause(Pause::Unauthorised)),
        (Call::Heartbeat, error(401, "missing_token"), pause(Pause::Unauthorised)),
        // the account or the set-up
        (
            create,
            error(402, "scan_licence_required"),
            pause(Pause::AwaitingLicence),
        ),
        (create, error(403, "insufficient_scope"), pause(Pause::Forbidden)),
        (create, error(404, "not_found"), pause(Pause::WrongUrl)),
        (create, error(405, "method_not_allowed"), pause(Pause::WrongUrl)),
        (add, error(404, "unknown_version"), pause(Pause::WrongUrl)),
        (Call::Index, error(404, "not_found"), pause(Pause::WrongUrl)),
        (
            Call::RegisterPerformer,
            error(404, "unknown_collection"),
            pause(Pause::WrongUrl),
        ),
        (
            Call::RegisterPerformer,
            error(422, "validation_failed"),
            pause(Pause::Rejecting),
        ),
        (
            Call::RegisterPerformer,
            error(409, "performer_taken"),
            pause(Pause::ClonedIdentity),
        ),
        (create, Reply::html(200), pause(Pause::CaptivePortal)),
        (create, Reply::html(404), pause(Pause::WrongUrl)),
        (add, Reply::html(404), pause(Pause::WrongUrl)),
        (
            create,
            error(302, "x").with("location", "https://login.example/"),
            pause(Pause::CaptivePortal),
        ),
        (
            create,
            error(301, "x").with("location", "/v3/readings"),
            pause(Pause::WrongUrl),
        ),
        (create, error(511, "network"), pause(Pause::CaptivePortal)),
        (
            create,
            Reply::Answer {
                status: 200,
                headers: vec![("content-type", "text/plain".into())],
                body: CREATED.into(),
            },
            pause(Pause::WrongUrl),
        ),
        // the state of a reading, a repeat
        (complete, error(409, "already_claimed"), Remedy::Ask),
        (complete, error(409, "invalid_transition"), Remedy::Ask),
        (create, error(409, "idempotency_in_progress"), Remedy::Ask),
        (create, error(409, "externalid_exists"), Remedy::Ask),
        (create, error(422, "idempotency_mismatch"), Remedy::Ask),
        (complete, error(412, "etag_mismatch"), Remedy::Ask),
        // this reading
        (create, error(400, "invalid_json"), Remedy::SetAside),
        (add, error(409, "measurement_conflict"), Remedy::SetAside),
        (add, error(410, "gone"), Remedy::SetAside),
        (create, error(413, "body_too_large"), Remedy::SetAside),
        (create, Reply::html(413), Remedy::SetAside),
        (create, error(415, "unsupported_media_type"), Remedy::SetAside),
        (add, error(422, "implausible_value"), Remedy::SetAside),
        (add, error(404, "not_found"), Remedy::SetAside),
        (Call::ReadReading, error(404, "not_found"), Remedy::SetAside),
        // ours besides
        (create, error(422, "walkup_not_offered"), Remedy::UseSteps),
        (Call::Heartbeat, error(404, "not_found"), Remedy::Register),
        (Call::FindReading, error(400, "invalid_filter"), Remedy::Uncertain),
    ];
    for (call, reply, remedy) in rows {
        let shown = format!("{call:?} {reply:?}");
        assert_eq!(fails(call, reply).await.remedy(), remedy, "{shown}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_and_cannot_have_done_anything() {
    let server = FakeHttp::start(|_| Reply::Drop).await;
    let url = server.url();
    drop(server);
    let error = client(&url).create_reading(&new_reading()).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert!(!error.may_have_happened());
    assert_eq!(error.to_string(), format!("cannot get a token at {url}: no connection"));
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_and_may_have_done_it() {
    let server = FakeHttp::start(with_tokens(|_| Reply::Hang)).await;
    let client = client(&server.url());
    client.authenticate().await.unwrap();
    tokio::time::pause();
    let error = client.create_reading(&new_reading()).await.unwrap_err();
    assert!(matches!(error, CallError::Lost { .. }), "{error:?}");
    assert!(error.may_have_happened());
}

#[tokio::test]
async fn a_lost_answer_is_told_from_a_refusal() {
    for (reply, may_have_happened) in [
        (Reply::Drop, true),
        (Reply::CutOff { body: "{".into() }, true),
        (Reply::json(201, "{\"id\":"), true),
        (error(500, "internal"), true),
        (Reply::html(504), true),
        (error(503, "unavailable"), false),
        (error(429, "rate_limited"), false),
        (error(422, "validation_failed"), false),
        (Reply::html(200), true),
        (error(303, "x").with("location", "/rest/v2.10/readings/9041"), true),
        (error(302, "x").with("location", "https://login.example/"), false),
        (Reply::html(404), false),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(
            fails(Call::CreateReading, reply).await.may_have_happened(),
            may_have_happened,
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_wait_a_server_asks_for_reaches_the_caller() {
    for (status, code) in [(429, "rate_limited"), (503, "unavailable")] {
        let failed = fails(Call::CreateReading, error(status, code).with("retry-after", "17")).await;
        assert_eq!(
            failed.remedy(),
            Remedy::RetryLater {
                after: Some(Duration::from_secs(17))
            }
        );
    }
}

#[tokio::test]
async fn an_error_names_server_call_status_and_code_and_nothing_that_was_sent() {
    let body = r#"{"success":false,"error":"bodyweight 912.5 of member Jo is implausible","code":"implausible_value",
        "status":422,"field":"bodyweight","request_id":"01JNG3V5K8"}"#;
    let server = FakeHttp::start(with_tokens(move |_| Reply::json(422, body))).await;
    let failed = client(&server.url()).create_reading(&new_reading()).await.unwrap_err();
    assert_eq!(
        failed.to_string(),
        format!(
            "failed to create the reading at {}: status 422 (implausible_value, field bodyweight), request 01JNG3V5K8",
            server.url()
        )
    );
    assert!(!format!("{failed:?}").contains("912.5"));
    assert_eq!(failed.code(), "implausible_value");
    assert_eq!(
        failed.refusal().unwrap().text(),
        "bodyweight 912.5 of member Jo is implausible"
    );
}

#[tokio::test]
async fn a_broken_answer_is_described_without_its_values() {
    let failed = fails(Call::CreateReading, Reply::json(201, r#"{"id":"912.5 kg"}"#)).await;
    let shown = format!("{failed} {failed:?}");
    assert!(
        shown.contains("JSON of an unknown shape") && !shown.contains("912.5"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = FakeHttp::start(with_tokens(|request| match request.line().as_str() {
        READINGS => error(307, "x").with("location", "/elsewhere"),
        _ => Reply::json(201, CREATED),
    }))
    .await;
    client(&server.url()).create_reading(&new_reading()).await.unwrap_err();
    assert_eq!(server.lines(), ["POST /oauth/token", READINGS]);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let long = format!("[{}1]", "1,".repeat(1 << 20));
    let failed = fails(Call::CreateReading, Reply::json(200, long)).await;
    assert_eq!(failed.remedy(), Remedy::Pause(Pause::WrongUrl));
}

#[tokio::test]
async fn a_server_that_does_not_say_whose_readings_it_lists_cannot_be_asked() {
    let lists = Mutex::new(vec![
        r#"[{"id":9041,"externalid":"somebody-else"},{"id":9042,"externalid":"0195-walkup","status":"complete"}]"#,
        r#"[{"id":9041},{"id":8873}]"#,
        r#"[{"id":9041,"externalid":"somebody-else"}]"#,
        "[]",
    ]);
    let server = FakeHttp::start(with_tokens(move |_| Reply::json(200, lists.lock().unwrap().remove(0)))).await;
    let client = client(&server.url());
    assert_eq!(client.find_reading("0195-walkup").await.unwrap().unwrap().id, Id(9042));
    let ambiguous = client.find_reading("0195-walkup").await.unwrap_err();
    assert_eq!(ambiguous.remedy(), Remedy::Uncertain);
    assert_eq!(client.find_reading("0195-walkup").await.unwrap(), None);
    assert_eq!(client.find_reading("0195-walkup").await.unwrap(), None);
    assert_eq!(
        server.requests().last().unwrap().target,
        "/rest/v2.10/readings?externalid=0195-walkup&fields=id%2Cexternalid%2Cstatus%2Cassignment"
    );
}
