//! Where a frame of each family that only sends begins and ends, and what is noise at once.

use scan_model::Record;
use scanner_protocol::{Content, Decoded, LineEvent, Options, Protocol, Session, Tick, decode_again, decode_all};

use crate::{Outcome, SECOND, heard_by, outcomes};

use Protocol::{
    Accuniq, Adam, And, Bmh05108, Cas, Dba310, Doran, RiceLake, Seca460, TanitaPositional, TanitaWb, TanitaWeight,
    Toledo, Toledo8217,
};

fn session(protocol: Protocol) -> Session {
    Session::new(protocol, Options::default())
}

/// A frame of each layout, without its line end where it has one.
const FRAMES: [(Protocol, &[u8]); 27] = [
    (And, b"ST,+00070.50 kg"),
    (And, b"ST,OK,+00070.50 kg"),
    (And, b"US,GS,+0070.50kg"),
    (Toledo, b"\x02+0    705     0"),
    (Toledo, b"\x02+0    705"),
    (RiceLake, b"     80.5 kg Gross "),
    (
        Adam,
        b"Doctor Id: 00001\r\nPatient Id: 12\r\nWeight: 80.00 kg\r\nHeight: 183 cm\r\nBMI: 23.9",
    ),
    (TanitaWb, b"S     75.0kg"),
    (TanitaWb, b"SD   165.4lb"),
    (TanitaWeight, b"KS075.0"),
    (TanitaPositional, b"0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,38.3,9771"),
    (
        TanitaPositional,
        b"\x11\"03/05/01\",\"09:07\",0,2,27,170,64.2,431,28.4,18.2,46.0,33.7,22.2,63.6,0.9",
    ),
    (Accuniq, b"\x02A6\x03\x7c"),
    (Bmh05108, b"\xaa\x05\xa0\x00\xb1"),
    (Bmh05108, b"\xaa\x08\xd0\x21\x10\x20\x30\xfd"),
    (Bmh05108, b"\xaa\x04\xff\x53"),
    (
        RiceLake,
        b"GROSS WEIGHT 215.0 LB\r\nTARE WEIGHT 0.0 LB\r\nNET WEIGHT 215.0 LB\r\nPATIENT HEIGHT 6-01.0 FT\r\nPATIENT BMI 28.4",
    ),
    (Cas, b"\x01\x02S 0070.5KG\x63\x03\x04"),
    (Cas, b"\x01\x02U-  12.4LB\x6f\x03\x04"),
    (Toledo8217, b"\x0270.500\r"),
    (Toledo8217, b"\x02  7.50N\r"),
    (Toledo8217, b"\x02?\x0a\r"),
    (Doran, b"\x02GR  155.4 lb"),
    (Doran, b"\x02S -  70.5kg 24.4"),
    (Doran, b"\x02\x80\xd7\xe4 155.4"),
    (Seca460, b"\x02A1007051c0005a\r\n\x03"),
    (Seca460, b"\x02A4070501805A\r\n\x03"),
];

/// What ends a frame of this family.
fn end(protocol: Protocol) -> &'static [u8] {
    match protocol {
        Toledo => b"\r",
        Accuniq | Bmh05108 | Cas | Toledo8217 | Seca460 => b"",
        _ => b"\r\n",
    }
}

#[test]
fn a_frame_is_under_way_from_its_first_byte_to_its_last() {
    for (protocol, frame) in FRAMES {
        for cut in 1..frame.len() {
            let mut session = session(protocol);
            session.handle_bytes(Tick(0), &frame[..cut]);
            assert!(session.poll_timeout().is_some(), "{protocol} cut at {cut}");
            assert_eq!(session.counters().bytes_skipped, 0, "{protocol} cut at {cut}");
        }
        let whole = [frame, end(protocol)].concat();
        let units = decode_all(protocol, &whole.repeat(2));
        let offsets: Vec<_> = units.iter().map(|unit| unit.offset).collect();
        assert_eq!(offsets, [0, whole.len() as u64], "{protocol}");
        assert!(units.iter().all(|unit| unit.outcome.is_ok()), "{protocol}: {units:?}");
    }
}

#[test]
fn a_byte_that_fits_nowhere_ends_the_wait_for_a_frame() {
    let noise: [(Protocol, &[u8]); 99] = [
        (And, b"SX"),
        (And, b"UT"),
        (And, b"OT"),
        (And, b"ST;"),
        (And, b"ST,7"),
        (And, b"ST,+00070.50 k\x07"),
        (And, b"ST,+00070.50 k\xe7"),
        (Toledo, b"\x02\x10"),
        (Toledo, b"\x02+\x10"),
        (Toledo, b"\x02+0\x10"),
        (Toledo, b"\x02+0 x"),
        (Toledo, b"\x02+0     x"),
        (Toledo, b"\x02+0    70x"),
        (Toledo, b"\x02+0    70\r"),
        (Toledo, b"\x02+0    705x"),
        (Toledo, b"\x02+0    705     x"),
        (Toledo, b"\x02+0    705     0 "),
        (RiceLake, b"8x"),
        (RiceLake, b"8x.0 kg"),
        (RiceLake, b"80.5 s"),
        (RiceLake, b"80.5 kgs "),
        (RiceLake, b"80.5\r"),
        (Adam, b"Doctor:"),
        (Adam, b"Pat:"),
        (Adam, b"Weight 8"),
        (Adam, b"Weighty: 8"),
        (Adam, b"BMX"),
        (TanitaWb, b"SK"),
        (TanitaWb, b"S x"),
        (TanitaWb, b"S  x"),
        (TanitaWb, b"S   \x1f"),
        (TanitaWb, b"S     75.0g"),
        (TanitaWb, b"S     75.0kk"),
        (TanitaWb, b"S     75.0kg\n"),
        (TanitaWb, b"S     75.0kg\r "),
        (TanitaWeight, b"K "),
        (TanitaWeight, b"KS\x1f"),
        (TanitaWeight, b"KS0750"),
        (TanitaWeight, b"KS075.0\n"),
        (TanitaWeight, b"KS075.0\r "),
        (TanitaPositional, b"12x"),
        (TanitaPositional, b"1\x11"),
        (TanitaPositional, b"1,2\r"),
        (Accuniq, b"\x02X"),
        (Accuniq, b"\x02M1\x1f"),
        (Bmh05108, b"\xaa\x03"),
        (RiceLake, b"GROSS\tW"),
        (RiceLake, b"GROSS WEIGHT:"),
        (RiceLake, b"NET WEIGHTS"),
        (RiceLake, b"PATIENT AGE"),
        (RiceLake, b"NET WEIGHT\r"),
        (Cas, b"\x02"),
        (Cas, b"\x01\x01x"),
        (Cas, b"\x01\x02X"),
        (Cas, b"\x01\x02S+"),
        (Cas, b"\x01\x02S x"),
        (Cas, b"\x01\x02S 0070.x"),
        (Cas, b"\x01\x02S 0070.5G"),
        (Cas, b"\x01\x02S 0070.5KK"),
        (Cas, b"\x01\x02S 0070.5KB\x66\x03\x04"),
        (Cas, b"\x01\x02S 0070.5LG\x64\x03\x04"),
        (Cas, b"\x01\x02S 0070.5KG\x45\x04"),
        (Cas, b"\x01\x02S 0070.5KG\x45\x03\x03"),
        (Toledo8217, b"7"),
        (Toledo8217, b"\x02x"),
        (Toledo8217, b"\x02\r"),
        (Toledo8217, b"\x02 \r"),
        (Toledo8217, b"\x02N\r"),
        (Toledo8217, b"\x027x"),
        (Toledo8217, b"\x027\xb0"),
        (Toledo8217, b"\x027N7"),
        (Toledo8217, b"\x02?\x80"),
        (Toledo8217, b"\x02 ?\x02\r"),
        (Toledo8217, b"\x02?aa"),
        (Toledo8217, b"\x02?a\n"),
        (Doran, b"\x03"),
        (Doran, b"\x02X"),
        (Doran, b"\x02GX"),
        (Doran, b"\x02GR+"),
        (Doran, b"\x02Gr "),
        (Doran, b"\x02gR "),
        (Doran, b"\x02SR "),
        (Doran, b"\x02GD "),
        (Doran, b"\x02GR\xe4"),
        (Doran, b"\x02\x80\xd7 "),
        (Doran, b"\x02\x80R\xe4"),
        (Doran, b"\x02GR  15x"),
        (Doran, b"\x02GR  155.4l\x07"),
        (Doran, b"\x02GR  155.4lb\n"),
        (Doran, b"\x02\x80\xd7\xe4 155.4 "),
        (Doran, b"\x02\x80\xd7\xe4 155.4\x03"),
        (Seca460, b"\x02B"),
        (Seca460, b"\x02A2"),
        (Seca460, b"\x02A0007A"),
        (Seca460, b"\x02A00070A"),
        (Seca460, b"\x02A4007011g"),
        (Seca460, b"\x02A4070501805A1"),
        (Seca460, b"\x02A4070501805A\r\r"),
        (Seca460, b"\x02A0007051c0005a\r\n\r"),
    ];
    for (protocol, bytes) in noise {
        let mut session = session(protocol);
        session.handle_bytes(Tick(0), bytes);
        assert_eq!(session.poll_timeout(), None, "{protocol} {bytes:?}");
        session.handle_line(Tick(0), LineEvent::Down);
        assert_eq!(outcomes(&mut session), [], "{protocol} {bytes:?}");
        assert_eq!(session.counters().rejected_in_all(), 0, "{protocol} {bytes:?}");
        let line_ends = bytes.iter().filter(|byte| b"\r\n".contains(byte)).count();
        let skipped = (bytes.len() - line_ends) as u64;
        assert_eq!(session.counters().bytes_skipped, skipped, "{protocol} {bytes:?}");
    }
}

#[test]
fn what_is_cut_off_before_anything_tells_its_family_is_noise() {
    let beginnings: [(Protocol, &[u8]); 23] = [
        (And, b"S"),
        (And, b"ST"),
        (And, b"ST,+0007"),
        (Toledo, b"\x02+0    7"),
        (RiceLake, b"   80.5"),
        (Adam, b"Weight"),
        (TanitaWb, b"S     75.0kg\r"),
        (TanitaWeight, b"KS075.0\r"),
        (TanitaPositional, b"0,2"),
        (Accuniq, b"\x02M"),
        (Bmh05108, b"\xaa"),
        (Bmh05108, b"\xaa\x05\xa0\x00"),
        (RiceLake, b"GROSS WEIG"),
        (RiceLake, b"GROSS WEIGHT"),
        (Cas, b"\x01\x02S 0070.5KG\x45\x03"),
        (Toledo8217, b"\x02"),
        (Toledo8217, b"\x02 70.50N"),
        (Toledo8217, b"\x02?a"),
        (Doran, b"\x02GR"),
        (Doran, b"\x02\x80\xd7\xe4 155.4"),
        (Doran, b"\x02GR  155.4 lb"),
        (Seca460, b"\x02A4070501805A\r\n"),
        (Dba310, b"over"),
    ];
    for (protocol, bytes) in beginnings {
        let mut session = session(protocol);
        session.handle_bytes(Tick(0), bytes);
        session.handle_timeout(Tick(SECOND));
        assert_eq!(outcomes(&mut session), [], "{protocol} {bytes:?}");
        assert_eq!(session.counters().rejected_in_all(), 0, "{protocol} {bytes:?}");
    }
}

#[test]
fn a_frame_waits_for_silence_as_long_as_its_family_pauses() {
    for (protocol, frame, milliseconds) in [
        (And, &b"ST,+0"[..], 500),
        (Toledo, b"\x02+0", 500),
        (RiceLake, b"   80.5 kg", 1000),
        (Adam, b"Weight: 8", 500),
        (TanitaWb, b"S  ", 500),
        (TanitaWeight, b"KS0", 500),
        (TanitaPositional, b"0,2,170", 1000),
        (Accuniq, b"\x02M1,2", 1000),
        (Bmh05108, b"\xaa\x05", 500),
        (RiceLake, b"GROSS WEIGHT 2", 1000),
        (Cas, b"\x01\x02S", 500),
        (Toledo8217, b"\x0270", 500),
        (Doran, b"\x02GR", 500),
        (Seca460, b"\x02A0", 500),
        (Dba310, b"id=1;", 1000),
    ] {
        let mut session = session(protocol);
        session.handle_bytes(Tick(7), frame);
        assert_eq!(
            session.poll_timeout(),
            Some(Tick(7 + milliseconds * 1000)),
            "{protocol}"
        );
    }
}

#[test]
fn no_frame_is_longer_than_the_longest_of_its_family() {
    for (protocol, start, filling, longest) in [
        (And, &b"ST,+"[..], b'0', 32),
        (RiceLake, b"0.0 kg ", b' ', 256),
        (RiceLake, b"NET WEIGHT ", b'1', 256),
        (Toledo8217, b"\x02", b'1', 12),
        (Doran, b"\x02GR  155.4", b' ', 64),
        (Dba310, b"id=", b'1', 2048),
        (Adam, b"Weight: ", b'8', 512),
        (TanitaPositional, b"0,2,", b'1', 512),
        (Accuniq, b"\x02M", b'1', 2048),
    ] {
        let mut session = session(protocol);
        let mut bytes = start.to_vec();
        bytes.resize(longest - 1, filling);
        session.handle_bytes(Tick(0), &bytes);
        assert!(session.poll_timeout().is_some(), "{protocol}: room for one more byte");
        session.handle_bytes(Tick(0), &[filling]);
        assert_eq!(session.poll_timeout(), None, "{protocol}");
    }
}

#[test]
fn a_rejected_frame_is_kept_whole_with_the_place_of_its_fault() {
    let faults: [(Protocol, &[u8], usize, usize); 29] = [
        // Rejected bytes, how many of them are kept, and where the fault is.
        (Toledo, b"\x02+0    705     0\rx", 18, 17),
        (Toledo, b"\x02+0    705\rx", 12, 11),
        (Toledo, b"\x02+0!   705\r", 11, 3),
        (Toledo, b"\x02+0       \r", 11, 4),
        (RiceLake, b"8.0.5 kg Net\r\n", 13, 0),
        (RiceLake, b"80.5 kg", 7, 7),
        (Adam, b"Patient Id: 1\r\nWeight: 80.00 st\r\n", 32, 15),
        (Adam, b"Weight: 8", 9, 9),
        (TanitaPositional, b"0,3,170,1,1,1,1,1,1,1,1,1\r\n", 26, 2),
        (TanitaPositional, b"0,1,170,1,1,1,1,1,1,1,1,1.2.3\r\n", 30, 24),
        (TanitaPositional, b"\x110,1,170,1,1,1,1,1,1,1,1,1.2.3\r\n", 31, 25),
        (TanitaPositional, b"0,1,170,1,x,1\r\n", 13, 10),
        (TanitaPositional, b"0,1,170,1,\0,1\r\n", 13, 10),
        (TanitaPositional, b"0,1,170", 7, 7),
        (Accuniq, b"\x02M1\x03\x04", 5, 4),
        (Accuniq, b"\x02M1", 3, 3),
        (Bmh05108, b"\xaa\x05\xa0\x00\xb2", 5, 4),
        (Bmh05108, b"\xaa\x07\xa0\x64\x00\x00\x00\x4b", 8, 1),
        (RiceLake, b"NET WEIGHT 80.5 KG\r\nPATIENT BMI high\r\n", 37, 20),
        (RiceLake, b"GROSS WEIGHT 80.5 KG\r\nNET WEIGHT 80.5 KG\r\nPAT", 45, 45),
        (RiceLake, b"GROSS WEIGHT 80.5 KG\r\n", 21, 0),
        (Cas, b"\x01\x02S 0070.5KG\x00\x03\x04", 15, 12),
        (Cas, b"\x01\x02S 007 .5KG\x73\x03\x04", 15, 4),
        (Toledo8217, b"\x02 7.5.0\r", 8, 2),
        (Doran, b"\x02GR    155lb\r\n", 13, 4),
        (Dba310, b"id=1;hei=tall;over", 18, 0),
        (Dba310, b"id=1;wei=70", 11, 11),
        (Dba310, b"id=1;\r\nwei=70.5;over", 5, 5),
        (Dba310, b"id=1;id=2;over", 14, 0),
    ];
    for (protocol, bytes, kept, offset) in faults {
        let units = decode_all(protocol, bytes);
        let [
            Decoded {
                outcome: Err(rejected), ..
            },
            ..,
        ] = &units[..]
        else {
            panic!("{protocol}: {units:?}")
        };
        assert_eq!(rejected.raw, bytes[..kept], "{protocol}: {rejected:?}");
        assert_eq!(rejected.offset, offset, "{protocol}: {rejected:?}");
    }
}

/// The record that a frame is or, for a scale, would be.
fn kept(protocol: Protocol, frame: &[u8]) -> Record {
    decode_again(protocol, frame).unwrap()
}

#[test]
fn a_record_names_its_maker_where_the_family_has_one() {
    for (protocol, frame) in FRAMES {
        let maker = match protocol {
            // Many makers' scales speak these.
            And | Toledo => None,
            RiceLake => Some("Rice Lake"),
            Adam => Some("Adam"),
            Cas => Some("CAS"),
            Doran => Some("Doran"),
            // Neither a state nor a message is a record.
            Accuniq | Bmh05108 | Toledo8217 | Seca460 => continue,
            _ => Some("Tanita"),
        };
        let whole = [frame, end(protocol)].concat();
        assert_eq!(kept(protocol, &whole).device.maker.as_deref(), maker, "{protocol}");
    }
}

#[test]
fn a_record_keeps_its_bytes_up_to_the_first_of_its_line_end() {
    for (protocol, frame) in [
        (RiceLake, &b"     80.5 kg Gross \r"[..]),
        (Adam, b"Weight: 80.00 kg\r\nBMI: 23.9\r"),
        (
            TanitaPositional,
            b"0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,38.3,9771\r",
        ),
    ] {
        let bytes = [frame, b"\n"].concat();
        let found = heard_by(session(protocol), &bytes, bytes.len()).0;
        let [Outcome::Record(record)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(record.raw, frame, "{protocol}");
    }
    let checked = b"\x02+0    705     0\r*";
    let units = decode_all(Toledo, &[&checked[..], b"\n", checked].concat());
    assert!(matches!(
        &units[..],
        [
            Decoded {
                outcome: Ok(Content::Weight(_)),
                ..
            },
            Decoded { offset: 19, .. }
        ]
    ));
}
