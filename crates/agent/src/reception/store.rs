//! The way of a result into the safe, however long the disk takes.

use std::{collections::BTreeMap, time::Duration};

use err_report::Report;
use outbox::{Disposition, EntryId, EntryKey, Full, NewEntry, Outbox, Outcome, SealKey};
use scan_model::{Name, Parcel};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Namespace of identities that follow from a result.
const RESULT_NAMESPACE: Uuid = Uuid::from_u128(0x6b1f_4f0e_52c1_4d0c_9a3d_2f5b_7c81_e604);

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
    refused: watch::Sender<BTreeMap<Name, Refused>>,
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
            refused: watch::Sender::new(BTreeMap::new()),
        }
    }

    /// The scanners whose result waits in memory, and why the disk last refused it.
    pub(crate) fn refused(&self) -> watch::Receiver<BTreeMap<Name, Refused>> {
        self.refused.subscribe()
    }

    /// Stores a parcel and returns once it is fsynced: which entry holds it, and
    /// whether that is new or was stored before under the same identity.
    /// While the disk is full or fails it is tried again, for ever, and [`Store::refused`] says so. From `stop` on, when memory
    /// is about to go, it is stored past the limits of the outbox: those keep room for exactly this.
    pub(super) async fn keep(&self, parcel: &Parcel, disposition: Disposition, stop: &CancellationToken) -> Outcome {
        let entry = self.entry(parcel, disposition);
        let (scanner, externalid) = (&parcel.origin().scanner, parcel.origin().externalid);
        let mut pause = FIRST_PAUSE;
        loop {
            let stopping = stop.is_cancelled();
            let refused = match self.attempt(&entry, stopping).await {
                Ok(outcome) => {
                    self.refused
                        .send_if_modified(|refused| refused.remove(scanner).is_some());
                    return outcome;
                }
                Err(refused) => refused,
            };
            tracing::error!(%externalid, story = refused.story, "a result waits in memory: the disk does not take it");
            self.refused.send_modify(|all| {
                all.insert(scanner.clone(), refused);
            });
            tokio::select! {
                () = sleep(SHORTEST_PAUSE + pause.mul_f64(fastrand::f64())) => {}
                () = stop.cancelled(), if !stopping => {}
            }
            pause = if stopping {
                FIRST_PAUSE
            } else {
                LONGEST_PAUSE.min(pause * 2)
            };
        }
    }

    /// The identity of a result that its device may send again: the same one however often it does. `name` is the device's own for
    /// it or, where that cannot be read, the scanner's. The bytes belong to the identity, because a scanner whose memory was erased
    /// counts from one again: the next person's result is another one under an old number. They are digested with our key, since
    /// identities lie plain on the disk and in logs.
    pub(super) fn identity(&self, name: &str, raw: &[u8]) -> Uuid {
        let name = [name.as_bytes(), &self.key.digest(raw)].concat();
        Uuid::new_v5(&RESULT_NAMESPACE, &name)
    }

    /// Whether something lies here under this identity. While the outbox cannot say, nothing does: storing it again would tell.
    pub(super) async fn has(&self, externalid: Uuid) -> bool {
        matches!(self.outbox.find(EntryKey(externalid.to_string())).await, Ok(Some(_)))
    }

    async fn attempt(&self, entry: &NewEntry, stopping: bool) -> Result<Outcome, Refused> {
        let appended = if stopping {
            self.outbox.append_reserved(entry.clone())
        } else {
            self.outbox.append(entry.clone())
        };
        let pending = appended.map_err(|full| Refused {
            // With too many requests in line it is not full: it hangs.
            full: !matches!(full, Full::Requests),
            story: full.to_string(),
        })?;
        match pending.await {
            Ok(Outcome::AlreadyPresent { id }) if self.holds(id, entry).await => Ok(Outcome::Stored { id }),
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(Refused {
                full: false,
                story: Report::new(&error).to_string(),
            }),
        }
    }

    /// Whether an entry has the very same content, the scan's identity included: then it is no repetition by the device but
    /// an attempt of ours that was stored although its answer was an error.
    async fn holds(&self, id: EntryId, entry: &NewEntry) -> bool {
        matches!(self.outbox.get(id).await, Ok(stored) if stored.payload == entry.payload)
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
