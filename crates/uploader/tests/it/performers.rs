//! Performers: registered once, kept alive, registered again when the server has forgotten them.

use std::{sync::Arc, time::Duration};

use scan_model::board::Activity;

use crate::{
    World, board, externalid,
    fake_cloud::{CREATE, FakeCloud, Fault, HEARTBEAT, REGISTER, error},
    pass, until,
};

const BEAT: Duration = Duration::from_secs(31);

#[tokio::test]
async fn a_scanner_is_registered_as_a_performer_and_kept_alive_with_its_state() {
    let cloud = FakeCloud::start(true).await;
    let world = World::new(&cloud).await;
    assert_eq!(
        cloud.bodies(REGISTER),
        [concat!(
            r#"{"name":"front-desk bay-1","externalid":"6f1c0d52/bay-1","instance":"b81e","facility":"gym-7","status":"idle","#,
            r#""software":{"name":"scanbridge","version":"0.1.0","platform":"linux-x86_64"},"device":{"model":"MC-780"}}"#
        )]
    );
    world.board.send_replace(Arc::new(board(Activity::Busy)));
    pass(BEAT).await;
    until("a heartbeat", || cloud.count(HEARTBEAT) == 1).await;
    world.board.send_replace(Arc::new(board(Activity::Offline)));
    pass(BEAT).await;
    until("another heartbeat", || cloud.count(HEARTBEAT) == 2).await;
    let beat = |status| format!(r#"{{"instance":"b81e","status":"{status}","device":{{"model":"MC-780"}}}}"#);
    assert_eq!(cloud.bodies(HEARTBEAT), [beat("busy"), beat("offline")]);
}

#[tokio::test]
async fn a_performer_the_server_forgot_is_registered_again() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.state().performers.clear();
    pass(BEAT).await;
    until("registered again", || cloud.count(REGISTER) == 2).await;

    // A reading may be the first to find out.
    cloud.state().performers.clear();
    world.store(1, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.count(REGISTER), 3);
    assert_eq!(cloud.complete(), [externalid(1)]);
    assert_eq!(world.leg.borrow().state.as_str(), "ok");
}

#[tokio::test]
async fn a_remembered_performer_needs_no_registration_before_a_reading() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.fault(REGISTER, Fault::Instead(error(503, "unavailable")));
    world.restart();
    world.store(1, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.state().readings[0].body["scanperformer"], 7);
}

#[tokio::test]
async fn under_a_cloned_identity_nothing_goes_up_until_the_other_machine_is_gone() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.break_down(HEARTBEAT, error(409, "performer_taken"));
    pass(BEAT).await;
    let leg = world.leg_is("cloned_identity").await;
    assert!(leg.advice.unwrap().contains("data directory"));
    world.store(1, 1).await;
    pass(Duration::from_secs(61)).await;
    until("another heartbeat", || cloud.count(HEARTBEAT) == 2).await;
    assert_eq!(cloud.count(CREATE), 0);
    cloud.heal();
    pass(Duration::from_secs(61)).await;
    world.uploads(1).await;
    world.leg_is("ok").await;
}

#[tokio::test]
async fn a_scanner_that_the_server_refuses_does_not_silence_the_next_one() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.break_down(REGISTER, error(422, "validation_failed"));
    let mut two = board(Activity::Idle);
    let other = two.scanners.values().next().unwrap().clone();
    two.scanners.insert("bay-0".parse().unwrap(), other);
    world.board.send_replace(Arc::new(two));
    pass(BEAT).await;
    until("the other's heartbeat", || cloud.count(HEARTBEAT) == 1).await;
    assert_eq!(cloud.count(REGISTER), 2);
    world.leg_is("rejecting").await;
}
