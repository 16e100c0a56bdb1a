//! The safe: opaque sealed entries on disk until they are acknowledged.

mod carve;
mod config;
mod disk;
mod entry;
mod error;
mod files;
mod key;
mod lease;
mod lock;
mod open;
mod outbox;
mod queue;
mod replace;
mod request;
mod salvage;
mod seal;
mod shared;
mod store;
mod tail;
mod writer;

pub use config::Config;
pub use entry::{
    Code, Disposition, Entry, EntryId, EntryKey, Filter, Lane, NewEntry, Outcome, Receipt, State, Stats, Step, Summary,
};
pub use error::{Full, KeyError, OpenError, StoreError};
pub use key::SealKey;
pub use lease::Leased;
pub use open::{Lost, OpenReport, PutBeside, Reason};
pub use outbox::{Outbox, Verified};
pub use request::Pending;
pub use seal::SealError;
