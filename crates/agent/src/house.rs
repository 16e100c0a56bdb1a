//! What the rooms share.

use outbox::{Outbox, SealKey};

use crate::{announcements::Teller, keeper::BoardKeeper};

/// The store, the board and who tells of it. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) board: BoardKeeper,
    pub(crate) outbox: Outbox,
    pub(crate) key: SealKey,
    pub(crate) teller: Teller,
    /// What was wrong with the store of results when it was opened.
    pub(crate) damage: Option<String>,
}
