//! When the scanner is taken from its own keys, and when it is given back to them.

use scanner_protocol::{Command, LineEvent, PcDialect, Refused};

use super::talk::{Talk, own_record, record};
use crate::SECOND;

#[test]
fn after_five_idle_minutes_the_keys_work_again_and_the_next_scan_takes_them_back() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.nothing_sent_for(290 * SECOND);
    talk.expect("M0");
    talk.answer("M0");
    assert_eq!(talk.session.poll_timeout(), None);
    talk.say(&record("0000000000000007", 2, 50, "160.0"));
    assert_eq!(talk.words(), ["reading_results", "record"]);

    talk.start().unwrap();
    for order in ["q", "M1", "D?", "D000.0"] {
        talk.expect(order);
        talk.answer(order);
    }
}

#[test]
fn a_result_of_its_own_keys_that_the_scanner_sends_again_is_a_repeat() {
    let mut talk = Talk::new(PcDialect::Mc);
    talk.line(LineEvent::Up);
    assert_eq!(talk.answer_until("M0"), "M0");
    talk.answer("M0");
    let result = crate::capture("sc330-2014-adult-male");
    for word in ["record", "repeated"] {
        talk.send(&result);
        assert_eq!(talk.words(), ["reading_results", word]);
    }
}

#[test]
fn a_scanner_that_nobody_wants_is_cleared_when_it_is_connected_and_its_own_keys_work_at_once() {
    for (dialect, orders) in [
        (PcDialect::Mc, &["q", "M1", "D?", "M0"][..]),
        (PcDialect::Bc418, &["\u{1f}", "U0", "\u{1f}"]),
    ] {
        let mut talk = Talk::new(dialect);
        talk.line(LineEvent::Up);
        for order in orders {
            talk.expect(order);
            talk.answer(order);
        }
        assert!(talk.now <= SECOND, "nobody is kept from the keys for longer");
        assert_eq!(talk.session.poll_timeout(), None);
    }

    // Also where a scan was wanted before the cable was pulled.
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.line(LineEvent::Down);
    talk.line(LineEvent::Up);
    let opened_at = talk.now;
    talk.answer_until("M0");
    assert!(talk.now - opened_at <= SECOND);
}

#[test]
fn a_scan_that_is_wanted_while_the_scanner_is_given_back_takes_it_again() {
    let mut talk = Talk::new(PcDialect::Mc);
    talk.line(LineEvent::Up);
    assert_eq!(talk.answer_until("M0"), "M0");
    talk.start().unwrap();
    talk.say("M0");
    for order in ["q", "M1", "D?", "D000.0"] {
        talk.expect(order);
        talk.answer(order);
    }
}

#[test]
fn a_release_gives_the_scanner_back_with_nobodys_data_in_it() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.command(Command::Release).unwrap();
    talk.expect("M0");
    assert_eq!(talk.start(), Err(Refused::Busy));
    talk.answer("M0");
    assert_eq!(talk.session.poll_timeout(), None);

    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D3");
    talk.command(Command::Release).unwrap();
    assert_eq!(talk.answer_until("M0"), "M0");
    talk.answer("M0");
    assert_eq!(talk.settings, [const { None }; 7]);
    assert_eq!(talk.session.poll_timeout(), None);

    let mut talk = Talk::measuring(PcDialect::Mc);
    talk.command(Command::Release).unwrap();
    talk.nothing_sent_for(60 * SECOND);
    talk.say(&own_record());
    assert!(
        talk.words().contains(&"record".to_owned()),
        "a measurement is waited for"
    );
    assert_eq!(talk.answer_until("M0"), "M0");
    talk.answer("M0");
    assert_eq!(talk.session.poll_timeout(), None);

    // Nobody waits for a person to step off.
    for dialect in [PcDialect::Mc, PcDialect::Dc320] {
        let mut talk = Talk::measuring(dialect);
        talk.say(&own_record());
        if dialect == PcDialect::Dc320 {
            talk.expect("F2");
            talk.say("@");
        }
        talk.command(Command::Release).unwrap();
        let released_at = talk.now;
        assert_eq!(talk.answer_until("M0"), "M0");
        talk.answer("M0");
        assert!(talk.now - released_at <= SECOND);
    }

    // Data that were left behind when the cable was pulled are got out first.
    let mut talk = Talk::started(PcDialect::Mc);
    talk.line(LineEvent::Down);
    talk.line(LineEvent::Up);
    talk.command(Command::Release).unwrap();
    assert_eq!(talk.answer_until("M0"), "M0");
    assert_eq!(talk.settings, [const { None }; 7]);

    let mut talk = Talk::new(PcDialect::Mc);
    talk.command(Command::Release).unwrap();
    talk.line(LineEvent::Up);
    talk.command(Command::Release).unwrap();
    talk.nothing_sent_for(60 * SECOND);
}
