//! What goes wrong between the host and the device.

use scanner_protocol::{LineEvent, PcDialect, Tick};

use super::talk::{Talk, own_record};
use crate::SECOND;

#[test]
fn a_line_error_in_an_answer_makes_it_none() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D1");
    talk.send(b"D");
    talk.line(LineEvent::Parity);
    talk.send(b"1\r\n");
    talk.expect("D11");
}

#[test]
fn noise_without_an_end_does_not_keep_the_host_silent_for_ever() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.send(b"\x00");
    talk.start().unwrap();
    for _ in 0..99 {
        talk.nothing_sent_for(SECOND / 10);
        talk.send(b"\x00");
    }
    talk.expect("D000.0");
}

#[test]
fn a_port_that_takes_no_bytes_ends_the_scan() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    assert!(talk.session.poll_transmit().is_some());
    talk.nothing_sent_for(5 * SECOND);
    assert_eq!(talk.words(), ["preparing", "no_answer"]);
    talk.nothing_sent_for(SECOND);

    // It takes the next ones.
    talk.session.handle_sent(Tick(talk.now));
    talk.start().unwrap();
    talk.answer_until("G");
}

#[test]
fn a_start_that_leaves_when_nobody_waits_for_it_any_more_is_waited_out() {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.start().unwrap();
    talk.answer_until("D?");
    let settings = talk.list();
    // The person's data are checked, and then the port takes the order to measure and keeps it.
    talk.say(&settings);
    let at = talk.now + SECOND;
    talk.session.handle_timeout(Tick(at));
    assert_eq!(talk.session.poll_transmit().unwrap().0, b"G\r\n");
    talk.now = at;
    talk.nothing_sent_for(5 * SECOND);
    assert_eq!(talk.words(), ["preparing", "no_answer"]);
    talk.start().unwrap();
    talk.session.handle_sent(Tick(talk.now));
    talk.nothing_sent_for(99 * SECOND);
    assert_eq!(talk.words(), ["preparing", "no_answer"]);
    talk.expect("q");
}

#[test]
fn another_device_at_the_port_is_asked_anew_whether_it_tells_its_settings() {
    let mut talk = Talk::new(PcDialect::Mc);
    talk.tells_settings = false;
    talk.line(LineEvent::Up);
    talk.settle();
    talk.line(LineEvent::Down);
    talk.tells_settings = true;
    talk.line(LineEvent::Up);
    talk.start().unwrap();
    talk.answer_until("D4");
    talk.answer("D433");
    // It is looked at whether the data have arrived.
    talk.answer_until("D?");
    talk.answer("D?");
    talk.answer_until("G");
}

#[test]
fn a_scan_has_one_end_wherever_the_cable_is_pulled_and_the_device_is_clear_afterwards() {
    let orders = ["D0", "D1", "D2", "D3", "D4", "D5", "D?", "G"];
    for pulled_at in 0..orders.len() + 5 {
        let mut talk = Talk::ready(PcDialect::Mc);
        talk.start().unwrap();
        let (mut ended, mut fragment) = ("port_lost", None);
        match orders.get(pulled_at) {
            Some(order) => {
                talk.answer_until(order);
                talk.answer(order);
            }
            None => {
                talk.answer_until("G");
                talk.say("G");
                match pulled_at - orders.len() {
                    0 => {}
                    1 => talk.nothing_sent_for(20 * SECOND),
                    2 => {
                        fragment = Some(100);
                        ended = "rejected";
                    }
                    // The line end alone is missing: the checksum says that the result is whole.
                    3 => {
                        fragment = Some(own_record().len());
                        ended = "record";
                    }
                    _ => {
                        talk.say(&own_record());
                        ended = "record";
                    }
                }
            }
        }
        if let Some(length) = fragment {
            talk.send(&own_record().as_bytes()[..length]);
        }
        talk.line(LineEvent::Down);
        let words = talk.words();
        let is_end = |word: &&String| ["port_lost", "rejected", "record", "record?"].contains(&word.as_str());
        assert_eq!(words.iter().filter(is_end).collect::<Vec<_>>(), [ended], "{pulled_at}");
        assert_eq!(talk.session.poll_timeout(), None);
        assert_eq!(talk.session.poll_transmit(), None);
        assert!(talk.start().is_err());

        talk.line(LineEvent::Up);
        talk.settle();
        assert_eq!(talk.settings, [const { None }; 7], "{pulled_at}");
        talk.start().unwrap();
        talk.answer_until("G");
    }
}
