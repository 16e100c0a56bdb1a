//! The state of the leg: named, held, tried now and then, and back by itself.

use std::time::Duration;

use futures_util::future::join_all;
use outbox::State;

use crate::{
    World, externalid,
    fake_cloud::{CREATE, FakeCloud, Fault, HEARTBEAT, REGISTER, TOKEN, error},
    fake_http::Reply,
    pass,
    port::ReservedPort,
    time_flies, until,
};

const MINUTE: Duration = Duration::from_secs(61);

#[tokio::test]
async fn a_fault_of_the_set_up_names_the_leg_sets_nothing_aside_and_ends_when_it_is_mended() {
    for (reply, state) in [
        (error(401, "invalid_token"), "unauthorised"),
        (error(402, "scan_licence_required"), "awaiting_licence"),
        (error(403, "insufficient_scope"), "forbidden"),
        (error(404, "unknown_collection"), "wrong_url"),
        (error(405, "method_not_allowed"), "wrong_url"),
        (Reply::html(200), "captive_portal"),
        (
            error(302, "x").with("location", "https://login.example/"),
            "captive_portal",
        ),
        (error(301, "x").with("location", "/v3"), "wrong_url"),
        (
            Reply::Answer {
                status: 200,
                headers: vec![("content-type", "text/xml".into())],
                body: "<a/>".into(),
            },
            "wrong_url",
        ),
    ] {
        let cloud = FakeCloud::start(true).await;
        let mut world = World::new(&cloud).await;
        cloud.break_down(CREATE, reply);
        world.store(1, 1).await;
        let leg = world.leg_is(state).await;
        assert!(leg.advice.is_some());
        assert!(leg.error.unwrap().contains(&cloud.http.url()));
        for n in 2..=5 {
            world.store(n, n).await;
        }
        world
            .outbox_is("all waiting", |stats| stats.waiting == 5 && stats.set_aside == 0)
            .await;
        let before = cloud.count(CREATE);
        pass(Duration::from_secs(301)).await;
        until("one more try", || cloud.count(CREATE) > before).await;
        world
            .outbox_is("all waiting", |stats| stats.waiting == 5 && stats.set_aside == 0)
            .await;

        cloud.heal();
        tokio::select! {
            () = world.uploads(5) => {}
            () = time_flies() => {}
        }
        world.leg_is("ok").await;
        let mut complete = cloud.complete();
        complete.sort();
        assert_eq!(complete, (1..=5).map(externalid).collect::<Vec<_>>(), "{state}");
    }
}

#[tokio::test]
async fn a_held_leg_tries_one_reading_at_a_time() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.fault(CREATE, Fault::Instead(error(402, "scan_licence_required")));
    world.store(1, 1).await;
    world.leg_is("awaiting_licence").await;
    for n in 2..=5 {
        world.store(n, n).await;
    }
    // A heartbeat gets through and does not prove that there is a licence.
    let beats = cloud.count(HEARTBEAT);
    pass(Duration::from_secs(31)).await;
    until("a heartbeat", || cloud.count(HEARTBEAT) > beats).await;
    assert_eq!(cloud.count(CREATE), 1);
    cloud.break_down(CREATE, Reply::Hang);
    pass(Duration::from_secs(30)).await;
    until("a try", || cloud.count(CREATE) == 2).await;
    pass(Duration::from_secs(1)).await;
    assert_eq!(cloud.count(CREATE), 2);
    assert_eq!(world.leg.borrow().state.as_str(), "awaiting_licence");
}

#[tokio::test]
async fn wrong_credentials_are_tried_once_in_five_minutes() {
    let cloud = FakeCloud::start(true).await;
    cloud.break_down(TOKEN, Reply::json(401, r#"{"error":"invalid_client"}"#));
    let mut world = World::at(&cloud.http.url(), "hub").await;
    world.store(1, 1).await;
    let leg = world.leg_is("unauthorised").await;
    assert!(leg.error.unwrap().contains("invalid_client"));
    let tried = cloud.count(TOKEN);
    pass(Duration::from_secs(240)).await;
    world.store(2, 2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(cloud.count(TOKEN), tried, "tried before its time");
    pass(MINUTE).await;
    until("another try", || cloud.count(TOKEN) == tried + 1).await;
    cloud.heal();
    tokio::select! {
        () = world.uploads(2) => {}
        () = time_flies() => {}
    }
}

#[tokio::test]
async fn a_moment_of_the_server_is_waited_out() {
    let moments = [
        error(408, "timeout"),
        error(425, "too_early"),
        error(429, "rate_limited"),
        error(500, "internal"),
        Reply::html(502),
        error(503, "unavailable"),
        Reply::html(504),
        Reply::Drop,
        Reply::json(201, "{\"id\":"),
    ];
    join_all(moments.map(async |reply| {
        let cloud = FakeCloud::start(true).await;
        let mut world = World::new(&cloud).await;
        cloud.fault(CREATE, Fault::Instead(reply.clone()));
        cloud.fault(CREATE, Fault::Instead(reply.clone()));
        world.store(1, 1).await;
        world.uploads(1).await;
        assert_eq!(cloud.complete(), [externalid(1)], "{reply:?}");
        assert_eq!(world.leg.borrow().state.as_str(), "ok");
    }))
    .await;
}

#[tokio::test]
async fn a_reading_that_the_server_trips_over_does_not_hold_the_others_up() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    for _ in 0..3 {
        cloud.fault(CREATE, Fault::Instead(error(500, "internal")));
    }
    let poison = world.store(1, 1).await;
    until("it failed", || cloud.count(CREATE) >= 1).await;
    world.store(2, 2).await;
    world.uploads(2).await;
    world.outbox_is("both sent", |stats| stats.sent == 2).await;
    assert!(world.outbox.get(poison).await.unwrap().summary.attempts > 0);
}

#[tokio::test]
async fn the_wait_a_server_asks_for_binds_every_call() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.fault(
        CREATE,
        Fault::Instead(error(429, "rate_limited").with("retry-after", "100")),
    );
    world.store(1, 1).await;
    let leg = world.leg_is("unavailable").await;
    assert!(leg.error.unwrap().contains("rate_limited"));
    let calls = cloud.http.requests().len();
    world.store(2, 2).await;
    pass(Duration::from_secs(90)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(cloud.http.requests().len(), calls, "called before the time");
    pass(Duration::from_secs(11)).await;
    world.uploads(2).await;
}

#[tokio::test]
async fn a_server_that_comes_late_gets_everything_soon() {
    let port = ReservedPort::new();
    let address = port.address().to_string();
    let mut world = World::at(&format!("http://{address}"), "hub").await;
    for n in 1..=20 {
        world.store(n, n).await;
    }
    world.leg_is("unreachable").await;
    let cloud = FakeCloud::start_at(&address, true).await;
    world.uploads(20).await;
    world.leg_is("ok").await;
    assert_eq!(cloud.complete().len(), 20);
    assert_eq!(cloud.count(CREATE), 20);
}

#[tokio::test]
async fn after_a_long_outage_a_heartbeat_finds_out_that_it_is_over_and_everything_flows() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    for line in [CREATE, HEARTBEAT, REGISTER] {
        cloud.break_down(line, Reply::html(502));
    }
    for n in 1..=10 {
        world.store(n, n).await;
    }
    world.leg_is("unavailable").await;
    // The back-off grows with every try.
    for _ in 0..8 {
        let calls = cloud.http.requests().len();
        pass(Duration::from_secs(300)).await;
        until("a try", || cloud.http.requests().len() > calls).await;
    }
    cloud.heal();
    tokio::select! {
        () = world.uploads(10) => {}
        () = time_flies() => {}
    }
    world.leg_is("ok").await;
    let entries = world.outbox.list(outbox::Filter::default()).await.unwrap();
    assert!(
        entries
            .iter()
            .all(|entry| entry.state == State::Sent || entry.state == State::Waiting)
    );
}
