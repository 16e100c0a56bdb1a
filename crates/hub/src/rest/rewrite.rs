//! Spellings of a request that mean the same, made one before routing: aliases of the version, a slash at the end, and
//! the method that a POST stands for.

use std::task::{Context, Poll};

use axum::http::{Method, Request, Uri, uri::PathAndQuery};
use cloud_api::headers;
use tower::{Layer, Service};

/// Wraps the router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rewrite;

impl<S> Layer<S> for Rewrite {
    type Service = Rewriting<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Rewriting(inner)
    }
}

/// See [`Rewrite`].
#[derive(Debug, Clone)]
pub(crate) struct Rewriting<S>(S);

impl<S: Service<Request<B>>, B> Service<Request<B>> for Rewriting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some(uri) = canonical(request.uri()) {
            *request.uri_mut() = uri;
        }
        if request.method() == Method::POST
            && let Some(method) = request.headers().get(headers::METHOD_OVERRIDE)
        {
            match method.as_bytes() {
                b"PUT" => *request.method_mut() = Method::PUT,
                b"PATCH" => *request.method_mut() = Method::PATCH,
                b"DELETE" => *request.method_mut() = Method::DELETE,
                _ => {}
            }
        }
        self.0.call(request)
    }
}

/// The address with the served version and without a slash at the end; `None` if it is that already.
fn canonical(uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix("/rest/")?;
    let (version, below) = rest
        .split_once('/')
        .map_or((rest, ""), |(version, below)| (version, below));
    let below = below.strip_suffix('/').unwrap_or(below);
    let served = if is_alias(version) { "v2.10" } else { version };
    let mut path = format!("/rest/{served}");
    if !below.is_empty() {
        path.push('/');
        path.push_str(below);
    }
    if path == uri.path() {
        return None;
    }
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(path).ok()?);
    Uri::from_parts(parts).ok()
}

/// `v2`, and `v2.N` for N up to 10: pairs of integers, never decimals.
fn is_alias(version: &str) -> bool {
    match version.strip_prefix("v2") {
        Some("") => true,
        Some(minor) => minor
            .strip_prefix('.')
            .filter(|digits| digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u8>().ok())
            .is_some_and(|minor| minor <= 10),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_of_the_version_become_the_served_one() {
        for (from, to) in [
            ("/rest/v2/readings?page=2", "/rest/v2.10/readings?page=2"),
            ("/rest/v2.1/readings/101/", "/rest/v2.10/readings/101"),
            ("/rest/v2.9", "/rest/v2.10"),
            ("/rest/v2.10/", "/rest/v2.10"),
        ] {
            assert_eq!(canonical(&from.parse().unwrap()).unwrap(), to);
        }
        for same in [
            "/rest/v2.11/readings",
            "/rest/v3",
            "/rest/v2.100/x",
            "/rest/v2.10/readings",
            "/oauth/token/",
        ] {
            assert_eq!(canonical(&same.parse().unwrap()), None, "{same}");
        }
    }
}
