//! One HTTP call: sent, read up to a limit, sorted into answer and failure.

use std::{
    error::Error,
    io,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use jiff::Timestamp;
use reqwest::{Request, Url};

use crate::{
    CallError, Config,
    answer::{Answer, Kind},
    client::BuildError,
    error::{Call, NotOurs, Place},
};

/// Time for name, connection and handshake together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a whole call. Long enough for a slow mobile link, short enough for a hung server to be noticed within a
/// scan.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest answer that is read: a first page of readings with every field stays far below.
const ANSWER_LIMIT: usize = 1 << 20;
/// As many connections as readings may be on their way at once are kept for the next one.
const IDLE_CONNECTIONS: usize = 16;
/// No answer has told the server's time yet.
const UNKNOWN: i64 = i64::MIN;

pub(crate) struct Http {
    client: reqwest::Client,
    server: Arc<str>,
    /// Server's clock less ours in milliseconds, or [`UNKNOWN`].
    clock_offset: AtomicI64,
}

impl Http {
    pub(crate) fn new(config: &Config) -> Result<Self, BuildError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("scanbridge/", env!("CARGO_PKG_VERSION")))
            // A followed redirect would carry the token elsewhere and hide a captive portal.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_keepalive(Duration::from_secs(60))
            // The environment's proxies are not meant for us.
            .no_proxy();
        if let Some(proxy) = &config.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(BuildError::Http)?);
        }
        if config.base_url.scheme() == "http" {
            // Without TLS the system's certificates are not loaded: they cost memory, and a small machine may have
            // none.
            builder = builder.tls_certs_only([]);
        } else if let Some(path) = &config.ca_file {
            let unusable = |source: Box<dyn Error + Send + Sync>| BuildError::CaFile {
                path: path.clone(),
                source,
            };
            let pem = std::fs::read(path).map_err(|error| unusable(error.into()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.into()))?;
            if certificates.is_empty() {
                return Err(unusable("there is no certificate in it".into()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self {
            client: builder.build().map_err(BuildError::Http)?,
            server: config.base_url.as_str().trim_end_matches('/').into(),
            clock_offset: AtomicI64::new(UNKNOWN),
        })
    }

    /// Base URL without a slash at its end.
    pub(crate) fn server(&self) -> &Arc<str> {
        &self.server
    }

    pub(crate) fn place(&self, call: Call) -> Place {
        Place {
            call,
            server: self.server.clone(),
        }
    }

    pub(crate) fn clock_offset_ms(&self) -> Option<i64> {
        Some(self.clock_offset.load(Ordering::Relaxed)).filter(|&offset| offset != UNKNOWN)
    }

    /// Sends a request. `Ok` is a success with JSON or without content. `token` is taken out of whatever text is kept.
    pub(crate) async fn send(&self, call: Call, request: Request, token: Option<&str>) -> Result<Answer, CallError> {
        let asked = request.url().clone();
        let answer = self.exchange(call, request).await?;
        self.note_clock(&answer);
        match answer.kind(&asked, token) {
            Kind::Success => Ok(answer),
            Kind::Refusal(refusal) => Err(CallError::Refused {
                at: self.place(call),
                refusal: Box::new(refusal),
            }),
            Kind::Foreign(what) => Err(CallError::Foreign {
                at: self.place(call),
                status: answer.status,
                what,
            }),
        }
    }

    async fn exchange(&self, call: Call, request: Request) -> Result<Answer, CallError> {
        let failed = |source: reqwest::Error| self.failure(call, source.without_url());
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let expected = response.content_length().unwrap_or_default();
        let mut body = Vec::with_capacity(usize::try_from(expected).unwrap_or(ANSWER_LIMIT).min(ANSWER_LIMIT));
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                let (at, status) = (self.place(call), response.status());
                return Err(CallError::Foreign {
                    at,
                    status,
                    what: NotOurs::TooLarge,
                });
            }
            body.extend_from_slice(&chunk);
        }
        let status = response.status();
        let headers: HeaderMap = std::mem::take(response.headers_mut());
        Ok(Answer { status, headers, body })
    }

    fn failure(&self, call: Call, source: reqwest::Error) -> CallError {
        let at = self.place(call);
        if is_certificate_fault(&source) {
            CallError::Untrusted { at, source }
        } else if source.is_connect() || source.is_builder() {
            CallError::Unreachable { at, source }
        } else {
            CallError::Lost { at, source }
        }
    }

    /// `Date` has whole seconds, so that half a second is the best guess of what was cut off.
    fn note_clock(&self, answer: &Answer) {
        if let Some(date) = answer.date() {
            let offset = date.as_millisecond() + 500 - Timestamp::now().as_millisecond();
            self.clock_offset.store(offset, Ordering::Relaxed);
        }
    }
}

/// Joins base URL and a path of the dialect.
pub(crate) fn url(server: &str, path: &str) -> Url {
    format!("{server}{path}")
        .parse()
        .expect("a checked base URL stays a URL with a path behind it")
}

/// A handshake that failed because of the certificate or its name, told from a server that is not there. The
/// handshake's error lies inside an `io::Error`, whose `source` skips it.
fn is_certificate_fault(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = error.downcast_ref::<rustls::Error>().or_else(|| inner?.downcast_ref());
        if matches!(
            tls,
            Some(
                rustls::Error::InvalidCertificate(_)
                    | rustls::Error::NoCertificatesPresented
                    | rustls::Error::UnsupportedNameType
            )
        ) {
            return true;
        }
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
