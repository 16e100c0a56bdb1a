//! Looking on finds what a whole capture gives, however the bytes come.

use firmware_protocol::{
    Side,
    frame::{Frame, MAX_FRAME, encode},
};
use scanner_protocol::{
    Carrier, Content, Decoded, Decoding, Onlooker, PositionalModel, Protocol, RejectReason, Tick, decode_all,
    decode_capture,
};

use crate::{
    MILLISECOND, SECOND, capture,
    families::{accuniq, ascii, legacy, named, partly_specified, protocol_of, toledo},
};

/// What is found in `bytes` when they come in pieces of `size`.
fn seen(protocol: Protocol, bytes: &[u8], size: usize) -> Vec<Decoded> {
    let mut onlooker = Onlooker::new(protocol);
    for piece in bytes.chunks(size) {
        onlooker.handle_bytes(Tick(0), piece);
    }
    onlooker.close(Tick(0));
    std::iter::from_fn(|| onlooker.poll_unit()).collect()
}

fn captures() -> Vec<(Protocol, Vec<u8>)> {
    let mut all: Vec<_> = ascii()
        .into_iter()
        .chain(legacy())
        .map(|(id, bytes, _)| (protocol_of(&id), bytes))
        .collect();
    all.extend(toledo().into_iter().map(|(_, bytes, _)| (Protocol::Toledo, bytes)));
    all.extend(accuniq().into_iter().map(|(_, bytes, _)| (Protocol::Accuniq, bytes)));
    all.extend(
        partly_specified()
            .into_iter()
            .map(|(_, bytes, expected)| (named(&expected), bytes)),
    );
    let noisy = [
        &b"\0noise\r\n"[..],
        &capture("sc330-2014-adult-male"),
        &capture("checksum-flipped"),
        b"{0,1",
    ]
    .concat();
    all.push((Protocol::TanitaTagged, noisy));
    all.push((
        Protocol::TanitaPc,
        b"M1\r\nD01.5,D11\r\n{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\nF080.5\r\nE2".to_vec(),
    ));
    all
}

#[test]
fn pieces_of_any_size_give_the_units_of_the_whole_capture() {
    for (protocol, bytes) in captures() {
        let whole = decode_all(protocol, &bytes);
        assert!(!whole.is_empty(), "{protocol}");
        for size in [1, 2, 7, 64] {
            assert_eq!(seen(protocol, &bytes, size), whole, "{protocol} in pieces of {size}");
        }
    }
}

#[test]
fn a_whole_capture_counts_what_is_no_unit_as_the_onlooker_does() {
    let mut skipped = 0;
    for (protocol, bytes) in captures() {
        let mut onlooker = Onlooker::new(protocol);
        onlooker.handle_bytes(Tick(0), &bytes);
        onlooker.close(Tick(0));
        let decoding = decode_capture(protocol, &bytes);
        assert_eq!(decoding.bytes_skipped, onlooker.bytes_skipped(), "{protocol}");
        skipped += decoding.bytes_skipped;
    }
    assert!(skipped > 0, "none of the captures has noise");
    // Of `auto` the family counts that explains the bytes.
    let bytes = [b"noise\r\n", &capture("sc330-2014-adult-male")[..]].concat();
    let decoding = decode_capture(Protocol::Auto, &bytes);
    assert_eq!((decoding.units.len(), decoding.bytes_skipped), (1, 5));
}

#[test]
fn every_line_of_a_scale_is_a_unit_as_soon_as_it_has_come() {
    let mut onlooker = Onlooker::new(Protocol::And);
    onlooker.handle_bytes(Tick(0), b"US,+00070.15 kg\r\nST,+00070.50 kg\r\nST,+0");
    let stable: Vec<_> = std::iter::from_fn(|| onlooker.poll_unit())
        .map(|unit| match unit.outcome.unwrap() {
            Content::Weight(weight) => weight.stable,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(stable, [false, true]);
}

#[test]
fn a_silence_ends_what_was_under_way() {
    let mut onlooker = Onlooker::new(Protocol::TanitaTagged);
    onlooker.handle_bytes(Tick(0), b"{0,16,~0,1");
    let silence = onlooker.poll_timeout().unwrap();
    assert_eq!(onlooker.poll_unit(), None);
    onlooker.handle_timeout(silence);
    assert_eq!(
        onlooker.poll_unit().unwrap().outcome.unwrap_err().reason.name(),
        "truncated"
    );
}

#[test]
fn every_family_is_looked_on_to_its_own_silence() {
    for (protocol, part, silence) in [
        (Protocol::And, &b"ST,+0"[..], 500 * MILLISECOND),
        (Protocol::Adam, b"Weight: 80.00 kg\r\n", 500 * MILLISECOND),
        (Protocol::TanitaTagged, b"{0,16,", SECOND),
        (Protocol::TanitaPc, b"{0,16,", SECOND),
        (Protocol::Auto, b"ST,+0", 500 * MILLISECOND),
        (Protocol::Auto, b"{0,16,", SECOND),
    ] {
        let mut onlooker = Onlooker::new(protocol);
        assert_eq!(onlooker.poll_timeout(), None, "{protocol}");
        onlooker.handle_bytes(Tick(7), part);
        assert_eq!(onlooker.poll_timeout(), Some(Tick(7 + silence)), "{protocol}");
        onlooker.handle_timeout(Tick(6 + silence));
        assert_eq!(
            onlooker.poll_timeout(),
            Some(Tick(7 + silence)),
            "too early changes nothing"
        );
        onlooker.handle_timeout(Tick(7 + silence));
        assert_eq!(onlooker.poll_timeout(), None, "{protocol}");
    }
    let mut onlooker = Onlooker::new(Protocol::Adam);
    onlooker.handle_bytes(Tick(0), b"Weight: 80.00 kg\r\n");
    assert_eq!(onlooker.poll_unit(), None, "more lines may belong to it");
    onlooker.handle_timeout(Tick(500 * MILLISECOND));
    assert!(onlooker.poll_unit().is_some());
}

#[test]
fn what_is_noise_is_what_the_family_says_that_gave_the_last_whole_unit() {
    let record = capture("sc330-2014-adult-male");
    for (protocol, bytes, skipped) in [
        (Protocol::And, &b"what?\r\nST,+00070.50 kg\r\n??"[..], 7),
        (Protocol::TanitaTagged, b"what?\r\n", 5),
        (Protocol::TanitaPc, b"what?\r\nM1\r\nE2\r\n", 5),
        (Protocol::Auto, b"what?\r\nST,+00070.50 kg\r\n", 5),
        (Protocol::LookinbodyCsv, b"what?\r\n", 5),
    ] {
        let mut onlooker = Onlooker::new(protocol);
        onlooker.handle_bytes(Tick(0), bytes);
        onlooker.close(Tick(0));
        assert_eq!(onlooker.bytes_skipped(), skipped, "{protocol}");
    }
    let mut onlooker = Onlooker::new(Protocol::Auto);
    onlooker.handle_bytes(Tick(0), b"ST,+00070.50 kg\r\n");
    assert_eq!(onlooker.bytes_skipped(), 0);
    onlooker.handle_bytes(Tick(0), &record);
    assert_eq!(onlooker.bytes_skipped(), 15, "the weight is noise to who sends records");
}

#[test]
fn the_signs_of_life_of_an_open_session_are_no_noise_to_auto() {
    let alive = |from| {
        let mut buffer = [0; MAX_FRAME];
        let length = encode(from, &Frame::Alive { session: 0x1234_5678 }, &mut buffer);
        buffer[..length].to_vec()
    };
    let session = [alive(Side::Device), alive(Side::Host), alive(Side::Device)].concat();
    let weight = b"ST,+00070.50 kg\r\n";
    for size in [1, 7, usize::MAX] {
        let mut onlooker = Onlooker::new(Protocol::Auto);
        let mut take = |bytes: &[u8]| {
            for piece in bytes.chunks(size) {
                onlooker.handle_bytes(Tick(0), piece);
            }
            (
                std::iter::from_fn(|| onlooker.poll_unit()).count(),
                onlooker.bytes_skipped(),
            )
        };
        assert_eq!(take(&session), (0, 0), "in pieces of {size}");
        // Whoever gave the last whole unit sees noise in them; line ends never count.
        let frames = session.iter().filter(|byte| !b"\r\n".contains(byte)).count() as u64;
        assert_eq!(take(weight), (1, frames), "in pieces of {size}");
    }
}

#[test]
fn auto_tells_one_device_after_the_other_and_rejects_as_the_last_of_them_would() {
    let mut onlooker = Onlooker::new(Protocol::Auto);
    let bytes = [
        &b"ST,+00070.50 kg\r\nST,+0007x.50 kg\r\n"[..],
        &capture("sc330-2014-adult-male"),
        b"ST,+0007x.50 kg\r\n",
        &capture("checksum-flipped"),
    ];
    onlooker.handle_bytes(Tick(0), &bytes.concat());
    let found: Vec<_> = std::iter::from_fn(|| onlooker.poll_unit())
        .map(|unit| (unit.protocol, unit.outcome.is_ok()))
        .collect();
    let expected = [
        (Protocol::And, true),
        (Protocol::And, false),
        (Protocol::TanitaTagged, true),
        (Protocol::TanitaTagged, false),
    ];
    assert_eq!(found, expected);
}

#[test]
fn no_line_carries_bluetooth_values_and_files() {
    for &protocol in Protocol::ALL
        .iter()
        .filter(|protocol| protocol.carrier() != Carrier::Serial)
    {
        assert!(seen(protocol, b"\x00\xb0\x36{0,16\r\n", 64).is_empty(), "{protocol}");
    }
}

#[test]
fn of_a_positional_scanner_whose_model_is_known_all_its_lines_count_and_no_others() {
    let weight = b"noise\r\n09/21/2005,14:02,70.5\r\n";
    let decode = |onlooker: Onlooker| {
        let Decoding { units, bytes_skipped } = onlooker.decode(weight);
        let outcomes: Vec<_> = units
            .into_iter()
            .map(|unit| (unit.offset, unit.outcome.map(drop).map_err(|rejected| rejected.reason)))
            .collect();
        (outcomes, bytes_skipped)
    };
    let refused = (vec![(7, Err(RejectReason::WrongFieldCount))], 5);
    assert_eq!(
        decode(Onlooker::positional(PositionalModel::Tbf310)),
        (vec![(7, Ok(()))], 5)
    );
    assert_eq!(decode(Onlooker::positional(PositionalModel::Bc418)), refused);
    assert_eq!(decode(Onlooker::new(Protocol::TanitaPositional)), refused);
}
