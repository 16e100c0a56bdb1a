//! Faults of the line, on command: what a bad cable does to the bytes that leave, and to those that come.

use firmware_protocol::{Instant, frame::MAX_FRAME};

/// The faults that are still to come.
#[derive(Debug, Default)]
pub struct LineFaults {
    /// So many bytes are swallowed.
    pub drop: u32,
    /// In so many bytes a bit is turned.
    pub flip: u32,
    /// Nothing passes before this moment, in either direction.
    pub mute_until: Instant,
    /// Once a result leaves, nothing is heard for so many milliseconds.
    pub deaf_after_result: u32,
    deaf_until: Instant,
}

impl LineFaults {
    /// What becomes of a byte on its way out.
    pub fn out(&mut self, now: Instant, byte: u8) -> Option<u8> {
        if self.is_mute(now) {
            return None;
        }
        if self.drop > 0 {
            self.drop -= 1;
            return None;
        }
        if self.flip > 0 {
            self.flip -= 1;
            return Some(byte ^ 0x10);
        }
        Some(byte)
    }

    /// A frame of so many bytes begins to leave. A result alone is long enough to fill one.
    pub fn frame_leaves(&mut self, now: Instant, length: usize) {
        if length >= MAX_FRAME && self.deaf_after_result > 0 {
            self.deaf_until = now + u64::from(core::mem::take(&mut self.deaf_after_result)) * 1000;
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
}
