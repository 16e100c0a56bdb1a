//! PC mode: every path of the conversation, with time as a number.

mod ahead;
mod answers;
mod bc_418;
mod deadlines;
mod dialogues;
mod faults;
mod limits;
mod operations;
mod places;
mod published;
mod simulated;
mod stopped;
pub(crate) mod talk;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_sequence_of_operations_breaks_the_rules(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        operations::run(&bytes);
    }
}
