//! Any bytes as a record, with and without a good checksum: what is read is read the same way twice.
#![no_main]

use firmware_protocol::{Record, frame::crc32};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Record::parse(bytes);
    let mut signed = bytes.to_vec();
    signed.extend_from_slice(&crc32(bytes).to_le_bytes());
    if let Ok(record) = Record::parse(&signed) {
        assert_eq!(record.items().count(), record.items().count());
        assert!(record.items().count() <= bytes.len());
    }
});
