//! Faults of the set-up: a name, an advice, and nothing lost.

use std::fs;

use axum::{Router, response::Html, routing::any};
use tokio::net::TcpListener;

use crate::support::{broker::Broker, ear::Ear, kiosk::World, records::record};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_pauses_the_cloud_leg_and_a_right_one_sends_everything() {
    let (world, _broker) = World::with_servers().await;
    let right = fs::read_to_string(world.hub.bridge_secret()).unwrap();
    fs::write(world.hub.bridge_secret(), "not-the-secret").unwrap();
    let ear = Ear::listen(world.broker_port).await;
    let mut scanner = world.scanner();
    let agent = world.agent();
    scanner.play(&record(1)).await.unwrap();

    let alert = ear
        .until("_/alert-cloud-unauthorised", |alert| alert["message"].is_string())
        .await;
    assert!(!alert["message"].as_str().unwrap().contains("not-the-secret"));
    ear.until("bay-1/last", |last| last["upload"] == "waiting").await;
    assert!(!agent.log().contains("not-the-secret"));
    assert!(agent.terminate().success());

    fs::write(world.hub.bridge_secret(), right).unwrap();
    let agent = world.agent();
    world.hub.until_complete(1).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_answers_with_a_web_page_sets_nothing_aside() {
    let page = any(|| async { Html("<html><body>Welcome to the gym's Wi-Fi</body></html>") });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let portal = tokio::spawn(async move { axum::serve(listener, Router::new().fallback(page)).await });

    let mut world = World::new();
    let broker = Broker::start(world.broker_port).await;
    let ear = Ear::listen(world.broker_port).await;
    let config = world
        .config_text()
        .replace(&world.hub.base_url(), &format!("http://{address}"));
    fs::write(world.config(), config).unwrap();
    let mut scanner = world.scanner();
    let agent = world.agent();
    scanner.play(&record(1)).await.unwrap();

    ear.until("_/alert-cloud-captive_portal", |alert| alert["message"].is_string())
        .await;
    ear.until("bay-1/last", |last| last["upload"] == "waiting").await;
    assert_eq!(ear.scans("set_aside").len(), 0);
    assert!(agent.terminate().success());

    fs::write(world.config(), world.config_text()).unwrap();
    world.hub.start().await;
    let agent = world.agent();
    world.hub.until_complete(1).await;
    assert!(agent.terminate().success());
    portal.abort();
    broker.stop().await;
}

#[test]
fn a_second_agent_on_the_same_data_is_refused_and_names_the_first() {
    let world = World::new();
    let first = world.agent();
    let pid = first.pid().to_string();
    // The first holds the lock once it has said anything about its scanner.
    let start = std::time::Instant::now();
    while !first.log().contains("bay-1") {
        assert!(start.elapsed() < crate::support::DEADLINE, "{}", first.log());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let second = world.agent();
    let log_before = first.log();
    assert_eq!(second.wait().code(), Some(75));
    let said = first.log()[log_before.len().min(first.log().len())..].to_owned() + &log_before;
    assert!(said.contains(&pid), "it names process {pid}: {said}");
    assert!(first.terminate().success());
}
