//! The way of a result into the safe, however long the disk takes.

use std::time::Duration;

use outbox::{Disposition, EntryKey, NewEntry, Outbox, Outcome, SealKey};
use scan_model::Parcel;
use tokio::{sync::watch, time::sleep};

use crate::report::Chain;

/// Shortest pause of a result that the disk did not take; the random part on top of it starts with [`FIRST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// See [`SHORTEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause: a technician who has made room should not wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Puts parcels into the outbox. Clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    outbox: Outbox,
    key: SealKey,
    refused: watch::Sender<Option<Refused>>,
}

/// A result waits in memory because the disk did not take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The disk or the outbox is full; otherwise writing failed.
    pub(crate) full: bool,
    /// The whole story.
    pub(crate) story: String,
}

impl Store {
    pub(crate) fn new(outbox: Outbox, key: SealKey) -> Self {
        Self {
            outbox,
            key,
            refused: watch::Sender::new(None),
        }
    }

    /// What the disk last refused; `None` again as soon as it takes a result.
    pub(crate) fn refused(&self) -> watch::Receiver<Option<Refused>> {
        self.refused.subscribe()
    }

    /// Stores a parcel and returns once it is fsynced: which entry holds it, and
    /// whether that is new or was stored before under the same identity.
    /// While the disk is full or fails it is tried again, for ever, and [`Store::refused`] says so.
    pub(super) async fn keep(&self, parcel: &Parcel, disposition: Disposition) -> Outcome {
        let entry = self.entry(parcel, disposition);
        let mut pause = FIRST_PAUSE;
        loop {
            let refused = match self.outbox.append(entry.clone()) {
                Ok(pending) => match pending.await {
                    Ok(outcome) => {
                        self.refused.send_if_modified(|refused| refused.take().is_some());
                        return outcome;
                    }
                    Err(error) => Refused {
                        full: false,
                        story: Chain(&error).to_string(),
                    },
                },
                Err(full) => Refused {
                    full: true,
                    story: full.to_string(),
                },
            };
            let externalid = parcel.origin().externalid;
            tracing::error!(%externalid, story = refused.story, "a result waits in memory: the disk does not take it");
            self.refused.send_replace(Some(refused));
            sleep(SHORTEST_PAUSE + pause.mul_f64(fastrand::f64())).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn entry(&self, parcel: &Parcel, disposition: Disposition) -> NewEntry {
        let externalid = parcel.origin().externalid.to_string();
        // Results of the same person go up in order. Nobody's results have no order among each other.
        let lane = match parcel {
            Parcel::Reading(reading) => reading.subject.named().unwrap_or(&externalid),
            Parcel::Rejected(_) => &externalid,
        };
        let lane = self.key.lane(lane.as_bytes());
        let payload =
            serde_json::to_vec(parcel).expect("a parcel has text keys only and writing to memory does not fail");
        NewEntry {
            key: EntryKey(externalid),
            lane,
            disposition,
            payload,
        }
    }
}
