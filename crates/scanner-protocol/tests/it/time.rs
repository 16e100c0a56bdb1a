//! Silences, deadlines and repeats, with time as a number.

use scan_model::{Flag, progress::Stage};
use scanner_protocol::{Event, LineEvent, Options, Protocol, RejectReason, Session, Tick};

use crate::{MILLISECOND, Outcome, SECOND, capture, outcomes, session};

fn truncated(outcomes: &[Outcome]) -> bool {
    matches!(outcomes, [Outcome::Rejected(rejected)] if rejected.reason == RejectReason::Truncated)
}

#[test]
fn a_silence_within_a_record_ends_it() {
    let bytes = capture("sc330-2014-adult-male");
    let mut session = session();
    assert_eq!(session.poll_timeout(), None);
    session.handle_bytes(Tick(5 * SECOND), &bytes[..100]);
    session.handle_bytes(Tick(6 * SECOND), &bytes[100..200]);
    assert_eq!(session.poll_timeout(), Some(Tick(7 * SECOND)));

    session.handle_timeout(Tick(7 * SECOND - 1));
    assert_eq!(
        session.poll_timeout(),
        Some(Tick(7 * SECOND)),
        "too early changes nothing"
    );
    session.handle_timeout(Tick(7 * SECOND));
    assert!(truncated(&outcomes(&mut session)));
    assert_eq!(session.poll_timeout(), None);
    session.handle_timeout(Tick(8 * SECOND));
    assert_eq!(outcomes(&mut session), [], "a second call changes nothing");

    session.handle_bytes(Tick(9 * SECOND), &bytes);
    assert!(matches!(outcomes(&mut session)[..], [Outcome::Record(_)]));
}

#[test]
fn a_record_that_trickles_for_ten_seconds_is_given_up() {
    let bytes = capture("sc330-2014-adult-male");
    let mut session = session();
    for (at, byte) in (0..).zip(&bytes[..20]) {
        let now = Tick(at * 600 * MILLISECOND);
        session.handle_timeout(now);
        session.handle_bytes(now, &[*byte]);
    }
    // It was open from the third byte on, so from 1.2 s to 11.2 s.
    let outcomes = outcomes(&mut session);
    let [Outcome::Rejected(rejected)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!((rejected.reason, rejected.raw.len()), (RejectReason::Truncated, 19));
}

#[test]
fn bytes_that_a_busy_host_reads_late_still_belong_together() {
    let bytes = capture("sc330-2014-adult-male");
    let mut session = session();
    session.handle_bytes(Tick(0), &bytes[..100]);
    session.handle_bytes(Tick(30 * SECOND), &bytes[100..]);
    assert!(matches!(outcomes(&mut session)[..], [Outcome::Record(_)]));
}

#[test]
fn an_unplugged_cable_ends_an_open_record() {
    let mut session = session();
    session.handle_line(Tick(0), LineEvent::Up);
    session.handle_bytes(Tick(0), &capture("sc330-2014-adult-male")[..100]);
    session.handle_line(Tick(1), LineEvent::Down);
    assert!(truncated(&outcomes(&mut session)));
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn a_continuation_line_is_understood_after_a_spurious_byte_and_a_pause() {
    let mut session = session();
    session.handle_bytes(Tick(0), b"\0");
    session.handle_bytes(Tick(SECOND - 1), b"Rg,3868\r\n");
    assert_eq!(outcomes(&mut session), []);
    session.handle_bytes(Tick(SECOND), b"\0G");
    session.handle_bytes(Tick(3 * SECOND), b"Rg,3868\r\n");
    assert!(matches!(outcomes(&mut session)[..], [Outcome::Record(_)]));
    assert_eq!(session.counters().bytes_skipped, 1 + 7 + 2);
}

#[test]
fn a_scan_is_announced_with_its_first_bytes_and_gets_on_in_steps() {
    let mut session = session();
    let mut stages = Vec::new();
    for chunk in capture("mc780-2019-adult-male").chunks(10) {
        session.handle_bytes(Tick(0), chunk);
        while let Some(event) = session.poll_event() {
            match event {
                Event::Stage { stage, within } => stages.push((stage, within)),
                Event::Record(_) => assert_eq!(stages.len(), 4),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(stages, [0, 25, 50, 75].map(|within| (Stage::ReadingResults, within)));
}

#[test]
fn a_damaged_byte_spoils_only_a_record_without_a_checksum() {
    let bytes = |id| (capture(id), session());
    let damage = |(bytes, mut session): (Vec<u8>, Session), event| {
        session.handle_bytes(Tick(0), &bytes[..20]);
        session.handle_line(Tick(0), event);
        session.handle_bytes(Tick(0), &bytes[20..]);
        outcomes(&mut session)
    };
    for event in [LineEvent::Parity, LineEvent::Break] {
        assert!(matches!(
            damage(bytes("sc330-2014-adult-male"), event)[..],
            [Outcome::Record(_)]
        ));
        let outcomes = damage(bytes("bd815-hold"), event);
        assert!(matches!(&outcomes[..], [Outcome::Rejected(rejected)] if rejected.reason == RejectReason::LineError));
    }

    let (bytes, mut session) = bytes("bd815-hold");
    session.handle_line(Tick(0), LineEvent::Parity);
    session.handle_bytes(Tick(0), &bytes);
    assert!(
        matches!(outcomes(&mut session)[..], [Outcome::Record(_)]),
        "noise before a record spoils nothing"
    );
}

#[test]
fn a_record_that_comes_again_within_ten_minutes_is_dropped() {
    let bytes = capture("sc330-2014-adult-male");
    // The same measurement in another guise: the published copy with a brace at its end.
    let again = capture("sc330-trailing-brace");
    let mut session = session();
    let mut send = |at, bytes: &[u8]| {
        session.handle_bytes(Tick(at), bytes);
        outcomes(&mut session)
    };
    assert!(matches!(send(0, &bytes)[..], [Outcome::Record(_)]));
    assert_eq!(send(600 * SECOND, &again), [Outcome::Repeated]);
    assert_eq!(
        send(1200 * SECOND, &bytes),
        [Outcome::Repeated],
        "ten minutes after it came last"
    );
    assert!(matches!(send(1800 * SECOND + 1, &bytes)[..], [Outcome::Record(_)]));
    assert_eq!(session.counters().repeats_dropped, 2);
    assert_eq!(session.counters().records, 2);
}

#[test]
fn a_record_of_another_person_or_another_minute_is_no_repeat() {
    let record = String::from_utf8(capture("sc330-2014-adult-male")).unwrap();
    let others = [
        record
            .replace("ID,\"0000000000\"", "ID,\"0000000001\"")
            .replace("CS,D9", "CS,DA"),
        // The sum stays the same.
        record
            .replace("ID,\"0000000000\"", "ID,\"0000000010\"")
            .replace("TI,\"08:20\"", "TI,\"08:10\""),
        record.replace("SN,\"00000001\"", "SN,\"00000010\""),
        record.replace("TI,\"08:20\"", "TI,\"08:02\""),
        // Whom the scanner does not know by a number either: another weight with the same sum, in the same minute.
        record.replace("Wk,89.2", "Wk,98.2"),
    ];
    for other in others {
        assert_ne!(other, record);
        let mut session = session();
        session.handle_bytes(Tick(0), record.as_bytes());
        session.handle_bytes(Tick(SECOND), other.as_bytes());
        assert!(
            matches!(outcomes(&mut session)[..], [Outcome::Record(_), Outcome::Record(_)]),
            "{other}"
        );
    }
}

#[test]
fn without_a_device_clock_equal_records_are_kept_and_flagged() {
    let bytes = capture("wb3000-composed");
    let mut session = session();
    for at in [0, 30 * SECOND, 700 * SECOND] {
        session.handle_bytes(Tick(at), &bytes);
    }
    let flags: Vec<_> = outcomes(&mut session)
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Record(record) => record.flags,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(flags, [vec![], vec![Flag::PossibleDuplicate], vec![]]);
}

#[test]
fn a_clock_that_shows_an_impossible_time_identifies_nothing() {
    let bytes = capture("impossible-date");
    let mut session = session();
    session.handle_bytes(Tick(0), &bytes);
    session.handle_bytes(Tick(1), &bytes);
    assert!(matches!(
        outcomes(&mut session)[..],
        [Outcome::Record(_), Outcome::Record(_)]
    ));
}

#[test]
fn repeats_are_kept_when_asked_for() {
    let mut session = Session::new(
        Protocol::TanitaTagged,
        Options {
            drop_repeats: false,
            ..Options::default()
        },
    );
    session.handle_bytes(Tick(0), &capture("sc330-2014-adult-male").repeat(2));
    session.handle_bytes(Tick(0), &capture("wb3000-composed").repeat(2));
    for outcome in outcomes(&mut session) {
        assert!(matches!(outcome, Outcome::Record(record) if record.flags.is_empty()));
    }
}

/// A line of a scale that begins where a line does, as nothing else marks it.
const PRINTED: &[u8] = b"     80.5 kg Gross \r\n";

#[test]
fn the_first_byte_after_a_second_of_silence_begins_a_line() {
    for (pause, records) in [(SECOND - 1, 0), (SECOND, 1)] {
        let mut session = Session::new(Protocol::RiceLake, Options::default());
        session.handle_bytes(Tick(0), b"?");
        session.handle_bytes(Tick(pause), PRINTED);
        assert_eq!(outcomes(&mut session).len(), records, "after {pause} µs");
    }
}

#[test]
fn half_a_line_of_a_scale_is_held_for_its_silence_unless_the_host_reads_late() {
    let mut session = Session::new(Protocol::RiceLake, Options::default());
    session.handle_bytes(Tick(0), &PRINTED[..11]);
    assert_eq!(session.poll_timeout(), Some(Tick(SECOND)));
    session.handle_timeout(Tick(SECOND - 1));
    assert_eq!(session.poll_timeout(), Some(Tick(SECOND)));
    session.handle_bytes(Tick(30 * SECOND), &PRINTED[11..]);
    assert!(matches!(outcomes(&mut session)[..], [Outcome::Record(_)]));

    session.handle_bytes(Tick(40 * SECOND), &PRINTED[..11]);
    session.handle_timeout(Tick(41 * SECOND));
    assert_eq!(session.poll_timeout(), None);
    session.handle_bytes(Tick(41 * SECOND), &PRINTED[11..]);
    assert!(truncated(&outcomes(&mut session)));
}

#[test]
fn a_damaged_byte_between_the_lines_of_a_scale_or_before_a_silence_spoils_nothing() {
    for (before, records) in [(&b""[..], 1), (PRINTED, 2), (&PRINTED[..8], 1)] {
        let mut session = Session::new(Protocol::RiceLake, Options::default());
        session.handle_bytes(Tick(0), before);
        session.handle_line(Tick(0), LineEvent::Parity);
        session.handle_timeout(Tick(SECOND));
        session.handle_bytes(Tick(SECOND), PRINTED);
        let outcomes = outcomes(&mut session);
        assert_eq!(outcomes.len(), records);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Record(_))));
    }
}
