//! What the writer does between requests: it makes room, and tells how much there is.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::Writer;
use crate::disk;
use crate::error::Full;

/// How often old entries are looked for. The time they are kept is counted in days.
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);
/// Entries purged in one transaction: some milliseconds, so that an append need not wait.
const PURGE_CHUNK: usize = 256;

impl Writer {
    pub(super) fn keep_house(&mut self) {
        if let Err(error) = self.open_store() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the outbox stays without a store"
            );
            return;
        }
        self.purge();
        self.look_at_room();
    }

    pub(super) fn has_to_purge(&self) -> bool {
        // One may be the newest of all, which stays.
        let crowded = self.stats.full.is_some() && self.stats.sent + self.stats.discarded > 1;
        crowded || self.more_to_purge || self.last_purge.is_none_or(|last| last.elapsed() >= PURGE_EVERY)
    }

    /// Deletes what was sent or discarded long enough ago; all of it if there is no room for new entries.
    fn purge(&mut self) {
        if !self.has_to_purge() {
            return;
        }
        let full = self.stats.full.is_some();
        let keep = if full { Duration::ZERO } else { self.config.keep_sent };
        let before = SignedDuration::try_from(keep)
            .ok()
            .and_then(|keep| Timestamp::now().checked_sub(keep).ok())
            .unwrap_or(Timestamp::MIN);
        let Some(open) = &mut self.open else { return };
        match open.store.purge(before, PURGE_CHUNK) {
            Ok(gone) => {
                open.account.purged += gone.len() as i64;
                self.last_purge = Some(Instant::now());
                self.more_to_purge = gone.len() == PURGE_CHUNK;
                for state in gone {
                    self.stats.leave(state);
                }
                self.note_account();
            }
            Err(error) => {
                self.more_to_purge = false;
                self.fail(error);
            }
        }
    }

    pub(super) fn look_at_room(&mut self) {
        let Some(open) = &self.open else { return };
        let Ok(room) = open.store.room() else { return };
        let (min_free, max_size) = (self.config.min_free.as_u64(), self.config.max_size.as_u64());
        self.stats.bytes = room.used;
        // Free pages of the store's own take no room of the disk.
        self.stats.free = disk::free(&self.dir).saturating_add(room.free);
        self.stats.full = if self.stats.free < min_free {
            Some(Full::MinFree {
                free: self.stats.free,
                min_free,
            })
        } else if room.used >= max_size {
            Some(Full::MaxSize {
                bytes: room.used,
                max_size,
            })
        } else {
            None
        };
        self.publish();
    }
}
