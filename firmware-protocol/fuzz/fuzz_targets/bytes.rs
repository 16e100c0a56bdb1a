//! Any bytes at all, into the frame reader, the listener and both ends.
#![no_main]

use firmware_protocol::*;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut listener = Listener::new();
    for byte in bytes {
        let _ = listener.push(*byte);
    }
    let now = Instant::START;
    let mut host = Host::new(LineConfig::new(1), now);
    host.handle_bytes(now, bytes);
    while host.poll_event().is_some() {}
    while host.poll_transmit(now).is_some() {}
    let _ = DeviceMessage::decode(bytes);
    let _ = HostMessage::decode(bytes);
});
