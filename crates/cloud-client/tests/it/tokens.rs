//! Tokens: asked for in the published form, refreshed in time, replaced after a 401, one request at a time.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cloud_client::{Client, Pause, Remedy};

use crate::{
    CREATED, READINGS, TOKEN, TOKEN_ANSWER, client, config,
    fake_http::{FakeHttp, Reply, Request},
    new_reading,
};

/// A token end point that hands out `at_1`, `rt_1`, `at_2`, `rt_2`, … and an API that takes only the latest access
/// token.
#[derive(Default)]
struct Endpoint {
    given: AtomicUsize,
    revoked: Mutex<Vec<String>>,
    secret: Mutex<Option<String>>,
    away: Mutex<Option<Reply>>,
    life: Option<u64>,
    without_refresh: bool,
}

impl Endpoint {
    fn answer(&self, request: &Request) -> Reply {
        if request.line() != TOKEN {
            let bearer = request.header("authorization").unwrap_or_default();
            return match bearer == format!("Bearer at_{}", self.given.load(Ordering::SeqCst)) {
                true => Reply::json(201, CREATED),
                false => Reply::json(401, r#"{"success":false,"error":"Expired.","code":"invalid_token"}"#)
                    .with("www-authenticate", r#"Bearer realm="boditrax", error="invalid_token""#),
            };
        }
        if let Some(reply) = self.away.lock().unwrap().clone() {
            return reply;
        }
        let secret = self.secret.lock().unwrap().clone();
        if secret.is_some_and(|secret| !request.body.contains(&format!("client_secret={secret}"))) {
            return Reply::json(401, r#"{"error":"invalid_client"}"#);
        }
        if self
            .revoked
            .lock()
            .unwrap()
            .iter()
            .any(|token| request.body.contains(token))
        {
            return Reply::json(
                400,
                r#"{"error":"invalid_grant","error_description":"That token is gone."}"#,
            );
        }
        let n = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        let life = self.life.unwrap_or(1800);
        let refresh = if self.without_refresh {
            String::new()
        } else {
            format!(r#","refresh_token":"rt_{n}""#)
        };
        Reply::json(
            200,
            format!(r#"{{"access_token":"at_{n}","token_type":"Bearer","expires_in":{life}{refresh},"x":[]}}"#),
        )
    }

    /// The server forgets every access token it has given.
    fn revoke_access(&self) {
        self.given.fetch_add(1, Ordering::SeqCst);
    }
}

async fn serve(endpoint: Endpoint) -> (FakeHttp, Arc<Endpoint>) {
    let endpoint = Arc::new(endpoint);
    let handler = endpoint.clone();
    (FakeHttp::start(move |request| handler.answer(request)).await, endpoint)
}

/// Grant types asked for, in order.
fn grants(server: &FakeHttp) -> Vec<String> {
    let tokens = server.requests().into_iter().filter(|request| request.line() == TOKEN);
    tokens
        .map(|request| {
            let grant = request
                .body
                .split('&')
                .find_map(|pair| pair.strip_prefix("grant_type="))
                .unwrap_or_default();
            let token = request
                .body
                .split('&')
                .find_map(|pair| pair.strip_prefix("refresh_token="));
            token.map_or(grant.to_owned(), |token| format!("{grant} {token}"))
        })
        .collect()
}

#[tokio::test]
async fn the_first_token_is_asked_for_in_the_published_form_and_goes_into_the_header() {
    let server = FakeHttp::start(crate::with_tokens(|_| Reply::json(201, CREATED))).await;
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "s3cr&t\n").unwrap();
    let mut config = config(&server.url(), "");
    config.client_secret = format!("file:{}", secret.display()).try_into().unwrap();
    let client = Client::new(&config).unwrap();
    for _ in 0..3 {
        client.create_reading(&new_reading()).await.unwrap();
    }
    assert_eq!(server.lines(), [TOKEN, READINGS, READINGS, READINGS]);
    let requests = server.requests();
    let mut pairs: Vec<_> = requests[0].body.split('&').collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            "client_id=k3x9",
            "client_secret=s3cr%26t",
            "grant_type=client_credentials",
            "scope=scan_performer+scan_creator"
        ]
    );
    assert_eq!(requests[1].header("authorization"), Some("Bearer at_7Qd0mN3vX2yZ"));
    assert!(
        !requests.iter().any(|request| request.target.contains("token=")),
        "a token in a URL"
    );
}

#[tokio::test]
async fn a_token_is_refreshed_at_four_fifths_of_its_life_and_its_successor_is_used_next() {
    let (server, _) = serve(Endpoint {
        life: Some(1000),
        ..Endpoint::default()
    })
    .await;
    let client = client(&server.url());
    let pass = async |seconds| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        client.create_reading(&new_reading()).await.unwrap();
    };
    pass(0).await;
    pass(790).await;
    assert_eq!(grants(&server), ["client_credentials"]);
    pass(11).await;
    pass(801).await;
    assert_eq!(
        grants(&server),
        ["client_credentials", "refresh_token rt_1", "refresh_token rt_2"]
    );
}

#[tokio::test]
async fn without_a_refresh_token_the_original_grant_is_used_again() {
    let (server, _) = serve(Endpoint {
        life: Some(0),
        without_refresh: true,
        ..Endpoint::default()
    })
    .await;
    let client = client(&server.url());
    client.create_reading(&new_reading()).await.unwrap();
    client.create_reading(&new_reading()).await.unwrap();
    assert_eq!(grants(&server), ["client_credentials", "client_credentials"]);
}

#[tokio::test]
async fn a_dead_refresh_token_falls_back_to_the_original_grant() {
    let (server, endpoint) = serve(Endpoint {
        life: Some(0),
        ..Endpoint::default()
    })
    .await;
    let client = client(&server.url());
    client.create_reading(&new_reading()).await.unwrap();
    endpoint.revoked.lock().unwrap().push("rt_1".into());
    client.create_reading(&new_reading()).await.unwrap();
    assert_eq!(
        grants(&server),
        ["client_credentials", "refresh_token rt_1", "client_credentials"]
    );
}

#[tokio::test]
async fn a_rejected_token_is_refreshed_and_the_call_goes_through() {
    let (server, endpoint) = serve(Endpoint::default()).await;
    let client = client(&server.url());
    client.create_reading(&new_reading()).await.unwrap();
    endpoint.revoke_access();
    client.create_reading(&new_reading()).await.unwrap();
    assert_eq!(server.lines(), [TOKEN, READINGS, READINGS, TOKEN, READINGS]);
    assert_eq!(grants(&server), ["client_credentials", "refresh_token rt_1"]);
}

#[tokio::test]
async fn a_call_that_is_rejected_for_good_refreshes_once_authenticates_once_and_ends() {
    let server = FakeHttp::start(crate::with_tokens(|_| {
        Reply::json(401, r#"{"success":false,"error":"No.","code":"invalid_token"}"#)
    }))
    .await;
    let failed = client(&server.url()).create_reading(&new_reading()).await.unwrap_err();
    assert_eq!(failed.remedy(), Remedy::Pause(Pause::Unauthorised));
    assert_eq!(
        grants(&server),
        [
            "client_credentials",
            "refresh_token rt_pL81cWbR5tKe",
            "client_credentials"
        ]
    );
    assert_eq!(server.count(READINGS), 3);
}

#[tokio::test]
async fn a_secret_that_was_reset_is_read_anew() {
    let endpoint = Endpoint {
        secret: Mutex::new(Some("old".into())),
        ..Endpoint::default()
    };
    let (server, endpoint) = serve(endpoint).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    fs::write(&path, "old\n").unwrap();
    let mut config = config(&server.url(), "");
    config.client_secret = format!("file:{}", path.display()).try_into().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new(&config).unwrap();
    client.create_reading(&new_reading()).await.unwrap();

    *endpoint.secret.lock().unwrap() = Some("new".into());
    endpoint.revoke_access();
    let failed = client.create_reading(&new_reading()).await.unwrap_err();
    assert_eq!(failed.remedy(), Remedy::Pause(Pause::Unauthorised));
    assert_eq!(failed.code(), "invalid_client");

    fs::write(&path, "new\n").unwrap();
    client.create_reading(&new_reading()).await.unwrap();

    fs::remove_file(&path).unwrap();
    endpoint.revoke_access();
    let failed = client.create_reading(&new_reading()).await.unwrap_err();
    assert_eq!(
        (failed.remedy(), failed.code().as_ref()),
        (Remedy::Pause(Pause::Unauthorised), "secret_unavailable")
    );
}

#[tokio::test]
async fn a_token_that_lives_for_ever_is_used() {
    let answer = r#"{"access_token":"at","token_type":"bearer","expires_in":18446744073709551615}"#;
    let server = FakeHttp::start(move |_: &Request| Reply::json(200, answer)).await;
    client(&server.url()).authenticate().await.unwrap();
}

#[tokio::test]
async fn many_calls_at_once_share_one_token_request() {
    let (server, endpoint) = serve(Endpoint::default()).await;
    let client = client(&server.url());
    let create = async || client.create_reading(&new_reading()).await.unwrap();
    tokio::join!(create(), create(), create(), create());
    assert_eq!(grants(&server), ["client_credentials"]);
    endpoint.revoke_access();
    tokio::join!(create(), create(), create(), create());
    assert_eq!(grants(&server), ["client_credentials", "refresh_token rt_1"]);
}

#[tokio::test]
async fn while_the_token_end_point_is_away_a_token_that_is_still_good_is_used() {
    let (server, endpoint) = serve(Endpoint {
        life: Some(1000),
        ..Endpoint::default()
    })
    .await;
    let client = client(&server.url());
    client.create_reading(&new_reading()).await.unwrap();
    *endpoint.away.lock().unwrap() = Some(Reply::json(503, r#"{"error":"temporarily_unavailable"}"#));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(850)).await;
    tokio::time::resume();
    client.create_reading(&new_reading()).await.unwrap();
    client.create_reading(&new_reading()).await.unwrap();
    assert_eq!(
        grants(&server),
        ["client_credentials", "refresh_token rt_1"],
        "asked again before its time"
    );

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(200)).await;
    tokio::time::resume();
    let failed = client.create_reading(&new_reading()).await.unwrap_err();
    assert_eq!(failed.remedy(), Remedy::RetryLater { after: None });
    *endpoint.away.lock().unwrap() = None;
    client.create_reading(&new_reading()).await.unwrap();
}

#[tokio::test]
async fn refusals_of_the_token_end_point_name_what_is_wrong() {
    for (reply, remedy) in [
        (
            Reply::json(401, r#"{"error":"invalid_client"}"#),
            Remedy::Pause(Pause::Unauthorised),
        ),
        (
            Reply::json(400, r#"{"error":"invalid_scope"}"#),
            Remedy::Pause(Pause::Forbidden),
        ),
        (
            Reply::json(400, r#"{"error":"unauthorized_client"}"#),
            Remedy::Pause(Pause::Forbidden),
        ),
        (Reply::json(404, r#"{"error":"no"}"#), Remedy::Pause(Pause::WrongUrl)),
        (Reply::html(200), Remedy::Pause(Pause::CaptivePortal)),
        (
            Reply::json(200, r#"{"access_token":"at"#),
            Remedy::RetryLater { after: None },
        ),
        (
            Reply::json(200, r#"{"token_type":"bearer"}"#),
            Remedy::RetryLater { after: None },
        ),
        (
            Reply::json(429, r#"{"error":"slow_down"}"#).with("retry-after", "9"),
            Remedy::RetryLater {
                after: Some(Duration::from_secs(9)),
            },
        ),
    ] {
        let shown = format!("{reply:?}");
        let server = FakeHttp::start(move |_| reply.clone()).await;
        let failed = client(&server.url()).authenticate().await.unwrap_err();
        assert_eq!(failed.remedy(), remedy, "{shown}");
        assert!(
            failed.to_string().starts_with("cannot get a token") || failed.to_string().starts_with("failed to get")
        );
    }
}

#[tokio::test]
async fn no_token_and_no_secret_is_ever_printed() {
    let echo =
        format!(r#"{{"success":false,"error":"Seen: {TOKEN_ANSWER}","code":"at_7Qd0mN3vX2yZ"}}"#).replace('\n', "");
    let server = FakeHttp::start(crate::with_tokens(move |_| Reply::json(400, echo.clone()))).await;
    let client = client(&server.url());
    let failed = client.create_reading(&new_reading()).await.unwrap_err();
    let shown = format!("{client:?} {failed} {failed:?} {}", failed.refusal().unwrap().text());
    assert!(!shown.contains("at_7Qd0mN3vX2yZ"), "{shown}");
}
