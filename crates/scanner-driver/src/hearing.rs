//! Whether what comes over an open port means anything: a wrong speed or protocol must not look like a scanner that rests.

/// Looks at the bytes that came in blocks: one that is noise nearly throughout is no disturbance any more.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    /// Bytes of the block so far.
    received: u64,
    /// What the session had skipped when the block began.
    skipped_before: u64,
    is_noise: bool,
}

/// Three lines of a scale; more than an adapter or a scanner says at power-on, less than the shortest record of body composition.
const BLOCK: u64 = 64;

impl Hearing {
    /// Takes how many bytes came, and how many the session has skipped since it began.
    pub(crate) fn hear(&mut self, received: usize, skipped: u64) {
        self.received += received as u64;
        if self.received < BLOCK {
            return;
        }
        let noise = skipped.saturating_sub(self.skipped_before);
        // Line ends never count as skipped. More than came: `auto` counts for another family now.
        self.is_noise = noise * 4 >= self.received * 3 && noise <= self.received;
        self.received = 0;
        self.skipped_before = skipped;
    }

    /// Whether the last block meant nothing.
    pub(crate) fn is_noise(&self) -> bool {
        self.is_noise
    }

    /// Another device may hang on the port next time.
    pub(crate) fn forget(&mut self) {
        self.received = 0;
        self.is_noise = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_noise_is_noise_until_one_that_means_something() {
        let mut hearing = Hearing::default();
        for (received, skipped, is_noise) in [
            (60, 60, false),
            (4, 60, true),
            // A record of 1,271 bytes behind what was skipped before it.
            (1300, 80, false),
            (40, 120, false),
            (40, 160, true),
            (63, 160, true),
            (1, 160, false),
            // Another family's count.
            (64, 9000, false),
            (64, 9048, true),
        ] {
            hearing.hear(received, skipped);
            assert_eq!(hearing.is_noise(), is_noise, "{received} bytes, {skipped} skipped");
        }
        hearing.forget();
        assert!(!hearing.is_noise());
    }
}
