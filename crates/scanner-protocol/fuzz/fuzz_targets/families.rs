//! Any bytes in any pieces, for each family that a serial line carries. The first byte chooses the family, the second the pieces.
//!
//! What must hold: no panic; what a session holds stays below a bound, and what it rejects is no longer than the longest frame; no
//! record with a wrong checksum comes out; all pieces mean the same; and after 4 KiB of the bytes, a good result is found: behind a
//! silence, and if the family's frames show their beginning, at once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scan_model::{Integrity, Record};
use scanner_protocol::{Event, LineEvent, Options, Protocol, Session, Tick, decode_again, decode_all};

const FAMILIES: [Protocol; 16] = [
    Protocol::Auto,
    Protocol::TanitaTagged,
    Protocol::TanitaPositional,
    Protocol::TanitaWb,
    Protocol::TanitaWeight,
    Protocol::And,
    Protocol::Toledo,
    Protocol::RiceLake,
    Protocol::Adam,
    Protocol::Accuniq,
    Protocol::Bmh05108,
    Protocol::Cas,
    Protocol::Toledo8217,
    Protocol::Doran,
    Protocol::Seca460,
    Protocol::Dba310,
];

const LONGEST: usize = 4096;
/// What a session may hold: two buffers of the longest line for each of three families, and the events of one piece.
const HELD: i64 = 64 * 1024;
const TAGGED: &[u8] = b"{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n";

/// What a device of the family sends for one person; nothing where nothing becomes a measurement.
fn good(protocol: Protocol) -> Vec<u8> {
    let weighing = |empty: &[u8], line: &[u8]| [empty, line, line, line].concat();
    match protocol {
        Protocol::Auto | Protocol::TanitaTagged => TAGGED.to_vec(),
        Protocol::TanitaPositional => b"0,2,185,110.6,431,28.4,31.4,79.2,58.0,27,32.3,9771\r\n".to_vec(),
        Protocol::TanitaWb => weighing(b"S      0.0kg\r\n", b"S     75.0kg\r\n"),
        Protocol::TanitaWeight => weighing(b"KS000.0\r\n", b"KS075.0\r\n"),
        Protocol::And => weighing(b"ST,+00000.00 kg\r\n", b"ST,+00070.50 kg\r\n"),
        Protocol::Toledo => weighing(b"\x02+0      0     0\r", b"\x02+0    705     0\r*"),
        Protocol::RiceLake => b"     10.0 lb Gross \r\n".to_vec(),
        Protocol::Adam => b"Patient Id: 0000000123\r\nWeight: 80.00 kg\r\n".to_vec(),
        Protocol::Accuniq => {
            let mut frame = [&b"\x02M"[..], &b"1,".repeat(113), b"1\x03"].concat();
            frame.push(frame.iter().fold(0, |sum, &byte| sum.wrapping_add(byte)));
            frame
        }
        Protocol::Cas => weighing(b"\x01\x02S 0000.0KG\x61\x03\x04", b"\x01\x02S 0070.5KG\x63\x03\x04"),
        Protocol::Doran => weighing(b"\x02GR    0.0 lb\r\n", b"\x02GR  155.4 lb\r\n"),
        Protocol::Dba310 => b"id=17;hei=170.0;wei=70.5;bmi=24.4;over".to_vec(),
        _ => Vec::new(),
    }
}

/// Of the models that send whole tagged records, this one alone sends no checksum.
fn is_of_bd_815(line: &[u8]) -> bool {
    let has = |wanted: &[u8]| line.windows(wanted.len()).any(|bytes| bytes == wanted);
    has(b",MO,\"BD-815\"") && !has(b",CS,")
}

/// Whether the checksum of a record is what its manual says. Only what has none may come out without.
fn is_right(record: &Record) -> bool {
    if record.integrity == Integrity::None {
        return match record.protocol.as_str() {
            "tanita-tagged" => !record.raw.starts_with(b"{") || is_of_bd_815(&record.raw),
            protocol => !matches!(protocol, "accuniq" | "cas"),
        };
    }
    let raw = &record.raw;
    let sum = |bytes: &[u8]| bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    match record.protocol.as_str() {
        "tanita-tagged" => {
            let end = raw
                .windows(4)
                .rposition(|window| window == b",CS,")
                .map_or(0, |at| at + 1);
            let sent = raw.get(end + 3..end + 5).and_then(|digits| str::from_utf8(digits).ok());
            sent.and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(sum(&raw[..end]))
        }
        "toledo" => raw.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte & 0x7f)) & 0x7f == 0,
        "cas" => raw[2..13].iter().fold(0, |rest, &byte| rest ^ byte) == 0,
        "accuniq" => raw.split_last().is_some_and(|(&check, bytes)| check == sum(bytes)),
        _ => false,
    }
}

fn events(session: &mut Session) -> Vec<Event> {
    let events: Vec<_> = std::iter::from_fn(|| session.poll_event()).collect();
    for event in &events {
        match event {
            Event::Record(record) => {
                assert!(is_right(record), "a record with a wrong checksum");
            }
            Event::Rejected(rejected) => assert!(rejected.raw.len() <= LONGEST),
            _ => {}
        }
    }
    events
}

fn heard(protocol: Protocol, bytes: &[u8], size: usize) -> (Vec<Event>, Session) {
    let options = Options {
        drop_repeats: false,
        ..Options::default()
    };
    let mut session = Session::new(protocol, options);
    for chunk in bytes.chunks(size) {
        session.handle_bytes(Tick(0), chunk);
    }
    session.handle_timeout(Tick(20_000_000));
    let events = events(&mut session);
    (events, session)
}

/// Gives the bytes over and over, 4 KiB in all. Every byte that stays allocated is counted.
fn noise(session: &mut Session, now: Tick, bytes: &[u8]) {
    let noise: Vec<u8> = bytes.iter().copied().cycle().take(4096).collect();
    let mut held = 0;
    for chunk in noise.chunks(100) {
        let memory = allocation_counter::measure(|| {
            session.handle_bytes(now, chunk);
            events(session);
        });
        held += memory.bytes_current;
        assert!(held < HELD, "{held} bytes of memory");
    }
}

fuzz_target!(|data: &[u8]| {
    let [family, size, bytes @ ..] = data else { return };
    let protocol = FAMILIES[usize::from(*family) % FAMILIES.len()];
    let (whole, other) = heard(protocol, bytes, bytes.len().max(1));
    let size = usize::from(*size).max(1);
    let (pieces, mut session) = heard(protocol, bytes, size);
    // Progress within a record depends on the pieces, and so does the order of families that listen side by side.
    let results = |events: Vec<Event>| -> Vec<Event> {
        let results = events.into_iter().filter(|event| !matches!(event, Event::Stage { .. }));
        results.collect()
    };
    if protocol != Protocol::Auto {
        assert_eq!(results(whole), results(pieces));
    }
    assert_eq!(other.counters().bytes_skipped, session.counters().bytes_skipped);

    let good = good(protocol);
    if protocol == Protocol::TanitaTagged {
        noise(&mut session, Tick(25_000_000), bytes);
        session.handle_bytes(Tick(25_000_000), &good);
        let last = events(&mut session).pop();
        assert!(
            matches!(last, Some(Event::Record(_))),
            "a good record in the middle of noise"
        );
    }
    if !good.is_empty() {
        noise(&mut session, Tick(25_000_000), bytes);
        session.handle_timeout(Tick(30_000_000));
        events(&mut session);
        session.handle_bytes(Tick(30_000_000), &good);
        session.handle_line(Tick(30_000_000), LineEvent::Down);
        let found = events(&mut session);
        let records = found.iter().filter(|event| matches!(event, Event::Record(_)));
        assert_eq!(records.count(), 1, "{protocol}: a good result behind the bytes");
    }

    for unit in decode_all(protocol, bytes) {
        if let Ok(scanner_protocol::Content::Record(record)) = unit.outcome {
            assert_eq!(decode_again(unit.protocol, &record.raw).as_ref(), Ok(&*record));
        }
    }
});
