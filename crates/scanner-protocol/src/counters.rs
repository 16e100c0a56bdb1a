//! What a session counted, for the technician.

use crate::RejectReason;

/// Totals since the session began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes outside of any frame, and bytes of fragments that a new frame cut off. Line ends between frames do not count.
    pub bytes_skipped: u64,
    /// Bytes of lines of a scale that were refused without an event, since the next line says the same.
    pub bytes_refused: u64,
    /// Records given out.
    pub records: u64,
    /// Results that the device sent again and that were dropped.
    pub repeats_dropped: u64,
    /// Values under numbers that a newer version of the link gave out. The bytes of their records keep them.
    pub values_unknown: u64,
    rejected: [u64; RejectReason::ALL.len()],
}

impl Counters {
    /// Frames rejected for `reason`.
    pub fn rejected(&self, reason: RejectReason) -> u64 {
        self.rejected[reason as usize]
    }

    /// Frames rejected for any reason.
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.iter().sum()
    }

    pub(crate) fn count_rejected(&mut self, reason: RejectReason) {
        self.rejected[reason as usize] += 1;
    }
}
