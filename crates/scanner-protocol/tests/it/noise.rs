//! Noise costs no memory: whatever it is made of, once the buffers are there nothing is allocated and so nothing grows.

use scanner_protocol::{Carrier, Options, Protocol, Session, Tick};

const SIZE: usize = 128 << 10;

/// How frames of a family begin.
fn beginning(protocol: Protocol) -> [u8; 2] {
    *match protocol {
        Protocol::TanitaTagged | Protocol::TanitaPc => b"{0",
        Protocol::TanitaPositional => b"\"0",
        Protocol::TanitaWb => b"S ",
        Protocol::TanitaWeight => b"KS",
        Protocol::Auto | Protocol::And => b"ST",
        Protocol::Toledo => b"\x02+",
        Protocol::RiceLake => b" 1",
        Protocol::Adam => b"We",
        Protocol::Accuniq => b"\x02M",
        Protocol::Bmh05108 => b"\xaa\x0e",
        Protocol::Cas => b"\x01\x02",
        Protocol::Toledo8217 => b"\x027",
        Protocol::Doran => b"\x02G",
        Protocol::Seca460 => b"\x02A",
        Protocol::Dba310 => b"id",
        Protocol::ScanLink => b"\x0e\x11",
        other => panic!("no noise is known for {other}"),
    }
}

fn noises(protocol: Protocol) -> [(&'static str, Vec<u8>); 3] {
    let [first, second] = beginning(protocol);
    let mut random = fastrand::Rng::with_seed(1);
    let random = (0..SIZE).map(|_| match random.u8(..) {
        // The module's check byte is right behind every 256th start: those are frames.
        0xaa if protocol == Protocol::Bmh05108 => 0,
        byte => byte,
    });
    [
        ("random bytes", random.collect()),
        ("the first byte of a frame", vec![first; SIZE]),
        ("the first two bytes of a frame", [first, second].repeat(SIZE / 2)),
    ]
}

/// Gives `noise` to the session in pieces of any size up to 511 bytes.
fn hear(session: &mut Session, now: &mut u64, noise: &[u8]) {
    let mut random = fastrand::Rng::with_seed(2);
    let mut rest = noise;
    while !rest.is_empty() {
        let size = random.usize(1..512).min(rest.len());
        let (piece, later) = rest.split_at(size);
        rest = later;
        *now += 1000;
        session.handle_bytes(Tick(*now), piece);
        assert_eq!(session.poll_event(), None, "noise says nothing");
    }
}

#[test]
fn noise_is_passed_over_without_an_allocation() {
    let serial = |protocol: &&Protocol| protocol.carrier() == Carrier::Serial;
    for &protocol in Protocol::ALL.iter().filter(serial) {
        for (name, noise) in noises(protocol) {
            let mut session = Session::new(protocol, Options::default());
            let mut now = 0;
            let first = allocation_counter::measure(|| hear(&mut session, &mut now, &noise));
            assert!(first.bytes_max < 8192, "{protocol}: {name} is kept: {first:?}");
            let later = allocation_counter::measure(|| hear(&mut session, &mut now, &noise));
            assert_eq!(later.count_total, 0, "{protocol}: {name} allocates: {later:?}");
        }
    }
}
