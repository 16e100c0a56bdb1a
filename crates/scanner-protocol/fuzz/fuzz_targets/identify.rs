//! Any bytes at two settings: no panic, and a record with a right checksum among them is never overlooked.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner_protocol::identify::{Confidence, Frame, Heard, identify};

fuzz_target!(|data: &[u8]| {
    let [at, bytes @ ..] = data else { return };
    let (first, second) = bytes.split_at(usize::from(*at).min(bytes.len()));
    let good = [second, b"\r\n{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n"].concat();
    let heard = |bytes| Heard {
        frame: Frame::EightNone,
        bytes,
    };
    if let Ok(found) = identify(&[heard(first), heard(second)]) {
        assert!(found.heard < 2);
    }
    let found = identify(&[heard(first), heard(&good)]).expect("a good record is there");
    assert_eq!(found.confidence, Confidence::Certain);
});
