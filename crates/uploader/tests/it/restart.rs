//! A courier that ends at any step is followed by one that goes on where it stood.

use crate::{
    World, externalid,
    fake_cloud::{COMPLETE, CREATE, FIND, FakeCloud, Fault, MEASURE},
    fake_http::Reply,
    until,
};

#[tokio::test]
async fn a_restart_after_each_step_goes_on_with_the_next_and_makes_one_reading() {
    for (line, done, after_restart) in [
        // The call hung before or after the server did its work; nobody knows.
        (CREATE, false, vec![FIND, CREATE, MEASURE, COMPLETE]),
        (CREATE, true, vec![FIND, MEASURE, COMPLETE]),
        (MEASURE, false, vec![MEASURE, COMPLETE]),
        (MEASURE, true, vec![MEASURE, COMPLETE]),
        (COMPLETE, false, vec![COMPLETE]),
        (COMPLETE, true, vec![COMPLETE]),
    ] {
        let cloud = FakeCloud::start(false).await;
        let mut world = World::new(&cloud).await;
        let fault = if done {
            Fault::After(Reply::Hang)
        } else {
            Fault::Instead(Reply::Hang)
        };
        cloud.fault(line, fault);
        world.store(1, 1).await;
        until("the call hangs", || cloud.count(line) == 1).await;
        let before = cloud.reading_calls().len();
        world.restart();
        world.uploads(1).await;
        assert_eq!(cloud.reading_calls()[before..], after_restart, "{line}, done: {done}");
        assert_eq!(cloud.complete(), [externalid(1)]);
    }
}

#[tokio::test]
async fn a_one_call_upload_that_was_cut_short_is_asked_for_after_the_restart() {
    for (done, after_restart) in [(true, vec![FIND]), (false, vec![FIND, CREATE])] {
        let cloud = FakeCloud::start(true).await;
        let mut world = World::new(&cloud).await;
        let fault = if done {
            Fault::After(Reply::Hang)
        } else {
            Fault::Instead(Reply::Hang)
        };
        cloud.fault(CREATE, fault);
        world.store(1, 1).await;
        until("the call hangs", || cloud.count(CREATE) == 1).await;
        world.restart();
        world.uploads(1).await;
        assert_eq!(cloud.reading_calls()[1..], after_restart, "done: {done}");
        assert_eq!(cloud.complete(), [externalid(1)]);
    }
}

#[tokio::test]
async fn where_nobody_can_be_asked_only_what_was_being_sent_is_doubtful_after_a_restart() {
    let cloud = FakeCloud::start(false).await;
    let mut world = World::at(&cloud.http.url(), "boditrax").await;
    world.leg_is("ok").await;
    cloud.fault(CREATE, Fault::After(Reply::Hang));
    world.store(1, 1).await;
    until("the call hangs", || cloud.count(CREATE) == 1).await;
    // Behind it in its lane, so nothing of it was sent.
    world.store(2, 1).await;
    world.restart();
    world
        .outbox_is("the first uncertain, the second sent", |stats| {
            stats.uncertain == 1 && stats.sent == 1
        })
        .await;
    assert_eq!(cloud.complete(), [externalid(2)]);
}

#[tokio::test]
async fn a_step_at_a_server_that_was_set_up_anew_is_found_out_and_done_again() {
    let cloud = FakeCloud::start(false).await;
    let mut world = World::new(&cloud).await;
    cloud.fault(MEASURE, Fault::Instead(Reply::Hang));
    world.store(1, 1).await;
    until("the call hangs", || cloud.count(MEASURE) == 1).await;
    cloud.state().readings.clear();
    world.restart();
    world.uploads(1).await;
    assert_eq!(cloud.reading_calls()[2..], [MEASURE, FIND, CREATE, MEASURE, COMPLETE]);
    assert_eq!(cloud.complete(), [externalid(1)]);
}

#[tokio::test]
async fn a_step_at_one_server_means_nothing_to_another() {
    let old = FakeCloud::start(false).await;
    let new = FakeCloud::start(false).await;
    let mut world = World::new(&old).await;
    old.fault(MEASURE, Fault::Instead(Reply::Hang));
    world.store(1, 1).await;
    until("the call hangs", || old.count(MEASURE) == 1).await;
    world.url = new.http.url();
    world.restart();
    world.uploads(1).await;
    assert_eq!(new.reading_calls(), [FIND, CREATE, MEASURE, COMPLETE]);
    assert_eq!(new.complete(), [externalid(1)]);
}

#[tokio::test]
async fn a_stop_lets_calls_end_and_gives_up_those_that_hang() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.fault(CREATE, Fault::Instead(Reply::Hang));
    world.store(1, 1).await;
    until("the call hangs", || cloud.count(CREATE) == 1).await;
    world.stop.cancel();
    // The call itself would hang for 30 s; the grace is 3 s.
    let begun = tokio::time::Instant::now();
    tokio::time::pause();
    (&mut world.run).await.unwrap();
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    tokio::time::resume();
    world.outbox_is("kept", |stats| stats.waiting == 1).await;
    world.restart();
    world.uploads(1).await;
    assert_eq!(cloud.complete(), [externalid(1)]);
}
