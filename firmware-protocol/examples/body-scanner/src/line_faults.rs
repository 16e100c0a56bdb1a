//! Faults of the line, on command: what a bad cable does to the bytes that leave, and to those that come.

use firmware_protocol::{Instant, frame::MAX_FRAME};

/// The faults that are still to come.
#[derive(Debug, Default)]
pub struct LineFaults {
    /// So many bytes of results are swallowed.
    pub drop: u32,
    /// In so many bytes of results a bit is turned, after that.
    pub flip: u32,
    /// Nothing passes before this moment, in either direction.
    pub mute_until: Instant,
    /// Once a result leaves, nothing passes for so many milliseconds.
    pub mute_after_result: u32,
    /// Once a result leaves, nothing is heard for so many milliseconds.
    pub deaf_after_result: u32,
    deaf_until: Instant,
    /// The frame that leaves is of a result.
    is_result: bool,
    struck: u32,
}

impl LineFaults {
    /// What becomes of a byte on its way out.
    pub fn out(&mut self, now: Instant, byte: u8) -> Option<u8> {
        let left = if self.is_mute(now) {
            None
        } else if self.is_result && self.drop > 0 {
            self.drop -= 1;
            None
        } else if self.is_result && self.flip > 0 {
            self.flip -= 1;
            Some(byte ^ 0x10)
        } else {
            Some(byte)
        };
        if self.is_result && left != Some(byte) {
            self.struck = self.struck.wrapping_add(1);
        }
        left
    }

    /// How many bytes of results were swallowed or turned so far.
    pub fn struck(&self) -> u32 {
        self.struck
    }

    /// A frame of so many bytes begins to leave. A result alone is long enough to fill one.
    pub fn frame_leaves(&mut self, now: Instant, length: usize) {
        self.is_result = length >= MAX_FRAME;
        if self.is_result && self.deaf_after_result > 0 {
            self.deaf_until = now + u64::from(core::mem::take(&mut self.deaf_after_result)) * 1000;
        }
        if self.is_result && self.mute_after_result > 0 {
            self.mute_until = now + u64::from(core::mem::take(&mut self.mute_after_result)) * 1000;
        }
    }

    /// What the bridge says is heard again.
    pub fn hear_again(&mut self) {
        self.deaf_after_result = 0;
        self.deaf_until = Instant::START;
    }

    /// Whether bytes of the bridge arrive.
    pub fn hears(&self, now: Instant) -> bool {
        !self.is_mute(now) && now >= self.deaf_until
    }

    fn is_mute(&self, now: Instant) -> bool {
        now < self.mute_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_deaf_hears_until_a_result_leaves() {
        let at = Instant::from_millis;
        let mut faults = LineFaults {
            deaf_after_result: 500,
            ..LineFaults::default()
        };
        faults.frame_leaves(at(100), 40);
        assert!(faults.hears(at(101)));
        faults.frame_leaves(at(200), MAX_FRAME);
        assert!(!faults.hears(at(699)) && faults.hears(at(700)));
        faults.frame_leaves(at(800), MAX_FRAME);
        assert!(faults.hears(at(801)), "once is once");
    }

    #[test]
    fn bytes_of_results_alone_are_swallowed_and_turned_and_each_is_counted() {
        let now = Instant::START;
        let mut faults = LineFaults {
            drop: 1,
            flip: 1,
            ..LineFaults::default()
        };
        faults.frame_leaves(now, 40);
        assert_eq!(faults.out(now, 7), Some(7));
        faults.frame_leaves(now, MAX_FRAME);
        assert_eq!(
            [1, 2, 3].map(|byte| faults.out(now, byte)),
            [None, Some(2 ^ 0x10), Some(3)]
        );
        faults.mute_after_result = 1;
        faults.frame_leaves(now, MAX_FRAME);
        assert_eq!((faults.out(now, 4), faults.struck()), (None, 3));
    }
}
