//! The token end point, and presenting tokens.

use reqwest::Method;
use serde_json::Value;

use crate::support::{API, SECRET, TestHub, answer};

fn form<'a>(client: &'a str, secret: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
    ]
}

#[tokio::test]
async fn an_app_gets_a_token_of_the_published_shape_by_form_and_by_basic() {
    let hub = TestHub::start().await;
    let (status, tokens) = hub.token_form(&form("k3x9", SECRET)).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&Value::from("bearer"), &Value::from(1800))
    );
    assert!(tokens["refresh_token"].is_string() && tokens["scope"].as_str().unwrap().contains("scan_creator"));
    let response = hub
        .request(Method::POST, "/oauth/token")
        .basic_auth("k3x9", Some(SECRET))
        .form(&[
            ("grant_type", "client_credentials"),
            ("scope", "scan_creator,scan_performer"),
        ])
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(answer(response).await.status, 200);
}

#[tokio::test]
async fn an_identifier_with_and_without_its_suffix_is_one_client_18_4() {
    let hub = TestHub::start().await;
    assert_eq!(hub.token_form(&form("k3x9@apps.boditrax.com", SECRET)).await.0, 200);
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_the_codes_of_the_standard() {
    let hub = TestHub::start().await;
    for (fields, status, error) in [
        (form("k3x9", "wrong").to_vec(), 401, "invalid_client"),
        (form("nobody", SECRET).to_vec(), 401, "invalid_client"),
        (vec![("grant_type", "client_credentials")], 401, "invalid_client"),
        (
            vec![("grant_type", "password"), ("username", "jo")],
            400,
            "unsupported_grant_type",
        ),
        (vec![("client_id", "k3x9")], 400, "invalid_request"),
        (
            [form("k3x9", SECRET).as_slice(), &[("scope", "scan_licenser")]].concat(),
            400,
            "invalid_scope",
        ),
        (
            [form("k3x9", SECRET).as_slice(), &[("scope", "root")]].concat(),
            400,
            "invalid_scope",
        ),
        (
            [form("k3x9", SECRET).as_slice(), &[("client_id", "other")]].concat(),
            400,
            "invalid_request",
        ),
    ] {
        let (got, body) = hub.token_form(&fields).await;
        assert_eq!(
            (got.as_u16(), body["error"].as_str()),
            (status, Some(error)),
            "{fields:?}"
        );
        assert!(body["error_description"].is_string());
    }
    let refused = hub
        .request(Method::POST, "/oauth/token")
        .basic_auth("k3x9", Some("wrong"))
        .form(&form("", "")[..1])
        .send();
    assert_eq!(
        refused.await.unwrap().headers()["www-authenticate"],
        "Basic realm=\"boditrax\""
    );
}

#[tokio::test]
async fn a_token_works_by_header_and_by_query_but_not_by_both_18_1() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    assert_eq!(bridge.get("/readings").await.status, 200);
    let by_query = format!("{API}/readings?access_token={}", bridge.token);
    assert_eq!(hub.request(Method::GET, &by_query).send().await.unwrap().status(), 200);
    let both = bridge.get(&format!("/readings?access_token={}", bridge.token)).await;
    assert_eq!((both.status, both.code().as_str()), (400, "invalid_request"));
    let none = answer(
        hub.request(Method::GET, &format!("{API}/readings"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!((none.status, none.code().as_str()), (401, "missing_token"));
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"boditrax\"");
    let wrong = hub
        .request(Method::GET, &format!("{API}/readings"))
        .bearer_auth("at_made_up")
        .send()
        .await
        .unwrap();
    let wrong = answer(wrong).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_token"));
    assert_eq!(
        wrong.header("www-authenticate"),
        "Bearer realm=\"boditrax\", error=\"invalid_token\""
    );
}

#[tokio::test]
async fn tokens_survive_a_restart_and_end_with_a_new_secret_18_13() {
    let mut hub = TestHub::start().await;
    let token = hub.bridge().await.token;
    hub.restart().await;
    let request = |hub: &TestHub| {
        hub.request(Method::GET, &format!("{API}/readings"))
            .bearer_auth(&token)
            .send()
    };
    assert_eq!(request(&hub).await.unwrap().status(), 200);
    let folder = hub.store();
    std::fs::write(folder.with_file_name("secret"), "another").unwrap();
    hub.restart().await;
    assert_eq!(request(&hub).await.unwrap().status(), 401);
    assert_eq!(hub.token_form(&form("k3x9", SECRET)).await.0, 401);
    assert_eq!(hub.token_form(&form("k3x9", "another")).await.0, 200);
}

#[tokio::test]
async fn a_refreshed_token_works_and_the_store_holds_no_token() {
    let hub = TestHub::start().await;
    let (_, first) = hub.token_form(&form("k3x9", SECRET)).await;
    let refresh = first["refresh_token"].as_str().unwrap();
    let (status, second) = hub
        .token_form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", "k3x9"),
            ("client_secret", SECRET),
        ])
        .await;
    assert_eq!(status, 200);
    let access = second["access_token"].as_str().unwrap();
    let index = hub.request(Method::GET, API).bearer_auth(access).send().await.unwrap();
    assert_eq!(index.status(), 200);
    let mut stored = std::fs::read(hub.store()).unwrap();
    stored.extend(std::fs::read(hub.store().with_extension("db-wal")).unwrap_or_default());
    for secret in [access, refresh, SECRET] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}
