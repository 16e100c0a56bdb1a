//! What the outbox keeps for the uploader: a reading on its way, or a frame that may never go.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Age,
    reading::{Origin, Reading},
};

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
    /// How old the result was when it arrived, if it could be read that far. The bytes alone do not tell: whoever decodes them again
    /// gives it to the [`Record`](crate::Record).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age: Option<Age>,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// As versions before the age was kept have written it.
    const WITHOUT_AN_AGE: &str = r#"{"rejected":{"origin":{"externalid":"00000000-0000-0000-0000-000000000011",
        "scan":"00000000-0000-0000-0000-000000000012","scanner":"bay-1","received_at":"2026-11-23T08:00:00Z","time_quality":"synced"},
        "protocol":"scan-link","reason":"no_plausible_weight","raw":"{0,16,\u00ff"}}"#;

    #[test]
    fn an_older_entry_without_an_age_is_read_and_a_new_one_keeps_it() {
        let parcel: Parcel = serde_json::from_str(WITHOUT_AN_AGE).unwrap();
        let Parcel::Rejected(older) = parcel else {
            panic!("{parcel:?}")
        };
        assert_eq!((older.age, &older.raw[..]), (None, &b"{0,16,\xff"[..]));
        let newer = Parcel::Rejected(RejectedFrame {
            age: Some(Age::Counted(Duration::from_hours(62))),
            ..older
        });
        let stored = serde_json::to_vec(&newer).unwrap();
        assert_eq!(serde_json::from_slice::<Parcel>(&stored).unwrap(), newer);
    }
}
