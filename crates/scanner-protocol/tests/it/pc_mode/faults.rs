//! What goes wrong, and where the conversation goes from there.

use scanner_protocol::{Event, LineEvent, PcDialect};

use super::talk::{Talk, own_record};
use crate::SECOND;

#[test]
fn every_error_of_the_device_ends_the_scan_by_its_name_and_clears_the_device() {
    let errors = [
        ("E0", "internal_fault", true),
        ("E1", "scale_overload", false),
        ("E2", "impedance_error", false),
        ("E3", "zero_point_error", false),
        ("E5", "zero_point_not_set", false),
        ("E8", "settings_memory_error", true),
        ("E9", "negative_overload", false),
    ];
    for (code, name, needs_service) in errors {
        let mut talk = Talk::measuring(PcDialect::Mc);
        talk.say(code);
        let events = talk.events();
        let [Event::DeviceError(error)] = &events[..] else {
            panic!("{code}: {events:?}")
        };
        assert_eq!(
            (error.code.as_str(), error.name, error.needs_service),
            (code, name, needs_service)
        );
        assert!(!error.advice.is_empty());
        for order in ["q", "D?"] {
            talk.expect(order);
            talk.answer(order);
        }
        talk.nothing_sent_for(60 * SECOND);
        assert_eq!(talk.settings, [const { None }; 7]);
        talk.start().unwrap();
        talk.expect("D000.0");
    }
}

#[test]
fn an_error_in_any_phase_of_the_measurement_ends_the_scan_once() {
    let mut ordered = Talk::started(PcDialect::Mc);
    let mut zeroing = Talk::started(PcDialect::Mc);
    zeroing.say("G");
    let mut measuring = Talk::measuring(PcDialect::Mc);
    for (phase, talk) in [&mut ordered, &mut zeroing, &mut measuring].into_iter().enumerate() {
        talk.events();
        talk.say("E3");
        assert_eq!(talk.words(), ["E3 zero_point_error"], "{phase}");
        talk.expect("q");
        talk.answer("q");
        talk.settle();
        assert_eq!(talk.words(), [""; 0]);
        assert_eq!(talk.settings, [const { None }; 7], "{phase}");
    }
}

#[test]
fn an_error_that_nobody_asked_for_is_told() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.say("E9");
    assert_eq!(talk.words(), ["E9 negative_overload"]);
    talk.start().unwrap();
    talk.expect("D000.0");
}

#[test]
fn data_that_did_not_arrive_are_sent_once_more_in_a_new_pc_mode() {
    for code in ["E4", "E6"] {
        let mut talk = Talk::started(PcDialect::Mc);
        talk.events();
        talk.say(code);
        for order in ["q", "M1", "D?", "D000.0"] {
            talk.expect(order);
            talk.answer(order);
        }
        assert_eq!(talk.words(), [""; 0], "the scan goes on");
        talk.answer_until("G");
        talk.say(code);
        assert!(talk.words().last().unwrap().starts_with(code));
        talk.expect("q");
    }
}

#[test]
fn a_result_that_cannot_be_worked_out_is_measured_once_more() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("E7");
    assert_eq!(talk.words(), ["prompt"]);
    for order in ["q", "D?", "D000.0"] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.answer_until("G");
    talk.say("G");
    talk.events();
    talk.say("E7");
    assert_eq!(talk.words(), ["E7 body_fat_calculation_error"]);
    talk.expect("q");
}

#[test]
fn a_dc_320_falls_back_to_the_weight_when_the_result_cannot_be_worked_out_twice() {
    let mut talk = Talk::measuring(PcDialect::Dc320);
    talk.say("E7");
    talk.answer_until("G0");
    talk.say("@");
    talk.events();
    talk.say("E7");
    assert_eq!(talk.words(), ["prompt"]);
    assert_eq!(talk.answer_until("F0"), "F0");
    talk.say("@");
    talk.say("F080.5");
    assert!(talk.words().ends_with(&["record".to_owned()]));
    talk.expect("F2");
    talk.settle();
    assert_eq!(talk.settings, [const { None }; 7]);
}

#[test]
fn a_damaged_result_is_rejected_and_ends_the_scan() {
    let mut bytes = own_record().into_bytes();
    bytes[60] ^= 1;
    bytes.extend(b"\r\n");
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.send(&bytes);
    assert_eq!(talk.words(), ["reading_results", "rejected"]);
    talk.expect("q");

    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.send(&own_record().as_bytes()[..70]);
    talk.nothing_sent_for(SECOND - 1);
    talk.expect("q");
    assert_eq!(talk.words(), ["reading_results", "rejected"]);
}

#[test]
fn a_measurement_is_prompted_for_at_30_seconds_and_given_up_at_90() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.nothing_sent_for(30 * SECOND - 1);
    assert_eq!(talk.words(), [""; 0]);
    talk.nothing_sent_for(1);
    assert_eq!(talk.words(), ["prompt"]);
    talk.nothing_sent_for(60 * SECOND - 1);
    assert_eq!(talk.words(), [""; 0]);
    talk.expect("q");
    assert_eq!(talk.words(), ["no_result"]);
}

#[test]
fn a_result_that_is_arriving_at_90_seconds_is_waited_for() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.nothing_sent_for(90 * SECOND - 1);
    let result = own_record() + "\r\n";
    talk.send(&result.as_bytes()[..50]);
    talk.nothing_sent_for(SECOND / 2);
    talk.send(&result.as_bytes()[50..]);
    assert_eq!(talk.words(), ["prompt", "reading_results", "record"]);
}

#[test]
fn a_value_that_the_device_refuses_is_not_sent_again() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D3");
    talk.say("D3!");
    assert_eq!(talk.words(), ["preparing", "value_refused"]);
    talk.expect("q");
    talk.settle();
    assert_eq!(talk.settings, [const { None }; 7]);
}

#[test]
fn an_order_at_the_wrong_time_leads_back_to_the_beginning_once() {
    for order in ["D1", "G"] {
        let mut talk = Talk::ready(PcDialect::Mc);
        talk.start().unwrap();
        talk.answer_until(order);
        talk.say("!");
        talk.expect("q");
        talk.answer("q");
        talk.expect("M1");
        talk.answer("M1");
        talk.answer_until(order);
        assert_eq!(talk.words(), ["preparing"]);
        talk.say("!");
        assert_eq!(talk.words(), ["out_of_step"]);
        talk.expect("q");
    }
}

#[test]
fn a_start_that_is_refused_late_was_refused() {
    let mut talk = Talk::started(PcDialect::Mc);
    talk.say("G");
    talk.say("!");
    talk.expect("q");
}

#[test]
fn a_start_may_be_answered_by_an_echo_an_at_sign_silence_or_its_consequences() {
    for answer in ["G0", "@", "", "z0", "W00.0", "I0"] {
        let mut talk = Talk::started(PcDialect::Dc);
        talk.say(answer);
        talk.nothing_sent_for(12 * SECOND);
        assert!(talk.words().contains(&"waiting_for_member".to_owned()), "{answer}");
        talk.say(&own_record());
        assert!(talk.words().contains(&"record".to_owned()), "{answer}");
    }
    let mut talk = Talk::started(PcDialect::Mc);
    talk.events();
    talk.say(&own_record());
    assert_eq!(talk.words(), ["reading_results", "record"]);
}

#[test]
fn a_busy_device_is_asked_again_after_a_tenth_of_a_second_for_five_seconds() {
    let mut talk = Talk::ready(PcDialect::Dc320);
    talk.start().unwrap();
    talk.answer_until("D2");
    for _ in 0..10 {
        talk.say("#");
        talk.expect("D20");
    }
    talk.say("D2");
    talk.expect("D3167.0");
    let since = talk.now;
    for _ in 0..49 {
        talk.say("#");
        talk.expect("D3167.0");
    }
    assert!(talk.now - since >= 4 * SECOND);
    talk.say("#");
    assert_eq!(talk.words(), ["preparing", "no_answer"]);
}

#[test]
fn a_scanner_without_pc_mode_is_listened_to_and_left_alone() {
    let mut talk = Talk::new(PcDialect::Mc);
    talk.line(LineEvent::Up);
    talk.expect("q");
    for _ in 0..3 {
        talk.expect("M1");
    }
    talk.nothing_sent_for(3600 * SECOND);
    assert_eq!(talk.session.poll_timeout(), None);
    talk.say(&own_record());
    assert_eq!(talk.words(), ["reading_results", "record"]);

    // Somebody wants it to work: it may have been switched on since.
    talk.start().unwrap();
    talk.expect("q");
    for _ in 0..3 {
        talk.expect("M1");
    }
    talk.nothing_sent_for(3600 * SECOND);
    assert_eq!(talk.words(), ["preparing", "no_answer"]);

    talk.start().unwrap();
    talk.answer_until("G");
}

#[test]
fn a_device_that_starts_up_refuses_pc_mode_for_a_while() {
    let mut talk = Talk::new(PcDialect::Mc);
    talk.line(LineEvent::Up);
    talk.start().unwrap();
    talk.expect("q");
    talk.say("!");
    talk.expect("M1");
    talk.say("!");
    talk.nothing_sent_for(SECOND - 1);
    talk.expect("M1");
    talk.say("!");
    talk.expect("M1");
    talk.answer("M1");
    talk.answer_until("G");

    let mut talk = Talk::new(PcDialect::Mc);
    talk.line(LineEvent::Up);
    talk.start().unwrap();
    talk.expect("q");
    for _ in 0..3 {
        talk.expect("M1");
        talk.say("!");
    }
    assert_eq!(talk.words(), ["preparing", "out_of_step"]);
    talk.nothing_sent_for(60 * SECOND);
}

#[test]
fn data_that_the_device_has_otherwise_are_sent_once_more() {
    let wrong = "D00.0,D11,D20,D3176.0,D428,D50000004711,D6!";
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D?");
    talk.say(wrong);
    for order in ["q", "M1", "D?", "D000.0"] {
        talk.expect(order);
        talk.answer(order);
    }
    talk.answer_until("D?");
    talk.say(wrong);
    assert_eq!(talk.words(), ["preparing", "settings_differ"]);
    talk.expect("q");
}

#[test]
fn pauses_are_neither_shorter_nor_longer_than_they_should_be() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say(&own_record());
    let result_at = talk.now;
    talk.expect("q");
    assert_eq!(talk.now - result_at, 5 * SECOND);

    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D3");
    talk.expect("D3167.0");
    talk.expect("D3167.0");
    let last_try_at = talk.now;
    talk.expect("q");
    assert_eq!(talk.now - last_try_at, 31 * SECOND);
    talk.answer("q");
    talk.expect("M1");
    talk.say("!");
    let refused_at = talk.now;
    talk.expect("M1");
    assert_eq!(talk.now - refused_at, SECOND);
}
