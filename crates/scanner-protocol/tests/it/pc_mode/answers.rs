//! Which lines of the device answer an order, and which mean nothing at that moment.

use scan_model::{Flag, subject::Gender};
use scanner_protocol::{Command, Event, LineEvent, PcDialect};

use super::talk::{Talk, own_record, person, record};
use crate::{MILLISECOND, SECOND};

/// What a device may say that answers none of the orders it is said to here.
const STRAYS: [&str; 12] = [
    "M1", "M0", "q", "U0", "D0", "D4", "G1", "what?", "z9", "D2!", "D9!", "F080.5",
];

/// A session that was just sent the first order that begins with `order`.
fn asked(dialect: PcDialect, order: &str) -> Talk {
    let mut talk = Talk::new(dialect);
    talk.line(LineEvent::Up);
    talk.start().unwrap();
    talk.answer_until(order);
    talk
}

#[test]
fn an_order_waits_a_whole_second_for_its_own_answer_whatever_else_is_said() {
    let orders = [
        (PcDialect::Mc, "q", "q", "M1"),
        (PcDialect::Mc, "M1", "M1", "D?"),
        (PcDialect::Mc, "D1", "D1", "D20"),
        (PcDialect::Mc, "D3", "D3", "D428"),
        (PcDialect::Bc418, "U0", "U0", "D0000.0"),
    ];
    for (dialect, order, answer, next) in orders {
        for stray in STRAYS.iter().filter(|stray| **stray != answer) {
            let mut talk = asked(dialect, order);
            talk.say(stray);
            talk.nothing_sent_for(SECOND - 1);
            talk.say(answer);
            assert_eq!(talk.order(), next, "`{stray}` to `{order}`");
        }
    }
}

#[test]
fn a_question_about_the_settings_is_answered_by_settings_alone() {
    for stray in STRAYS {
        let mut talk = asked(PcDialect::Mc, "D?");
        talk.say(stray);
        talk.say("@");
        talk.nothing_sent_for(SECOND - 1);
        talk.answer("D?");
        talk.expect("D000.0");
    }
}

#[test]
fn a_start_is_not_answered_by_what_belongs_to_other_orders() {
    for stray in STRAYS {
        let mut talk = Talk::started(PcDialect::Mc);
        talk.events();
        talk.say(stray);
        talk.nothing_sent_for(SECOND - 1);
        assert_eq!(talk.words(), [""; 0], "{stray}");
        talk.say("G");
        assert_eq!(talk.words(), ["preparing", "prompt"], "{stray}");
    }
}

#[test]
fn an_echo_is_the_answer_at_once() {
    let mut leaving = Talk::ready(PcDialect::Mc);
    leaving.command(Command::Release).unwrap();
    leaving.expect("M0");
    leaving.answer("M0");
    assert_eq!(leaving.session.poll_timeout(), None);

    // Small and capital letters are the same to the MC-780.
    let mut stopping = Talk::new(PcDialect::Mc);
    stopping.line(LineEvent::Up);
    stopping.expect("q");
    let asked_at = stopping.now;
    stopping.say("Q");
    stopping.expect("M1");
    assert_eq!(stopping.now - asked_at, 100 * MILLISECOND);

    let mut start = person();
    start.current_is_safe = false;
    let mut weighing = Talk::ready(PcDialect::Dc320);
    weighing.command(Command::Start(start)).unwrap();
    weighing.expect("F0");
    weighing.say("F0");
    assert_eq!(weighing.words(), ["preparing", "prompt"]);
}

#[test]
fn any_line_answers_the_reset_of_a_bc_418_and_nothing_is_asked_about_its_settings() {
    for line in ["\u{1f}", "what?", "M1", "@"] {
        let mut talk = Talk::new(PcDialect::Bc418);
        talk.line(LineEvent::Up);
        talk.expect("\u{1f}");
        let asked_at = talk.now;
        talk.say(line);
        talk.expect("U0");
        assert_eq!(talk.now - asked_at, 100 * MILLISECOND, "{line}");
        talk.say("U0");
        // No `D?`: a second reset gives the device back.
        talk.expect("\u{1f}");
        talk.answer("\u{1f}");
        talk.nothing_sent_for(60 * SECOND);
    }
}

#[test]
fn any_line_but_an_at_sign_says_that_the_person_has_stepped_off() {
    for line in ["F2", "W00.0", "z0", "I0", "D1!", "M1", "what?"] {
        for before in ["", "@"] {
            let mut talk = Talk::measuring(PcDialect::Dc320);
            talk.say(&own_record());
            talk.expect("F2");
            let asked_at = talk.now;
            talk.say(before);
            talk.say(line);
            talk.expect("q");
            assert_eq!(talk.now - asked_at, 100 * MILLISECOND, "`{line}` after `{before}`");
        }
    }
}

#[test]
fn what_comes_before_an_order_has_left_is_not_its_answer() {
    let mut talk = asked(PcDialect::Mc, "D0");
    talk.say("D0");
    // The pause between two orders runs: these are echoes of something else.
    for line in ["D1", "!", "#", "D1!"] {
        talk.say(line);
    }
    talk.expect("D11");
    assert_eq!(talk.words(), ["preparing"]);
}

#[test]
fn a_refusal_while_the_person_is_measured_means_nothing() {
    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.say("!");
    talk.nothing_sent_for(10 * SECOND);
    talk.say(&own_record());
    assert_eq!(talk.words(), ["reading_results", "record"]);
}

#[test]
fn a_refusal_while_the_zero_is_set_ends_the_measurement_at_once() {
    let mut talk = Talk::started(PcDialect::Mc);
    talk.say("G");
    talk.nothing_sent_for(3 * SECOND);
    talk.events();
    talk.say("!");
    let refused_at = talk.now;
    talk.expect("q");
    assert_eq!(talk.now, refused_at);
    assert_eq!(talk.words(), [""; 0], "the person's data are sent once more");
}

#[test]
fn a_woman_is_told_to_the_device_as_one_and_its_answers_about_her_are_hers() {
    let mut start = person();
    start.subject.gender = Some(Gender::Female);
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.command(Command::Start(start)).unwrap();
    assert_eq!(talk.answer_until("D1"), "D12");
    talk.answer("D12");
    // The device says that it has her data, and what they are.
    talk.answer_until("G");
    talk.say("G");
    talk.events();
    talk.say(&record("0000000000004711", 2, 28, "167.0"));
    assert_eq!(talk.words(), ["reading_results", "record"]);
}

#[test]
fn each_datum_that_the_device_has_otherwise_or_not_at_all_is_noticed() {
    let right = ["D000.0", "D11", "D20", "D3167.0", "D428", "D50000004711", "D620"];
    let wrong = ["D000.1", "D12", "D22", "D3167.1", "D429", "D50000004712", "D621"];
    let mut start = person();
    start.goal_body_fat = Some(20);
    let next = |list: &[&str]| {
        let mut talk = Talk::ready(PcDialect::Mc);
        talk.command(Command::Start(start.clone())).unwrap();
        talk.answer_until("D?");
        talk.say(&list.join(","));
        talk.order()
    };
    assert_eq!(next(&right), "G");
    for place in 0..right.len() {
        let mut list = right;
        list[place] = wrong[place];
        assert_eq!(next(&list), "q", "{}", wrong[place]);
        let unset = format!("D{place}!");
        list[place] = &unset;
        assert_eq!(next(&list), "q", "{unset}");
        let others: Vec<_> = right.into_iter().filter(|item| *item != right[place]).collect();
        assert_eq!(next(&others), "G", "what the device does not tell is no difference");
    }
}

#[test]
fn a_dc_320_measures_twice_weighs_once_and_then_tells_its_error() {
    let mut talk = Talk::measuring(PcDialect::Dc320);
    talk.say("E7");
    talk.answer_until("G0");
    talk.say("@");
    talk.say("E7");
    talk.answer_until("F0");
    talk.say("@");
    talk.events();
    talk.say("E7");
    assert_eq!(talk.words(), ["E7 body_fat_calculation_error"]);
    talk.settle();
    assert_eq!(talk.settings, [const { None }; 7]);
    talk.nothing_sent_for(60 * SECOND);
}

#[test]
fn of_a_scan_that_was_stopped_only_what_needs_service_is_told() {
    let errors = [
        ("E0", true),
        ("E1", false),
        ("E2", false),
        ("E3", false),
        ("E4", false),
        ("E5", false),
        ("E6", false),
        ("E7", false),
        ("E8", true),
        ("E9", false),
    ];
    for (code, is_told) in errors {
        let mut talk = Talk::measuring(PcDialect::Mc);
        talk.command(Command::Cancel).unwrap();
        talk.say(code);
        assert_eq!(talk.events().len(), usize::from(is_told), "{code}");
        talk.expect("q");
    }
}

#[test]
fn a_result_of_the_scanners_own_keys_changes_nothing_in_the_conversation() {
    for dialect in [PcDialect::Mc, PcDialect::Dc320] {
        let mut talk = Talk::ready(dialect);
        talk.say(&record("0000000000000007", 2, 50, "160.0"));
        talk.nothing_sent_for(200 * SECOND);
        assert_eq!(talk.words(), ["reading_results", "record"]);

        talk.expect("M0");
        talk.answer("M0");
        talk.say(&record("0000000000000008", 2, 51, "161.0"));
        assert_eq!(talk.session.poll_timeout(), None, "the keys keep the scanner");
        assert_eq!(talk.words(), ["reading_results", "record"]);
    }
}

#[test]
fn a_result_that_nobody_waits_for_any_more_is_nobodys() {
    // The measurement was stopped, and somebody else used it.
    let mut stopped = Talk::measuring(PcDialect::Mc);
    stopped.command(Command::Cancel).unwrap();
    stopped.say(&record("0000000000000007", 2, 50, "160.0"));
    // The result comes after the measurement was given up.
    let mut late = Talk::measuring(PcDialect::Mc);
    late.nothing_sent_for(90 * SECOND - 1);
    late.settle();
    late.events();
    late.say(&own_record());
    for (mut talk, number) in [(stopped, Some("0000000000000007")), (late, None)] {
        let Some(Event::Record(record)) = talk.events().pop() else {
            panic!("no record")
        };
        assert_eq!(record.flags, [Flag::SubjectMismatch]);
        assert_eq!(record.subject.number.as_deref(), number);
    }
}
