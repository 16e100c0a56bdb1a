//! What is told of a dialogue: the place of each thing in the stream, how far a scan is, and what is counted.

use scan_model::progress::Stage;
use scanner_protocol::{Command, Event, LineEvent, Options, PcDialect, Protocol, Session, Tick};

use super::talk::{Talk, own_record, person, record};

/// A dialogue as a capture has it, with the place and the word of what a session tells of it. Noise is counted in the last.
fn dialogue() -> (Vec<u8>, Vec<(u64, String)>, u64) {
    let broken = own_record().replace("80.5", "81.5");
    let other = record("0000000000000008", 2, 30, "170.0");
    let lines = [
        ("what?", None),
        ("M1", None),
        ("E2", Some("E2")),
        (&own_record(), Some("record")),
        ("D1", None),
        ("E9", Some("E9")),
        (&other, Some("record")),
        ("F080.5", Some("record")),
        ("\u{1}\u{2}", None),
        (&broken, Some("rejected")),
        ("E1", Some("E1")),
    ];
    let mut bytes = b"\x07".to_vec();
    let mut told = Vec::new();
    for (line, word) in lines {
        told.extend(word.map(|word| (bytes.len() as u64, word.to_owned())));
        bytes.extend(line.as_bytes());
        bytes.extend(b"\r\n");
    }
    (bytes, told, 1 + 5 + 2)
}

#[test]
fn everything_has_its_place_in_the_stream_in_pieces_of_any_size() {
    let (bytes, told, noise) = dialogue();
    for size in 1..=bytes.len() {
        let mut session = Session::new(Protocol::TanitaPc, Options::default());
        let mut found = Vec::new();
        for chunk in bytes.chunks(size) {
            session.handle_bytes(Tick(0), chunk);
            let mut announced = None;
            while let Some((offset, event)) = session.poll_event_at() {
                let word = match event {
                    Event::Stage { .. } => {
                        announced = Some(offset);
                        continue;
                    }
                    Event::Record(_) => "record".to_owned(),
                    Event::Rejected(_) => "rejected".to_owned(),
                    Event::DeviceError(error) => error.code,
                    other => panic!("{other:?}"),
                };
                assert!(announced.take().is_none_or(|at| at == offset), "in pieces of {size}");
                found.push((offset, word));
            }
        }
        assert_eq!(found, told, "in pieces of {size}");
        assert_eq!(session.counters().bytes_skipped, noise, "in pieces of {size}");
        assert_eq!(session.counters().records, 3);
        assert_eq!(session.counters().rejected_in_all(), 1);
    }
}

#[test]
fn what_the_session_finds_by_itself_stands_where_the_stream_has_got_to() {
    let mut session = Session::new(Protocol::TanitaPc, Options::default());
    session.handle_line(Tick(0), LineEvent::Up);
    session.handle_bytes(Tick(0), b"M1\r\nwhat?\r\n");
    session.handle_bytes(Tick(0), b"q\r\n");
    session.handle_command(Tick(0), Command::Start(person())).unwrap();
    session.handle_line(Tick(0), LineEvent::Down);
    let mut places = Vec::new();
    while let Some((offset, _)) = session.poll_event_at() {
        places.push(offset);
    }
    assert_eq!(places, [14, 14]);
}

/// The stages that were told since the last call, with how far each is.
fn stages(talk: &mut Talk) -> Vec<(Stage, u8)> {
    let stages = talk.events().into_iter().filter_map(|event| match event {
        Event::Stage { stage, within } => Some((stage, within)),
        _ => None,
    });
    stages.collect()
}

#[test]
fn the_preparation_gets_on_with_every_datum_that_the_device_has_taken() {
    let mut start = person();
    start.goal_body_fat = Some(20);
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.command(Command::Start(start)).unwrap();
    let mut shown = stages(&mut talk);
    for order in ["D0", "D1", "D2", "D3", "D4", "D5", "D6"] {
        talk.answer_until(order);
        assert_eq!(stages(&mut talk), [], "`{order}` is not answered yet");
        talk.say(order);
        shown.extend(stages(&mut talk));
    }
    talk.answer_until("G");
    talk.say("G");
    shown.extend(stages(&mut talk));
    assert_eq!(
        shown,
        [0, 20, 30, 40, 50, 60, 70, 80, 95].map(|within| (Stage::Preparing, within))
    );
}

#[test]
fn each_stage_is_told_once_and_none_after_a_later_one() {
    let mut talk = Talk::started(PcDialect::Dc320);
    talk.say("@");
    talk.events();
    for line in ["W00.0", "W00.0", "W180.5", "W180.4", "I0", "I1", "W180.5", "W00.0"] {
        talk.say(line);
    }
    assert_eq!(
        stages(&mut talk),
        [Stage::WaitingForMember, Stage::Weighing, Stage::Measuring].map(|stage| (stage, 0))
    );
}

#[test]
fn a_line_error_spoils_the_reply_it_falls_into_and_nothing_else() {
    let spoilt = |before: &[u8], behind: &[u8]| {
        let mut talk = Talk::ready(PcDialect::Mc);
        let skipped = talk.session.counters().bytes_skipped;
        talk.send(before);
        talk.line(LineEvent::Parity);
        talk.send(behind);
        (talk.words(), talk.session.counters().bytes_skipped - skipped)
    };
    let told = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(spoilt(b"E", b"9\r\nE9\r\n"), (told(&["E9 negative_overload"]), 2));
    assert_eq!(spoilt(b"", b"E9\r\n"), (told(&["E9 negative_overload"]), 0));
    assert_eq!(spoilt(b"M1\r\n", b"E9\r\n"), (told(&["E9 negative_overload"]), 0));
    // A checksum vouches for the record; what follows it is another line.
    let line = own_record() + "\r\nE9\r\n";
    let (before, behind) = line.as_bytes().split_at(40);
    assert_eq!(
        spoilt(before, behind),
        (told(&["reading_results", "record", "E9 negative_overload"]), 0)
    );
}
