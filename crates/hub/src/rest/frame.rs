//! What surrounds every answer: the request's id, the version, the form of errors, the log line.

use std::time::Instant;

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use cloud_api::{API_VERSION, ErrorBody, headers};
use serde::Serialize;
use uuid::Uuid;

use super::error::Failure;

/// Longest request id that is echoed.
const REQUEST_ID_MAX: usize = 128;

pub(super) async fn frame(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let problem = wants_problem(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(Failure(body)) = response.extensions_mut().remove::<Failure>() {
        write_error(&mut response, *body, &id, problem);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static(headers::REQUEST_ID), value);
    }
    headers.insert(
        HeaderName::from_static(headers::API_VERSION),
        HeaderValue::from_static(API_VERSION),
    );
    // The path itself may hold an identifier, the query a token: the route's template says enough.
    tracing::info!(
        %method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        request_id = %id,
        "request"
    );
    response
}

fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(headers::REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=REQUEST_ID_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()))
        .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}

fn wants_problem(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|accept| accept.contains("application/problem+json"))
    })
}

/// RFC 9457, with the members of our own errors as extensions.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: &'a Option<serde_json::Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [cloud_api::FieldFault],
    request_id: &'a str,
}

fn write_error(response: &mut Response, mut body: ErrorBody, id: &str, problem: bool) {
    let status = response.status();
    let (media_type, text) = if problem {
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: &body.error,
            code: body.code.as_deref().unwrap_or_default(),
            field: &body.field,
            details: &body.details,
            errors: &body.errors,
            request_id: id,
        };
        ("application/problem+json", serde_json::to_vec(&problem))
    } else {
        body.request_id = Some(id.to_owned());
        ("application/json", serde_json::to_vec(&body))
    };
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    // Strings and numbers always serialise; an empty body would still carry the status.
    *response.body_mut() = Body::from(text.unwrap_or_default());
}
