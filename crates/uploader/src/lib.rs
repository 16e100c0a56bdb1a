//! The courier: takes stored readings to the cloud and remembers each step.
//!
//! [`Uploader::run`] registers a performer for each scanner and keeps it alive, takes readings out of the outbox (the
//! head of each lane, several lanes at once), brings each to the cloud in one call or in steps, and shows the state of
//! the cloud leg. It alone knows how a reading looks in the cloud's words.
//!
//! What it promises:
//!
//! - A reading leaves the outbox only when the cloud has acknowledged it whole, or for good reason that a technician is
//!   shown.
//! - Before a reading is created again after a lost answer or a restart, the cloud is asked for it by its `externalid`.
//!   Where the cloud offers no way to ask, the reading becomes *uncertain* and is never sent blindly.
//! - What is about the moment or the set-up holds the whole leg and sets nothing aside. Only an answer about one
//!   reading sets that one aside; three in a row for the same reason hold the leg as well.
//! - Nothing waits for ever: a held leg tries one reading at a time, and when a call succeeds, everything flows again.

#![forbid(unsafe_code)]

mod backoff;
mod body;
mod delivery;
mod leg;
mod performers;
mod step;
mod uploader;

pub use leg::{CloudLeg, CloudState, ServerClock};
pub use uploader::{Delivery, Identity, STOP_GRACE, Uploader};
