//! An entry in the hands of the sender.

use std::sync::Arc;

use crate::entry::{Entry, EntryId};
use crate::queue::Lease;
use crate::shared::Shared;

/// An entry to be sent. Nobody else gets it, nor a later one of its lane, until it is acknowledged, put off, set aside,
/// or dropped.
///
/// Dropped without a word it is due again at once: [put it off](crate::Outbox::retry_later) if nothing has changed.
#[derive(Debug)]
#[must_use = "dropped, the entry is due again at once"]
pub struct Leased {
    /// The entry with its content.
    pub entry: Entry,
    _guard: LeaseGuard,
}

impl Leased {
    pub(crate) fn new(entry: Entry, guard: LeaseGuard) -> Self {
        Self { entry, _guard: guard }
    }

    /// Number of the entry.
    pub fn id(&self) -> EntryId {
        self.entry.summary.id
    }
}

/// Gives a lease back when dropped.
#[derive(Debug)]
pub(crate) struct LeaseGuard {
    lease: Lease,
    shared: Arc<Shared>,
}

impl LeaseGuard {
    pub(crate) fn new(lease: Lease, shared: Arc<Shared>) -> Self {
        Self { lease, shared }
    }

    pub(crate) fn seq(&self) -> i64 {
        self.lease.seq
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        self.shared.queue().give_back(self.lease);
        self.shared.changed();
    }
}
