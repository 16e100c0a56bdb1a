//! What holds for lines of every family: they decode again, or are refused by name, and layouts that no capture shows.

use scan_model::DeviceTime;
use scanner_protocol::{Content, Protocol, RejectReason, decode_again};

use super::{accuniq, ascii, legacy, named, only, partly_specified, protocol_of, record, sent, weight};

#[test]
fn kept_bytes_of_every_record_decode_to_it_again() {
    for (id, bytes, _) in legacy().into_iter().chain(ascii()) {
        let protocol = protocol_of(&id);
        if let Ok(Content::Record(record)) = only(protocol, &bytes) {
            assert_eq!(decode_again(protocol, &record.raw), Ok(*record), "{id}");
        }
    }
    for (id, bytes, expected) in partly_specified() {
        if let Ok(Content::Record(record)) = only(named(&expected), &bytes) {
            assert_eq!(decode_again(named(&expected), &record.raw), Ok(*record), "{id}");
        }
    }
    let (_, bytes, _) = accuniq().pop().unwrap();
    let result = record(Protocol::Accuniq, &bytes);
    assert_eq!(decode_again(Protocol::Accuniq, &result.raw), Ok(*result));
}

#[test]
fn a_line_that_is_not_built_like_its_family_is_refused_by_name() {
    for (protocol, line, reason) in [
        (Protocol::And, "ST,+0070.50 kg\r", RejectReason::BadFrame),
        (Protocol::And, "ST,+00070.50 xx\r", RejectReason::UnknownUnits),
        (Protocol::And, "ST,+0007x.50 kg\r", RejectReason::BadNumber),
        (Protocol::And, "ST,GS,+0070.50st\r", RejectReason::UnknownUnits),
        (Protocol::And, "ST,GS,+0070\r", RejectReason::BadFrame),
        (Protocol::RiceLake, "80.5 kg Tare\r", RejectReason::BadFrame),
        (Protocol::RiceLake, "8.0.5 kg Net\r", RejectReason::BadNumber),
        (Protocol::Adam, "Weight: 80.00 st\r", RejectReason::UnknownUnits),
        (Protocol::Adam, "Weight: eighty kg\r", RejectReason::BadNumber),
        (Protocol::TanitaWb, "S     7x.0kg\r\n", RejectReason::BadNumber),
        (Protocol::TanitaWeight, "KS07x.0\r\n", RejectReason::BadNumber),
        (Protocol::TanitaPositional, "1,2,3,4\r", RejectReason::WrongFieldCount),
        (
            Protocol::TanitaPositional,
            "0,3,170,1,1,1,1,1,1,1,1,1\r",
            RejectReason::BadNumber,
        ),
        (
            Protocol::TanitaPositional,
            "0,1,170,1,1,1\0,1,1,1,1,1\r",
            RejectReason::LineError,
        ),
        (
            Protocol::TanitaPositional,
            "0,1,170,1,1,1x,1,1,1,1,1\r",
            RejectReason::IllegalByte,
        ),
        (Protocol::TanitaPositional, "0,1,170,1,1", RejectReason::Truncated),
        (Protocol::Accuniq, "\x02M,1\x03\x04", RejectReason::ChecksumMismatch),
        (Protocol::Accuniq, "\x02M1\x03\u{03}", RejectReason::ChecksumMismatch),
        (Protocol::Accuniq, "\x02M1", RejectReason::Truncated),
    ] {
        assert_eq!(only(protocol, line.as_bytes()).unwrap_err().reason, reason, "{line:?}");
    }
}

#[test]
fn layouts_that_no_capture_shows_are_read_as_their_manuals_say() {
    let shown = |protocol, line: &str| {
        let weight = weight(protocol, line.as_bytes());
        let value = weight
            .value
            .map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        let mode = weight.mode.map_or("", |mode| mode.name());
        format!(
            "{} {value} {} {mode}",
            if weight.stable { "stable" } else { "moving" },
            weight.unit
        )
    };
    for (protocol, line, expected) in [
        (Protocol::And, "ST,OK,+00070.50 kg\r\n", "stable 70.50 kg "),
        (Protocol::And, "ST,--,-00000.50 lb\n", "stable -0.50 [lb_av] "),
        (Protocol::And, "US,NT,-   0.5 kg\r", "moving -0.5 kg net"),
        (Protocol::And, "ST,G ,+  70.5 kg\r", "stable 70.5 kg gross"),
        (Protocol::And, "OL,GS,+        kg\r", "moving nothing kg gross"),
        (Protocol::And, "ST,TR,+0001.00kg\r", "stable 1.00 kg tare"),
        (Protocol::RiceLake, "    -10.0  kg Net \r\n", "stable -10.0 kg net"),
        (Protocol::TanitaWeight, "KS075.0\r\n", "stable 75.0 kg "),
        (Protocol::TanitaWeight, "LD165.4\r\n", "moving 165.4 [lb_av] "),
    ] {
        assert_eq!(shown(protocol, line), expected, "{line:?}");
    }
    assert!(weight(Protocol::TanitaWeight, b"KI     \r\n").overload);

    let japan = "\"03/05/01\",\"09:07\",0,2,27,170,64.2,431,28.4,18.2,46.0,33.7,22.2,63.6,0.9\r\n";
    let record = record(Protocol::TanitaPositional, japan.as_bytes());
    assert_eq!(
        record.device_time,
        DeviceTime::Reported("2003-05-01T09:07:00".parse().unwrap())
    );
    assert_eq!(
        (sent(&record, "ideal_weight"), record.flags.len()),
        (Some("63.6 kg".into()), 0)
    );
}
