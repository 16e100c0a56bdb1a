use std::net::Ipv4Addr;

use axum::http::{HeaderMap, header};

use super::*;
use crate::{
    oauth::pair::{ACCESS_S, GRACE_MS, REFRESH_MS},
    state::test_hub,
};

const NOW: i64 = 1_800_000_000_000;
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn ask(hub: &Hub, form: &str, now: i64) -> Result<TokenResponse, Refusal> {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        "application/x-www-form-urlencoded".parse().unwrap(),
    );
    let request = TokenRequest::read(&headers, form.as_bytes())?;
    match request.grant_type() {
        Some("refresh_token") => refresh(hub, &request, PEER, now).await,
        _ => client_credentials(hub, &request, PEER, now).await,
    }
}

async fn first(hub: &Hub) -> TokenResponse {
    ask(
        hub,
        "grant_type=client_credentials&client_id=k3x9&client_secret=s3cret",
        NOW,
    )
    .await
    .unwrap()
}

async fn again(hub: &Hub, token: &str, more: &str, now: i64) -> Result<TokenResponse, Refusal> {
    let form = format!("grant_type=refresh_token&client_id=k3x9&client_secret=s3cret&refresh_token={token}{more}");
    ask(hub, &form, now).await
}

async fn is_live(hub: &Hub, access: &str, now: i64) -> bool {
    hub.tokens
        .caller(hub.store.read(), &secret::digest(access), now)
        .await
        .unwrap()
        .is_some()
}

#[tokio::test]
async fn a_used_refresh_token_yields_the_same_successor_for_ten_seconds_and_then_ends_its_family() {
    let (hub, _folder) = test_hub().await;
    let old = first(&hub).await.refresh_token.unwrap();
    let next = again(&hub, &old, "", NOW).await.unwrap();
    let retried = again(&hub, &old, "", NOW + GRACE_MS).await.unwrap();
    assert_eq!(
        (&retried.access_token, &retried.refresh_token),
        (&next.access_token, &next.refresh_token)
    );
    assert!(is_live(&hub, &next.access_token, NOW + GRACE_MS).await);
    let reused = again(&hub, &old, "", NOW + GRACE_MS + 1).await.unwrap_err();
    assert_eq!(reused.error, OAuthError::InvalidGrant);
    assert!(!is_live(&hub, &next.access_token, NOW + GRACE_MS + 1).await);
    let successor = again(&hub, &next.refresh_token.unwrap(), "", NOW + GRACE_MS + 1)
        .await
        .unwrap_err();
    assert_eq!(successor.error, OAuthError::InvalidGrant);
}

#[tokio::test]
async fn scopes_narrow_and_never_widen() {
    let (hub, _folder) = test_hub().await;
    let wide = first(&hub).await;
    assert_eq!(wide.scope.as_deref(), Some("scan_performer scan_creator"));
    let narrow = again(&hub, &wide.refresh_token.unwrap(), "&scope=scan_creator", NOW)
        .await
        .unwrap();
    assert_eq!(narrow.scope.as_deref(), Some("scan_creator"));
    let wider = again(
        &hub,
        &narrow.refresh_token.unwrap(),
        "&scope=scan_creator,scan_performer",
        NOW,
    )
    .await;
    assert_eq!(wider.unwrap_err().error, OAuthError::InvalidScope);
    let outside = "grant_type=client_credentials&client_id=k3x9&client_secret=s3cret&scope=reporting";
    assert_eq!(
        ask(&hub, outside, NOW).await.unwrap_err().error,
        OAuthError::InvalidScope
    );
}

#[tokio::test]
async fn tokens_end_at_their_time() {
    let (hub, _folder) = test_hub().await;
    let tokens = first(&hub).await;
    let end = NOW + ACCESS_S * 1000;
    assert!(is_live(&hub, &tokens.access_token, end - 1).await);
    assert!(!is_live(&hub, &tokens.access_token, end).await);
    let refresh = tokens.refresh_token.unwrap();
    assert!(again(&hub, &refresh, "", NOW + REFRESH_MS).await.is_err());
    assert!(again(&hub, &refresh, "", NOW + REFRESH_MS - 1).await.is_ok());
}

#[tokio::test]
async fn failures_are_limited_for_one_address_and_one_app() {
    let (hub, _folder) = test_hub().await;
    let wrong = "grant_type=client_credentials&client_id=k3x9&client_secret=wrong";
    for _ in 0..5 {
        assert_eq!(
            ask(&hub, wrong, NOW).await.unwrap_err().error,
            OAuthError::InvalidClient
        );
    }
    let limited = ask(&hub, wrong, NOW).await.unwrap_err();
    assert_eq!((limited.error, limited.retry_after), (OAuthError::SlowDown, Some(300)));
    let unknown = "grant_type=client_credentials&client_id=nobody&client_secret=wrong";
    assert_eq!(
        ask(&hub, unknown, NOW).await.unwrap_err().error,
        OAuthError::InvalidClient
    );
    let right = "grant_type=client_credentials&client_id=k3x9&client_secret=s3cret";
    assert!(ask(&hub, right, NOW + throttle::WINDOW_MS).await.is_ok());
}

#[tokio::test]
async fn a_refresh_needs_the_app_it_was_given_to() {
    let (hub, _folder) = test_hub().await;
    let other = crate::seed::NewApp {
        client_id: "other",
        name: None,
        scopes: "reporting".into(),
        facilities: &[],
    };
    crate::seed::put_app(&hub.store, &other, "0ther".to_owned().into())
        .await
        .unwrap();
    let token = first(&hub).await.refresh_token.unwrap();
    let form = format!("grant_type=refresh_token&client_id=other&client_secret=0ther&refresh_token={token}");
    assert_eq!(ask(&hub, &form, NOW).await.unwrap_err().error, OAuthError::InvalidGrant);
    let public = format!("grant_type=refresh_token&client_id=k3x9&refresh_token={token}");
    assert_eq!(
        ask(&hub, &public, NOW).await.unwrap_err().error,
        OAuthError::InvalidClient
    );
    let none = "grant_type=refresh_token&client_id=k3x9&client_secret=s3cret";
    assert_eq!(
        ask(&hub, none, NOW).await.unwrap_err().error,
        OAuthError::InvalidRequest
    );
}
