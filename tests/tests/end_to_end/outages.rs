//! Broker, hub and scanner are missing at start, vanish and come back, in any order.

use scansim::{Fault, FaultPlan, Line, Pace, Player};

use crate::support::{
    broker::Broker,
    ear::Ear,
    hub::value,
    kiosk::World,
    program::Program,
    records::{record, weight},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_starts_before_everything_else_catches_up_with_each() {
    let mut world = World::new();
    let agent = world.agent();

    let mut scanner = world.scanner();
    scanner.play(&record(1)).await.unwrap();

    let (broker, ear) = broker_comes(&world, &agent).await;
    ear.until("bay-1/last", |last| {
        last["result"] == "completed" && last["upload"] == "waiting"
    })
    .await;
    assert_eq!(ear.scans("uploaded"), [""; 0], "nothing can be uploaded yet");

    world.hub.start().await;
    let readings = world.hub.until_complete(1).await;
    assert_eq!(value(&readings[0], "bodyweight"), weight(1));
    ear.until("bay-1/event", |event| event["kind"] == "uploaded").await;
    assert_eq!(ear.scans("completed"), ear.scans("uploaded"));

    assert!(agent.terminate().success());
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_wait_for_a_hub_that_was_cut_off_and_go_up_once_it_is_back() {
    let (mut world, _broker) = World::with_servers().await;
    let ear = Ear::listen(world.broker_port).await;
    let mut scanner = world.scanner();
    let agent = world.agent();
    scanner.play(&record(1)).await.unwrap();
    world.hub.until_complete(1).await;

    world.hub.kill();
    for person in 2..=6 {
        scanner.play(&record(person)).await.unwrap();
    }
    ear.until("bay-1/event", |_| ear.scans("completed").len() == 6).await;

    world.hub.start().await;
    let readings = world.hub.until_complete(6).await;
    let mut weights: Vec<_> = readings.iter().map(|reading| value(reading, "bodyweight")).collect();
    weights.sort();
    assert_eq!(weights, (1..=6).map(weight).collect::<Vec<_>>());
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_comes_back_is_told_everything_again() {
    let world = World::new();
    let broker = Broker::start(world.broker_port).await;
    let ear = Ear::listen(world.broker_port).await;
    let mut scanner = world.scanner();
    let agent = world.agent();
    let first = ear.until("_/status", |status| status["state"] == "online").await;
    ear.close().await;
    broker.stop().await;

    scanner.play(&record(1)).await.unwrap();

    let (broker, ear) = broker_comes(&world, &agent).await;
    let second = ear.until("_/status", |status| status["state"] == "online").await;
    assert!(second["session"].as_u64() > first["session"].as_u64());
    ear.until("bay-1/last", |last| last["result"] == "completed").await;
    assert_eq!(ear.scans("completed").len(), 1);
    assert!(agent.terminate().success());
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_is_unplugged_in_the_middle_of_a_record_is_read_again_once_it_is_back() {
    let (world, _broker) = World::with_servers().await;
    let ear = Ear::listen(world.broker_port).await;
    let line = Line::pty(world.port()).unwrap();
    let mut scanner = Player::new(line, Pace::Unlimited).with_faults(FaultPlan::new(&[Fault::Unplug], 7));
    let agent = world.agent();
    ear.until("bay-1/status", |status| status["state"] == "idle").await;

    let unplugged = scanner.play(&record(1)).await.unwrap();
    assert!(unplugged.last_byte.is_none(), "the record never arrived whole");
    let mut scanner = scanner.with_faults(FaultPlan::none());
    scanner.play(&record(2)).await.unwrap();

    let readings = world.hub.until_complete(1).await;
    assert_eq!(
        readings
            .iter()
            .map(|reading| value(reading, "bodyweight"))
            .collect::<Vec<_>>(),
        [weight(2)]
    );
    assert!(agent.terminate().success());
}

/// A broker comes, and a dashboard listens to it before the agent finds it: events are told once.
async fn broker_comes(world: &World, agent: &Program) -> (Broker, Ear) {
    agent.pause();
    let broker = Broker::start(world.broker_port).await;
    let ear = Ear::listen(world.broker_port).await;
    agent.go_on();
    (broker, ear)
}
