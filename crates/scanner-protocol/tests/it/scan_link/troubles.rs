//! Scanners that report something, and some that do not answer.

use firmware_protocol::{
    Device, DeviceMessage, Ending, Fault, Instant, LineConfig, MAX_MESSAGE, Progress, RamStore, Refusal, ScanRef, Side,
    Stage, VERSIONS, VersionRange,
    frame::{self, Frame, FrameReader, Hello, MAX_FRAME, encode},
};
use scanner_protocol::{Event, LineEvent, Options, Protocol, RejectReason, Session, Tick};

use super::line::{BOOT, Line, identity};
use crate::SECOND;

const WALK_UP: ScanRef = ScanRef::WalkUp(1);

#[test]
fn a_fault_without_a_scan_is_told_at_once_with_the_makers_own_number() {
    let mut line = Line::new();
    line.settle();
    line.scanner.fault(Fault::Optics, 4711).unwrap();
    line.settle();
    let Some(Event::DeviceError(error)) = line.events.pop() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(
        (error.name, error.code.as_str(), error.needs_service),
        ("optics_error", "4711", true)
    );
    line.scanner.fault(Fault::Other(200), 0).unwrap();
    line.settle();
    let Some(Event::DeviceError(error)) = line.events.pop() else {
        panic!("{:?}", line.events)
    };
    assert_eq!((error.name, error.code.as_str()), ("unknown_fault", "200"));
}

/// A scanner that a test plays by hand, in a session with the bridge's end.
struct ByHand {
    session: Session,
    number: u32,
    seq: u8,
}

impl ByHand {
    fn meet() -> Self {
        let mut session = Session::new(Protocol::ScanLink, Options::default());
        session.handle_line(Tick(0), LineEvent::Up);
        session.handle_timeout(Tick(SECOND));
        let mut reader = FrameReader::new();
        let hello = session.poll_transmit().unwrap().0;
        let theirs = hello.iter().find_map(|&byte| match reader.push(byte) {
            Some(Ok((_, Frame::Hello(hello)))) => Some(hello.nonce),
            _ => None,
        });
        let (nonce, seen) = (1_u32, theirs.unwrap());
        let number = frame::session(nonce, seen);
        let mut scanner = Self {
            session,
            number,
            seq: 0,
        };
        let versions = VERSIONS;
        assert_eq!(scanner.send(&Frame::Hello(Hello { nonce, seen, versions })), []);
        scanner
    }

    fn say(&mut self, message: &[u8]) -> Vec<Event> {
        let part = Frame::Part {
            session: self.number,
            seq: self.seq,
            index: 0,
            last: true,
            payload: message,
        };
        self.seq += 1;
        self.send(&part)
    }

    fn send(&mut self, frame: &Frame<'_>) -> Vec<Event> {
        let mut buffer = [0; MAX_FRAME];
        let length = encode(Side::Device, frame, &mut buffer);
        self.session.handle_bytes(Tick(SECOND), &buffer[..length]);
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }
}

fn encoded(message: &DeviceMessage) -> Vec<u8> {
    let mut buffer = [0; MAX_MESSAGE];
    let length = message.encode(&mut buffer);
    buffer[..length].to_vec()
}

#[test]
fn a_scanner_that_does_not_say_who_it_is_has_no_scans() {
    let progress = DeviceMessage::Progress(Progress {
        scan: WALK_UP,
        stage: Stage::Weighing,
        percent: 0,
    });
    let events = ByHand::meet().say(&encoded(&progress));
    assert_eq!(events, [], "no stage, for its end would never be told");
}

#[test]
fn a_result_whose_head_cannot_be_read_is_rejected_with_its_bytes_once_however_often_it_comes() {
    let mut scanner = ByHand::meet();
    scanner.say(&encoded(&DeviceMessage::Identity(identity())));
    // The second number of its name never ends.
    let headless = [2, 7, 0x80];
    let events = scanner.say(&headless);
    let [Event::Rejected(rejected)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (rejected.reason, &rejected.raw[..], &rejected.result_id),
        (RejectReason::BadFrame, &headless[..], &None)
    );
    assert_eq!(scanner.say(&headless), [], "it is told once");
    // It ends no scan: nobody knows whose it is.
    let progress = DeviceMessage::Progress(Progress {
        scan: WALK_UP,
        stage: Stage::Weighing,
        percent: 0,
    });
    scanner.say(&encoded(&progress));
    let events = scanner.say(&[2, 8, 0x80]);
    assert!(matches!(&events[..], [Event::Earlier(Err(_))]), "{events:?}");
}

#[test]
fn a_scanner_that_answers_and_never_says_who_it_is_is_not_told_as_silent() {
    // The session opens, and nothing about the scanner comes that this version knows.
    let mut line = Line::new();
    let mut reader = FrameReader::new();
    let mut seen = 0;
    for _ in 0..6 {
        line.now += SECOND;
        let now = Tick(line.now);
        line.session.handle_timeout(now);
        while let Some(sent) = line.session.poll_transmit() {
            line.session.handle_sent(now);
            for byte in sent.0 {
                if let Some(Ok((_, Frame::Hello(hello)))) = reader.push(byte) {
                    seen = hello.nonce;
                }
            }
        }
        let nonce = 5;
        let mut say = |frame: &Frame<'_>| {
            let mut buffer = [0; MAX_FRAME];
            let length = encode(Side::Device, frame, &mut buffer);
            line.session.handle_bytes(now, &buffer[..length]);
        };
        say(&Frame::Hello(Hello {
            nonce,
            seen,
            versions: VERSIONS,
        }));
        say(&Frame::Alive {
            session: frame::session(nonce, seen),
        });
        line.events.extend(std::iter::from_fn(|| line.session.poll_event()));
    }
    assert_eq!(line.words(), ["no_identity"]);
}

#[test]
fn a_fault_during_a_scan_waits_for_its_end_and_is_told_once() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Measuring, 0);
    line.scanner.fault(Fault::Impedance, 17).unwrap();
    line.scanner.ended(WALK_UP, Ending::Failed(Fault::Impedance)).unwrap();
    line.settle();
    let Some(Event::DeviceError(error)) = line.events.last() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(error.code, "17");
    assert_eq!(line.words(), ["connected", "Measuring 0", "impedance_error"]);

    line.reach(ScanRef::WalkUp(2), Stage::Measuring, 0);
    line.scanner.fault(Fault::Temperature, 0).unwrap();
    line.settle();
    assert_eq!(line.words(), ["Measuring 0"], "the scan goes on");
    line.complete(ScanRef::WalkUp(2), 1);
    assert_eq!(line.words(), ["record 1", "temperature_error"]);
}

#[test]
fn of_several_faults_during_a_scan_none_is_lost_and_what_needs_service_is_told_last() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Measuring, 0);
    for (fault, detail) in [
        (Fault::Power, 1),
        (Fault::Power, 2),
        (Fault::Temperature, 0),
        (Fault::PersonMoved, 17),
    ] {
        line.scanner.fault(fault, detail).unwrap();
        line.settle();
    }
    // Another one never began: that takes nothing of this one's.
    line.scanner
        .ended(ScanRef::WalkUp(2), Ending::Failed(Fault::PersonMoved))
        .unwrap();
    line.settle();
    line.scanner.ended(WALK_UP, Ending::Failed(Fault::PersonMoved)).unwrap();
    line.settle();
    let errors: Vec<_> = line
        .events
        .iter()
        .filter_map(|event| match event {
            Event::DeviceError(error) => Some((error.name, error.code.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        errors,
        [
            ("person_moved", "17"),
            ("temperature_error", "temperature_error"),
            ("power_error", "2")
        ]
    );
}

#[test]
fn a_scan_that_ends_with_what_needs_service_leaves_that_to_be_seen() {
    let mut line = Line::new();
    line.settle();
    line.reach(WALK_UP, Stage::Measuring, 0);
    line.scanner.fault(Fault::Temperature, 0).unwrap();
    line.scanner.ended(WALK_UP, Ending::Failed(Fault::Optics)).unwrap();
    line.settle();
    assert_eq!(line.words(), ["connected", "Measuring 0", "optics_error"]);
}

#[test]
fn every_fault_and_refusal_has_a_name_of_its_own_and_advice() {
    let mut line = Line::new();
    line.settle();
    line.words();
    let mut names = Vec::new();
    for (scan, ending) in (1..).zip(
        Fault::KNOWN
            .iter()
            .map(|fault| Ending::Failed(*fault))
            .chain(Refusal::KNOWN.iter().map(|refusal| Ending::Refused(*refusal))),
    ) {
        line.scanner.ended(ScanRef::WalkUp(scan), ending).unwrap();
        line.settle();
        let Some(Event::DeviceError(error)) = line.events.pop() else {
            panic!("{ending:?}")
        };
        assert!(!error.advice.is_empty());
        names.push(error.name);
    }
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    // A full memory is the same trouble in both.
    assert_eq!(names.len(), all - 1, "{names:?}");
}

#[test]
fn a_scanner_of_another_version_is_told_with_the_versions_and_its_update_ends_it() {
    let mut line = Line::new();
    let config = LineConfig {
        versions: VersionRange { oldest: 4, newest: 6 },
        ..LineConfig::new(BOOT)
    };
    line.scanner = Device::new(identity(), RamStore::new(), config, Instant::START);
    line.run(60 * SECOND);
    let Some(Event::DeviceError(error)) = line.events.last() else {
        panic!("{:?}", line.events)
    };
    assert_eq!(error.code, "scanner 4 to 6, bridge 1 to 1");
    assert!(error.needs_service);
    assert_eq!(line.words(), ["incompatible_version"]);
    line.is_plugged = false;
    line.run(25 * SECOND);
    assert_eq!(line.words(), ["no_answer"], "it is gone");
    line.is_plugged = true;
    line.run(10 * SECOND);
    assert_eq!(line.words(), ["incompatible_version"]);
    line.scanner = Device::new(identity(), RamStore::new(), LineConfig::new(BOOT + 1), Instant::START);
    line.run(10 * SECOND);
    assert_eq!(line.words(), ["connected"]);
}

#[test]
fn a_scanner_that_does_not_answer_is_told_once_after_five_seconds() {
    let mut line = Line::new();
    line.is_plugged = false;
    line.run(4 * SECOND);
    assert_eq!(line.words(), [""; 0]);
    line.run(60 * SECOND);
    assert_eq!(line.words(), ["no_answer"]);
    line.is_plugged = true;
    line.settle();
    assert_eq!(line.words(), ["connected"]);
    // The line falls silent between scans.
    line.is_plugged = false;
    line.run(60 * SECOND);
    assert_eq!(line.words(), ["no_answer"]);
    // A port that is gone has another owner, who tells it.
    line.port(LineEvent::Down);
    line.run(60 * SECOND);
    assert_eq!(line.words(), [""; 0]);
}

#[test]
fn a_frame_that_the_ports_end_cuts_off_counts_as_skipped() {
    let mut line = Line::new();
    line.settle();
    line.session.handle_bytes(Tick(line.now), b"\x05cut");
    line.session.handle_line(Tick(line.now), LineEvent::Down);
    assert_eq!(line.session.counters().bytes_skipped, 4);
}

#[test]
fn noise_is_counted_and_harms_nothing() {
    let mut line = Line::new();
    line.settle();
    let now = scanner_protocol::Tick(line.now);
    line.session.handle_bytes(now, b"\x05noise that is no frame\x00");
    line.session.handle_bytes(now, &hex("062478563512056c20ad5100"));
    line.session.handle_line(now, LineEvent::Parity);
    line.complete(WALK_UP, 1);
    assert_eq!(line.words(), ["connected", "record 1"]);
    let counters = line.session.counters();
    let skipped = b"\x05noise that is no frame\x00".len() as u64;
    assert_eq!(
        (
            counters.bytes_skipped,
            counters.rejected(RejectReason::ChecksumMismatch),
            counters.rejected_in_all()
        ),
        (skipped, 1, 1)
    );
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
