use std::time::Duration;

use scan_model::{
    ScanId,
    board::Upload,
    progress::{Change, Ending, ScanProgress, Stage},
};

use super::*;
use crate::tests::agent::{bay, board, event, last, scan_id};

fn desk() -> Desk {
    let board = Arc::new(board());
    let agent = board.agent.clone();
    let tree = Tree::new(Default::default(), agent.facility, agent.name);
    Desk::new(tree, 1, board)
}

/// A desk with nothing left to say.
fn connected() -> Desk {
    let mut desk = desk();
    desk.connected(Arrival::Start);
    say_all(&mut desk);
    desk
}

/// Sends and acknowledges everything; what was sent, as channel and payload.
fn say_all(desk: &mut Desk) -> Vec<(String, String)> {
    let mut said = Vec::new();
    while let Some(message) = desk.next(16, Timestamp::now()) {
        let channel = message.topic.split('/').skip(4).collect::<Vec<_>>();
        said.push((channel.join("/"), String::from_utf8(message.payload).unwrap()));
        desk.sent();
        if message.acknowledged {
            desk.acknowledged(true);
        }
    }
    said
}

fn progress(scan: ScanId, stages: &[Stage]) -> Progress {
    let mut progress = ScanProgress::start(scan, 1, stages[0], Duration::ZERO);
    for stage in &stages[1..] {
        let change = match stage {
            Stage::Done => Change::Ended(Ending::Completed),
            stage => Change::Reached {
                stage: *stage,
                within: 0,
            },
        };
        progress.apply(change, Duration::ZERO);
    }
    progress.current().clone()
}

fn tell(desk: &mut Desk, progress: Progress) {
    desk.hear(Told::Progress {
        scanner: bay(),
        progress,
    });
}

fn ended(desk: &Desk, scan: ScanId) -> Arc<Board> {
    let mut board = (*desk.board).clone();
    let scanner = board.scanners.get_mut(&bay()).unwrap();
    scanner.last = Some(last(scan, Upload::Waiting));
    Arc::new(board)
}

#[test]
fn mqtt_10_the_order_holds_when_nothing_could_be_sent_meanwhile() {
    let mut desk = connected();
    let scan = scan_id(1);
    // The outcome of an earlier scan waits as well: it must not become this one's before its time.
    desk.look(ended(&desk, scan_id(0)));
    desk.hear(Told::Event(event(scan, EventKind::Started)));
    tell(&mut desk, progress(scan, &[Stage::Measuring]));
    tell(&mut desk, progress(scan, &[Stage::Measuring, Stage::Done]));
    desk.hear(Told::Event(event(scan, EventKind::Completed)));
    desk.look(ended(&desk, scan));
    let said = say_all(&mut desk);
    let order: Vec<_> = said.iter().map(|(channel, _)| channel.as_str()).collect();
    assert_eq!(
        order,
        [
            "bay-1/event",
            "bay-1/progress",
            "bay-1/progress",
            "bay-1/event",
            "bay-1/scan",
            "bay-1/last"
        ]
    );
    assert!(said[3].1.contains("completed"));
    assert_eq!(said[4].1, "");
    assert!(said[5].1.contains(&scan.to_string()));
}

#[test]
fn mqtt_10_a_board_that_is_behind_does_not_revive_a_scan() {
    let mut desk = connected();
    let behind = Arc::clone(&desk.board);
    tell(&mut desk, progress(scan_id(1), &[Stage::Measuring]));
    desk.look(behind);
    assert!(desk.running.contains_key(&bay()), "just begun");
    desk.hear(Told::Event(event(scan_id(1), EventKind::Cancelled)));
    let mut behind = (*desk.board).clone();
    let running = progress(scan_id(1), &[Stage::Measuring]);
    behind.scanners.get_mut(&bay()).unwrap().scan = Some(running);
    desk.look(Arc::new(behind));
    let said = say_all(&mut desk);
    assert_eq!(said.last().unwrap(), &("bay-1/scan".to_owned(), String::new()));
}

#[test]
fn a_missed_end_is_made_up_for_by_the_outcome() {
    let mut desk = connected();
    tell(&mut desk, progress(scan_id(1), &[Stage::Measuring]));
    say_all(&mut desk);
    desk.look(ended(&desk, scan_id(1)));
    let said = say_all(&mut desk);
    assert_eq!(said[0], ("bay-1/scan".to_owned(), String::new()));
    assert_eq!(said[1].0, "bay-1/last");
}

#[test]
fn mqtt_06_the_birth_comes_first_and_every_alert_is_accounted_for() {
    let mut desk = desk();
    desk.hear(Told::Event(event(scan_id(1), EventKind::Started)));
    desk.connected(Arrival::Start);
    let said = say_all(&mut desk);
    assert_eq!(said[0].0, "_/status");
    assert!(said[0].1.contains(r#""state":"online","reason":"start""#));
    let channels: Vec<_> = said.iter().map(|(channel, _)| channel.as_str()).collect();
    for code in ALERTS {
        assert!(channels.contains(&format!("_/alert-{code}").as_str()), "{code}");
    }
    let ends = ["bay-1/status", "bay-1/event", "bay-1/scan", "bay-1/last"];
    assert!(channels.ends_with(&ends), "{channels:?}");
}

#[test]
fn mqtt_08_the_newest_thousand_events_are_kept_and_no_progress() {
    let mut desk = desk();
    for number in 0..1_005 {
        tell(&mut desk, progress(scan_id(number), &[Stage::Measuring]));
        desk.hear(Told::Event(event(scan_id(number), EventKind::Completed)));
    }
    desk.connected(Arrival::Start);
    let said = say_all(&mut desk);
    let events: Vec<_> = said.iter().filter(|(channel, _)| channel == "bay-1/event").collect();
    assert_eq!(events.len(), 1_000);
    assert!(events[0].1.contains(&scan_id(5).to_string()));
    assert!(said.iter().all(|(channel, _)| channel != "bay-1/progress"));
}

#[test]
fn mqtt_08_a_slow_broker_gets_the_newest_progress_only() {
    let mut desk = connected();
    for number in 0..100 {
        tell(&mut desk, progress(scan_id(number), &[Stage::Measuring]));
    }
    let said = say_all(&mut desk);
    let of = |wanted: &str| said.iter().filter(|(channel, _)| channel == wanted).count();
    assert_eq!((of("bay-1/progress"), of("bay-1/scan")), (Desk::PROGRESS, 1));
    assert!(said.last().unwrap().1.contains(&scan_id(99).to_string()));
}

#[test]
fn mqtt_19_only_what_the_broker_accepted_is_announced_and_the_rest_is_said_again_in_order() {
    let mut desk = connected();
    let now = Timestamp::now();
    for number in 1..=3 {
        desk.hear(Told::Event(event(scan_id(number), EventKind::Started)));
    }
    for _ in 0..2 {
        assert!(desk.next(2, now).is_some());
        desk.sent();
    }
    assert_eq!(desk.next(2, now), None, "two are on their way");
    let first = desk.acknowledged(true).unwrap();
    assert_eq!(first.scan, scan_id(1));
    desk.disconnected();
    desk.connected(Arrival::Reconnect);
    let said = say_all(&mut desk);
    let events = said.iter().filter(|(channel, _)| channel == "bay-1/event");
    let events: Vec<_> = events.map(|(_, payload)| payload).collect();
    assert_eq!(events.len(), 2);
    assert!(events[0].contains(&scan_id(2).to_string()));
    assert!(events[1].contains(&scan_id(3).to_string()));

    desk.hear(Told::Event(event(scan_id(4), EventKind::Started)));
    desk.sent();
    assert_eq!(desk.acknowledged(false), None, "refused");
    assert!(desk.is_clear());
}

#[test]
fn an_alert_whose_code_is_no_segment_is_not_published() {
    let mut desk = connected();
    let mut board = (*desk.board).clone();
    board.alerts.insert("a/b".to_owned(), crate::tests::agent::alert());
    desk.look(Arc::new(board));
    assert_eq!(say_all(&mut desk), []);
}
