//! Results and the count of starts in flash, safe against a loss of power at any moment.
//!
//! ```text
//! sector 0, 1   counts of starts, each with its complement (4 + 4 bytes), one behind the other; the sectors take turns
//! sector 2...   one record each: committed  removed  sequence  boot  number  length  (4 bytes each)  record
//! ```
//!
//! Flash can clear bits and erase whole sectors to ones. Power may go in the middle of either, which leaves some of the bits as they
//! were. A count with its complement stands that: where bits of the pair are still to be cleared, or some of them were set, the two do
//! not match. A record counts when `committed` is written, which happens last, and is gone when any bit of `removed` is cleared. Before
//! its sector is erased, `committed` is cleared: else `removed` could be blank again before it, and the record be back.

use firmware_protocol::{MAX_RECORD, ResultNumber, ResultStore, StoreFull, Waiting};
use heapless::Deque;

/// Memory of sectors that are erased to ones and written by clearing bits.
pub trait Flash {
    /// Bytes of a sector; at least [`HEAD`] and the longest record of this scanner.
    const SECTOR: usize;
    /// Number of sectors; at least three.
    const SECTORS: usize;

    /// Copies bytes.
    fn read(&self, address: usize, into: &mut [u8]);
    /// Clears the bits that are zero in `bytes`.
    fn program(&mut self, address: usize, bytes: &[u8]);
    /// Sets a whole sector to ones.
    fn erase(&mut self, sector: usize);
}

/// Bytes before a record in its sector.
pub const HEAD: usize = 24;

/// The most records that can wait.
pub const RECORDS: usize = 14;

const COUNTERS: usize = 2;
/// Bytes of a count with its complement.
const COUNT: usize = 8;
const COMMITTED: u32 = 0x5343_414E;
const ERASED: u32 = u32::MAX;

/// The scanner's memory for results.
pub struct FlashStore<F> {
    flash: F,
    boot: u32,
    next_sequence: u32,
    /// What waits, oldest first, and in which sector.
    waiting: Deque<(Waiting, usize), RECORDS>,
}

impl<F: Flash> FlashStore<F> {
    /// Opens the memory, finds what waits, and counts this start. In blank memory, new or erased, the count begins at a random
    /// number: counted from 1 again, new results would come under the numbers of old ones.
    pub fn open(flash: F, random: impl FnOnce() -> u32) -> Self {
        let mut store = Self {
            flash,
            boot: 0,
            next_sequence: 0,
            waiting: Deque::new(),
        };
        store.count_start(random);
        store.find_waiting();
        store
    }

    /// The count of starts, this one included.
    pub fn boot(&self) -> u32 {
        self.boot
    }

    /// How many results wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no result waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether another result has room.
    pub fn has_room(&self) -> bool {
        self.len() < RECORDS.min(F::SECTORS - COUNTERS)
    }

    /// Keeps a record. When this returns, it outlives a loss of power.
    ///
    /// # Errors
    /// [`StoreFull`] if there is no free sector, or the record is longer than one.
    pub fn append(&mut self, result: ResultNumber, record: &[u8]) -> Result<(), StoreFull> {
        let fits = record.len() <= MAX_RECORD.min(F::SECTOR - HEAD);
        let sector = self
            .free_sector()
            .filter(|_| fits && self.has_room())
            .ok_or(StoreFull)?;
        let length = u32::try_from(record.len()).map_err(|_| StoreFull)?;
        let start = sector * F::SECTOR;
        self.write_word(start, 0);
        self.flash.erase(sector);
        for (word, value) in [
            (2, self.next_sequence),
            (3, result.boot),
            (4, result.number),
            (5, length),
        ] {
            self.write_word(start + 4 * word, value);
        }
        self.flash.program(start + HEAD, record);
        self.write_word(start, COMMITTED);
        self.next_sequence += 1;
        self.waiting
            .push_back((
                Waiting {
                    result,
                    length: record.len(),
                },
                sector,
            ))
            .map_err(|_| StoreFull)
    }

    /// Turns a bit of the newest record, as failing memory would. For trying out what the bridge makes of it.
    pub fn damage_newest(&mut self) {
        if let Some((waiting, sector)) = self.waiting.back() {
            let address = sector * F::SECTOR + HEAD + waiting.length / 2;
            let mut byte = [0];
            self.flash.read(address, &mut byte);
            self.flash.program(address, &[byte[0] & byte[0].wrapping_sub(1)]);
        }
    }

    /// Hands the memory back, as a loss of power would leave it.
    pub fn into_flash(self) -> F {
        self.flash
    }

    fn count_start(&mut self, random: impl FnOnce() -> u32) {
        let slots = F::SECTOR / COUNT;
        let newest = (0..COUNTERS * slots)
            .filter_map(|slot| Some((self.count_in(slot)?, slot)))
            .max();
        // From the lower half of all numbers, so that the count does not come to its end.
        let before = newest.map_or_else(|| random() >> 1, |(count, _)| count);
        self.boot = before.wrapping_add(1);
        // Behind the newest in its sector; where that is full, in the other one, so that the newest itself is never erased.
        let behind = newest.and_then(|(_, newest)| {
            let end = (newest / slots + 1) * slots;
            (newest + 1..end).find(|slot| self.is_blank(*slot))
        });
        let slot = behind.unwrap_or_else(|| {
            let sector = newest.map_or(0, |(_, newest)| (newest / slots + 1) % COUNTERS);
            self.flash.erase(sector);
            sector * slots
        });
        self.write_word(COUNT * slot, self.boot);
        self.write_word(COUNT * slot + 4, !self.boot);
    }

    /// The count in a slot, if one was written there whole.
    fn count_in(&self, slot: usize) -> Option<u32> {
        let count = self.word(COUNT * slot);
        (self.word(COUNT * slot + 4) == !count).then_some(count)
    }

    fn is_blank(&self, slot: usize) -> bool {
        self.word(COUNT * slot) == ERASED && self.word(COUNT * slot + 4) == ERASED
    }

    fn find_waiting(&mut self) {
        let mut from = 0;
        loop {
            // The record with the lowest sequence number from `from` on.
            let next = (COUNTERS..F::SECTORS)
                .filter(|sector| self.is_waiting(*sector))
                .map(|sector| (self.word(sector * F::SECTOR + 8), sector))
                .filter(|(sequence, _)| *sequence >= from)
                .min();
            let Some((sequence, sector)) = next else { return };
            let start = sector * F::SECTOR;
            let result = ResultNumber {
                boot: self.word(start + 12),
                number: self.word(start + 16),
            };
            let length = usize::try_from(self.word(start + 20))
                .unwrap_or(usize::MAX)
                .min(F::SECTOR - HEAD);
            if self.waiting.push_back((Waiting { result, length }, sector)).is_err() {
                return;
            }
            from = sequence + 1;
            self.next_sequence = from;
        }
    }

    /// A sector without a record, the next one in turn, so that all wear alike.
    fn free_sector(&self) -> Option<usize> {
        let records = F::SECTORS - COUNTERS;
        let turn = self.next_sequence as usize;
        (0..records)
            .map(|step| COUNTERS + (turn + step) % records)
            .find(|sector| !self.is_waiting(*sector))
    }

    fn is_waiting(&self, sector: usize) -> bool {
        self.word(sector * F::SECTOR) == COMMITTED && self.word(sector * F::SECTOR + 4) == ERASED
    }

    fn word(&self, address: usize) -> u32 {
        let mut bytes = [0; 4];
        self.flash.read(address, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn write_word(&mut self, address: usize, value: u32) {
        self.flash.program(address, &value.to_le_bytes());
    }
}

impl<F: Flash> ResultStore for FlashStore<F> {
    fn oldest(&self) -> Option<Waiting> {
        self.waiting.front().map(|(waiting, _)| *waiting)
    }

    fn read(&self, result: ResultNumber, offset: usize, into: &mut [u8]) {
        if let Some((_, sector)) = self.waiting.iter().find(|(waiting, _)| waiting.result == result) {
            self.flash.read(sector * F::SECTOR + HEAD + offset, into);
        }
    }

    fn remove(&mut self, result: ResultNumber) -> bool {
        // The bridge confirms what it was sent, and it was sent the oldest.
        let Some((_, sector)) = self.waiting.front().filter(|(waiting, _)| waiting.result == result) else {
            return false;
        };
        let address = sector * F::SECTOR + 4;
        self.write_word(address, 0);
        self.waiting.pop_front();
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use super::*;

    const SECTOR: usize = 256;
    const SECTORS: usize = 6;

    /// Flash whose power goes out after so much work: a word written takes [`WORD`], a sector erased [`ERASE`]. What is under way
    /// then is left half done, in one way or another.
    #[derive(Clone)]
    struct Fake {
        bytes: Vec<u8>,
        power: usize,
    }

    const WORD: usize = 2;
    const ERASE: usize = 4;

    impl Fake {
        fn full_of(byte: u8) -> Self {
            Self {
                bytes: vec![byte; SECTOR * SECTORS],
                power: usize::MAX,
            }
        }

        /// How much of `work` there is power for.
        fn spend(&mut self, work: usize) -> usize {
            let done = work.min(self.power);
            self.power -= done;
            done
        }
    }

    impl Flash for Fake {
        const SECTOR: usize = SECTOR;
        const SECTORS: usize = SECTORS;

        fn read(&self, address: usize, into: &mut [u8]) {
            into.copy_from_slice(&self.bytes[address..address + into.len()]);
        }

        fn program(&mut self, address: usize, bytes: &[u8]) {
            for (at, word) in bytes.chunks(4).enumerate() {
                let not_yet_cleared = match self.spend(WORD) {
                    0 => 0xFF,
                    1 => 0x5A,
                    _ => 0,
                };
                let old = &mut self.bytes[address + 4 * at..];
                old.iter_mut()
                    .zip(word)
                    .for_each(|(old, new)| *old &= new | not_yet_cleared);
            }
        }

        fn erase(&mut self, sector: usize) {
            let done = self.spend(ERASE);
            let bytes = &mut self.bytes[sector * SECTOR..(sector + 1) * SECTOR];
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte |= match done {
                    0 => 0,
                    // Bits here and there; every second word; the first half.
                    1 => 0x5A,
                    2 if at / 4 % 2 == 1 => 0xFF,
                    3 if at < SECTOR / 2 => 0xFF,
                    ERASE => 0xFF,
                    _ => 0,
                };
            }
        }
    }

    fn result(number: u32) -> ResultNumber {
        ResultNumber { boot: 1, number }
    }

    fn contents(store: &FlashStore<Fake>) -> Vec<(ResultNumber, Vec<u8>)> {
        let read = |waiting: &Waiting| {
            let mut record = vec![0; waiting.length];
            store.read(waiting.result, 0, &mut record);
            (waiting.result, record)
        };
        store.waiting.iter().map(|(waiting, _)| read(waiting)).collect()
    }

    #[test]
    fn starts_are_counted_through_both_sectors_and_in_memory_never_erased() {
        for content in [0xFF, 0x00, 0xA5] {
            let mut flash = Fake::full_of(content);
            for start in 0..400 {
                let store = FlashStore::open(flash, || {
                    assert_eq!(start, 0, "no start but the first is random");
                    2 * 41
                });
                assert_eq!(store.boot(), 42 + start, "memory full of {content:x}");
                flash = store.into_flash();
                if start == 7 {
                    // The next slot is spoiled.
                    flash.program(COUNT * 8, &[0]);
                }
            }
        }
    }

    #[test]
    fn a_loss_of_power_in_the_middle_of_any_start_brings_no_count_twice_and_skips_none() {
        for power in 0..=ERASE + 2 * WORD {
            let mut flash = Fake::full_of(0xFF);
            let mut last = 41;
            // Through both sectors and more. Before each start, one that power does not last for.
            for _ in 0..3 * SECTOR / COUNT {
                flash.power = power;
                flash = FlashStore::open(flash, || 2 * 41).into_flash();
                flash.power = usize::MAX;
                let store = FlashStore::open(flash, || 2 * 41);
                let next = last + 1..=last + 2;
                assert!(
                    next.contains(&store.boot()),
                    "power for {power}: {} after {last}",
                    store.boot()
                );
                last = store.boot();
                flash = store.into_flash();
            }
        }
    }

    #[test]
    fn a_loss_of_power_in_the_middle_of_any_word_or_sector_leaves_what_was_kept_and_at_most_half_of_the_last_step() {
        const ENOUGH: usize = 300;
        // Keep four, remove two, keep two: what must be there after each step.
        let record = |number: u32| vec![number as u8; 50 + number as usize];
        let steps: [fn(&mut FlashStore<Fake>); 8] = [
            |s| s.append(result(1), &[1; 51]).unwrap(),
            |s| s.append(result(2), &[2; 52]).unwrap(),
            |s| s.append(result(3), &[3; 53]).unwrap(),
            |s| assert!(s.remove(result(1))),
            |s| s.append(result(4), &[4; 54]).unwrap(),
            |s| assert!(s.remove(result(2))),
            |s| s.append(result(5), &[5; 55]).unwrap(),
            |s| s.append(result(6), &[6; 56]).unwrap(),
        ];
        let after: [&[u32]; 9] = [
            &[],
            &[1],
            &[1, 2],
            &[1, 2, 3],
            &[2, 3],
            &[2, 3, 4],
            &[3, 4],
            &[3, 4, 5],
            &[3, 4, 5, 6],
        ];
        let expected = |numbers: &[u32]| numbers.iter().map(|n| (result(*n), record(*n))).collect::<Vec<_>>();

        for power in 0..ENOUGH {
            let mut store = FlashStore::open(Fake::full_of(0xFF), || 0);
            store.flash.power = power;
            let mut done = 0;
            for step in steps {
                if store.flash.power == 0 {
                    break;
                }
                step(&mut store);
                done += 1;
            }
            let mut flash = store.into_flash();
            flash.power = usize::MAX;
            assert!(
                power + 1 < ENOUGH || done == steps.len(),
                "more power is needed to see the last step"
            );
            let found = contents(&FlashStore::open(flash, || 0));
            let interrupted = done.max(1);
            assert!(
                found == expected(after[interrupted]) || found == expected(after[interrupted - 1]),
                "power for {power}: {:?} after {done} steps",
                found.iter().map(|(result, _)| result.number).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn a_full_memory_refuses_and_pushes_nothing_out() {
        let mut store = FlashStore::open(Fake::full_of(0xFF), || 0);
        let room = SECTORS as u32 - 2;
        for number in 1..=room {
            store.append(result(number), &[7; 10]).unwrap();
        }
        assert_eq!(store.append(result(99), &[7; 10]), Err(StoreFull));
        assert_eq!(store.len(), 4);
        store.remove(result(1));
        store.append(result(99), &[7; 10]).unwrap();
        assert_eq!(store.append(result(100), &[7; SECTOR]), Err(StoreFull));
    }
}
