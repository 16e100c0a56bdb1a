//! Sequences of operations on a PC-mode session: no panic, no two orders within 100 ms, none while the device may be measuring, none to
//! measure somebody who is not waited for, bounded queues, one end to each scan, and nobody's data left in the device. The rules stand in
//! the property test of the same name.

#![no_main]

#[path = "../../tests/it/pc_mode/operations.rs"]
mod operations;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    operations::run(bytes);
});
