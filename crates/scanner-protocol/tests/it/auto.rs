//! `auto`: whose counters and deadlines a session shows that listens for several families at once.

use scanner_protocol::{Content, LineEvent, Options, Protocol, RejectReason, Session, Tick, decode_all};

use crate::{Outcome, SECOND, capture, heard_by, listening::weighing, outcomes};

fn auto() -> Session {
    Session::new(Protocol::Auto, Options::default())
}

#[test]
fn what_is_counted_is_what_the_device_sent_that_is_there_now() {
    let mut session = auto();
    assert_eq!(session.counters().records, 0);
    for (protocol, records) in [(Protocol::And, 1), (Protocol::Toledo, 1), (Protocol::And, 2)] {
        session.handle_bytes(Tick(0), &weighing(protocol, if records == 1 { "80.5" } else { "64.0" }));
        assert_eq!(session.counters().records, records, "{protocol}");
    }
    let tagged = capture("wb3000-composed");
    session.handle_bytes(Tick(0), &tagged);
    let noise = session.counters().bytes_skipped;
    assert_eq!(session.counters().records, 1);
    assert!(noise > 0, "the weights were noise between records");
    // A record that is wrong changes nothing in what is there.
    session.handle_bytes(Tick(0), b"{0,16,Wk,80.5,CS,00\r\n");
    assert_eq!(session.counters().rejected_in_all(), 1);
    assert_eq!(session.counters().bytes_skipped, noise);
}

#[test]
fn whose_counters_are_shown_does_not_depend_on_the_pieces_in_which_the_bytes_come() {
    let tagged = capture("wb3000-composed");
    let scale = weighing(Protocol::And, "80.5");
    for (bytes, records) in [
        ([&b"noise\r\n"[..], &tagged, &scale].concat(), 1),
        ([&scale[..], &tagged, &tagged].concat(), 2),
    ] {
        let whole = heard_by(auto(), &bytes, bytes.len()).1;
        assert_eq!(whole.counters().records, records);
        for size in [1, 7, 16, 17, 100] {
            let pieces = heard_by(auto(), &bytes, size).1;
            assert_eq!(pieces.counters(), whole.counters(), "{size} bytes");
        }
    }
}

#[test]
fn of_a_scale_nothing_is_noise_from_its_first_whole_frame_on() {
    for protocol in [Protocol::And, Protocol::Toledo] {
        let mut session = auto();
        session.handle_bytes(Tick(0), &weighing(protocol, "80.5"));
        assert_eq!(session.counters().bytes_skipped, 0, "{protocol}");
        // What the other families make of bytes that are no frame does not count.
        session.handle_bytes(Tick(0), b"what?\r\n");
        assert_eq!(session.counters().bytes_skipped, 5, "{protocol}");
        assert_eq!(session.counters().records, 1, "{protocol}");
    }
}

#[test]
fn a_family_has_shown_itself_with_a_tagged_record_or_three_frames_of_a_scale() {
    let line = b"US,+00080.50 kg\r\n";
    for (bytes, recognised) in [
        (&b"noise, and more of it\r\n"[..], false),
        (&line.repeat(2), false),
        (&line.repeat(3), true),
        (&capture("wb3000-composed"), true),
        (b"{0,16,Wk,80.5,CS,00\r\n", false),
    ] {
        let mut session = auto();
        session.handle_bytes(Tick(0), bytes);
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(session.is_recognised(), recognised, "{text}");
    }
    assert!(Session::new(Protocol::And, Options::default()).is_recognised());
}

#[test]
fn a_record_that_stops_is_waited_for_and_then_truncated() {
    let mut session = auto();
    assert_eq!(session.poll_timeout(), None);
    session.handle_bytes(Tick(7), &capture("wb3000-composed")[..30]);
    assert_eq!(session.poll_timeout(), Some(Tick(SECOND + 7)));
    session.handle_timeout(Tick(SECOND + 7));
    let outcomes = outcomes(&mut session);
    assert!(matches!(&outcomes[..], [Outcome::Rejected(rejected)] if rejected.reason == RejectReason::Truncated));
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn an_unplugged_cable_is_known_to_every_family() {
    let mut session = auto();
    let weighing = weighing(Protocol::And, "80.5");
    session.handle_bytes(Tick(0), &weighing[..20]);
    session.handle_bytes(Tick(0), &capture("wb3000-composed")[..30]);
    session.handle_line(Tick(0), LineEvent::Down);
    assert_eq!(session.poll_timeout(), None);
    assert!(matches!(outcomes(&mut session)[..], [Outcome::Rejected(_)]));
    // Nobody knows any more that the platform was empty.
    session.handle_line(Tick(0), LineEvent::Up);
    session.handle_bytes(Tick(0), &b"ST,+00080.50 kg\r\n".repeat(9));
    assert_eq!(outcomes(&mut session), []);
}

#[test]
fn a_capture_is_of_the_family_that_explains_the_most_of_it() {
    let and = b"ST,+00070.50 kg\r\n";
    let toledo = b"\x02+0    705     0\r";
    let families = |bytes: &[u8]| {
        let units = decode_all(Protocol::Auto, bytes);
        assert!(units.iter().all(|unit| unit.protocol == units[0].protocol));
        units.first().map(|unit| (unit.protocol, units.len()))
    };
    assert_eq!(families(b"hello"), None);
    assert_eq!(families(b""), None);
    assert_eq!(families(&[&and[..], and, toledo].concat()), Some((Protocol::And, 2)));
    assert_eq!(
        families(&[&and[..], toledo, toledo].concat()),
        Some((Protocol::Toledo, 2))
    );
    assert_eq!(
        families(&[&and[..], toledo].concat()),
        Some((Protocol::And, 1)),
        "the first of equals"
    );
    // A checksum outweighs any number of frames without one.
    let record = capture("wb3000-composed");
    assert_eq!(
        families(&[&and.repeat(9), &record[..]].concat()),
        Some((Protocol::TanitaTagged, 1))
    );
    // Anything whole outweighs what only begins well.
    assert_eq!(families(&[&and[..], &record[..40]].concat()), Some((Protocol::And, 1)));
    assert_eq!(families(&record[..40]), Some((Protocol::TanitaTagged, 1)));
    let units = decode_all(Protocol::Auto, and);
    assert!(matches!(units[0].outcome, Ok(Content::Weight(_))));
}
