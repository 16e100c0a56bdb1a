//! The dialogues that Tanita's instructions show.

use scan_model::subject::Gender;
use scanner_protocol::{Command, Event, LineEvent, PcDialect};
use serde_json::Value;

use super::talk::{Talk, person};

#[test]
fn every_published_exchange_means_what_it_is_said_to_mean() {
    let text = include_str!("../../../../../tests/captures/tanita-pcmode.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 16);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let sends = case["host_sends"].as_str().unwrap().trim_end();
        let replies = case["device_replies"].as_str().unwrap().trim_end();
        let expected = &case["expect"];
        match expected["result"].as_str().unwrap() {
            "ack" => acknowledged(id, sends, replies),
            "parameter_error" => {
                let mut talk = prepared("D0");
                talk.say(replies);
                assert_eq!(talk.words(), ["preparing", "value_refused"], "{id}");
            }
            "rejected_command" => {
                let mut talk = prepared("D0");
                talk.say(replies);
                talk.expect("q");
                talk.expect("M1");
            }
            "parameters" if expected["sex"].is_null() => {
                let mut talk = Talk::new(PcDialect::Mc);
                talk.line(LineEvent::Up);
                talk.start().unwrap();
                assert_eq!(talk.answer_until("D?"), sends, "{id}");
                talk.say(replies);
                talk.expect("D000.0");
            }
            "parameters" => {
                let mut talk = prepared("D?");
                talk.say(replies);
                talk.expect("G");
            }
            "error" => {
                let mut talk = Talk::measuring(PcDialect::Mc);
                if expected["code"] == "E6" || expected["code"] == "E7" {
                    // These two are tried again once.
                    talk.say(replies);
                    talk.answer_until("G");
                    talk.events();
                }
                talk.say(replies);
                let Some(Event::DeviceError(error)) = talk.events().pop() else {
                    panic!("{id}")
                };
                assert_eq!(
                    (error.code.as_str(), error.name),
                    (
                        expected["code"].as_str().unwrap(),
                        expected["meaning"].as_str().unwrap()
                    )
                );
            }
            other => panic!("{id}: {other}"),
        }
    }
}

/// The published order is what the session sends for the published values, and the published reply is taken for its answer.
fn acknowledged(id: &str, sends: &str, replies: &str) {
    let mut start = published_person();
    if id == "tare" {
        start.subject.clothes_weight = Some("1.0".parse().unwrap());
    }
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.command(Command::Start(start)).unwrap();
    assert_eq!(talk.answer_until(&sends[..2]), sends, "{id}");
    talk.say(replies);
    assert_ne!(&talk.order()[..2], &sends[..2], "{id}");
}

/// A session that has just sent the first order which begins with `order`, for the published person.
fn prepared(order: &str) -> Talk {
    let mut talk = Talk::ready(PcDialect::Mc);
    talk.command(Command::Start(published_person())).unwrap();
    talk.answer_until(order);
    talk
}

/// The person of the published answer to `D?`.
fn published_person() -> scanner_protocol::StartScan {
    let mut start = person();
    start.subject.clothes_weight = Some("1.5".parse().unwrap());
    start.subject.gender = Some(Gender::Male);
    start.subject.height = Some("175.4".parse().unwrap());
    start.subject.age = Some("30".parse().unwrap());
    start.ticket = scanner_protocol::Ticket::from_random(12344);
    start.goal_body_fat = Some(20);
    start
}
