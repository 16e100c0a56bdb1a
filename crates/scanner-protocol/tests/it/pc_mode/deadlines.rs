//! Every wait to the microsecond, and clocks that are called early or late.

use scanner_protocol::{Command, LineEvent, PcDialect, Tick};

use super::talk::{Talk, own_record};
use crate::{MILLISECOND, SECOND};

/// The next order comes after exactly `time`.
fn comes_after(talk: &mut Talk, time: u64, order: &str) {
    let since = talk.now;
    talk.nothing_sent_for(time - 1);
    talk.expect(order);
    assert_eq!(talk.now - since, time, "`{order}`");
}

#[test]
fn each_wait_of_a_scan_has_its_length() {
    let mut talk = Talk::new(PcDialect::Dc320);
    talk.line(LineEvent::Up);
    comes_after(&mut talk, 500 * MILLISECOND, "q");
    comes_after(&mut talk, SECOND, "M1");
    talk.answer("M1");
    comes_after(&mut talk, 100 * MILLISECOND, "D?");
    talk.start().unwrap();
    talk.answer("D?");
    comes_after(&mut talk, 100 * MILLISECOND, "D000.0");
    comes_after(&mut talk, SECOND, "D000.0");
    talk.answer_until("G0");
    talk.say("@");
    talk.events();
    talk.nothing_sent_for(10 * SECOND - 1);
    assert_eq!(talk.words(), [""; 0]);
    talk.nothing_sent_for(1);
    assert_eq!(talk.words(), ["waiting_for_member"]);
    talk.say(&own_record());
    talk.expect("F2");
    talk.say("@");
    // Told again and again that somebody stands there, it waits no longer.
    for _ in 0..5 {
        talk.nothing_sent_for(10 * SECOND);
        talk.say("@");
    }
    comes_after(&mut talk, 10 * SECOND, "q");
    talk.answer("q");
    comes_after(&mut talk, 100 * MILLISECOND, "D?");
    talk.answer("D?");
    comes_after(&mut talk, 300 * SECOND, "M0");
}

#[test]
fn a_person_who_gets_no_word_from_the_device_has_five_seconds_to_step_off() {
    let mut silent = Talk::measuring(PcDialect::Mc);
    silent.say(&own_record());
    comes_after(&mut silent, 5 * SECOND, "q");

    let mut refused = Talk::measuring(PcDialect::Dc320);
    refused.say(&own_record());
    refused.expect("F2");
    refused.say("!");
    comes_after(&mut refused, 5 * SECOND, "q");

    // The question itself is waited for a second.
    let mut unanswered = Talk::measuring(PcDialect::Dc320);
    unanswered.say(&own_record());
    unanswered.expect("F2");
    comes_after(&mut unanswered, 6 * SECOND, "q");
}

#[test]
fn a_pause_is_kept_though_something_else_happens_in_it() {
    let mut busy = Talk::ready(PcDialect::Mc);
    busy.start().unwrap();
    busy.answer_until("D2");
    busy.nothing_sent_for(70 * MILLISECOND);
    busy.say("#");
    busy.nothing_sent_for(60 * MILLISECOND);
    busy.send(b"\r\n");
    comes_after(&mut busy, 40 * MILLISECOND, "D20");

    let mut starting_up = Talk::new(PcDialect::Mc);
    starting_up.line(LineEvent::Up);
    starting_up.expect("q");
    starting_up.expect("M1");
    starting_up.say("!");
    starting_up.nothing_sent_for(400 * MILLISECOND);
    starting_up.send(b"\r\n");
    comes_after(&mut starting_up, 600 * MILLISECOND, "M1");
}

#[test]
fn a_clock_that_is_early_changes_nothing_and_one_that_is_late_does_what_was_due() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    for early in [1, SECOND, 30 * SECOND - 1] {
        talk.session.handle_timeout(Tick(talk.now + early));
        assert_eq!(talk.session.poll_event(), None);
        assert_eq!(talk.session.poll_timeout(), Some(Tick(talk.now + 30 * SECOND)));
    }
    talk.now += 47 * SECOND;
    talk.session.handle_timeout(Tick(talk.now));
    talk.say("");
    assert_eq!(talk.words(), ["prompt"]);
    talk.now += 70 * SECOND;
    talk.expect("q");
    assert_eq!(talk.words(), ["no_result"]);
}

#[test]
fn noise_that_looks_like_a_result_delays_the_end_of_a_measurement_by_ten_seconds_at_most() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.nothing_sent_for(30 * SECOND);
    assert_eq!(talk.words(), ["prompt"]);
    for _ in 0..699 {
        talk.nothing_sent_for(100 * MILLISECOND);
        talk.send(b"\x00");
    }
    talk.nothing_sent_for(100 * MILLISECOND - 1);
    assert_eq!(talk.words(), [""; 0]);
    talk.session.handle_timeout(Tick(talk.now + 1));
    talk.say("");
    assert_eq!(talk.words(), ["no_result"]);
}

#[test]
fn a_reply_that_stops_for_a_second_is_none_and_one_that_stops_for_less_is_one() {
    for told_of_time in [true, false] {
        let mut talk = Talk::ready(PcDialect::Mc);
        let skipped = talk.session.counters().bytes_skipped;
        let wait = |talk: &mut Talk, time| {
            if told_of_time {
                talk.nothing_sent_for(time);
            } else {
                talk.now += time;
            }
        };
        talk.send(b"E");
        wait(&mut talk, SECOND - 1);
        talk.send(b"9\r\n");
        assert_eq!(talk.words(), ["E9 negative_overload"]);
        assert_eq!(talk.session.counters().bytes_skipped, skipped);

        talk.send(b"E");
        wait(&mut talk, SECOND);
        talk.send(b"9\r\n");
        assert_eq!(talk.words(), [""; 0]);
        assert_eq!(talk.session.counters().bytes_skipped, skipped + 2);
    }
}

#[test]
fn a_result_that_a_busy_host_reads_late_is_still_one() {
    let result = own_record() + "\r\n";
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.send(&result.as_bytes()[..50]);
    talk.now += 20 * SECOND;
    talk.send(&result.as_bytes()[50..]);
    assert_eq!(talk.words(), ["reading_results", "record"]);
}

#[test]
fn a_port_that_is_late_with_its_report_is_waited_for_five_seconds() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    let at = talk.now;
    // Nothing has left, so there is nothing to report and no answer to wait for.
    talk.session.handle_sent(Tick(at));
    for late in [SECOND, 2 * SECOND, 5 * SECOND - 1] {
        talk.session.handle_timeout(Tick(at + late));
        assert_eq!(talk.session.poll_timeout(), Some(Tick(at + 5 * SECOND)));
    }
    talk.session.handle_timeout(Tick(at + 5 * SECOND));
    assert_eq!(
        talk.session.poll_transmit(),
        None,
        "an order that is over is taken back"
    );
    talk.now = at + 5 * SECOND;
    talk.say("");
    assert_eq!(talk.words(), ["preparing", "no_answer"]);
}

#[test]
fn an_order_that_nobody_has_taken_is_taken_back_when_it_is_over() {
    let mut stopped = Talk::ready(PcDialect::Mc);
    stopped.start().unwrap();
    stopped.command(Command::Cancel).unwrap();
    stopped.expect("q");

    let mut pulled = Talk::ready(PcDialect::Mc);
    pulled.start().unwrap();
    pulled.line(LineEvent::Down);
    assert_eq!(pulled.session.poll_transmit(), None);
}

#[test]
fn a_port_that_is_opened_anew_owes_no_report_of_what_the_old_one_sent() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    assert!(talk.session.poll_transmit().is_some());
    talk.line(LineEvent::Down);
    talk.line(LineEvent::Up);
    comes_after(&mut talk, 500 * MILLISECOND, "q");
}

#[test]
fn a_device_that_stops_telling_its_settings_is_left_alone_and_come_back_to() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("E2");
    talk.expect("q");
    talk.answer("q");
    for order in ["D?", "D?", "M0", "M1", "D?", "D?"] {
        talk.expect(order);
        if order != "D?" {
            talk.answer(order);
        }
    }
    comes_after(&mut talk, 31 * SECOND, "q");
    assert_eq!(talk.words(), ["E2 impedance_error"], "nobody waits for it");
}

#[test]
fn a_release_gets_the_data_out_of_a_device_that_fell_silent() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D3");
    talk.expect("D3167.0");
    talk.expect("D3167.0");
    talk.nothing_sent_for(5 * SECOND);
    assert_eq!(talk.words(), ["preparing", "no_answer"]);
    talk.command(Command::Release).unwrap();
    talk.expect("q");
    talk.answer("q");
    talk.answer_until("M0");
    talk.answer("M0");
    assert_eq!(talk.settings, [const { None }; 7]);
    assert_eq!(talk.session.poll_timeout(), None);
}

#[test]
fn nothing_is_sent_between_the_order_to_measure_and_its_answer_though_the_scan_is_over() {
    for command in [Command::Cancel, Command::Release] {
        let mut talk = Talk::started(PcDialect::Mc);
        talk.command(command).unwrap();
        talk.nothing_sent_for(900 * MILLISECOND);
        talk.say("G");
        talk.nothing_sent_for(60 * SECOND);
        talk.say(&own_record());
        assert!(talk.words().last().unwrap().starts_with("record"));
        talk.expect("q");
    }
}

#[test]
fn a_scan_that_is_stopped_before_its_turn_has_sent_nothing() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("E1");
    talk.expect("q");
    talk.start().unwrap();
    talk.command(Command::Cancel).unwrap();
    talk.answer("q");
    talk.expect("D?");
    talk.answer("D?");
    talk.nothing_sent_for(100 * SECOND);
}

#[test]
fn a_scanner_that_is_wanted_back_is_given_back_as_soon_as_its_result_is_there() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.command(Command::Release).unwrap();
    talk.nothing_sent_for(20 * SECOND);
    talk.say(&own_record());
    let since = talk.now;
    talk.answer_until("M0");
    assert!(talk.now - since <= SECOND);
}
