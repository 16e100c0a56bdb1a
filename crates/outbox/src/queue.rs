//! Who may leave next: the waiting entries in memory, in their lanes.
//!
//! Pure bookkeeping, rebuilt from the store when it opens and kept in step with each commit. Pauses are measured by the
//! monotonic clock, so that a host whose calendar jumps (a kiosk without a battery) neither storms nor sleeps for a
//! year.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use jiff::Timestamp;

use crate::entry::Lane;

/// The waiting entries. Of each lane at most one is out at a time, and always the oldest.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: BTreeMap<i64, Waiting>,
    lanes: HashMap<Lane, LaneQueue>,
    /// Heads of lanes nobody holds, by the time they become due.
    asleep: BTreeSet<(Instant, i64)>,
    /// Heads of lanes nobody holds that are due, oldest first.
    ready: BTreeSet<i64>,
    leases_given: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) lane: Lane,
    pub(crate) stored_at: Timestamp,
    pub(crate) due: Instant,
}

/// Names one lease: an entry that is leased again later has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) seq: i64,
    lane: Lane,
    serial: u64,
}

#[derive(Debug, Default)]
struct LaneQueue {
    waiting: BTreeSet<i64>,
    leased: Option<Lease>,
}

impl Queue {
    /// Adds an entry, or gives a known one a new due time; a lease on it ends.
    pub(crate) fn put(&mut self, seq: i64, entry: Waiting) {
        self.remove(seq);
        self.unplace_head(entry.lane);
        self.waiting.insert(seq, entry);
        self.lanes.entry(entry.lane).or_default().waiting.insert(seq);
        self.place_head(entry.lane);
    }

    /// Takes an entry out: it waits no longer; a lease on it ends.
    pub(crate) fn remove(&mut self, seq: i64) {
        let Some(&Waiting { lane, .. }) = self.waiting.get(&seq) else {
            return;
        };
        self.unplace_head(lane);
        self.waiting.remove(&seq);
        if let Some(queue) = self.lanes.get_mut(&lane) {
            queue.waiting.remove(&seq);
            queue.leased.take_if(|lease| lease.seq == seq);
        }
        self.place_head(lane);
    }

    /// Hands out at most `max` heads of lanes that are due, oldest first.
    pub(crate) fn lease(&mut self, max: usize, now: Instant) -> Vec<Lease> {
        while let Some(&(due, seq)) = self.asleep.first()
            && due <= now
        {
            self.asleep.pop_first();
            self.ready.insert(seq);
        }
        let mut leases = Vec::new();
        while leases.len() < max
            && let Some(seq) = self.ready.pop_first()
        {
            let Some(&Waiting { lane, .. }) = self.waiting.get(&seq) else {
                continue;
            };
            self.leases_given += 1;
            let lease = Lease {
                seq,
                lane,
                serial: self.leases_given,
            };
            self.lanes.entry(lane).or_default().leased = Some(lease);
            leases.push(lease);
        }
        leases
    }

    /// Ends a lease, unless it ended already. The entry, if it still waits, is due again when it was before.
    pub(crate) fn give_back(&mut self, lease: Lease) {
        if let Some(queue) = self.lanes.get_mut(&lease.lane)
            && queue.leased == Some(lease)
        {
            queue.leased = None;
            self.place_head(lease.lane);
        }
    }

    /// When [`lease`](Self::lease) next has something to hand out; in the past if it has now.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let ready = self
            .ready
            .first()
            .and_then(|seq| self.waiting.get(seq))
            .map(|entry| entry.due);
        ready.or_else(|| self.asleep.first().map(|&(due, _)| due))
    }

    /// When the oldest of all waiting entries was stored.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|(_, entry)| entry.stored_at)
    }

    /// Starts anew with what the store holds. Leases that are out stay out.
    pub(crate) fn rebuild(&mut self, entries: impl IntoIterator<Item = (i64, Waiting)>) {
        let leases: Vec<Lease> = self.lanes.values().filter_map(|queue| queue.leased).collect();
        *self = Self {
            leases_given: self.leases_given,
            ..Self::default()
        };
        for (seq, entry) in entries {
            self.put(seq, entry);
        }
        for lease in leases {
            if self
                .waiting
                .get(&lease.seq)
                .is_some_and(|entry| entry.lane == lease.lane)
            {
                self.unplace_head(lease.lane);
                self.lanes.entry(lease.lane).or_default().leased = Some(lease);
            }
        }
    }

    fn place_head(&mut self, lane: Lane) {
        if let Some(head) = self.free_head(lane) {
            self.asleep.insert(head);
        } else if self
            .lanes
            .get(&lane)
            .is_some_and(|queue| queue.waiting.is_empty() && queue.leased.is_none())
        {
            self.lanes.remove(&lane);
        }
    }

    fn unplace_head(&mut self, lane: Lane) {
        if let Some(head) = self.free_head(lane) {
            self.asleep.remove(&head);
            self.ready.remove(&head.1);
        }
    }

    /// The oldest entry of a lane, unless one of the lane is out.
    fn free_head(&self, lane: Lane) -> Option<(Instant, i64)> {
        let queue = self.lanes.get(&lane).filter(|queue| queue.leased.is_none())?;
        let seq = *queue.waiting.first()?;
        self.waiting.get(&seq).map(|entry| (entry.due, seq))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const A: Lane = Lane([1; 16]);
    const B: Lane = Lane([2; 16]);

    struct Bench {
        queue: Queue,
        start: Instant,
    }

    impl Bench {
        fn new(entries: &[(i64, Lane)]) -> Self {
            let mut bench = Self {
                queue: Queue::default(),
                start: Instant::now(),
            };
            for &(seq, lane) in entries {
                bench.put(seq, lane, 0);
            }
            bench
        }

        fn put(&mut self, seq: i64, lane: Lane, due: u64) {
            self.queue.put(
                seq,
                Waiting {
                    lane,
                    stored_at: Timestamp::UNIX_EPOCH,
                    due: self.at(due),
                },
            );
        }

        fn at(&self, secs: u64) -> Instant {
            self.start + Duration::from_secs(secs)
        }

        fn lease_at(&mut self, secs: u64) -> Vec<Lease> {
            let now = self.at(secs);
            self.queue.lease(usize::MAX, now)
        }

        fn seqs_at(&mut self, secs: u64) -> Vec<i64> {
            self.lease_at(secs).iter().map(|lease| lease.seq).collect()
        }
    }

    #[test]
    fn only_the_head_of_each_lane_goes_out_oldest_first() {
        let mut bench = Bench::new(&[(1, A), (2, A), (3, B), (4, B)]);
        assert_eq!(bench.seqs_at(0), [1, 3]);
        assert_eq!(bench.seqs_at(0), []);
        bench.queue.remove(3);
        assert_eq!(bench.seqs_at(0), [4]);
        bench.queue.remove(1);
        assert_eq!(bench.seqs_at(0), [2]);
    }

    #[test]
    fn a_head_that_pauses_holds_its_own_lane_and_no_other() {
        let mut bench = Bench::new(&[(1, A), (2, A), (3, B)]);
        bench.lease_at(0);
        bench.put(1, A, 60);
        bench.queue.remove(3);
        assert_eq!(bench.seqs_at(59), []);
        assert_eq!(bench.queue.next_due(), Some(bench.at(60)));
        assert_eq!(bench.seqs_at(60), [1]);
    }

    #[test]
    fn an_older_entry_that_comes_back_waits_for_the_one_that_is_out() {
        let mut bench = Bench::new(&[(2, A)]);
        let out = bench.lease_at(0);
        bench.put(1, A, 0);
        assert_eq!(bench.seqs_at(0), []);
        bench.queue.give_back(out[0]);
        assert_eq!(bench.seqs_at(0), [1]);
    }

    #[test]
    fn an_old_lease_cannot_end_a_newer_one() {
        let mut bench = Bench::new(&[(1, A)]);
        let old = bench.lease_at(0);
        bench.put(1, A, 0);
        assert_eq!(bench.seqs_at(0), [1]);
        bench.queue.give_back(old[0]);
        assert_eq!(bench.seqs_at(0), []);
    }

    #[test]
    fn leases_outlive_a_rebuild() {
        let mut bench = Bench::new(&[(1, A), (2, B)]);
        let out = bench.queue.lease(1, bench.at(0));
        let entry = |lane| Waiting {
            lane,
            stored_at: Timestamp::UNIX_EPOCH,
            due: bench.start,
        };
        let stored = [(1, entry(A)), (2, entry(B)), (3, entry(A))];
        bench.queue.rebuild(stored);
        assert_eq!(bench.seqs_at(0), [2]);
        bench.queue.give_back(out[0]);
        assert_eq!(bench.seqs_at(0), [1]);
    }

    #[test]
    fn nothing_is_left_behind_when_all_is_gone() {
        let mut bench = Bench::new(&[(1, A), (2, A), (3, B)]);
        bench.lease_at(0);
        for seq in 1..=3 {
            bench.queue.remove(seq);
        }
        assert_eq!(bench.queue.next_due(), None);
        assert!(bench.queue.lanes.is_empty() && bench.queue.waiting.is_empty() && bench.queue.asleep.is_empty());
    }
}
