//! Performers: one per scanner, registered, remembered, kept alive.

use std::{collections::HashMap, sync::Arc};

use cloud_api::{Device, FacilityRef, Id, NewPerformer, PerformerPatch, PerformerStatus, Software};
use cloud_client::{CallError, Client, Pause, Remedy};
use outbox::Outbox;
use scan_model::{
    Name,
    board::{Activity, Board},
};
use tokio::sync::{Mutex, watch};
use tracing::info;

use crate::uploader::Identity;

/// The performers of this installation. Their ids are remembered beside the outbox, so that a reading can go up before
/// the first registration after a restart.
pub(crate) struct Performers {
    client: Arc<Client>,
    outbox: Outbox,
    identity: Arc<Identity>,
    board: watch::Receiver<Arc<Board>>,
    /// Held across a registration: whoever needs the same performer meanwhile waits for that one.
    known: Mutex<HashMap<Name, Known>>,
}

#[derive(Clone, Copy)]
struct Known {
    id: Id,
    /// By this process, so that the server has seen our software and device.
    registered: bool,
}

impl Performers {
    pub(crate) fn new(
        client: Arc<Client>,
        outbox: Outbox,
        identity: Arc<Identity>,
        board: watch::Receiver<Arc<Board>>,
    ) -> Self {
        Self {
            client,
            outbox,
            identity,
            board,
            known: Mutex::new(HashMap::new()),
        }
    }

    /// The performer of a scanner: as known, as remembered, or by registering it. A scanner that is no longer
    /// configured has one, too: its readings may still wait.
    pub(crate) async fn id(&self, scanner: &Name) -> Result<Id, CallError> {
        let mut known = self.known.lock().await;
        if let Some(performer) = known.get(scanner) {
            return Ok(performer.id);
        }
        if let Some(id) = self.remembered(scanner).await {
            known.insert(scanner.clone(), Known { id, registered: false });
            return Ok(id);
        }
        self.register(&mut known, scanner).await
    }

    /// The server does not know this performer any more: the next who needs it registers it again.
    pub(crate) async fn forget(&self, scanner: &Name) {
        self.known.lock().await.remove(scanner);
        // A lost note only means that the same answer comes again.
        let _ = self.outbox.put_meta(&self.meta_key(scanner), Vec::new()).await;
    }

    /// Tells the server of every scanner that it is alive, or registers it. A failure that is one scanner's does not
    /// keep the others silent; the first is returned.
    pub(crate) async fn beat(&self) -> Result<(), CallError> {
        // Before anything else, so that an installation without scanners learns of a wrong secret as well.
        self.client.authenticate().await?;
        let scanners: Vec<Name> = self.board.borrow().scanners.keys().cloned().collect();
        let mut result = Ok(());
        for scanner in scanners {
            match self.beat_one(&scanner).await {
                Err(error) if is_of_all(&error) => return Err(error),
                answer => result = result.and(answer),
            }
        }
        result
    }

    async fn beat_one(&self, scanner: &Name) -> Result<(), CallError> {
        let mut known = self.known.lock().await;
        let id = match known.get(scanner) {
            Some(performer) if performer.registered => performer.id,
            _ => return self.register(&mut known, scanner).await.map(drop),
        };
        drop(known);
        match self.client.heartbeat(id, &self.patch(scanner)).await {
            Err(error) if error.remedy() == Remedy::Register => {
                self.forget(scanner).await;
                self.register(&mut *self.known.lock().await, scanner).await.map(drop)
            }
            answer => answer,
        }
    }

    async fn register(&self, known: &mut HashMap<Name, Known>, scanner: &Name) -> Result<Id, CallError> {
        let performer = self.client.register_performer(&self.performer(scanner)).await?;
        info!(%scanner, performer = %performer.id, "performer registered");
        known.insert(
            scanner.clone(),
            Known {
                id: performer.id,
                registered: true,
            },
        );
        // Without the note the next start registers again, which changes nothing.
        let _ = self
            .outbox
            .put_meta(&self.meta_key(scanner), performer.id.to_string().into_bytes())
            .await;
        Ok(performer.id)
    }

    async fn remembered(&self, scanner: &Name) -> Option<Id> {
        let bytes = self.outbox.get_meta(&self.meta_key(scanner)).await.ok()??;
        let id: i64 = std::str::from_utf8(&bytes).ok()?.parse().ok()?;
        (id > 0).then_some(Id(id))
    }

    /// An id means nothing to another server.
    fn meta_key(&self, scanner: &Name) -> String {
        format!("performer {scanner} at {}", self.client.server())
    }

    fn performer(&self, scanner: &Name) -> NewPerformer {
        let board = self.board.borrow();
        NewPerformer {
            name: Some(format!("{} {scanner}", board.agent.name)),
            externalid: format!("{}/{scanner}", self.identity.installation),
            instance: Some(self.identity.instance.clone()),
            facility: Some(FacilityRef::Name(board.agent.facility.to_string())),
            status: Some(status(&board, scanner)),
            message: None,
            software: Some(Software {
                name: Some("scanbridge".to_owned()),
                version: Some(board.agent.version.clone()),
                platform: Some(board.agent.platform.clone()),
            }),
            device: device(&board, scanner),
            capabilities: None,
        }
    }

    fn patch(&self, scanner: &Name) -> PerformerPatch {
        let board = self.board.borrow();
        PerformerPatch {
            instance: Some(self.identity.instance.clone()),
            status: Some(status(&board, scanner)),
            device: device(&board, scanner),
            ..PerformerPatch::default()
        }
    }
}

/// Whether the other scanners would fare alike, and asking for them do harm: no connection, a log-in that is refused, a
/// server that wants to be left alone.
fn is_of_all(error: &CallError) -> bool {
    use Pause::{CaptivePortal, Unauthorised, UntrustedServer};
    !error.is_answer()
        || matches!(
            error.remedy(),
            Remedy::RetryLater { after: Some(_) } | Remedy::Pause(Unauthorised | CaptivePortal | UntrustedServer)
        )
}

fn status(board: &Board, scanner: &Name) -> PerformerStatus {
    match board.scanners.get(scanner).map(|state| state.activity) {
        Some(Activity::Idle) => PerformerStatus::Idle,
        Some(Activity::Busy) => PerformerStatus::Busy,
        Some(Activity::Error) => PerformerStatus::Error,
        Some(Activity::Maintenance) => PerformerStatus::Maintenance,
        Some(Activity::Offline) | None => PerformerStatus::Offline,
    }
}

/// What the scanner is, once a record has told.
fn device(board: &Board, scanner: &Name) -> Option<Device> {
    let model = board.scanners.get(scanner)?.model.clone()?;
    Some(Device {
        model: Some(model),
        ..Device::default()
    })
}
