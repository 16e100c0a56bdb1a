//! What went over a line, read afterwards, and what tells that a line carries scan-link.

use firmware_protocol::{ScanRef, Stage};
use scanner_protocol::{
    Content, Protocol, RejectReason, decode_again, decode_all,
    identify::{Confidence, Frame, Heard, identify},
};
use serde_json::Value;

use super::line::{Line, id};

/// Both directions of a whole scan.
fn capture() -> (Vec<u8>, Vec<u8>) {
    let mut line = Line::new();
    line.settle();
    line.reach(ScanRef::WalkUp(1), Stage::Weighing, 40);
    let record = line.complete(ScanRef::WalkUp(1), 1);
    (line.wire, record)
}

/// What the units of a capture are, in words.
fn words(bytes: &[u8]) -> Vec<String> {
    let units = decode_all(Protocol::ScanLink, bytes);
    let words = units.iter().map(|unit| match &unit.outcome {
        Ok(Content::Record(_)) => "record".to_owned(),
        Ok(Content::Message(message)) => {
            let fields = message.fields.iter().map(|(name, value)| format!("{name}={value}"));
            fields.collect::<Vec<_>>().join(" ")
        }
        Ok(Content::Weight(_)) => "weight".to_owned(),
        Err(rejected) => rejected.reason.to_string(),
    });
    words.collect()
}

fn heard(bytes: &[u8]) -> Heard<'_> {
    Heard {
        frame: Frame::EightNone,
        bytes,
    }
}

fn vectors() -> Value {
    serde_json::from_str(include_str!(
        "../../../../../firmware-protocol/vectors/scan-link-v1.json"
    ))
    .unwrap()
}

fn hex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes();
    digits
        .chunks(2)
        .map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn a_capture_of_both_directions_shows_every_message_and_the_result() {
    let (wire, sent) = capture();
    let words = words(&wire);
    assert!(
        words
            .iter()
            .any(|word| word == "message=hello from=bridge versions=1 to 1"),
        "{words:?}"
    );
    assert!(
        words
            .iter()
            .any(|word| word == "message=hello from=scanner versions=1 to 1")
    );
    assert!(
        words
            .iter()
            .any(|word| word.contains("message=identity") && word.contains("model=BC-1 serial=SN-42"))
    );
    assert!(
        words
            .iter()
            .any(|word| word == "message=progress scan=walk-up 1 stage=weighing percent=40")
    );
    assert!(
        words
            .iter()
            .any(|word| word == "message=ended scan=walk-up 1 ending=completed result=7-1")
    );

    let units = decode_all(Protocol::ScanLink, &wire);
    let (unit, record) = units
        .iter()
        .find_map(|unit| match &unit.outcome {
            Ok(Content::Record(record)) => Some((unit, record)),
            _ => None,
        })
        .unwrap();
    assert_eq!((&record.raw, &record.result_id), (&sent, &Some(id(1))));
    assert_eq!(record.device.model.as_deref(), Some("BC-1"));
    // The first frame of the result: COBS code, kind of a part that is not the last.
    let start = usize::try_from(unit.offset).unwrap();
    assert_eq!((wire[start - 1], wire[start + 1]), (0, 0x12));
    assert!(
        wire[start..].windows(4).any(|window| window == &sent[30..34]),
        "its bytes lie behind it"
    );
}

#[test]
fn noise_between_the_parts_of_a_result_does_not_move_its_beginning() {
    let (wire, _) = capture();
    let record = |wire: &[u8]| {
        let units = decode_all(Protocol::ScanLink, wire);
        let record = units.iter().find(|unit| matches!(unit.outcome, Ok(Content::Record(_))));
        record.unwrap().offset
    };
    let offset = record(&wire);
    let start = usize::try_from(offset).unwrap();
    let end = start + wire[start..].iter().position(|&byte| byte == 0).unwrap() + 1;
    let noisy = [&wire[..end], b"noise\0", &wire[end..]].concat();
    assert_eq!(record(&noisy), offset);
}

#[test]
fn bytes_that_were_kept_are_decoded_again_to_the_same_values() {
    let (wire, sent) = capture();
    let again = decode_again(Protocol::ScanLink, &sent).unwrap();
    let units = decode_all(Protocol::ScanLink, &wire);
    let whole = units.into_iter().find_map(|unit| match unit.outcome {
        Ok(Content::Record(record)) => Some(record),
        _ => None,
    });
    let whole = whole.unwrap();
    assert_eq!(
        (&again.measurements, &again.subject, &again.raw),
        (&whole.measurements, &whole.subject, &whole.raw)
    );
    // Who measured stands in another message.
    assert_eq!((again.result_id, again.device.model), (None, None));
    assert_eq!(
        decode_again(Protocol::ScanLink, &sent[..20]).unwrap_err().reason,
        RejectReason::ChecksumMismatch
    );
}

#[test]
fn what_is_broken_is_said_with_its_reason_and_its_place() {
    let (wire, _) = capture();
    let zero = wire.iter().rposition(|&byte| byte == 0).unwrap();
    let start = wire[..zero].iter().rposition(|&byte| byte == 0).unwrap() + 1;
    let mut flipped = wire.clone();
    flipped[zero - 1] ^= 0x10;
    let units = decode_all(Protocol::ScanLink, &flipped);
    let broken = units.last().unwrap();
    assert_eq!(broken.offset, start as u64);
    let rejected = broken.outcome.as_ref().unwrap_err();
    assert_eq!(
        (rejected.reason, &rejected.raw[..]),
        (RejectReason::ChecksumMismatch, &flipped[start..=zero])
    );

    let cut = &wire[..zero];
    let units = decode_all(Protocol::ScanLink, cut);
    assert_eq!(
        units.last().unwrap().outcome.as_ref().unwrap_err().reason,
        RejectReason::Truncated
    );
}

#[test]
fn of_bytes_without_an_end_the_first_are_kept_and_the_detail_says_so() {
    for (end, reason) in [
        (&b"\0"[..], RejectReason::LengthMismatch),
        (b"", RejectReason::Truncated),
    ] {
        let bytes = [&[7; 3000], end].concat();
        let units = decode_all(Protocol::ScanLink, &bytes);
        let [unit] = &units[..] else { panic!("{units:?}") };
        let rejected = unit.outcome.as_ref().unwrap_err();
        assert_eq!((rejected.reason, &rejected.raw[..]), (reason, &bytes[..1024]));
        let said = format!("the first 1024 of its {} bytes are kept", bytes.len());
        assert!(rejected.detail.ends_with(&said), "{}", rejected.detail);
    }
    // Of a whole one there is nothing to say.
    let units = decode_all(Protocol::ScanLink, b"\x07ab");
    assert_eq!(
        units[0].outcome.as_ref().unwrap_err().detail,
        "the bytes end within a frame"
    );
}

#[test]
fn the_published_examples_are_read_as_published() {
    let vectors = vectors();
    for case in vectors["records"].as_array().unwrap() {
        let items = case["items"].as_array().unwrap();
        let named = || {
            items
                .iter()
                .filter_map(|item| Some((item["name"].as_str()?, item["value"].as_str()?)))
        };
        let decoded = decode_again(Protocol::ScanLink, &hex(&case["hex"]));
        // The longest record is one by its form alone: it says the same things over and over.
        if named().any(|(name, value)| named().any(|(other, another)| name == other && value != another)) {
            assert_eq!(decoded.unwrap_err().reason, RejectReason::DuplicateTag);
            continue;
        }
        let record = decoded.unwrap();
        for (name, value) in named() {
            let sent = record.get(name.parse().unwrap()).unwrap();
            assert_eq!(sent.value.to_string(), value, "{name}");
        }
    }
    for case in vectors["not_frames"].as_array().unwrap() {
        let words = words(&hex(&case["wire"]));
        assert!(
            !words.is_empty() && words.iter().all(|word| !word.contains("message")),
            "{case}: {words:?}"
        );
    }
    let steps = vectors["conversation"]["steps"].as_array().unwrap();
    let wire: Vec<_> = steps
        .iter()
        .flat_map(|step| [&step["scanner_sends"], &step["bridge_sends"]])
        .filter(|sent| sent.is_string())
        .flat_map(hex)
        .collect();
    let words = words(&wire);
    assert_eq!(words.iter().filter(|word| *word == "record").count(), 1, "{words:?}");
}

#[test]
fn a_scanner_that_says_hello_is_recognised_for_certain() {
    let mut line = Line::new();
    line.run(1);
    let hello = decode_all(Protocol::ScanLink, &line.wire);
    assert!(!hello.is_empty());
    let found = identify(&[heard(&line.wire[..40])]).unwrap();
    assert_eq!(
        (found.protocol, found.confidence),
        (Protocol::ScanLink, Confidence::Certain)
    );
    assert!(found.reason.contains("with a right checksum"), "{}", found.reason);
    assert_eq!(found.model, None);
}

#[test]
fn a_line_that_is_heard_from_the_middle_on_is_recognised_with_its_model() {
    let (wire, _) = capture();
    let found = identify(&[heard(b""), heard(&wire[5..])]).unwrap();
    assert_eq!(
        (found.heard, found.protocol, found.model.as_deref()),
        (1, Protocol::ScanLink, Some("BC-1"))
    );
    // Parts of a result alone.
    let found = identify(&[heard(&wire[wire.len() - 200..])]).unwrap();
    assert_eq!(
        (found.protocol, found.confidence),
        (Protocol::ScanLink, Confidence::Certain)
    );
}

#[test]
fn zeros_in_other_bytes_are_no_frames() {
    assert!(identify(&[heard(b"ab\x00cd\x00\x01\x02\x00\xff\x00")]).is_err());
}
