//! Bytes that were kept: each family makes the same of them again, and shows them by name.

use scan_model::{Metric, Record};
use scanner_protocol::{Options, PositionalModel, Protocol, RejectReason, Session, decode_again, decode_all, raw_tags};

use crate::{
    Outcome,
    families::{ascii, legacy, protocol_of, toledo, xiaomi},
    heard_by,
};

#[test]
fn a_line_of_a_scale_is_the_record_that_it_would_be_if_it_were_somebodys_weight() {
    for (protocol, line, weight) in [
        (Protocol::And, &b"ST,+00070.50 kg\r\n"[..], "70.50"),
        (Protocol::And, b"US,GS,+0070.50kg\r\n", "70.50"),
        (Protocol::TanitaWb, b"S     75.0kg\r\n", "75.0"),
        (Protocol::TanitaWeight, b"KS075.0\r\n", "75.0"),
        (Protocol::Toledo, b"\x02+0    705     0\r", "70.5"),
        (Protocol::RiceLake, b"     10.0 lb Gross \r\n", "10.0"),
        (Protocol::Adam, b"Weight: 80.00 kg\r\n", "80.00"),
        (Protocol::Cas, b"\x01\x02S 0070.5KG\x63\x03\x04", "70.5"),
        (Protocol::Doran, b"\x02\x82\xd7\xe4  70.5\r", "70.5"),
    ] {
        let record = decode_again(protocol, line).unwrap();
        assert_eq!(record.protocol, protocol.name());
        assert_eq!(
            record.get(Metric::BODY_WEIGHT).unwrap().value.to_string(),
            weight,
            "{protocol}"
        );
        assert!(line.starts_with(&record.raw), "{protocol}");
    }
    for (id, bytes, _) in xiaomi() {
        let record = decode_again(Protocol::Xiaomi, &bytes).unwrap();
        assert_eq!(
            (record.protocol.as_str(), record.device.maker.as_deref()),
            ("xiaomi", Some("Xiaomi")),
            "{id}"
        );
        assert!(record.get(Metric::BODY_WEIGHT).is_some(), "{id}");
    }
}

#[test]
fn what_is_kept_of_a_stream_is_the_one_frame_that_was_found() {
    let line = &b"ST,+00070.50 kg\r"[..];
    let (outcomes, _) = heard_by(
        Session::new(Protocol::And, Options::default()),
        &[b"xx\nST,+00000.00 kg\r\n", &[line, b"\n"].concat().repeat(3)[..]].concat(),
        7,
    );
    let [Outcome::Record(record)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(record.raw, line);

    // A printed line without its end, and a record with a field too few.
    for (protocol, bytes) in [
        (Protocol::RiceLake, &b"     80.5 kg Gr"[..]),
        (
            Protocol::TanitaPositional,
            b"0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,32.3\r",
        ),
    ] {
        let (outcomes, _) = heard_by(
            Session::new(protocol, Options::default()),
            &[b"what?\r\n", bytes].concat(),
            9,
        );
        let [Outcome::Rejected(rejected)] = &outcomes[..] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(rejected.raw, bytes, "{protocol}");
        let units = decode_all(protocol, &[b"what?\r\n", bytes].concat());
        assert_eq!(units[0].outcome.as_ref().unwrap_err().raw, bytes, "{protocol}");
        assert_eq!(units[0].offset, 7);
    }
}

#[test]
fn what_shows_no_weight_is_no_record() {
    for (protocol, bytes) in [
        // Overload, a tare, a number of pieces, a wrong length.
        (Protocol::And, &b"OL,+9999999E+19\r\n"[..]),
        (Protocol::And, b"ST,TR,+0070.50kg\r\n"),
        (Protocol::And, b"QT,+00000012 PC\r\n"),
        (Protocol::And, b"what?"),
        (Protocol::And, b""),
        (Protocol::Xiaomi, b"\x02\x04"),
        (Protocol::SigBcs, b""),
        (Protocol::TanitaTagged, b"what?"),
        (Protocol::TanitaPc, b"what?"),
        (Protocol::LookinbodyCsv, b"1. Name,2. ID\r\n"),
    ] {
        let rejected = decode_again(protocol, bytes).unwrap_err();
        assert_eq!(rejected.raw, bytes, "{protocol}");
    }
    let rejected = decode_again(Protocol::And, b"what?").unwrap_err();
    assert_eq!(rejected.reason, RejectReason::BadFrame);
    assert_eq!(decode_all(Protocol::LookinbodyCsv, b"1. Name,2. ID\r\n"), []);
}

#[test]
fn a_record_of_a_named_model_is_decoded_again_without_the_name() {
    let options = Options {
        positional_model: Some(PositionalModel::Tbf310),
        ..Options::default()
    };
    let line = b"\"15/05/12\",\"10:30\",70.5\r\n";
    let (found, _) = heard_by(Session::new(Protocol::TanitaPositional, options), line, 5);
    let [Outcome::Record(record)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        decode_again(Protocol::TanitaPositional, &record.raw).as_ref(),
        Ok(&**record)
    );
}

#[test]
fn a_line_that_pc_mode_refuses_is_no_record_later() {
    let line = b"0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,38.3,9771\r";
    assert!(decode_again(Protocol::TanitaPositional, line).is_ok());
    let rejected = decode_again(Protocol::TanitaPc, line).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::WrongFieldCount);
    let units = decode_all(Protocol::TanitaPc, line);
    assert_eq!(units[0].outcome.as_ref().unwrap_err().reason, rejected.reason);
}

#[test]
fn the_fields_of_a_bc_418_have_their_names_by_whichever_way_they_came() {
    let (_, bytes, _) = legacy().into_iter().find(|(id, ..)| id.contains("418")).unwrap();
    let record = |protocol| decode_again(protocol, &bytes).unwrap();
    let (asked, heard) = (record(Protocol::TanitaPc), record(Protocol::TanitaPositional));
    assert_eq!(raw_tags(&asked), raw_tags(&heard));
    assert_eq!(raw_tags(&asked).len(), 38);
    let weight = decode_again(Protocol::TanitaPc, b"F080.5\r").unwrap();
    assert_eq!(raw_tags(&weight), [], "a weight that was asked for names nothing");
}

#[test]
fn what_is_wrong_with_kept_bytes_of_pc_mode_is_said_as_the_form_says_it() {
    let reason = |bytes: &[u8]| decode_again(Protocol::TanitaPc, bytes).unwrap_err().reason;
    assert_eq!(reason(b"0,2,170,110.6,431,28.4"), RejectReason::Truncated);
    assert_eq!(reason(b"0,2,170,110.6,431,28.4\r\n"), RejectReason::WrongFieldCount);
    assert_eq!(reason(b"{0,16,Wk,80.5"), RejectReason::ChecksumMissing);
    assert_eq!(reason(b"F080"), RejectReason::BadNumber);
    assert_eq!(reason(b"M1"), RejectReason::BadFrame);
}

#[test]
fn only_formats_that_name_their_values_have_names_to_show() {
    let names = |protocol, bytes: &[u8]| {
        let record: Record = decode_again(protocol, bytes).unwrap();
        raw_tags(&record).len()
    };
    let mut shown = 0;
    for (id, bytes, _) in legacy().into_iter().chain(ascii()) {
        let protocol = protocol_of(&id);
        if decode_again(protocol, &bytes).is_err() {
            continue;
        }
        let has_names = matches!(protocol, Protocol::TanitaPositional | Protocol::Adam);
        assert_eq!(names(protocol, &bytes) > 0, has_names, "{id}");
        shown += usize::from(has_names);
    }
    assert!(shown > 0);
    for (id, bytes, _) in toledo() {
        if decode_again(Protocol::Toledo, &bytes).is_ok() {
            assert_eq!(names(Protocol::Toledo, &bytes), 0, "{id}");
        }
    }
}
