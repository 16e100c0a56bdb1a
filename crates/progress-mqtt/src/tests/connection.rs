//! Losing and finding the broker.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use rumqttc::{ConnAck, ConnectReturnCode, LastWill, Packet, PubAck};
use scan_model::{
    board::{AgentInfo, EventKind},
    progress::{ScanProgress, Stage},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{
    agent::{Agent, board, quick, scan_id},
    broker::{config, loopback, url},
    cable::Cable,
    everywhere, everywhere_with,
    observer::{Observer, Seen, TREE},
    patiently,
    port::ReservedPort,
};
use crate::{config::Version, retry::Waits, window::Timing};

/// A broker made of nothing but a socket: takes connections as told by the test.
struct Fake(TcpListener);

impl Fake {
    async fn start() -> Self {
        Self(TcpListener::bind(loopback(0)).await.unwrap())
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Takes a connection, reads its CONNECT and accepts it.
    async fn accept(&self) -> (TcpStream, rumqttc::Connect, LastWill) {
        let (mut socket, _) = patiently("a connection", self.0.accept()).await.unwrap();
        let mut bytes = BytesMut::new();
        let (connect, will) = loop {
            socket.read_buf(&mut bytes).await.unwrap();
            if let Ok(Packet::Connect(connect, will, _)) = Packet::read(&mut bytes.clone(), None) {
                break (connect, will.unwrap());
            }
        };
        let mut answer = BytesMut::new();
        let accepted = ConnAck {
            session_present: false,
            code: ConnectReturnCode::Success,
            properties: None,
        };
        Packet::ConnAck(accepted).write(&mut answer, None).unwrap();
        socket.write_all(&answer).await.unwrap();
        (socket, connect, will)
    }
}

#[tokio::test]
async fn mqtt_07_14_and_15_the_agent_introduces_itself_as_the_contract_says() {
    let fake = Fake::start().await;
    let agent = Agent::start_as(config(fake.port(), Version::V5), Timing::default(), 41);
    let (_socket, connect, will) = fake.accept().await;
    assert_eq!(connect.client_id, "scanbridge.gym-7.front-desk");
    assert_eq!(connect.keep_alive, 20);
    // A clean start would end the session, and with it send the will that a short break must not show.
    assert!(!connect.clean_start);
    let properties = connect.properties.unwrap();
    assert_eq!(properties.session_expiry_interval, Some(30));

    assert_eq!(will.topic, format!("{TREE}_/status").as_bytes());
    assert!(will.retain && will.qos == rumqttc::QoS::AtLeastOnce);
    let body: serde_json::Value = serde_json::from_slice(&will.message).unwrap();
    assert_eq!((&body["state"], &body["reason"]), (&json!("offline"), &json!("will")));
    assert_eq!(body["session"], 41_000_001);
    let properties = will.properties.unwrap();
    assert_eq!(properties.delay_interval, Some(10));
    // MQTT-15: a dead agent shows within 45 s.
    assert!(connect.keep_alive * 3 / 2 + 10 <= 45);
    agent.kill().await;
}

#[tokio::test]
async fn mqtt_07_a_short_break_does_not_flash_under_version_5() {
    everywhere_with(Version::V5, |broker, version| async move {
        let cable = Cable::to(broker.port()).await;
        let observer = Observer::at(broker.port()).await;
        let timing = Timing {
            will_delay: Timing::default().will_delay,
            ..quick()
        };
        let mut agent = Agent::start_as(config(cable.port(), version), timing, 1);
        agent.until_leg("ok").await;
        cable.cut();
        observer.until_body("_/status", json!({"reason": "reconnect"})).await;
        let states = observer.bodies("_/status");
        assert!(states.iter().all(|body| body["state"] == "online"), "{states:?}");
        // What is published on the resumed session arrives.
        agent.tell_event(scan_id(1), EventKind::Started);
        observer.until_body("bay-1/event", json!({"kind": "started"})).await;
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_15_an_agent_that_falls_silent_shows_as_offline() {
    everywhere(|broker, version| async move {
        let cable = Cable::to(broker.port()).await;
        let observer = Observer::at(broker.port()).await;
        let timing = Timing {
            keep_alive: Duration::from_secs(1),
            ..quick()
        };
        let mut agent = Agent::start_as(config(cable.port(), version), timing, 1);
        agent.until_leg("ok").await;
        cable.freeze();
        observer
            .until_body("_/status", json!({"state": "offline", "reason": "will"}))
            .await;
        agent.kill().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_19_an_unacknowledged_event_is_told_again_on_the_next_connection() {
    everywhere(|broker, version| async move {
        let cable = Cable::to(broker.port()).await;
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(config(cable.port(), version));
        agent.until_leg("ok").await;
        // The last thing that gets through the frozen cable is nothing: the event is sent into the void.
        cable.freeze();
        agent.tell_event(scan_id(5), EventKind::Completed);
        assert!(agent.handle.announced.try_recv().is_err());
        cable.thaw();
        cable.cut();
        let announced = agent.until_announced().await;
        assert_eq!(announced.scan, scan_id(5));
        observer.until_body("bay-1/event", json!({"kind": "completed"})).await;
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_broker_silent_after_connack_is_noticed_although_progress_goes_on() {
    for version in [Version::V5, Version::V311] {
        let fake = Fake::start().await;
        let timing = Timing {
            // The client library's own pings come too late: each message sent puts them off.
            keep_alive: Duration::from_secs(3600),
            patience: Duration::from_millis(300),
            ..quick()
        };
        let mut agent = Agent::start_as(config(fake.port(), version), timing, 1);
        let _socket = if version == Version::V5 {
            fake.accept().await.0
        } else {
            accept_311(&fake).await
        };
        let progress = ScanProgress::start(scan_id(1), 1, Stage::Measuring, Duration::ZERO);
        let teller = agent.handle.teller.clone();
        let busy = tokio::spawn(async move {
            let progress = progress.current().clone();
            let told = crate::Told::Progress {
                scanner: super::agent::bay(),
                progress,
            };
            while teller.tell(told.clone()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let leg = agent.until_leg("unreachable").await;
        assert!(leg.advice.unwrap().contains("answers nothing"));
        // It comes back for another try, and telling went on.
        patiently("the next attempt", fake.0.accept()).await.unwrap();
        assert!(!busy.is_finished());
        busy.abort();
        agent.kill().await;
    }
}

#[tokio::test]
async fn a_quiet_connection_is_kept_by_pings() {
    let fake = Fake::start().await;
    let timing = Timing {
        // This machine may stand still for seconds between a ping and its answer.
        keep_alive: Duration::from_secs(4),
        patience: Duration::from_secs(9),
        ..quick()
    };
    let mut agent = Agent::start_as(config(fake.port(), Version::V5), timing, 1);
    let (mut socket, _, _) = fake.accept().await;
    let mut bytes = BytesMut::new();
    let connected = Instant::now();
    // Beyond that the answers alone keep the connection.
    while connected.elapsed() < timing.patience + Duration::from_secs(2) {
        let mut answer = BytesMut::new();
        while let Ok(packet) = Packet::read(&mut bytes, None) {
            let packet = match packet {
                Packet::Publish(publish) => Packet::PubAck(PubAck::new(publish.pkid, None)),
                Packet::PingReq => Packet::PingResp,
                other => panic!("unexpected {other:?}"),
            };
            packet.write(&mut answer, None).unwrap();
        }
        socket.write_all(&answer).await.unwrap();
        let read = patiently("a ping", socket.read_buf(&mut bytes)).await.unwrap();
        assert_ne!(read, 0, "the agent gave up");
    }
    agent.until_leg("ok").await;
    agent.kill().await;
}

/// Takes a connection of MQTT 3.1.1.
async fn accept_311(fake: &Fake) -> TcpStream {
    let (mut socket, _) = patiently("a connection", fake.0.accept()).await.unwrap();
    let mut some = [0; 64];
    socket.read_exact(&mut some).await.unwrap();
    // CONNACK: no session, accepted.
    socket.write_all(&[0x20, 2, 0, 0]).await.unwrap();
    socket
}

#[tokio::test]
async fn a_stop_is_not_held_up_by_a_silent_broker() {
    let fake = Fake::start().await;
    let timing = Timing {
        goodbye: Duration::from_millis(50),
        ..quick()
    };
    let agent = Agent::start_as(config(fake.port(), Version::V5), timing, 1);
    let _socket = fake.accept().await;
    agent.stop().await;
}

#[tokio::test]
async fn a_stop_says_everything_that_was_told_before() {
    everywhere(|broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        for number in 1..=100 {
            agent.tell_event(scan_id(number), EventKind::Started);
        }
        agent.stop().await;
        observer.until_body("_/status", json!({"reason": "shutdown"})).await;
        assert_eq!(observer.bodies("bay-1/event").len(), 100);
    })
    .await;
}

#[tokio::test]
async fn mqtt_13_the_first_attempt_waits_for_nothing() {
    everywhere_with(Version::V5, |broker, version| async move {
        let hour = Duration::from_secs(3600);
        let waits = Waits {
            shortest: hour,
            longest: hour,
            ..Waits::default()
        };
        let timing = Timing { waits, ..quick() };
        let mut agent = Agent::start_as(broker.config(version), timing, 1);
        agent.until_leg("ok").await;
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn several_brokers_are_tried_in_turn_without_a_wait_between() {
    everywhere_with(Version::V5, |broker, version| async move {
        let hour = Duration::from_secs(3600);
        let waits = Waits {
            shortest: hour,
            longest: hour,
            ..Waits::default()
        };
        let mut config = broker.config(version);
        let nobody = ReservedPort::new();
        config.url.insert(0, url(&format!("mqtt://{}", nobody.address())));
        let mut agent = Agent::start_as(config, Timing { waits, ..quick() }, 1);
        agent.until_leg("ok").await;
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_check_finds_the_broker_and_disturbs_nobody() {
    everywhere(|broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        let AgentInfo { facility, name, .. } = board().agent;
        let mut config = broker.config(version);
        let port = ReservedPort::new();
        let nobody = url(&format!("mqtt://{}", port.address()));
        config.url.insert(0, nobody.clone());
        let probe = crate::probe(&config, &facility, &name);
        let found = patiently("the check", probe).await;
        assert_eq!(found, Ok(config.url[1].to_string()));
        config.url = vec![nobody];
        let probe = crate::probe(&config, &facility, &name);
        let failed = patiently("the check", probe).await;
        assert_eq!(failed.unwrap_err().state, "unreachable");
        agent.stop().await;
        let left = json!({"reason": "shutdown"});
        observer.until_body("_/status", left).await;
        assert_eq!(observer.bodies("_/status").len(), 2, "one birth, one goodbye");
    })
    .await;
}

#[tokio::test]
async fn a_websocket_serves_as_well() {
    for version in [Version::V5, Version::V311] {
        let broker = super::Broker::start(super::Kind::Embedded).await.unwrap();
        let observer = Observer::at(broker.port()).await;
        let mut config = broker.config(version);
        config.url = vec![broker.websocket_url()];
        let mut agent = Agent::start(config);
        agent.until_leg("ok").await;
        agent.scan(scan_id(1));
        observer.until_body("bay-1/last", json!({"upload": "waiting"})).await;
        agent.stop().await;
        observer.until_body("_/status", json!({"reason": "shutdown"})).await;
    }
}

#[tokio::test]
async fn mqtt_14_two_agents_with_one_identity_raise_an_alert_until_one_is_gone() {
    everywhere(|mut broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut timing = quick();
        timing.waits.suspicious = Duration::from_secs(10);
        timing.waits.stable = Duration::from_secs(2);
        let mut one = Agent::start_as(broker.config(version), timing, 1);
        one.until_leg("ok").await;
        let other = Agent::start_as(broker.config(version), timing, 1);
        one.until_leg("taken_over").await;
        let raised = json!({"code": "client-taken-over", "severity": "error"});
        observer.until_body("_/alert-client-taken-over", raised).await;
        other.stop().await;
        // An outage in between does not make it forgotten, and does not make it stay.
        broker.kill().await;
        one.until_leg("unreachable").await;
        broker.start_again().await;
        let observer = Observer::at(broker.port()).await;
        one.until_leg("ok").await;
        observer
            .until("the alert being taken back", |seen| {
                let alert = |seen: &&Seen| seen.topic == "_/alert-client-taken-over";
                seen.iter().rev().find(alert)?.body.is_null().then_some(())
            })
            .await;
        one.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_14_a_broker_that_says_taken_over_is_believed_at_once() {
    let fake = Fake::start().await;
    let mut agent = Agent::start(config(fake.port(), Version::V5));
    let (mut socket, _, _) = fake.accept().await;
    // DISCONNECT with reason 0x8E and no properties.
    socket.write_all(&[0xE0, 2, 0x8E, 0]).await.unwrap();
    agent.until_leg("taken_over").await;
    agent.kill().await;
}

#[tokio::test]
async fn mqtt_14_three_connections_that_end_at_once_are_taken_for_a_second_agent() {
    let fake = Fake::start().await;
    let mut timing = quick();
    timing.waits.suspicious = Duration::from_secs(10);
    let mut agent = Agent::start_as(config(fake.port(), Version::V5), timing, 1);
    for round in 0..3 {
        assert_ne!(agent.handle.leg.borrow().state, "taken_over", "{round}");
        drop(fake.accept().await);
    }
    let leg = agent.until_leg("taken_over").await;
    assert!(leg.advice.unwrap().contains("client id"));
    agent.kill().await;
}
