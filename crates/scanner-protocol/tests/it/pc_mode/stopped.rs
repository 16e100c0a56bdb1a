//! Scans that are over before they began: no current goes through anybody who is not waited for.

use scanner_protocol::{Command, PcDialect, Tick};

use super::talk::{Talk, own_record, person};
use crate::SECOND;

/// A session that was just sent the order to measure, or to weigh alone.
fn ordered(dialect: PcDialect, current_is_safe: bool) -> Talk {
    let mut start = person();
    start.current_is_safe = current_is_safe;
    let mut talk = Talk::ready(dialect);
    talk.command(Command::Start(start)).unwrap();
    talk.answer_until(if current_is_safe { "G" } else { "F0" });
    talk
}

/// Answers all orders; none of them may start a measurement.
fn nothing_is_measured(talk: &mut Talk, until: &str) {
    for _ in 0..20 {
        let order = talk.order();
        assert!(!order.starts_with('G') && order != "F0", "`{order}`");
        talk.answer(&order);
        if order == until {
            return;
        }
    }
    panic!("`{until}` never comes")
}

#[test]
fn an_order_to_measure_that_a_busy_device_did_not_take_is_not_sent_again_once_nobody_wants_it() {
    let starts = [
        (PcDialect::Mc, true),
        (PcDialect::Dc, true),
        (PcDialect::Dc320, true),
        // Whoever was not asked about pacemakers least of all.
        (PcDialect::Dc320, false),
    ];
    for (dialect, current_is_safe) in starts {
        let mut cancelled = ordered(dialect, current_is_safe);
        cancelled.command(Command::Cancel).unwrap();
        cancelled.say("#");
        nothing_is_measured(&mut cancelled, "q");
        nothing_is_measured(&mut cancelled, "D?");
        cancelled.nothing_sent_for(60 * SECOND);
        assert_eq!(cancelled.settings, [const { None }; 7]);

        let mut released = ordered(dialect, current_is_safe);
        released.command(Command::Release).unwrap();
        released.say("#");
        nothing_is_measured(&mut released, "M0");
        assert_eq!(released.session.poll_timeout(), None);
        assert_eq!(released.settings, [const { None }; 7]);
    }
}

#[test]
fn a_busy_device_is_asked_once_more_to_do_what_it_was_asked_and_nothing_else() {
    for (current_is_safe, order) in [(true, "G0"), (false, "F0")] {
        let mut talk = ordered(PcDialect::Dc320, current_is_safe);
        talk.say("#");
        talk.expect(order);
    }
}

#[test]
fn a_scan_that_is_stopped_in_the_pause_of_a_busy_device_is_not_started() {
    for command in [Command::Cancel, Command::Release] {
        let mut talk = ordered(PcDialect::Dc320, true);
        talk.say("#");
        talk.command(command).unwrap();
        nothing_is_measured(&mut talk, "q");
    }
}

#[test]
fn an_order_to_measure_that_nobody_has_polled_is_taken_back() {
    for command in [Command::Cancel, Command::Release] {
        let mut talk = Talk::ready(PcDialect::Mc);
        talk.start().unwrap();
        talk.answer_until("D?");
        talk.answer("D?");
        talk.now += SECOND;
        talk.session.handle_timeout(Tick(talk.now));
        // `G` would be polled now.
        talk.command(command).unwrap();
        nothing_is_measured(&mut talk, "q");
    }
}

#[test]
fn whoever_is_measured_while_the_scanner_is_wanted_back_is_not_measured_twice() {
    for (error, word) in [
        ("E4", "E4 personal_data_not_set"),
        ("E7", "E7 body_fat_calculation_error"),
    ] {
        let mut talk = Talk::measuring(PcDialect::Dc320);
        talk.command(Command::Release).unwrap();
        talk.say(error);
        assert_eq!(talk.words(), [word]);
        nothing_is_measured(&mut talk, "M0");
        assert_eq!(talk.session.poll_timeout(), None);
    }
}

#[test]
fn a_busy_word_within_a_measurement_that_was_stopped_is_no_reason_to_send_anything() {
    let mut talk = Talk::measuring(PcDialect::Dc320);
    talk.command(Command::Cancel).unwrap();
    talk.say("#");
    talk.nothing_sent_for(60 * SECOND);
    talk.say(&own_record());
    talk.expect("F2");
}
