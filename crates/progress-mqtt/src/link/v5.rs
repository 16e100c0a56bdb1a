//! MQTT 5.

use std::{pin::Pin, time::Duration};

use rumqttc::{
    AsyncClient, Broker, ConnectReturnCode, ConnectionError, DisconnectReasonCode, Event, EventLoop, LastWill,
    LastWillProperties, MqttOptions, Outgoing, Packet, PersistedAckMode, PersistedSession, PubAckReason,
    PublishOptions, PublishProperties, QoS, SessionStore, SessionStoreError, SessionStoreKey, StateError,
    TlsConfiguration, Transport,
};
use secrecy::ExposeSecret as _;

use super::{
    ASK_THE_OPERATOR, CHECK_LOGIN, CHECK_VERSION, CONNECT_WITHIN, Client, Dial, HANDED_OVER, IN_FLIGHT, Link, Seen,
    Terms, Will, closed_fault, io_fault, refused_fault, stream_of, timeout_fault, tls_fault, websocket_fault,
};
use crate::{
    fault::{Fault, State},
    message::{Message, Properties},
};

pub(super) fn open(dial: Dial<'_>) -> Result<Link, Fault> {
    let mut options = options(&dial)?;
    let session = dial.session;
    options
        .set_keep_alive(u16::try_from(session.keep_alive.as_secs()).unwrap_or(u16::MAX))
        .set_connect_timeout(CONNECT_WITHIN)
        .set_outgoing_inflight_upper_limit(IN_FLIGHT)
        .set_max_request_batch(HANDED_OVER)
        .set_request_channel_capacity(HANDED_OVER);
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    if let Some(login) = dial.credentials {
        let password = login.password.expose_secret().as_bytes().to_vec();
        options.set_credentials(login.username, password);
    }
    if let Some(will) = session.will {
        let session_expiry = seconds(will.session_expiry);
        // The session is resumed, so that its delayed will is taken back (MQTT-7): a clean start would end it and send the will.
        options
            .set_clean_start(false)
            .set_session_expiry_interval(Some(session_expiry))
            .set_session_store(EmptySession { session_expiry })
            .set_last_will(last_will(will));
    }

    let (client, event_loop) = AsyncClient::builder(options).capacity(HANDED_OVER).build();
    let events = stream_of(event_loop, |mut event_loop: EventLoop| async move {
        let seen = match event_loop.poll().await {
            Ok(event) => seen(event),
            Err(error) => Err(fault(&error)),
        };
        (event_loop, seen)
    });
    Ok(Link {
        client: Client::V5(client),
        events,
    })
}

pub(super) fn publish(client: &AsyncClient, message: Message) -> bool {
    let qos = qos(message.acknowledged);
    let mut options = PublishOptions::new(qos).retain(message.retained);
    if let Some(properties) = message.properties {
        options = options.properties(PublishProperties {
            payload_format_indicator: Some(Properties::PAYLOAD_FORMAT),
            content_type: Some(Properties::CONTENT_TYPE.to_owned()),
            message_expiry_interval: properties.expiry.map(seconds),
            user_properties: properties.attributes,
            ..PublishProperties::default()
        });
    }
    client.try_publish(message.topic, message.payload, options).is_ok()
}

fn options(dial: &Dial<'_>) -> Result<MqttOptions, Fault> {
    let (url, id) = (dial.url, dial.session.client_id.clone());
    let not_an_address = |error: rumqttc::OptionError| websocket_fault(&error);
    let tls = dial.tls.clone().map(TlsConfiguration::Rustls);
    Ok(match (url.is_websocket(), tls) {
        (true, Some(tls)) => {
            MqttOptions::websocket_with_tls_config(id, url.with_port(), tls).map_err(not_an_address)?
        }
        (true, None) => {
            let broker = Broker::websocket(url.with_port()).map_err(not_an_address)?;
            MqttOptions::new(id, broker)
        }
        (false, tls) => {
            let mut options = MqttOptions::new(id, Broker::tcp(url.host(), url.port()));
            if let Some(tls) = tls {
                options.set_transport(Transport::tls_with_config(tls));
            }
            options
        }
    })
}

fn last_will(will: Will) -> LastWill {
    let (message, delay) = (will.message, seconds(will.delay));
    let properties = message.properties.map(|properties| LastWillProperties {
        delay_interval: Some(delay),
        payload_format_indicator: Some(Properties::PAYLOAD_FORMAT),
        message_expiry_interval: properties.expiry.map(seconds),
        content_type: Some(Properties::CONTENT_TYPE.to_owned()),
        response_topic: None,
        correlation_data: None,
        user_properties: properties.attributes,
    });
    let qos = qos(message.acknowledged);
    let (topic, payload) = (message.topic, message.payload);
    LastWill::new(topic, payload, qos, message.retained, properties)
}

fn seen(event: Event) -> Result<Seen, Fault> {
    Ok(match event {
        Event::Incoming(Packet::ConnAck(answer)) => {
            let terms = answer.properties;
            let terms = terms.as_ref();
            if terms.is_some_and(|terms| terms.retain_available == Some(0) || terms.max_qos == Some(0)) {
                return Err(Fault::new(
                    State::Refused,
                    "The broker keeps no retained messages or takes no QoS 1: allow both, dashboards depend on them",
                ));
            }
            Seen::Connected(Terms {
                in_flight: terms
                    .and_then(|terms| terms.receive_max)
                    .map_or(IN_FLIGHT, |most| most.clamp(1, IN_FLIGHT)),
                keep_alive: terms.and_then(|terms| terms.server_keep_alive).and_then(keep_alive),
            })
        }
        Event::Incoming(Packet::PubAck(answer)) => Seen::Acknowledged(match answer.reason {
            PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Ok(()),
            reason => Err(format!("{reason:?}")),
        }),
        Event::Incoming(_) => Seen::Heard,
        Event::Outgoing(Outgoing::Disconnect) => Seen::SaidGoodbye,
        Event::Outgoing(_) | Event::Auth(_) => Seen::Said,
    })
}

/// The broker's keep-alive in seconds. Zero says that it does not watch (MQTT 5 section 3.1.2.10); we still do, at our own
/// pace.
fn keep_alive(of_broker: u16) -> Option<Duration> {
    (of_broker > 0).then(|| Duration::from_secs(of_broker.into()))
}

fn fault(error: &ConnectionError) -> Fault {
    match error {
        ConnectionError::Io(error) => io_fault(error),
        ConnectionError::Timeout(_) => timeout_fault(),
        ConnectionError::Tls(error) => tls_fault(error),
        ConnectionError::ConnectionRefused(code) => refused(*code),
        ConnectionError::NotConnAck(_) => refused_fault("no MQTT 5 answer", CHECK_VERSION),
        ConnectionError::MqttState(error) => match error {
            StateError::ServerDisconnect {
                reason_code: DisconnectReasonCode::SessionTakenOver,
                ..
            } => Fault::taken_over(),
            StateError::ServerDisconnect { reason_code, .. } => Fault::new(
                State::Unreachable,
                format!("The broker closed the connection ({reason_code:?})"),
            ),
            StateError::AwaitPingResp => Fault::silent(),
            StateError::Io(error) => io_fault(error),
            _ => closed_fault(),
        },
        ConnectionError::Websocket(error) => websocket_fault(error),
        ConnectionError::ResponseValidation(error) => websocket_fault(error),
        other => Fault::new(State::Unreachable, format!("No connection ({other})")),
    }
}

fn refused(code: ConnectReturnCode) -> Fault {
    let advice = match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => CHECK_LOGIN,
        ConnectReturnCode::RefusedProtocolVersion
        | ConnectReturnCode::UnsupportedProtocolVersion
        | ConnectReturnCode::MalformedPacket
        | ConnectReturnCode::ProtocolError => CHECK_VERSION,
        _ => ASK_THE_OPERATOR,
    };
    refused_fault(&format!("{code:?}"), advice)
}

fn qos(acknowledged: bool) -> QoS {
    if acknowledged {
        QoS::AtLeastOnce
    } else {
        QoS::AtMostOnce
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// What this client remembers of a resumed session: nothing. It keeps what was not acknowledged itself and says it again on every
/// connection, but without a memory the library would refuse to go on with a session that the broker still knows.
#[derive(Debug)]
struct EmptySession {
    session_expiry: u32,
}

impl SessionStore for EmptySession {
    fn load<'a>(&'a self, key: &'a SessionStoreKey) -> Answer<'a, Option<PersistedSession>> {
        Box::pin(async {
            Ok(Some(PersistedSession {
                format_version: 1,
                client_id: key.client_id().to_owned(),
                clean_start: false,
                session_expiry_interval: Some(self.session_expiry),
                outgoing_inflight_upper_limit: Some(IN_FLIGHT),
                ack_mode: PersistedAckMode::Automatic,
                last_pkid: 0,
                last_puback: 0,
                replay: Vec::new(),
                incoming_qos2: Vec::new(),
            }))
        })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_does_not_watch_leaves_our_patience_as_it_is() {
        assert_eq!(keep_alive(0), None);
        assert_eq!(keep_alive(40), Some(Duration::from_secs(40)));
    }
}
