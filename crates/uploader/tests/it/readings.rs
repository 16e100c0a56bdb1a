//! The way of a reading: what goes up, in which order, and what becomes of it when the answer is about this reading.

use std::time::Duration;

use futures_util::future::join_all;
use outbox::{Disposition, EntryKey, Lane, NewEntry, State};
use scan_model::board::Upload;

use crate::{
    World, externalid,
    fake_cloud::{COMPLETE, CREATE, FIND, FakeCloud, Fault, MEASURE, READ, TOKEN, error},
    fake_http::Reply,
    pass, time_flies, until,
};

#[tokio::test]
async fn where_it_is_offered_a_reading_goes_up_in_one_call_with_the_digits_of_the_device() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    let entry = world.store(5, 1).await;
    let delivery = world.delivery().await;
    assert_eq!(
        (delivery.scanner.as_str(), delivery.upload),
        ("bay-1", Upload::Unassigned)
    );
    assert_eq!(delivery.scan.to_string(), externalid(5));
    assert_eq!(cloud.reading_calls(), [CREATE]);
    let stored = cloud.state().readings[0].clone();
    assert_eq!(stored.measurements, r#"{"bodyweight":80.50,"fatmass":24.0}"#);
    assert_eq!(stored.body["date"], "2025-03-04T10:15:58.123Z");
    assert_eq!(stored.body["scanperformer"], 7);
    assert!(stored.body["subject"].is_null(), "nobody was named");
    assert!(stored.body["checksum"].as_str().unwrap().starts_with("hmac-sha256:"));

    world.outbox_is("sent", |stats| stats.sent == 1).await;
    let entry = world.outbox.get(entry).await.unwrap();
    let receipt = String::from_utf8(entry.note.unwrap()).unwrap();
    assert!(
        receipt.contains("9041") && receipt.contains(&cloud.http.url()),
        "{receipt}"
    );
}

#[tokio::test]
async fn elsewhere_it_is_created_measured_and_completed() {
    let cloud = FakeCloud::start(false).await;
    let mut world = World::new(&cloud).await;
    world.store(5, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.reading_calls(), [CREATE, MEASURE, COMPLETE]);
    assert_eq!(cloud.bodies(MEASURE), [r#"{"bodyweight":80.50,"fatmass":24.0}"#]);
    let completion = r#"{"status":"complete","instance":"b81e","date":"2025-03-04T10:15:58.123Z"}"#;
    assert_eq!(cloud.bodies(COMPLETE), [completion]);
    assert!(!cloud.bodies(CREATE)[0].contains("bodyweight"));
}

#[tokio::test]
async fn a_server_that_no_longer_takes_one_call_gets_steps() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    world.store(1, 1).await;
    world.uploads(1).await;
    cloud.state().one_call = false;
    world.store(2, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.complete(), [externalid(1), externalid(2)]);
}

#[tokio::test]
async fn a_lost_answer_never_makes_a_second_reading() {
    let lost = [
        Reply::Drop,
        Reply::CutOff {
            body: r#"{"id":9041,"#.into(),
        },
        Reply::json(201, r#"{"id":90"#),
        Reply::html(504),
    ];
    let cases = [true, false]
        .into_iter()
        .flat_map(|one_call| lost.iter().map(move |reply| (one_call, reply)));
    join_all(cases.map(async |(one_call, reply)| {
        let cloud = FakeCloud::start(one_call).await;
        let mut world = World::new(&cloud).await;
        cloud.fault(CREATE, Fault::After(reply.clone()));
        world.store(1, 1).await;
        world.uploads(1).await;
        assert_eq!(cloud.complete(), [externalid(1)], "one call {one_call}, {reply:?}");
        assert_eq!(
            (cloud.count(CREATE), cloud.count(FIND)),
            (1, 1),
            "one call {one_call}, {reply:?}"
        );
    }))
    .await;
}

#[tokio::test]
async fn a_lost_answer_of_a_later_step_is_repeated_and_the_earlier_steps_are_not() {
    for line in [MEASURE, COMPLETE] {
        let cloud = FakeCloud::start(false).await;
        let mut world = World::new(&cloud).await;
        cloud.fault(line, Fault::After(Reply::Drop));
        world.store(1, 1).await;
        world.uploads(1).await;
        assert_eq!(cloud.complete(), [externalid(1)]);
        assert_eq!((cloud.count(CREATE), cloud.count(line)), (1, 2), "{line}");
    }
}

#[tokio::test]
async fn readings_of_one_person_keep_their_order_and_others_do_not_wait() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.fault(CREATE, Fault::Instead(Reply::Hang));
    world.store(1, 1).await;
    until("the first call hangs", || cloud.count(CREATE) == 1).await;
    world.store(2, 1).await;
    world.store(3, 3).await;
    world.store(4, 4).await;
    world.uploads(2).await;
    let mut others = cloud.complete();
    others.sort();
    assert_eq!(
        others,
        [externalid(3), externalid(4)],
        "another person's reading waited, or this one's did not"
    );
    // The call that hangs is given up, and the order still holds.
    pass(Duration::from_secs(31)).await;
    world.uploads(2).await;
    assert_eq!(cloud.complete()[2..], [externalid(1), externalid(2)]);
}

#[tokio::test]
async fn at_most_eight_readings_are_on_their_way_at_once() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.break_down(CREATE, Reply::Hang);
    for n in 0..12 {
        world.store(n, n).await;
    }
    until("eight calls hang", || cloud.count(CREATE) == 8).await;
    cloud.heal();
    pass(Duration::from_secs(31)).await;
    world.uploads(12).await;
    assert_eq!(cloud.complete().len(), 12);
}

#[tokio::test]
async fn a_reading_the_server_refuses_is_set_aside_with_the_answer_and_the_others_go_on() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    let refusal = r#"{"success":false,"error":"bodyweight is out of range","code":"implausible_value","status":422}"#;
    cloud.fault(CREATE, Fault::Instead(Reply::json(422, refusal)));
    let entry = world.store(1, 1).await;
    let delivery = world.delivery().await;
    assert_eq!(
        (delivery.upload, delivery.code.as_deref()),
        (Upload::SetAside, Some("implausible_value"))
    );
    world.store(2, 1).await;
    world.uploads(1).await;
    let entry = world.outbox.get(entry).await.unwrap();
    assert_eq!(entry.summary.state, State::SetAside);
    assert_eq!(entry.summary.code.unwrap().as_str(), "implausible_value");
    assert_eq!(entry.note.unwrap(), b"bodyweight is out of range");
    assert_eq!(world.leg.borrow().state.as_str(), "ok");
}

#[tokio::test]
async fn refusals_of_every_step_that_are_about_the_reading_set_it_aside() {
    for (line, status, code, told) in [
        (CREATE, 400, "invalid_json", "invalid_json"),
        (MEASURE, 409, "measurement_conflict", "measurement_conflict"),
        // Words that are not the contract's may be anything: dashboards see the status.
        (MEASURE, 410, "Jane Doe", "http_410"),
        (CREATE, 413, "body_too_large", "body_too_large"),
        (CREATE, 415, "unsupported_media_type", "unsupported_media_type"),
        (MEASURE, 404, "not_found", "not_found"),
        (COMPLETE, 422, "validation_failed", "validation_failed"),
    ] {
        let cloud = FakeCloud::start(false).await;
        let mut world = World::new(&cloud).await;
        cloud.break_down(line, error(status, code));
        world.store(1, 1).await;
        let delivery = world.delivery().await;
        assert_eq!(
            (delivery.upload, delivery.code.as_deref()),
            (Upload::SetAside, Some(told))
        );
    }
}

#[tokio::test]
async fn three_refusals_in_a_row_for_the_same_reason_hold_the_rest() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    cloud.break_down(CREATE, error(422, "validation_failed"));
    for n in 1..=6 {
        // One person, so that they are refused one after the other.
        world.store(n, 1).await;
    }
    let leg = world.leg_is("rejecting").await;
    assert!(leg.advice.is_some() && leg.error.unwrap().contains("validation_failed"));
    world
        .outbox_is("three set aside", |stats| stats.set_aside == 3 && stats.waiting == 3)
        .await;
    // A held leg tries one more now and then, and does not set that one aside.
    pass(Duration::from_secs(61)).await;
    until("one more try", || cloud.count(CREATE) == 4).await;
    world
        .outbox_is("the tried one still waits", |stats| {
            stats.set_aside == 3 && stats.waiting == 3
        })
        .await;
    // Somebody else's reading goes through, and the leg is fine again.
    cloud.heal();
    world.store(9, 9).await;
    pass(Duration::from_secs(61)).await;
    world.leg_is("ok").await;
    until("uploaded", || cloud.complete() == [externalid(9)]).await;
}

#[tokio::test]
async fn a_state_that_does_not_fit_is_looked_at_before_anything_is_decided() {
    // The reading is complete already: done.
    let cloud = FakeCloud::start(false).await;
    let mut world = World::new(&cloud).await;
    cloud.fault(COMPLETE, Fault::After(error(409, "invalid_transition")));
    world.store(1, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.reading_calls(), [CREATE, MEASURE, COMPLETE, READ]);

    // It is not: later again.
    cloud.fault(COMPLETE, Fault::Instead(error(412, "etag_mismatch")));
    world.store(2, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.complete(), [externalid(1), externalid(2)]);

    // Somebody has cancelled it: nothing more can be done here.
    cloud.fault(COMPLETE, Fault::Instead(error(409, "invalid_transition")));
    cloud.fault(
        READ,
        Fault::Instead(Reply::json(200, r#"{"id":9043,"status":"cancelled"}"#)),
    );
    world.store(3, 1).await;
    assert_eq!(world.delivery().await.upload, Upload::SetAside);
}

#[tokio::test]
async fn a_repeat_that_the_server_calls_a_conflict_is_found_and_done() {
    for code in ["externalid_exists", "idempotency_in_progress", "idempotency_mismatch"] {
        let status = if code == "idempotency_mismatch" { 422 } else { 409 };
        let cloud = FakeCloud::start(true).await;
        let mut world = World::new(&cloud).await;
        cloud.fault(CREATE, Fault::After(error(status, code)));
        world.store(1, 1).await;
        world.uploads(1).await;
        assert_eq!(cloud.reading_calls(), [CREATE, FIND], "{code}");
        assert_eq!(cloud.complete(), [externalid(1)]);
    }
}

#[tokio::test]
async fn where_nobody_can_be_asked_a_lost_answer_leaves_the_reading_to_a_technician() {
    let cloud = FakeCloud::start(false).await;
    let mut world = World::at(&cloud.http.url(), "boditrax").await;
    world.leg_is("ok").await;
    cloud.fault(CREATE, Fault::After(Reply::Drop));
    let entry = world.store(1, 1).await;
    world.store(2, 1).await;
    assert_eq!(world.delivery().await.upload, Upload::Uncertain);
    world.uploads(1).await;
    assert_eq!(cloud.count(FIND), 0);
    assert_eq!(cloud.count(CREATE), 2, "an uncertain reading was sent again");
    world.outbox_is("uncertain", |stats| stats.uncertain == 1).await;
    // A technician has looked and says: send it.
    world.outbox.requeue(entry).await.unwrap();
    world.uploads(1).await;
    assert_eq!(cloud.count(CREATE), 3);
}

#[tokio::test]
async fn where_nobody_can_be_asked_a_success_in_an_odd_form_is_not_sent_again() {
    for odd in [
        Reply::html(200),
        error(303, "x").with("location", "/rest/v2.10/readings/9041"),
    ] {
        let cloud = FakeCloud::start(false).await;
        let mut world = World::at(&cloud.http.url(), "boditrax").await;
        world.leg_is("ok").await;
        cloud.fault(CREATE, Fault::After(odd));
        world.store(1, 1).await;
        until("a creation", || cloud.count(CREATE) == 1).await;
        let flies = async {
            tokio::select! {
                delivery = world.delivery() => delivery,
                () = time_flies() => unreachable!(),
            }
        };
        assert_eq!(flies.await.upload, Upload::Uncertain);
        assert_eq!(cloud.count(CREATE), 1);
    }
}

#[tokio::test]
async fn a_call_that_cannot_have_arrived_leaves_no_doubt() {
    let cloud = FakeCloud::start(false).await;
    let mut world = World::at(&cloud.http.url(), "boditrax").await;
    world.leg_is("ok").await;
    cloud.fault(CREATE, Fault::Instead(error(503, "unavailable")));
    cloud.fault(CREATE, Fault::Instead(error(429, "rate_limited")));
    // The token is refused, and its successor never comes: the call itself was not made.
    cloud.fault(CREATE, Fault::Instead(error(401, "invalid_token")));
    cloud.fault(TOKEN, Fault::Instead(Reply::Drop));
    world.store(1, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.count(CREATE), 4);
    world.restart();
    world.store(2, 1).await;
    world.uploads(1).await;
    assert_eq!(cloud.complete(), [externalid(1), externalid(2)]);
}

#[tokio::test]
async fn what_is_no_reading_is_kept_and_does_not_stop_its_lane() {
    let cloud = FakeCloud::start(true).await;
    let mut world = World::new(&cloud).await;
    let payload = br#"{"hologram":{"origin":{}}}"#.to_vec();
    let odd = NewEntry {
        key: EntryKey("odd".into()),
        lane: Lane([1; 16]),
        disposition: Disposition::Send,
        payload,
    };
    world.outbox.append(odd).unwrap().await.unwrap();
    world.store(2, 1).await;
    world.uploads(1).await;
    world
        .outbox_is("one set aside", |stats| stats.set_aside == 1 && stats.sent == 1)
        .await;
}
