//! MQTT 3.1.1: the same without properties. A will is sent at once, and `expires_at` in the body stands for the expiry.

use rumqttc_v4::{
    AsyncClient, Broker, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet,
    PublishOptions, QoS, StateError, TlsConfiguration, Transport,
};
use secrecy::ExposeSecret as _;

use super::{
    ASK_THE_OPERATOR, CHECK_LOGIN, CONNECT_WITHIN, Client, Dial, HANDED_OVER, IN_FLIGHT, Link, Seen, Terms,
    closed_fault, io_fault, refused_fault, stream_of, timeout_fault, tls_fault, websocket_fault,
};
use crate::{
    fault::{Fault, State},
    message::Message,
};

pub(super) fn open(dial: Dial<'_>) -> Result<Link, Fault> {
    let mut options = options(&dial)?;
    let session = dial.session;
    options
        .set_keep_alive(u16::try_from(session.keep_alive.as_secs()).unwrap_or(u16::MAX))
        .set_inflight(IN_FLIGHT)
        .set_max_request_batch(HANDED_OVER)
        .set_request_channel_capacity(HANDED_OVER)
        .set_clean_session(true);
    if let Some(login) = dial.credentials {
        let password = login.password.expose_secret().as_bytes().to_vec();
        options.set_credentials(login.username, password);
    }
    if let Some(will) = session.will {
        let message = will.message;
        let qos = qos(message.acknowledged);
        let (topic, payload) = (message.topic, message.payload);
        options.set_last_will(LastWill::new(topic, payload, qos, message.retained));
    }

    let (client, mut event_loop) = AsyncClient::builder(options).capacity(HANDED_OVER).build();
    event_loop
        .network_options
        .set_connection_timeout(CONNECT_WITHIN.as_secs());
    event_loop.network_options.set_tcp_nodelay(true);
    let events = stream_of(event_loop, |mut event_loop: EventLoop| async move {
        let seen = match event_loop.poll().await {
            Ok(event) => Ok(seen(&event)),
            Err(error) => Err(fault(&error)),
        };
        (event_loop, seen)
    });
    Ok(Link {
        client: Client::V4(client),
        events,
    })
}

pub(super) fn publish(client: &AsyncClient, message: Message) -> bool {
    let options = PublishOptions::new(qos(message.acknowledged)).retain(message.retained);
    client.try_publish(message.topic, message.payload, options).is_ok()
}

fn options(dial: &Dial<'_>) -> Result<MqttOptions, Fault> {
    let (url, id) = (dial.url, dial.session.client_id.clone());
    let not_an_address = |error: rumqttc_v4::OptionError| websocket_fault(&error);
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

fn seen(event: &Event) -> Seen {
    match event {
        Event::Incoming(Packet::ConnAck(_)) => Seen::Connected(Terms {
            in_flight: IN_FLIGHT,
            keep_alive: None,
        }),
        Event::Incoming(Packet::PubAck(_)) => Seen::Acknowledged(Ok(())),
        Event::Incoming(_) => Seen::Heard,
        Event::Outgoing(Outgoing::Disconnect) => Seen::SaidGoodbye,
        Event::Outgoing(_) => Seen::Said,
    }
}

fn fault(error: &ConnectionError) -> Fault {
    match error {
        ConnectionError::Io(error) => io_fault(error),
        ConnectionError::NetworkTimeout => timeout_fault(),
        ConnectionError::Tls(error) => tls_fault(error),
        ConnectionError::ConnectionRefused(code) => {
            let advice = match code {
                ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => CHECK_LOGIN,
                _ => ASK_THE_OPERATOR,
            };
            refused_fault(&format!("{code:?}"), advice)
        }
        ConnectionError::MqttState(StateError::AwaitPingResp) => Fault::silent(),
        ConnectionError::MqttState(StateError::Io(error)) => io_fault(error),
        ConnectionError::MqttState(_) => closed_fault(),
        ConnectionError::Websocket(error) => websocket_fault(error),
        ConnectionError::ResponseValidation(error) => websocket_fault(error),
        other => Fault::new(State::Unreachable, format!("No connection ({other})")),
    }
}

fn qos(acknowledged: bool) -> QoS {
    if acknowledged {
        QoS::AtLeastOnce
    } else {
        QoS::AtMostOnce
    }
}
