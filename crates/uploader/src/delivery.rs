//! The way of one reading: asked for, created, measured, completed, whatever of it is not done yet.

use std::sync::{Arc, Mutex, PoisonError};

use cloud_api::{Assignment, ErrorCode, Id, Status, Walkup};
use cloud_client::{CallError, Client, Remedy};
use outbox::{EntryId, Leased, Outbox, StoreError};
use scan_model::{Reading, board::Upload};

use crate::{body, performers::Performers, step::Step, uploader::Identity};

/// Takes single readings to the cloud.
pub(crate) struct Courier {
    client: Arc<Client>,
    outbox: Outbox,
    identity: Arc<Identity>,
    pub(crate) performers: Performers,
    /// How the server takes a result; asked for once per connection.
    walkup: Mutex<Option<Walkup>>,
}

/// A reading that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// The server's key, where a call told it.
    pub(crate) id: Id,
    /// [`Upload::Uploaded`] or [`Upload::Unassigned`].
    pub(crate) upload: Upload,
}

/// Why a reading has not arrived.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// A call failed; its remedy says the rest.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Having asked, the reading cannot go up.
    #[error("the reading cannot go up")]
    Hopeless(#[source] CallError),
    /// Having asked, it is too early to tell.
    #[error("the reading's state is not settled yet")]
    Unsettled(#[source] CallError),
    /// A step cannot be remembered, so it is not taken.
    #[error("the outbox cannot remember the step")]
    Store(#[from] StoreError),
}

/// Where a reading is within one attempt.
enum At {
    Unsent,
    Doubtful,
    Created(Id),
    Measured(Id),
    Complete(Id, Option<Assignment>),
}

impl Courier {
    pub(crate) fn new(client: Arc<Client>, outbox: Outbox, identity: Arc<Identity>, performers: Performers) -> Self {
        Self {
            client,
            outbox,
            identity,
            performers,
            walkup: Mutex::new(None),
        }
    }

    /// Takes a reading as far as it goes. `doubtful`: where no step is noted, something may have been sent all the
    /// same.
    ///
    /// Dropping the future is as a lost answer: what was not remembered is asked for next time.
    pub(crate) async fn carry(&self, leased: &Leased, reading: &Reading, doubtful: bool) -> Result<Arrived, Trouble> {
        let step = match &leased.entry.step {
            Some(step) => Step::from_bytes(step, self.client.server()),
            // Where nobody can be asked the doubt is remembered before each creation, so that no note means nothing was
            // sent.
            None if doubtful && self.can_ask() => Step::Doubtful,
            None => Step::Unsent,
        };
        let mut at = match step {
            Step::Unsent => At::Unsent,
            Step::Doubtful => At::Doubtful,
            Step::Created(id) => At::Created(id),
            Step::Measured(id) => At::Measured(id),
        };
        // An id from an earlier attempt may be stale: the server may have been set up anew since.
        let mut from_memory = true;
        loop {
            let result = match at {
                At::Unsent => self.create(leased.id(), reading).await,
                At::Doubtful => self.find(reading).await,
                At::Created(id) => self.measure(leased.id(), reading, id).await,
                At::Measured(id) => self.complete(reading, id).await,
                At::Complete(id, assignment) => {
                    return Ok(Arrived {
                        id,
                        upload: upload(reading, assignment),
                    });
                }
            };
            at = match result {
                Err(Trouble::Call(error)) if from_memory && is_gone(&error) => At::Doubtful,
                next => next?,
            };
            from_memory = from_memory && matches!(at, At::Measured(_));
        }
    }

    /// Asks how the server takes a result, unless that is known.
    pub(crate) async fn learn_walkup(&self) -> Result<Walkup, CallError> {
        let known = *self.walkup.lock().unwrap_or_else(PoisonError::into_inner);
        match known {
            Some(walkup) => Ok(walkup),
            None => {
                let walkup = self.client.index().await?.map_or(Walkup::Steps, |index| index.walkup);
                self.set_walkup(Some(walkup));
                Ok(walkup)
            }
        }
    }

    /// The connection was lost: the server may be another version when it is back.
    pub(crate) fn forget_walkup(&self) {
        self.set_walkup(None);
    }

    async fn create(&self, entry: EntryId, reading: &Reading) -> Result<At, Trouble> {
        let performer = self.performers.id(&reading.origin.scanner).await?;
        let key = &self.identity.checksum_key;
        let walkup = self.learn_walkup().await?;
        let new = match walkup {
            Walkup::OneCall => body::whole(reading, performer, key),
            Walkup::Steps => body::created(reading, performer, key),
        };
        if !self.can_ask() {
            self.mark(entry, Step::Doubtful).await?;
        }
        match self.client.create_reading(&new).await {
            Ok(created) if created.status == Some(Status::Complete) => Ok(At::Complete(created.id, created.assignment)),
            Ok(created) => {
                self.mark(entry, Step::Created(created.id)).await?;
                Ok(At::Created(created.id))
            }
            Err(error) if walkup == Walkup::OneCall && error.remedy() == Remedy::UseSteps => {
                self.set_walkup(Some(Walkup::Steps));
                Ok(At::Unsent)
            }
            Err(error) => self.not_created(entry, reading, error).await,
        }
    }

    async fn not_created(&self, entry: EntryId, reading: &Reading, error: CallError) -> Result<At, Trouble> {
        if error.may_have_happened() {
            self.mark(entry, Step::Doubtful).await?;
        } else if !self.can_ask() {
            self.mark(entry, Step::Unsent).await?;
        }
        match error.remedy() {
            Remedy::Ask => match self.find(reading).await? {
                // Another call with the same key is under way, or its refusal is kept for a day: neither is this
                // reading's fault.
                At::Unsent if is_about_key(&error) => Err(Trouble::Unsettled(error)),
                At::Unsent => Err(Trouble::Hopeless(error)),
                found => Ok(found),
            },
            _ => Err(error.into()),
        }
    }

    async fn find(&self, reading: &Reading) -> Result<At, Trouble> {
        let found = self.client.find_reading(&reading.origin.externalid.to_string()).await?;
        Ok(match found {
            None => At::Unsent,
            Some(found) if found.status == Some(Status::Complete) => At::Complete(found.id, found.assignment),
            Some(found) => At::Created(found.id),
        })
    }

    async fn measure(&self, entry: EntryId, reading: &Reading, id: Id) -> Result<At, Trouble> {
        let externalid = reading.origin.externalid.to_string();
        match self
            .client
            .add_measurements(id, &externalid, &body::measurements(reading))
            .await
        {
            Ok(()) => {
                self.mark(entry, Step::Measured(id)).await?;
                Ok(At::Measured(id))
            }
            Err(error) => self.look(id, error).await,
        }
    }

    async fn complete(&self, reading: &Reading, id: Id) -> Result<At, Trouble> {
        let patch = body::completed(reading, &self.identity.instance);
        match self.client.complete_reading(id, &patch).await {
            Ok(completed) => Ok(At::Complete(id, completed.and_then(|completed| completed.assignment))),
            Err(error) => self.look(id, error).await,
        }
    }

    /// After a refusal that is about the reading's state: reads it, then decides.
    async fn look(&self, id: Id, error: CallError) -> Result<At, Trouble> {
        if error.remedy() != Remedy::Ask {
            return Err(error.into());
        }
        let now = self.client.reading(id).await?;
        match now.status {
            Some(Status::Complete) => Ok(At::Complete(id, now.assignment)),
            Some(status) if status.is_final() => Err(Trouble::Hopeless(error)),
            _ => Err(Trouble::Unsettled(error)),
        }
    }

    async fn mark(&self, entry: EntryId, step: Step) -> Result<(), StoreError> {
        self.outbox.mark(entry, step.to_bytes(self.client.server())).await
    }

    fn can_ask(&self) -> bool {
        self.client.dialect().capabilities.find_by_externalid
    }

    fn set_walkup(&self, walkup: Option<Walkup>) {
        *self.walkup.lock().unwrap_or_else(PoisonError::into_inner) = walkup;
    }
}

/// The reading itself is not there (any more), as told by the API and not by a gateway.
fn is_gone(error: &CallError) -> bool {
    error.call().names_reading()
        && error.remedy() == Remedy::SetAside
        && error
            .refusal()
            .is_some_and(|refusal| matches!(refusal.status.as_u16(), 404 | 410))
}

fn is_about_key(error: &CallError) -> bool {
    let code = error.code().parse();
    matches!(
        code,
        Ok(ErrorCode::IdempotencyInProgress | ErrorCode::IdempotencyMismatch)
    )
}

/// A server that does not say assigns what names somebody.
fn upload(reading: &Reading, assignment: Option<Assignment>) -> Upload {
    match assignment {
        Some(Assignment::Assigned | Assignment::Guest) => Upload::Uploaded,
        Some(Assignment::Unassigned) => Upload::Unassigned,
        None if body::names_somebody(reading) => Upload::Uploaded,
        None => Upload::Unassigned,
    }
}
