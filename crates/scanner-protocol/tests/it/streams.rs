//! Records arrive in any pieces, and parts of records never become one.

use scanner_protocol::{RejectReason, Tick};

use crate::{Outcome, capture, heard, malformed, outcomes, session, tagged};

#[test]
fn every_input_means_the_same_in_chunks_of_every_size() {
    for (id, bytes, _) in tagged().into_iter().chain(malformed()) {
        let (whole, session) = heard(&bytes, bytes.len());
        // The line without an end is long; its chunk sizes around the limit are what matters.
        let sizes: Vec<_> = match bytes.len() {
            ..2000 => (1..bytes.len()).collect(),
            _ => (1..9).chain(4090..4100).collect(),
        };
        for size in sizes {
            let (pieces, other) = heard(&bytes, size);
            assert_eq!(pieces, whole, "{id} in chunks of {size}");
            assert_eq!(other.counters(), session.counters(), "{id} in chunks of {size}");
        }
    }
}

/// What a prefix of one record may become when nothing follows: nothing, a truncated frame, or the record if all that is missing
/// is its line end and a checksum says so.
fn assert_honest(id: &str, whole: &Outcome, cut: usize, outcomes: &[Outcome]) {
    match outcomes {
        [] => assert!(cut < 3, "{id} cut at {cut} vanished"),
        [Outcome::Rejected(rejected)] => assert_eq!(rejected.reason, RejectReason::Truncated, "{id} cut at {cut}"),
        [Outcome::Record(record)] => {
            let Outcome::Record(whole) = whole else {
                panic!("{id} is no record")
            };
            assert_eq!(record.measurements, whole.measurements, "{id} cut at {cut}");
            assert_eq!(record.integrity, whole.integrity, "{id} cut at {cut}");
        }
        other => panic!("{id} cut at {cut}: {other:?}"),
    }
}

#[test]
fn a_record_cut_at_any_length_is_truncated_or_whole_and_the_next_one_is_found() {
    let next = capture("wb3000-composed");
    for (id, bytes, expected) in tagged() {
        if expected["checksum"]["valid"] == false {
            continue;
        }
        let whole = heard(&bytes, bytes.len()).0.remove(0);
        let content = bytes.trim_ascii_end();
        // A brace behind the checksum is no content.
        let content = content.strip_suffix(b"}").unwrap_or(content).len();
        for cut in 0..bytes.len() {
            let part = &bytes[..cut];
            for size in [1, 7, bytes.len()] {
                let (alone, _) = heard(part, size);
                assert_honest(&id, &whole, cut, &alone);
                if cut < content {
                    assert!(!matches!(alone[..], [Outcome::Record(_)]), "{id} cut at {cut}");
                }

                // The next record comes without a pause: the fragment belongs to nobody, and one announced scan ends once.
                let (both, session) = heard(&[part, &next].concat(), size);
                assert!(
                    matches!(both.last(), Some(Outcome::Record(record)) if record.device.model.as_deref() == Some("WB-3000"))
                );
                if cut < content {
                    assert_eq!(both.len(), 1, "{id} cut at {cut}");
                    assert_eq!(session.counters().bytes_skipped, cut as u64, "{id} cut at {cut}");
                }
            }
        }
    }
}

#[test]
fn a_record_without_its_line_end_counts_when_its_checksum_vouches_for_it() {
    let mut bytes = capture("sc330-2014-adult-male");
    bytes.truncate(bytes.len() - 2);
    assert!(matches!(heard(&bytes, 5).0[..], [Outcome::Record(_)]));
    bytes.extend(capture("wb3000-composed"));
    assert!(matches!(
        heard(&bytes, 5).0[..],
        [Outcome::Record(_), Outcome::Record(_)]
    ));

    let mut unvouched = capture("bd815-hold");
    unvouched.truncate(unvouched.len() - 2);
    assert!(matches!(heard(&unvouched, 5).0[..], [Outcome::Rejected(_)]));
}

#[test]
fn a_line_may_end_in_any_of_three_ways() {
    for id in ["sc330-2014-adult-male", "bd815-hold", "bd815-gain"] {
        let content = capture(id);
        let content = &content[..content.len() - 2];
        let expected = heard(&[content, b"\r\n"].concat(), 9).0;
        for end in [&b"\r"[..], b"\n"] {
            assert_eq!(heard(&[content, end].concat(), 9).0, expected, "{id}");
        }
    }
}

#[test]
fn nothing_of_a_rejected_record_is_found_a_second_time() {
    let bytes = [capture("checksum-flipped"), capture("sc330-2014-adult-male")].concat();
    let (outcomes, session) = heard(&bytes, 11);
    assert!(matches!(outcomes[..], [Outcome::Rejected(_), Outcome::Record(_)]));
    assert_eq!(session.counters().rejected(RejectReason::ChecksumMismatch), 1);
    assert_eq!(session.counters().rejected_in_all(), 1);
    assert_eq!(session.counters().bytes_skipped, 0);
    assert_eq!(session.counters().records, 1);
}

#[test]
fn a_line_that_never_ends_gives_up_its_memory_and_the_next_record_is_found() {
    let mut session = session();
    session.handle_bytes(Tick(0), b"{0,");
    for _ in 0..1000 {
        session.handle_bytes(Tick(0), &[b'A'; 1000]);
    }
    session.handle_bytes(Tick(0), &capture("wb3000-composed"));
    let outcomes = outcomes(&mut session);
    let [Outcome::Rejected(rejected), Outcome::Record(_)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!((rejected.reason, rejected.raw.len()), (RejectReason::LineTooLong, 4096));
    assert_eq!(session.counters().bytes_skipped, 1_000_003 - 4096);
}
