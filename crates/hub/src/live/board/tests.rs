use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_800_000_000_000;

fn board() -> Board {
    let mut board = Board::default();
    board.connected();
    board.apply(
        "gym-7/front-desk/_/status",
        br#"{"state":"online","reason":"start"}"#,
        NOW,
    );
    board.apply(
        "gym-7/front-desk/_/info",
        br#"{"scanners":[{"scanner":"bay-1","model":"MC-780"}]}"#,
        NOW,
    );
    board.apply(
        "gym-7/front-desk/bay-1/status",
        br#"{"state":"busy","since":"2026-11-20T10:15:22Z"}"#,
        NOW,
    );
    board
}

fn scan(scan: &str, seq: u64, progress: u8) -> Vec<u8> {
    json!({"scan": scan, "seq": seq, "status": "scanning", "stage": "measuring", "progress": progress})
        .to_string()
        .into_bytes()
}

fn shown(board: &Board, now: i64) -> Value {
    serde_json::from_str(&board.snapshot(now)).unwrap()
}

#[test]
fn a_running_scan_moves_and_never_back() {
    let mut board = board();
    board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
    board.apply("gym-7/front-desk/bay-1/progress", &scan("s1", 3, 62), NOW);
    board.apply("gym-7/front-desk/bay-1/progress", &scan("s1", 2, 50), NOW);
    let scanner = &shown(&board, NOW)["scanners"][0];
    assert_eq!(
        (&scanner["state"], &scanner["scan"]["progress"]),
        (&json!("busy"), &json!(62))
    );
    assert_eq!(scanner["model"], "MC-780");
}

#[test]
fn a_dead_agent_is_offline_and_shows_no_scan() {
    let mut board = board();
    board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
    board.apply(
        "gym-7/front-desk/_/status",
        br#"{"state":"offline","reason":"will"}"#,
        NOW,
    );
    let scanner = &shown(&board, NOW)["scanners"][0];
    assert_eq!((&scanner["state"], &scanner["scan"]), (&json!("offline"), &Value::Null));
}

#[test]
fn nothing_is_shown_as_live_while_the_broker_is_away() {
    let mut board = board();
    board.away();
    let shown = shown(&board, NOW);
    assert_eq!((&shown["broker"], &shown["scanners"]), (&json!("away"), &json!([])));
}

#[test]
fn a_scan_whose_last_message_is_too_old_is_not_shown() {
    let mut board = board();
    board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
    let until = board.next_expiry(NOW).unwrap();
    assert!(shown(&board, until - 1)["scanners"][0]["scan"].is_object());
    assert!(shown(&board, until)["scanners"][0]["scan"].is_null());
    assert_eq!(board.next_expiry(until), None);
}

#[test]
fn an_ended_scan_leaves_the_bar_and_appears_once_among_the_outcomes() {
    let mut board = board();
    let last = |upload: &str| {
        json!({"scan": "s1", "result": "completed", "upload": upload, "time": "2026-11-20T10:16:00Z"})
            .to_string()
            .into_bytes()
    };
    board.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
    board.apply("gym-7/front-desk/bay-1/scan", b"", NOW);
    board.apply("gym-7/front-desk/bay-1/last", &last("waiting"), NOW);
    board.apply("gym-7/front-desk/bay-1/progress", &scan("s1", 9, 99), NOW);
    board.apply("gym-7/front-desk/bay-1/last", &last("uploaded"), NOW);
    let shown = shown(&board, NOW);
    assert!(shown["scanners"][0]["scan"].is_null());
    assert_eq!(shown["outcomes"].as_array().unwrap().len(), 1);
    assert_eq!(shown["outcomes"][0]["upload"], "uploaded");
}

#[test]
fn rubbish_is_ignored_and_a_flood_is_bounded() {
    let mut board = board();
    let before = board.snapshot(NOW);
    for (topic, payload) in [
        ("gym-7/front-desk/bay-1", "{}"),
        ("Gym 7/front-desk/bay-1/status", "{}"),
        ("gym-7/front-desk/bay-1/scan", "not json"),
        ("gym-7/front-desk/bay-1/brand-new", "{}"),
    ] {
        board.apply(topic, payload.as_bytes(), NOW);
    }
    assert_eq!(board.snapshot(NOW), before);
    for n in 0..2 * MAX_SCANNERS {
        board.apply(&format!("gym-7/agent-{n}/_/status"), br#"{"state":"online"}"#, NOW);
    }
    assert!(board.agents.len() <= MAX_SCANNERS);
}

#[test]
fn only_chosen_members_reach_the_page() {
    let mut board = board();
    let leak = br#"{"scan":"s1","seq":1,"progress":40,"member":"Jo","bodyweight":80.5}"#;
    board.apply("gym-7/front-desk/bay-1/scan", leak, NOW);
    let snapshot = board.snapshot(NOW);
    assert!(
        !snapshot.contains("Jo") && !snapshot.contains("80.5") && !snapshot.contains("s1"),
        "{snapshot}"
    );
}

#[test]
fn a_flood_of_scanners_is_bounded_and_leaves_known_ones_alone() {
    let crowd: Vec<_> = (0..2 * MAX_SCANNERS)
        .map(|n| json!({ "scanner": format!("made-up-{n}") }))
        .collect();
    let info = json!({ "scanners": crowd }).to_string();
    let mut of_a_new_agent = Board::default();
    of_a_new_agent.apply("gym-7/back-door/_/info", info.as_bytes(), NOW);
    let mut of_a_known_agent = board();
    of_a_known_agent.apply("gym-7/front-desk/_/info", info.as_bytes(), NOW);
    let mut by_their_topics = board();
    for n in 0..2 * MAX_SCANNERS {
        let topic = format!("gym-7/front-desk/made-up-{n}/status");
        by_their_topics.apply(&topic, br#"{"state":"available"}"#, NOW);
    }
    by_their_topics.apply("gym-7/front-desk/bay-1/scan", &scan("s1", 1, 40), NOW);
    for board in [&of_a_new_agent, &of_a_known_agent, &by_their_topics] {
        assert_eq!(shown(board, NOW)["scanners"].as_array().unwrap().len(), MAX_SCANNERS);
    }
    assert_eq!(shown(&by_their_topics, NOW)["scanners"][0]["scan"]["progress"], 40);
}
