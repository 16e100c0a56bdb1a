//! Faults of the line, on command: what a bad cable does to the bytes that leave.

use firmware_protocol::Instant;

/// The faults that are still to come.
#[derive(Debug, Default)]
pub struct LineFaults {
    /// So many bytes are swallowed.
    pub drop: u32,
    /// In so many bytes a bit is turned.
    pub flip: u32,
    /// Nothing passes before this moment, in either direction.
    pub mute_until: Instant,
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

    /// Whether the cable is out.
    pub fn is_mute(&self, now: Instant) -> bool {
        now < self.mute_until
    }
}
