//! Whether what comes over an open port means anything: a wrong speed or protocol must not look like a scanner that rests.

use scanner_protocol::{Counters, Protocol};

/// Looks at the bytes that came in blocks: one that is noise nearly throughout is no disturbance any more.
#[derive(Debug)]
pub(crate) struct Hearing {
    /// How long a block is.
    block: u64,
    /// Bytes of the block so far.
    received: u64,
    /// What had meant nothing when the block began.
    meaningless_before: u64,
    /// Results that the session had found then.
    results_before: u64,
    is_noise: bool,
}

/// Three lines of a scale; more than an adapter or a scanner says at power-on, less than the shortest record of body composition.
const BLOCK: u64 = 64;
/// Four of the longest frames of scan-link, of which a single damaged one would be several blocks of noise. What is no frame at all is
/// silence there, which the session tells.
const LINK_BLOCK: u64 = 1024;

impl Hearing {
    pub(crate) fn of(protocol: Protocol) -> Self {
        Self {
            block: if protocol == Protocol::ScanLink {
                LINK_BLOCK
            } else {
                BLOCK
            },
            received: 0,
            meaningless_before: 0,
            results_before: 0,
            is_noise: false,
        }
    }

    /// Takes how many bytes came, and what the session has counted since it began.
    pub(crate) fn hear(&mut self, received: usize, counters: &Counters) {
        self.received += received as u64;
        let results = counters.records + counters.repeats_dropped;
        if results > self.results_before {
            // Short ones do not fill a block.
            self.begin_block(counters);
            self.is_noise = false;
        } else if self.received >= self.block {
            let noise = meaningless(counters).saturating_sub(self.meaningless_before);
            // Line ends never count as skipped.
            self.is_noise = noise * 4 >= self.received * 3;
            self.begin_block(counters);
        }
    }

    /// Whether the last block meant nothing.
    pub(crate) fn is_noise(&self) -> bool {
        self.is_noise
    }

    /// Another device may hang on the port next time.
    pub(crate) fn forget(&mut self, counters: &Counters) {
        self.begin_block(counters);
        self.is_noise = false;
    }

    fn begin_block(&mut self, counters: &Counters) {
        self.received = 0;
        self.meaningless_before = meaningless(counters);
        // Of the family that `auto` counts for at the moment.
        self.results_before = counters.records + counters.repeats_dropped;
    }
}

/// Bytes that were skipped, or were of a scale's lines that are all refused for as long as the set-up is wrong.
fn meaningless(counters: &Counters) -> u64 {
    counters.bytes_skipped + counters.bytes_refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_noise_is_noise_until_something_means_something() {
        let mut hearing = Hearing::of(Protocol::Auto);
        let counted = |skipped, records| {
            let mut counters = Counters::default();
            (counters.bytes_skipped, counters.records) = (skipped, records);
            counters
        };
        for (received, skipped, records, is_noise) in [
            (60, 60, 0, false),
            (4, 60, 0, true),
            // A scale's lines that are nobody's weight.
            (64, 80, 0, false),
            (40, 120, 0, false),
            (40, 160, 0, true),
            (20, 180, 0, true),
            // A short record.
            (30, 190, 1, false),
            (63, 253, 1, false),
            (1, 254, 1, true),
            // `auto` counts for another family, which skipped more and gave a result.
            (64, 9000, 2, false),
            (64, 9064, 2, true),
        ] {
            hearing.hear(received, &counted(skipped, records));
            assert_eq!(hearing.is_noise(), is_noise, "{received} bytes, {skipped} skipped");
        }
        hearing.forget(&counted(9064, 2));
        assert!(!hearing.is_noise());
        let mut refused = counted(9064, 2);
        refused.bytes_refused = 60;
        hearing.hear(64, &refused);
        assert!(hearing.is_noise(), "lines that are all refused");
        hearing.forget(&refused);
        let mut link = Hearing::of(Protocol::ScanLink);
        for (skipped, is_noise) in [(253, false), (1100, true)] {
            link.hear(512, &counted(skipped, 0));
            assert_eq!(link.is_noise(), is_noise, "{skipped} bytes of damaged frames");
        }
        hearing.hear(64, &counted(9070, 2));
        assert!(!hearing.is_noise());
    }
}
