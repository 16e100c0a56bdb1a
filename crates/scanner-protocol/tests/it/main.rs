//! The sessions, seen from outside.

#![allow(clippy::unwrap_used, reason = "in a test, a surprise must fail it")]

mod again;
mod auto;
mod bluetooth;
mod captures;
mod encoders;
mod families;
mod frames;
mod joiner;
mod joining;
mod listening;
mod modules;
mod noise;
mod onlooker;
mod partly;
mod pc_mode;
mod positional;
mod properties;
mod repeats;
mod scales;
mod scan_link;
mod streams;
mod time;
mod words;

use scan_model::Record;
use scanner_protocol::{Event, LineEvent, Options, Protocol, Rejected, Session, Tick};
use serde_json::Value;

const MILLISECOND: u64 = 1000;
const SECOND: u64 = 1000 * MILLISECOND;

/// The cases of a file in `tests/captures`, as (id, bytes, expectation).
fn cases(text: &str) -> Vec<(String, Vec<u8>, Value)> {
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap().iter().map(|case| {
        let hex = case["input_hex"].as_str().unwrap().as_bytes();
        let bytes = hex
            .chunks(2)
            .map(|digits| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap());
        (
            case["id"].as_str().unwrap().to_owned(),
            bytes.collect(),
            case["expect"].clone(),
        )
    });
    cases.collect()
}

fn tagged() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/tanita-tagged.json"))
}

fn malformed() -> Vec<(String, Vec<u8>, Value)> {
    cases(include_str!("../../../../tests/captures/tanita-malformed.json"))
}

/// The bytes of one case.
fn capture(id: &str) -> Vec<u8> {
    let mut all = tagged().into_iter().chain(malformed());
    all.find(|(name, ..)| name == id).unwrap().1
}

/// A line with a right checksum.
fn sealed(content: &str) -> Vec<u8> {
    let sum = content.bytes().chain(*b",").fold(0_u8, u8::wrapping_add);
    format!("{content},CS,{sum:02X}\r\n").into_bytes()
}

fn session() -> Session {
    Session::new(Protocol::TanitaTagged, Options::default())
}

/// How a scan that a session announced has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Record(Box<Record>),
    Rejected(Rejected),
    Repeated,
}

/// What a session has to say, without its stages. Fails unless each announced scan has exactly one end.
fn outcomes(session: &mut Session) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut announced = false;
    while let Some(event) = session.poll_event() {
        let outcome = match event {
            Event::Stage { within, .. } => {
                assert_eq!(within == 0, !announced, "a scan is announced once, and then it gets on");
                announced = true;
                continue;
            }
            Event::Record(record) => Outcome::Record(record),
            Event::Rejected(rejected) => Outcome::Rejected(rejected),
            Event::Repeated => Outcome::Repeated,
            Event::DeviceError(error) => panic!("{error:?} from a device that reports none"),
            other @ (Event::Prompt(_) | Event::Earlier(_) | Event::Cancelled | Event::Connected(_)) => {
                panic!("{other:?} from a device that only sends")
            }
        };
        assert!(announced, "{outcome:?} of a scan that was not announced");
        announced = false;
        outcomes.push(outcome);
    }
    assert!(!announced, "a scan without an end");
    outcomes
}

/// Gives `bytes` to a new session in chunks of `size`, then silence.
fn heard(bytes: &[u8], size: usize) -> (Vec<Outcome>, Session) {
    heard_by(session(), bytes, size)
}

/// The same for any session.
fn heard_by(mut session: Session, bytes: &[u8], size: usize) -> (Vec<Outcome>, Session) {
    for chunk in bytes.chunks(size) {
        session.handle_bytes(Tick(0), chunk);
    }
    session.handle_line(Tick(0), LineEvent::Down);
    (outcomes(&mut session), session)
}
