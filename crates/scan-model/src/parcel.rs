//! What the outbox keeps for the uploader: a reading on its way, or a frame that may never go.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reading::{Origin, Reading};

/// One entry of the outbox, as the agent writes it and the uploader and the technicians' tool read it.
#[expect(
    clippy::large_enum_variant,
    reason = "one exists at a time, between the record and its bytes on disk"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parcel {
    /// A reading that goes to the cloud.
    Reading(Reading),
    /// Bytes that did not become a reading. Set aside from the start.
    Rejected(RejectedFrame),
}

/// Bytes that looked like a result and were not accepted. `Debug` does not print them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedFrame {
    /// Where they came from.
    pub origin: Origin,
    /// Protocol they came by.
    pub protocol: String,
    /// Error name, such as `checksum_mismatch`.
    pub reason: String,
    /// The bytes.
    #[serde(with = "crate::record::raw_bytes")]
    pub raw: Vec<u8>,
}

impl Parcel {
    /// Where it came from.
    pub const fn origin(&self) -> &Origin {
        match self {
            Self::Reading(reading) => &reading.origin,
            Self::Rejected(frame) => &frame.origin,
        }
    }
}

impl fmt::Debug for RejectedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedFrame")
            .field("externalid", &self.origin.externalid)
            .field("reason", &self.reason)
            .field("raw_bytes", &self.raw.len())
            .finish_non_exhaustive()
    }
}
