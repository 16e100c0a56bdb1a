//! PC mode: every path of the conversation, with time as a number.

mod ahead;
mod answers;
mod bc_418;
mod clearing;
mod deadlines;
mod dialogues;
mod faults;
mod keys;
mod limits;
mod operations;
mod places;
mod port;
mod published;
mod simulated;
mod stopped;
pub(crate) mod talk;
mod weights;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_sequence_of_operations_breaks_the_rules(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        operations::run(&bytes);
    }
}

#[test]
fn the_operations_reach_a_scan_that_is_stopped_while_the_device_is_too_busy_to_begin_it() {
    // A DC-320 answers ten orders, each within a fifth of a second; the eleventh is to measure.
    const ANSWERED: [u8; 3] = [0, 9, 20];
    let start = [10, 12, 2, 10, 1];
    for stop in [0, 1] {
        let busy = [13, stop, 6, 1, 10, 1];
        let bytes = [&start[..], &ANSWERED.repeat(10), &busy].concat();
        assert_eq!(operations::run(&bytes), 1);
    }
}
