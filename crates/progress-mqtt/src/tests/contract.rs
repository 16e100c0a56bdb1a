//! What dashboards see.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use scan_model::{
    board::{Activity, EventKind, Upload},
    progress::{Change, ScanProgress, Stage},
};
use serde_json::{Value, json};

use super::{
    agent::{Agent, alert, board, last, quick, scan_id},
    everywhere, everywhere_with,
    observer::{Observer, Seen},
};
use crate::{config::Version, message::event_id, window::Timing};

fn position(seen: &[Seen], topic: &str, fits: impl Fn(&Value) -> bool) -> Option<usize> {
    seen.iter().position(|seen| seen.topic == topic && fits(&seen.body))
}

#[tokio::test]
async fn mqtt_04_and_05_birth_will_and_goodbye_carry_a_session_that_rises_over_restarts() {
    everywhere(|broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut sessions = Vec::new();
        for starts in 1..=2 {
            let config = broker.config(version);
            let mut agent = Agent::start_as(config, quick(), starts);
            agent.until_leg("ok").await;
            let online = json!({"state": "online", "reason": "start"});
            let seen = observer.until("a birth", |seen| {
                let births = seen.iter().filter(|seen| seen.body["state"] == "online");
                let births: Vec<_> = births.filter(|seen| seen.topic == "_/status").collect();
                (births.len() == sessions.len() + 1).then(|| births[sessions.len()].body.clone())
            });
            let birth = seen.await;
            assert_eq!(birth["reason"], online["reason"]);
            let session = birth["session"].as_u64().unwrap();
            let reason = if starts == 1 {
                agent.kill().await;
                "will"
            } else {
                agent.stop().await;
                "shutdown"
            };
            let offline = json!({"state": "offline", "reason": reason, "session": session});
            observer.until_body("_/status", offline).await;
            sessions.push(session);
        }
        assert!(sessions[0] < sessions[1], "{sessions:?}");
        // The clean end brought no will.
        let last = observer.bodies("_/status").pop().unwrap();
        assert_eq!(last["reason"], "shutdown");
    })
    .await;
}

#[tokio::test]
async fn mqtt_04_and_06_a_broker_that_forgot_everything_gets_all_retained_topics_again() {
    everywhere(|mut broker, version| async move {
        let mut agent = Agent::start(broker.config(version));
        agent.show(|board| {
            board.alerts.insert("disk-full".to_owned(), alert());
        });
        agent.show_scanner(|scanner| scanner.last = Some(last(scan_id(1), Upload::Uploaded)));
        let mut progress = ScanProgress::start(scan_id(2), 1, Stage::Measuring, Duration::ZERO);
        agent.tell_progress(&progress);
        let kept = [
            "_/alert-disk-full",
            "_/health",
            "_/info",
            "_/status",
            "bay-1/last",
            "bay-1/scan",
            "bay-1/status",
        ];
        let mut sessions = Vec::new();
        for round in 0..2 {
            agent.until_leg("ok").await;
            let observer = Observer::at(broker.port()).await;
            let found = observer.until("all retained topics", |seen| {
                let topics = seen.iter().filter(|seen| !seen.body.is_null());
                let topics: BTreeSet<_> = topics.map(|seen| seen.topic.as_str()).collect();
                kept.iter().all(|topic| topics.contains(topic)).then(|| {
                    let status = seen.iter().find(|seen| seen.topic == "_/status");
                    status.unwrap().body.clone()
                })
            });
            let status = found.await;
            let reason = ["start", "reconnect"][round];
            assert_eq!(status["reason"], reason);
            sessions.push(status["session"].as_u64().unwrap());
            if round == 0 {
                broker.kill().await;
                agent.until_leg("unreachable").await;
                // What happens meanwhile is in the snapshot afterwards.
                let change = Change::Reached {
                    stage: Stage::ReadingResults,
                    within: 0,
                };
                progress.apply(change, Duration::ZERO);
                agent.tell_progress(&progress);
                broker.start_again().await;
            } else {
                let seq = json!({"seq": 2, "stage": "reading_results"});
                observer.until_body("bay-1/scan", seq).await;
            }
        }
        assert!(sessions[0] < sessions[1], "{sessions:?}");
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_06_what_an_earlier_run_left_behind_is_taken_away() {
    everywhere(|broker, version| async move {
        let mut agent = Agent::start(broker.config(version));
        agent.show(|board| {
            board.alerts.insert("disk-full".to_owned(), alert());
        });
        let progress = ScanProgress::start(scan_id(1), 1, Stage::Measuring, Duration::ZERO);
        agent.tell_progress(&progress);
        agent.until_leg("ok").await;
        let before = Observer::at(broker.port()).await;
        before.until_body("bay-1/scan", json!({"seq": 1})).await;
        let of_alert = json!({"code": "disk-full"});
        before.until_body("_/alert-disk-full", of_alert).await;
        agent.kill().await;

        let agent = Agent::start_as(broker.config(version), quick(), 2);
        for topic in ["bay-1/scan", "_/alert-disk-full"] {
            before
                .until("an emptied topic", |seen| position(seen, topic, Value::is_null))
                .await;
        }
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_08_while_the_broker_is_away_events_are_kept_and_progress_is_not() {
    everywhere(|mut broker, version| async move {
        broker.kill().await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("unreachable").await;
        agent.scan(scan_id(1));
        agent.scan(scan_id(2));
        assert!(agent.handle.announced.try_recv().is_err());
        broker.start_again().await;
        let observer = Observer::at(broker.port()).await;
        // The agent may have been faster than this observer: its own word counts for events.
        let mut announced = Vec::new();
        for _ in 0..4 {
            let event = agent.until_announced().await;
            announced.push((event.scan, event.kind));
        }
        assert_eq!(
            announced,
            [
                (scan_id(1), EventKind::Started),
                (scan_id(1), EventKind::Completed),
                (scan_id(2), EventKind::Started),
                (scan_id(2), EventKind::Completed),
            ]
        );
        let of_second = json!({"scan": scan_id(2).to_string()});
        observer.until_body("bay-1/last", of_second).await;
        assert_eq!(observer.bodies("bay-1/progress"), Vec::<Value>::new());
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_09_to_11_a_scan_is_seen_from_its_start_to_its_outcome_in_order() {
    everywhere(|broker, version| async move {
        let observer = Observer::in_order(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        let scan = scan_id(7);
        agent.scan(scan);
        let seen = observer
            .until("the outcome", |seen| {
                position(seen, "bay-1/last", |body| body["upload"] == "waiting")?;
                Some(seen.to_vec())
            })
            .await;

        let of_kind = |kind: &'static str| move |body: &Value| body["kind"] == kind;
        let started = position(&seen, "bay-1/event", of_kind("started")).unwrap();
        let first = position(&seen, "bay-1/progress", |body| body["seq"] == 1).unwrap();
        let done = position(&seen, "bay-1/progress", |body| body["final"] == true).unwrap();
        let completed = position(&seen, "bay-1/event", of_kind("completed")).unwrap();
        // The one before the scan belongs to the start of the agent.
        let emptied = completed + position(&seen[completed..], "bay-1/scan", Value::is_null).unwrap();
        let outcome = position(&seen, "bay-1/last", |body| body["result"] == "completed").unwrap();
        let order = [started, first, done, completed, emptied, outcome];
        assert!(order.is_sorted(), "{order:?}");

        let changes = observer.bodies("bay-1/progress");
        let seq: Vec<_> = changes.iter().map(|body| body["seq"].as_u64().unwrap()).collect();
        assert_eq!(seq, [1, 2, 3, 4, 5]);
        assert!(changes.is_sorted_by_key(|body| body["progress"].as_u64()));
        let (last, status) = (&changes[4], &changes[4]["status"]);
        assert_eq!((status, &last["stage"]), (&json!("complete"), &json!("done")));
        assert_eq!(last["progress"], 100);

        // MQTT-11: `uploaded` by itself, whenever.
        agent.tell_event(scan, EventKind::Uploaded);
        agent.show_scanner(|scanner| {
            scanner.last.as_mut().unwrap().upload = Upload::Uploaded;
        });
        observer.until_body("bay-1/last", json!({"upload": "uploaded"})).await;
        let kinds: Vec<_> = observer.bodies("bay-1/event");
        let kinds: Vec<_> = kinds.iter().map(|body| body["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["started", "completed", "uploaded"]);
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_10_a_record_that_is_rejected_yields_started_failed_and_an_alert() {
    everywhere_with(Version::V5, |broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        agent.tell_event(scan_id(1), EventKind::Started);
        let mut failed = super::agent::event(scan_id(1), EventKind::Failed);
        failed.code = Some("checksum_mismatch".to_owned());
        failed.message = Some("Check the cable".to_owned());
        agent.handle.teller.tell(crate::Told::Event(failed));
        agent.show(|board| {
            board.alerts.insert("checksum-mismatch".to_owned(), alert());
        });
        let failed = json!({"kind": "failed", "code": "checksum_mismatch", "message": "Check the cable"});
        observer.until_body("bay-1/event", failed).await;
        let raised = json!({"code": "checksum-mismatch", "severity": "warning"});
        observer.until_body("_/alert-checksum-mismatch", raised).await;
        let before = observer.seen().len();
        agent.show(|board| board.alerts.clear());
        observer
            .until("the alert being taken back", |seen| {
                position(&seen[before..], "_/alert-checksum-mismatch", Value::is_null)
            })
            .await;
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_12_nothing_measured_is_in_any_message() {
    // Members are those of the schemas, which name none that could hold it (checked for every message). Measured values are
    // decimals, and no number here is one.
    fn numbers(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Number(number) => found.push(number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| numbers(item, found)),
            Value::Object(members) => members.values().for_each(|value| numbers(value, found)),
            _ => {}
        }
    }
    everywhere_with(Version::V5, |broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        agent.scan(scan_id(1));
        observer.until_body("bay-1/last", json!({"upload": "waiting"})).await;
        let mut found = Vec::new();
        for seen in observer.seen() {
            numbers(&seen.body, &mut found);
        }
        assert!(found.iter().all(|number| number.parse::<u64>().is_ok()), "{found:?}");
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_16_messages_describe_themselves_under_version_5_and_expire() {
    everywhere_with(Version::V5, |broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        agent.scan(scan_id(1));
        observer.until_body("bay-1/last", json!({"upload": "waiting"})).await;
        let full = observer.seen().into_iter().filter(|seen| !seen.body.is_null());
        for seen in full {
            let properties = seen.properties.unwrap();
            assert_eq!(properties.content_type.as_deref(), Some("application/json"));
            assert_eq!(properties.payload_format_indicator, Some(1));
            let attributes = &properties.user_properties;
            for (name, value) in [
                ("specversion", json!("1.0")),
                ("id", seen.body["id"].clone()),
                ("time", seen.body["time"].clone()),
            ] {
                let own = attributes.iter().find(|(own, _)| own == name);
                assert_eq!(own.map(|(_, value)| json!(value)), Some(value));
            }
            let has = |name: &str| attributes.iter().any(|(own, value)| own == name && !value.is_empty());
            assert!(has("source") && has("type"));

            let channel = seen.topic.split_once('/').unwrap().1;
            let (expiry, acknowledged) = match channel {
                "health" => (Some(90), true),
                "scan" => (Some(15 * 60), true),
                "progress" => (Some(10), false),
                "event" => (Some(60 * 60), true),
                _ => (None, true),
            };
            assert_eq!(seen.acknowledged, acknowledged, "{channel}");
            // The broker takes off how long it kept it.
            let left = properties.message_expiry_interval;
            assert_eq!(left.is_some(), expiry.is_some(), "{channel}");
            assert!(left <= expiry, "{channel}: {left:?}");
            let moment = |name: &str| Some(seen.body[name].as_str()?.parse::<Timestamp>().unwrap());
            let told = moment("expires_at").map(|at| at.duration_since(moment("time").unwrap()).as_secs());
            assert_eq!(told, expiry.map(i64::from), "{channel}");
        }
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_retained_is_just_what_the_table_says() {
    everywhere(|broker, version| async move {
        let live = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        agent.scan(scan_id(1));
        live.until_body("bay-1/last", json!({"upload": "waiting"})).await;
        let late = Observer::at(broker.port()).await;
        late.until_body("bay-1/last", json!({"upload": "waiting"})).await;
        let seen = late.seen();
        let kept: BTreeSet<_> = seen.iter().map(|seen| seen.topic.as_str()).collect();
        let rows = ["_/health", "_/info", "_/status", "bay-1/last", "bay-1/status"];
        assert_eq!(kept, rows.into());
        assert!(seen.iter().all(|seen| seen.was_retained));
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn mqtt_19_an_event_told_again_after_a_crash_has_the_same_identity() {
    everywhere(|broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        for starts in 1..=2 {
            let config = broker.config(version);
            let mut agent = Agent::start_as(config, quick(), starts);
            agent.tell_event(scan_id(3), EventKind::Completed);
            let announced = agent.until_announced().await;
            assert_eq!((announced.scan, announced.kind), (scan_id(3), EventKind::Completed));
            agent.kill().await;
        }
        let events = observer
            .until("both", |seen| {
                let events = seen.iter().filter(|seen| seen.topic == "bay-1/event");
                let ids: Vec<_> = events.map(|seen| seen.body["id"].clone()).collect();
                (ids.len() == 2).then_some(ids)
            })
            .await;
        let id = json!(event_id(scan_id(3), EventKind::Completed).to_string());
        assert_eq!(events, [id.clone(), id]);
    })
    .await;
}

#[tokio::test]
async fn info_and_status_follow_the_board() {
    everywhere(|broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        let first = observer.until_body("_/info", json!({"version": "0.1.0"})).await;
        agent.show_scanner(|scanner| {
            scanner.model = Some("MC-780".to_owned());
            scanner.activity = Activity::Offline;
            scanner.code = Some("port_missing".to_owned());
        });
        let off = json!({"state": "offline", "code": "port_missing"});
        observer.until_body("bay-1/status", off).await;
        let scanner = json!({
            "scanner": "bay-1", "protocol": "tanita-tagged", "model": "MC-780", "serial_settings": "9600 8N1"
        });
        let second = observer.until_body("_/info", json!({"scanners": [scanner]})).await;
        let rev = |seen: &Seen| seen.body["rev"].as_u64().unwrap();
        assert_eq!(rev(&second), rev(&first) + 1);
        // A board that says nothing new says nothing.
        agent.show(|board| board.queue.depth = 1);
        agent.tell_event(scan_id(1), EventKind::Started);
        observer.until_body("bay-1/event", json!({"kind": "started"})).await;
        assert_eq!(observer.bodies("_/info").len(), 2);
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_scanner_that_goes_takes_its_topics_along() {
    everywhere_with(Version::V5, |broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let mut agent = Agent::start(broker.config(version));
        agent.until_leg("ok").await;
        observer.until_body("bay-1/status", json!({"state": "idle"})).await;
        agent.show(|board| board.scanners.clear());
        observer
            .until("the emptied status", |seen| {
                position(seen, "bay-1/status", Value::is_null)
            })
            .await;
        agent.stop().await;
    })
    .await;
}

#[tokio::test]
async fn health_comes_at_its_interval_with_every_leg() {
    everywhere_with(Version::V5, |broker, version| async move {
        let observer = Observer::at(broker.port()).await;
        let timing = Timing {
            health: Duration::from_millis(50),
            ..quick()
        };
        let agent = Agent::start_as(broker.config(version), timing, 1);
        agent.show(|board| {
            board.queue.depth = 3;
            board.queue.oldest = Some(board_time());
            board.queue.disk_free = Some(1 << 40);
            board.clock_offset_ms = Some(-12);
        });
        let seen = observer
            .until_body("_/health", json!({"queue_depth": 3, "clock_offset_ms": -12}))
            .await;
        assert_eq!(seen.body["legs"], json!({"bay-1": "idle", "cloud": "ok"}));
        assert_eq!(seen.body["disk_free_bytes"], json!(1_u64 << 40));
        assert!(seen.body["oldest_unsent_s"].as_u64().unwrap() >= 3600);
        observer
            .until("three more", |seen| {
                let health = seen.iter().filter(|seen| seen.topic == "_/health");
                (health.count() > 3).then_some(())
            })
            .await;
        agent.stop().await;
    })
    .await;
}

fn board_time() -> Timestamp {
    let board = board();
    let scanner = board.scanners.values().next().unwrap();
    scanner.since - Duration::from_secs(3600)
}
