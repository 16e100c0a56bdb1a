//! OAuth 2.0 (contract section 3).
//!
//! Which step follows which, and which errors end it, is decided by `oxide-auth`'s state machines for the client
//! credentials and refresh flows; this module gives them what they ask for. Its `Issuer` and `Registrar` traits are
//! synchronous and cannot be kept in an SQL store from async code, so apps and tokens are looked up, made and written at
//! the points where the machines ask: in [`grants`], tokens in [`pair`]. A further grant is a further function in [`grants`].

mod grants;
mod pair;
mod refusal;
mod request;
pub(crate) mod secret;
mod throttle;
pub(crate) mod token_cache;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    Json, Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::post,
};
use cloud_api::OAuthError;

use crate::{clock, state::Hub};
use refusal::Refusal;
use request::TokenRequest;
pub(crate) use throttle::WINDOW_MS;

/// A form of the token end point is a few hundred bytes.
const FORM_LIMIT: usize = 16 * 1024;

pub(crate) fn routes() -> Router<Hub> {
    Router::new().route("/oauth/token", post(token))
}

async fn token(State(hub): State<Hub>, request: Request) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let mut response = match answer(&hub, request, peer).await {
        Ok(tokens) => Json(tokens).into_response(),
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn answer(hub: &Hub, request: Request, peer: IpAddr) -> Result<cloud_api::TokenResponse, Refusal> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), FORM_LIMIT)
        .await
        .map_err(|_| Refusal::new(OAuthError::InvalidRequest, "The form is too large."))?;
    let request = TokenRequest::read(&parts.headers, &body)?;
    let now = clock::now();
    match request.grant_type() {
        Some("client_credentials") => grants::client_credentials(hub, &request, peer, now).await,
        Some("refresh_token") => grants::refresh(hub, &request, peer, now).await,
        Some(_) => Err(Refusal::new(
            OAuthError::UnsupportedGrantType,
            "This server offers client_credentials and refresh_token.",
        )),
        None => Err(Refusal::new(OAuthError::InvalidRequest, "grant_type is missing.")),
    }
}
