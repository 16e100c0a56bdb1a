//! The scanner's memory for results that the bridge has not confirmed.

use core::fmt;

use heapless::{Deque, Vec};

use crate::{MAX_RECORD, ResultNumber};

/// Where a scanner keeps records until the bridge has confirmed them as stored: flash, FRAM, battery-backed RAM, or plain RAM
/// where there is nothing else.
///
/// The endpoint only reads and removes. Firmware writes a record ([`crate::RecordWriter`]) through its own type, before it
/// shows the result to anybody. A waiting record must neither change nor go away except by [`Self::remove`]: a full memory
/// refuses the next scan, it does not push out a result.
pub trait ResultStore {
    /// The oldest record that waits. Asked for at every turn of the firmware's loop, so it should not search.
    fn oldest(&self) -> Option<Waiting>;

    /// Copies bytes of that record from `offset` on. Asked for within the length given by [`Self::oldest`]. Memory that cannot
    /// be read leaves `into` as it is: the checksum of the record tells the bridge. So does a record that was just removed: the
    /// bridge may confirm a result while it is being repeated, and does not look at the rest then.
    fn read(&self, result: ResultNumber, offset: usize, into: &mut [u8]);

    /// Forgets a record for ever: the bridge has it. Returns whether it waited: the bridge may confirm a result twice. Must not
    /// fail halfway: after a loss of power the record is either there whole or gone.
    fn remove(&mut self, result: ResultNumber) -> bool;
}

/// A record that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub result: ResultNumber,
    /// Bytes of the record, at most [`MAX_RECORD`]. Of a longer one, which only damaged memory can hold, so much is sent: the
    /// bridge sets it aside and confirms it, and the next one can go.
    pub length: usize,
}

/// Records in plain memory: they outlive a pulled cable and a restart of the bridge, but not the scanner's own.
#[derive(Default)]
pub struct RamStore<const RECORDS: usize, const BYTES: usize> {
    records: Deque<(ResultNumber, Vec<u8, BYTES>), RECORDS>,
}

/// Prints how many records wait.
impl<const RECORDS: usize, const BYTES: usize> fmt::Debug for RamStore<RECORDS, BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RamStore")
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

/// No room for another record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no room for another unconfirmed result")]
pub struct StoreFull;

impl<const RECORDS: usize, const BYTES: usize> RamStore<RECORDS, BYTES> {
    const FITS: () = assert!(BYTES <= MAX_RECORD, "no record is longer than MAX_RECORD");

    /// An empty store.
    pub const fn new() -> Self {
        let () = Self::FITS;
        Self { records: Deque::new() }
    }

    /// Keeps a record.
    ///
    /// # Errors
    /// [`StoreFull`] if `RECORDS` wait already or the record is longer than `BYTES`.
    pub fn append(&mut self, result: ResultNumber, record: &[u8]) -> Result<(), StoreFull> {
        let record = Vec::from_slice(record).map_err(|_| StoreFull)?;
        self.records.push_back((result, record)).map_err(|_| StoreFull)
    }
}

impl<const RECORDS: usize, const BYTES: usize> ResultStore for RamStore<RECORDS, BYTES> {
    fn oldest(&self) -> Option<Waiting> {
        self.records.front().map(|(result, record)| Waiting {
            result: *result,
            length: record.len(),
        })
    }

    fn read(&self, result: ResultNumber, offset: usize, into: &mut [u8]) {
        let record = self.records.iter().find(|(waiting, _)| *waiting == result);
        if let Some(bytes) = record.and_then(|(_, record)| record.get(offset..offset + into.len())) {
            into.copy_from_slice(bytes);
        }
    }

    fn remove(&mut self, result: ResultNumber) -> bool {
        // The bridge confirms what it was sent, and it was sent the oldest.
        let waits = self.oldest().is_some_and(|oldest| oldest.result == result);
        waits && self.records.pop_front().is_some()
    }
}
