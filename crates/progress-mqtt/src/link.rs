//! One connection to one broker. The two versions of MQTT differ in their packets only; nobody outside this module sees which
//! one is spoken.
//!
//! A link never reconnects: when it fails it is dropped, and the next one is built anew with its own last will.

mod v4;
mod v5;

use std::{error::Error, io, sync::Arc, time::Duration};

use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use rustls::ClientConfig;
use secrecy::SecretString;

use crate::{
    config::{BrokerUrl, Config, Version},
    fault::{Fault, State},
    message::Message,
    tls,
};

/// Messages that may be on their way unacknowledged. More would only be memory: the client library reserves room for each.
pub(crate) const IN_FLIGHT: u16 = 16;

/// Messages handed over and not yet written. At most [`IN_FLIGHT`] of them wait for an answer; the others are progress.
const HANDED_OVER: usize = 32;

/// From the first packet to the broker's answer, name resolution and TLS included.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// As whom to connect.
pub(crate) struct Session {
    pub(crate) client_id: String,
    pub(crate) keep_alive: Duration,
    /// None: nobody will miss this client.
    pub(crate) will: Option<Will>,
}

/// What the broker does when it loses the client. MQTT 3.1.1 knows no durations: it publishes at once.
pub(crate) struct Will {
    pub(crate) message: Message,
    pub(crate) delay: Duration,
    /// How long the broker remembers the session, and with it that the will is due.
    pub(crate) session_expiry: Duration,
}

/// Everything a connection needs.
struct Dial<'a> {
    url: &'a BrokerUrl,
    session: Session,
    credentials: Option<Credentials>,
    tls: Option<Arc<ClientConfig>>,
}

/// User name and password.
struct Credentials {
    username: String,
    password: SecretString,
}

/// What happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The broker accepted the connection.
    Connected(Terms),
    /// The broker answered the oldest unacknowledged message, or says why it does not take it.
    Acknowledged(Result<(), String>),
    /// Another packet came in.
    Heard,
    /// A packet went out.
    Said,
    /// The DISCONNECT packet went out. Nothing comes after it.
    SaidGoodbye,
}

/// What the broker made a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Unacknowledged messages it takes.
    pub(crate) in_flight: u16,
    /// Its own keep-alive, which goes before the client's.
    pub(crate) keep_alive: Option<Duration>,
}

/// A connection. Dropping it closes the socket without a goodbye.
pub(crate) struct Link {
    client: Client,
    events: BoxStream<'static, Result<Seen, Fault>>,
}

enum Client {
    V5(rumqttc::AsyncClient),
    V4(rumqttc_v4::AsyncClient),
}

impl Link {
    /// Prepares a connection; the first [`Link::next`] makes it. Secrets and certificates are read now.
    pub(crate) fn new(config: &Config, url: &BrokerUrl, session: Session) -> Result<Self, Fault> {
        let tls = url.is_encrypted().then(|| tls::client_config(config));
        let dial = Dial {
            url,
            session,
            credentials: credentials(config)?,
            tls: tls.transpose()?,
        };
        match config.version {
            Version::V5 => v5::open(dial),
            Version::V311 => v4::open(dial),
        }
    }

    /// Waits for the broker's answer.
    pub(crate) async fn connected(&mut self) -> Result<Terms, Fault> {
        match self.next().await? {
            Seen::Connected(terms) => Ok(terms),
            _ => Err(closed_fault()),
        }
    }

    /// What happens next. The first value is [`Seen::Connected`] or a fault; a fault is the last one.
    ///
    /// Cancel-safe: nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Seen, Fault> {
        let ended = || Err(Fault::new(State::Unreachable, "The connection is closed"));
        self.events.next().await.unwrap_or_else(ended)
    }

    /// Hands a message over, if there is room; never waits.
    pub(crate) fn publish(&self, message: Message) -> bool {
        match &self.client {
            Client::V5(client) => v5::publish(client, message),
            Client::V4(client) => v4::publish(client, message),
        }
    }

    /// Hands the goodbye over, if there is room. [`Seen::SaidGoodbye`] tells when it went out.
    pub(crate) fn say_goodbye(&self) -> bool {
        match &self.client {
            Client::V5(client) => client.try_disconnect().is_ok(),
            Client::V4(client) => client.try_disconnect().is_ok(),
        }
    }
}

fn credentials(config: &Config) -> Result<Option<Credentials>, Fault> {
    let Some(username) = config.username.clone() else {
        return Ok(None);
    };
    let password = match &config.password {
        None => SecretString::default(),
        Some(reference) => reference.read().map_err(|error| {
            let advice = format!("`password` in [mqtt] cannot be read: {error}");
            Fault::new(State::Misconfigured, advice)
        })?,
    };
    Ok(Some(Credentials { username, password }))
}

/// Turns a client library's event loop into a stream. The stream owns the pending poll: an event loop must not be dropped in the
/// middle of a poll, or it would connect again from the start.
fn stream_of<L, F, S>(event_loop: L, poll: S) -> BoxStream<'static, Result<Seen, Fault>>
where
    L: Send + 'static,
    F: Future<Output = (L, Result<Seen, Fault>)> + Send + 'static,
    S: Fn(L) -> F + Clone + Send + 'static,
{
    stream::unfold(Some(event_loop), move |event_loop| {
        let poll = poll.clone();
        async move {
            let (event_loop, seen) = poll(event_loop?).await;
            let next = seen.is_ok().then_some(event_loop);
            Some((seen, next))
        }
    })
    .boxed()
}

/// A failed TLS handshake: not to be trusted, or no TLS at all.
fn tls_fault(error: &(dyn Error + 'static)) -> Fault {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(|error| error.get_ref())
            .and_then(|error| error.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidCertificate(reason)) = inner.or_else(|| error.downcast_ref()) {
            return Fault::new(
                State::UntrustedServer,
                format!(
                    "The broker's certificate is not trusted ({reason}): check its name and validity, or set `ca_file` in [mqtt]"
                ),
            );
        }
        cause = error.source();
    }
    Fault::new(
        State::Unreachable,
        format!("No encrypted connection ({error}): check that the port of `url` speaks TLS"),
    )
}

fn io_fault(error: &io::Error) -> Fault {
    Fault::new(
        State::Unreachable,
        format!("No connection ({error}): check `url` in [mqtt], the broker and the network"),
    )
}

fn timeout_fault() -> Fault {
    Fault::new(
        State::Unreachable,
        "The broker did not answer in time: check `url` in [mqtt] and the network",
    )
}

fn websocket_fault(error: &dyn Error) -> Fault {
    Fault::new(
        State::Unreachable,
        format!("No WebSocket ({error}): check the path of `url` in [mqtt]"),
    )
}

fn closed_fault() -> Fault {
    Fault::new(State::Unreachable, "The broker closed the connection")
}

fn refused_fault(reason: &str, advice: &str) -> Fault {
    Fault::new(
        State::Refused,
        format!("The broker refuses the connection ({reason}): {advice}"),
    )
}

const CHECK_LOGIN: &str = "check `username` and `password` in [mqtt]";
const CHECK_VERSION: &str = "it may be an old one: set `version = \"3.1.1\"` in [mqtt]";
const ASK_THE_OPERATOR: &str = "ask whoever runs the broker";
