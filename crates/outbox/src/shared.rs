//! What the handles of an outbox see of it without asking the thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::queue::Queue;
use crate::state::Stats;

#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Held for microseconds only, never across disk access or an await.
    queue: Mutex<Queue>,
    /// Only the latest matters.
    pub(crate) stats: watch::Sender<Stats>,
    /// Something in the queue has changed: whoever waits for a due entry looks again.
    pub(crate) changes: watch::Sender<()>,
}

impl Shared {
    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        // Every change to the queue is complete before it can panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn changed(&self) {
        self.changes.send_replace(());
    }
}
