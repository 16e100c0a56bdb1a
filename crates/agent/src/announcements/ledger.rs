//! What of the stored results has been announced. Pure bookkeeping.
//!
//! Only two marks are remembered on disk, whatever happens: up to which entry every result's end was announced, and up to
//! which moment every outcome was. What lies behind a mark is found again in the outbox.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use outbox::EntryId;
use scan_model::{
    Name, ScanId,
    board::{EventKind, LastScan},
};
use serde::{Deserialize, Serialize};

/// As many as the window keeps while the broker is away (MQTT-8): older ones will not be announced.
const MOST_OUTSTANDING: usize = 1_000;

/// An outcome is told when the outbox is asked to note it; the note's own time may be a little later.
const NOTE_DELAY: SignedDuration = SignedDuration::from_secs(5);

/// What is remembered on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Every result stored up to this entry has been told to have ended.
    pub(super) ends_up_to: i64,
    /// Every outcome noted before this moment has been told.
    pub(super) outcomes_until: Timestamp,
    /// The last scan of each scanner.
    pub(super) last: BTreeMap<Name, LastScan>,
    /// The running scan of each scanner: after a crash it must still come to an end.
    #[serde(default)]
    pub(super) running: BTreeMap<Name, ScanId>,
}

/// What was told and not yet announced.
#[derive(Debug)]
pub(super) struct Ledger {
    ends: BTreeMap<EntryId, ScanId>,
    outcomes: HashMap<ScanId, Timestamp>,
    newest_end: EntryId,
    newest_outcome: Timestamp,
    last: BTreeMap<Name, LastScan>,
    running: BTreeMap<Name, ScanId>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            ends_up_to: 0,
            outcomes_until: Timestamp::UNIX_EPOCH,
            last: BTreeMap::new(),
            running: BTreeMap::new(),
        }
    }
}

impl Ledger {
    pub(super) fn new(remembered: Remembered) -> Self {
        Self {
            ends: BTreeMap::new(),
            outcomes: HashMap::new(),
            newest_end: EntryId(remembered.ends_up_to),
            newest_outcome: remembered.outcomes_until,
            last: remembered.last,
            running: remembered.running,
        }
    }

    /// A scan started at a scanner.
    pub(super) fn told_start(&mut self, scanner: &Name, scan: ScanId) {
        self.running.insert(scanner.clone(), scan);
    }

    /// A scan ended.
    pub(super) fn stopped(&mut self, scanner: &Name, scan: ScanId) {
        self.running.retain(|at, running| at != scanner || *running != scan);
    }

    /// The scan that runs at a scanner.
    pub(super) fn running(&self, scanner: &Name) -> Option<ScanId> {
        self.running.get(scanner).copied()
    }

    /// The end of a scan whose result is `entry` was told.
    pub(super) fn told_end(&mut self, entry: EntryId, scan: ScanId) {
        self.newest_end = self.newest_end.max(entry);
        self.ends.insert(entry, scan);
        if self.ends.len() > MOST_OUTSTANDING {
            self.ends.pop_first();
        }
    }

    /// Nobody is there to be told of the end of a scan whose result is `entry`.
    pub(super) fn skipped_end(&mut self, entry: EntryId) {
        self.newest_end = self.newest_end.max(entry);
    }

    /// The outcome of a result was told.
    pub(super) fn told_outcome(&mut self, scan: ScanId, now: Timestamp) {
        self.newest_outcome = self.newest_outcome.max(now);
        self.outcomes.insert(scan, now);
        if self.outcomes.len() > MOST_OUTSTANDING
            && let Some((&oldest, _)) = self.outcomes.iter().min_by_key(|(_, at)| **at)
        {
            self.outcomes.remove(&oldest);
        }
    }

    /// The broker has an event, so that it need not be told again.
    pub(super) fn announced(&mut self, scan: ScanId, kind: EventKind) {
        match kind {
            EventKind::Completed | EventKind::Failed | EventKind::Cancelled => self.ends.retain(|_, of| *of != scan),
            EventKind::Uploaded | EventKind::SetAside => {
                self.outcomes.remove(&scan);
            }
            EventKind::Started => {}
        }
    }

    /// A scanner's last scan is another one, or got on.
    pub(super) fn show_last(&mut self, scanner: &Name, last: &LastScan) {
        self.last.insert(scanner.clone(), last.clone());
    }

    /// What is to be remembered now. `closed_at`: everything told so far is noted in the outbox, and nothing more will be.
    pub(super) fn remember(&self, closed_at: Option<Timestamp>) -> Remembered {
        let ends_up_to = self.ends.keys().next().map_or(self.newest_end.0, |oldest| oldest.0 - 1);
        let outcomes_until = match (self.outcomes.values().min(), closed_at) {
            (None, Some(closed_at)) => closed_at,
            (oldest, _) => {
                let oldest = oldest.copied().unwrap_or(self.newest_outcome);
                oldest.saturating_sub(NOTE_DELAY).unwrap_or(oldest)
            }
        };
        Remembered {
            ends_up_to,
            outcomes_until,
            last: self.last.clone(),
            running: self.running.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn scan(number: u128) -> ScanId {
        ScanId(Uuid::from_u128(number))
    }

    #[test]
    fn the_mark_stays_before_the_oldest_end_that_the_broker_does_not_have() {
        let mut ledger = Ledger::new(Remembered::default());
        for entry in 1..=3 {
            ledger.told_end(EntryId(entry), scan(entry as u128));
        }
        ledger.announced(scan(1), EventKind::Completed);
        ledger.announced(scan(3), EventKind::Completed);
        assert_eq!(ledger.remember(None).ends_up_to, 1);
        ledger.announced(scan(2), EventKind::Completed);
        assert_eq!(ledger.remember(None).ends_up_to, 3);
    }

    #[test]
    fn the_end_of_an_earlier_scan_does_not_end_the_running_one() {
        let bay: Name = "bay-1".parse().unwrap();
        let mut ledger = Ledger::new(Remembered::default());
        ledger.told_start(&bay, scan(2));
        ledger.stopped(&bay, scan(1));
        assert_eq!(ledger.remember(None).running[&bay], scan(2));
        ledger.stopped(&bay, scan(2));
        assert_eq!(ledger.running(&bay), None);
    }

    #[test]
    fn an_announced_start_says_nothing_of_the_end() {
        let mut ledger = Ledger::new(Remembered::default());
        ledger.told_end(EntryId(1), scan(1));
        ledger.announced(scan(1), EventKind::Started);
        assert_eq!(ledger.remember(None).ends_up_to, 0);
    }

    #[test]
    fn the_mark_of_outcomes_stays_before_the_oldest_that_the_broker_does_not_have() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let mut ledger = Ledger::new(Remembered::default());
        ledger.told_outcome(scan(1), at(0));
        ledger.told_outcome(scan(2), at(100));
        ledger.announced(scan(2), EventKind::Uploaded);
        assert!(ledger.remember(None).outcomes_until < at(0));
        ledger.announced(scan(1), EventKind::Uploaded);
        let until = ledger.remember(None).outcomes_until;
        assert!(at(90) < until && until < at(100), "{until}");
    }

    #[test]
    fn a_month_without_a_broker_takes_no_more_room_than_a_day() {
        let mut ledger = Ledger::new(Remembered::default());
        for entry in 1..=5_000 {
            ledger.told_end(EntryId(entry), scan(entry as u128));
            ledger.told_outcome(scan(entry as u128), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(
            (ledger.ends.len(), ledger.outcomes.len()),
            (MOST_OUTSTANDING, MOST_OUTSTANDING)
        );
        assert_eq!(ledger.remember(None).ends_up_to, 4_000);
    }
}
