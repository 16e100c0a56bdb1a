//! What programs and people read: names, kinds, and texts that must not show a person's data.

use std::{collections::BTreeSet, time::Duration};

use scanner_protocol::{
    Capabilities, Carrier, Command, LineEvent, Options, Protocol, RejectReason, Rejected, Session, Tick, Ticket,
    Transmit,
    identify::{Confidence, Frame},
};

use crate::{outcomes, pc_mode::talk::person, session};

#[test]
fn each_reason_to_reject_is_printed_as_a_word_of_its_own() {
    let words: BTreeSet<_> = RejectReason::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), RejectReason::ALL.len());
    for word in words {
        assert!(
            word.len() > 5 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "`{word}`"
        );
    }
    assert_eq!(RejectReason::ChecksumMismatch.to_string(), "checksum_mismatch");
}

#[test]
fn confidence_and_frames_are_printed_as_technicians_write_them() {
    let words =
        [Confidence::Possible, Confidence::Likely, Confidence::Certain].map(|confidence| confidence.to_string());
    assert_eq!(words, ["possible", "likely", "certain"]);
    assert_eq!(
        [Frame::EightNone, Frame::SevenEven].map(|frame| frame.to_string()),
        ["8N1", "7E1"]
    );
}

#[test]
fn what_is_printed_for_a_technician_shows_no_bytes_and_no_numbers_of_a_person() {
    let mut session = session();
    session.handle_bytes(Tick(0), b"{0,16,ID,\"0815\",Wk,80.5,CS,00\r\n");
    let [crate::Outcome::Rejected(rejected)] = &outcomes(&mut session)[..] else {
        panic!("the checksum is wrong")
    };
    let Rejected { raw, .. } = rejected;
    let printed = format!("{rejected:?}");
    assert!(printed.contains("ChecksumMismatch") && printed.contains(&format!("raw_bytes: {}", raw.len())));
    assert!(!printed.contains("0815") && !printed.contains("80.5") && !printed.contains(&format!("{raw:?}")));

    assert_eq!(format!("{:?}", Transmit(b"D428\r\n".to_vec())), "Transmit(6 bytes)");
    assert_eq!(format!("{:?}", Ticket::from_random(4710)), "Ticket(..)");
}

#[test]
fn a_session_prints_nothing_of_what_it_holds_of_a_person() {
    let mut session = Session::new(Protocol::TanitaPc, Options::default());
    session.handle_line(Tick(0), LineEvent::Up);
    session.handle_command(Tick(0), Command::Start(person())).unwrap();
    let printed = format!("{session:?}");
    for datum in ["4711", "42", "1670", "28", "Male"] {
        assert!(!printed.contains(datum), "{datum} in {printed}");
    }

    // A record that is whole, and one that is under way.
    let mut session = self::session();
    session.handle_bytes(Tick(0), b"{0,16,~0,1,Wk,80.5,CS,00\r\n{0,16,~0,1,Wk,80.5");
    let mut scale = Session::new(Protocol::And, Options::default());
    scale.handle_bytes(Tick(0), b"ST,+00080.5 kg\r\nST,+00080.5");
    let digits = format!("{:?}", b"80.5").replace(['[', ']'], "");
    for printed in [format!("{session:?}"), format!("{scale:?}")] {
        assert!(printed.contains("counters"), "{printed}");
        assert!(!printed.contains("80.5") && !printed.contains(&digits), "{printed}");
    }
}

#[test]
fn each_protocol_comes_over_its_carrier_and_some_are_experiments() {
    for &protocol in Protocol::ALL {
        let carrier = match protocol {
            Protocol::SigBcs | Protocol::SigWss | Protocol::Xiaomi => Carrier::Bluetooth,
            Protocol::LookinbodyCsv => Carrier::File,
            _ => Carrier::Serial,
        };
        assert_eq!(protocol.carrier(), carrier, "{protocol}");
    }
    let experiments: Vec<_> = Protocol::ALL
        .iter()
        .filter(|protocol| protocol.is_experimental())
        .map(|protocol| protocol.name())
        .collect();
    assert_eq!(
        experiments,
        [
            "tanita-pc",
            "accuniq",
            "bmh05108",
            "cas",
            "toledo-8217",
            "doran",
            "seca-460",
            "dba310"
        ]
    );
}

#[test]
fn each_protocol_says_what_its_scanner_can_do() {
    let able = |protocol| Session::new(protocol, Options::default()).capabilities();
    let sends = Capabilities {
        starts_scans: false,
        confirms_stored: false,
        live_stages: false,
        weight_only: false,
        has_results: true,
    };
    for protocol in [
        Protocol::Auto,
        Protocol::TanitaTagged,
        Protocol::TanitaPositional,
        Protocol::Accuniq,
        Protocol::Dba310,
    ] {
        assert_eq!(able(protocol), sends, "{protocol}");
    }
    let shows = Capabilities {
        has_results: false,
        ..sends
    };
    for protocol in [Protocol::Bmh05108, Protocol::Toledo8217, Protocol::Seca460] {
        assert_eq!(able(protocol), shows, "{protocol}");
    }
    let weighs = Capabilities {
        weight_only: true,
        ..sends
    };
    for protocol in [
        Protocol::TanitaWb,
        Protocol::TanitaWeight,
        Protocol::And,
        Protocol::Toledo,
        Protocol::RiceLake,
        Protocol::Adam,
        Protocol::Cas,
        Protocol::Doran,
    ] {
        assert_eq!(able(protocol), weighs, "{protocol}");
    }
    let led = Capabilities {
        starts_scans: true,
        live_stages: true,
        ..sends
    };
    assert_eq!(able(Protocol::TanitaPc), led);
    let confirmed = Capabilities {
        confirms_stored: true,
        ..led
    };
    assert_eq!(able(Protocol::ScanLink), confirmed);
}

#[test]
fn a_tick_counts_microseconds_and_never_runs_over() {
    let second = Duration::from_secs(1);
    let start = Tick::since_start(Duration::from_micros(1_500_000));
    assert_eq!(start, Tick(1_500_000));
    assert_eq!(start.after(second), Tick(2_500_000));
    assert_eq!(start.after(second).since(start), second);
    assert_eq!(
        start.since(start.after(second)),
        Duration::ZERO,
        "nothing is ago that is to come"
    );
    assert_eq!(start.after(Duration::MAX), Tick(u64::MAX));
}
