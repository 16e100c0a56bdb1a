//! What counts as the same result once more.

use scanner_protocol::{Options, PositionalModel, Protocol, Session, Tick};

use crate::{Outcome, SECOND, outcomes};

/// A record of a scale with a clock.
fn weighing(minute: u8, kilograms: &str) -> String {
    format!("\"03/05/01\",\"09:{minute:02}\",{kilograms}\r\n")
}

fn session(options: Options) -> Session {
    let options = Options {
        positional_model: Some(PositionalModel::Tbf310),
        ..options
    };
    Session::new(Protocol::TanitaPositional, options)
}

/// Whether `line`, at `at` microseconds, is a new result.
fn is_new(session: &mut Session, at: u64, line: &str) -> bool {
    session.handle_bytes(Tick(at), line.as_bytes());
    match &outcomes(session)[..] {
        [Outcome::Record(record)] => {
            assert_eq!(record.flags, []);
            true
        }
        [Outcome::Repeated] => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_is_a_repeat_for_ten_minutes_after_it_came_last() {
    let mut session = session(Options::default());
    let line = weighing(7, "64.2");
    assert!(is_new(&mut session, 0, &line));
    assert!(!is_new(&mut session, 600 * SECOND, &line));
    assert!(!is_new(&mut session, 1200 * SECOND, &line));
    assert!(is_new(&mut session, 1800 * SECOND + 1, &line));
    assert_eq!((session.counters().records, session.counters().repeats_dropped), (2, 2));
}

#[test]
fn another_time_or_another_value_is_another_result() {
    let mut session = session(Options::default());
    for line in [weighing(7, "64.2"), weighing(8, "64.2"), weighing(7, "64.3")] {
        assert!(is_new(&mut session, 0, &line), "{line:?}");
    }
    for line in [weighing(7, "64.2"), weighing(8, "64.2"), weighing(7, "64.3")] {
        assert!(!is_new(&mut session, 0, &line), "{line:?}");
    }
}

#[test]
fn of_more_results_than_a_scanner_can_make_in_ten_minutes_the_latest_64_are_remembered() {
    let mut session = session(Options::default());
    let line = |number: u32| weighing(7, &format!("{number}.5"));
    for number in 0..64 {
        assert!(is_new(&mut session, 0, &line(number)));
    }
    assert!(!is_new(&mut session, 0, &line(0)), "the latest again");
    assert!(is_new(&mut session, 0, &line(64)));
    assert!(!is_new(&mut session, 0, &line(2)));
    assert!(is_new(&mut session, 0, &line(1)), "the oldest has made room");
}

#[test]
fn who_looks_at_captures_sees_every_result() {
    let mut session = session(Options {
        drop_repeats: false,
        ..Options::default()
    });
    for _ in 0..3 {
        assert!(is_new(&mut session, 0, &weighing(7, "64.2")));
    }
}
