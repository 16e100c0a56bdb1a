//! The courier's round: heartbeats, readings, and what the failures of both mean.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use cloud_client::{CallError, Client, Remedy};
use err_report::Report;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use outbox::{Code, EntryId, Filter, Leased, Outbox, Receipt, State, StoreError};
use scan_model::{
    Name, Parcel, Reading, ScanId,
    board::{Board, Upload},
};
use secrecy::SecretSlice;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    backoff,
    delivery::{Arrived, Courier, Trouble},
    leg::{Blame, CloudLeg, CloudState, Evidence, Leg},
    performers::Performers,
    step::Step,
};

/// How long calls that are under way may go on after a stop. What they had no time for is done after the next start.
pub const STOP_GRACE: Duration = Duration::from_secs(3);

/// The server counts a performer as gone after 90 s.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Readings on their way at once, of different people.
const PARALLEL: usize = 8;
/// How long a reading is put off that was refused while the server refuses them all: long enough for others to be tried
/// meanwhile.
const REFUSED_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How long to leave an outbox alone that does not answer: its disk is in trouble, and it works on that itself.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Who this installation is to the cloud.
#[derive(Debug)]
pub struct Identity {
    /// Id of the installation: performers are called `{installation}/{scanner}`.
    pub installation: String,
    /// Digest of installation and machine, so that a cloned disk is noticed.
    pub instance: String,
    /// Key of the digests of raw frames.
    pub checksum_key: SecretSlice<u8>,
}

/// What became of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its scanner.
    pub scanner: Name,
    /// Its scan.
    pub scan: ScanId,
    /// Where it is now: [`Upload::Uploaded`], [`Upload::Unassigned`], [`Upload::SetAside`] or [`Upload::Uncertain`].
    pub upload: Upload,
    /// Why it was set aside: the server's code, or `http_` and the status.
    pub code: Option<String>,
}

/// The courier. Made once, then [run](Self::run) until the agent stops.
pub struct Uploader {
    client: Arc<Client>,
    outbox: Outbox,
    courier: Courier,
    leg: Mutex<Leg>,
    /// Of entries up to this number nobody knows what was sent: an earlier process may have begun, or the outbox could
    /// not take a note.
    doubtful_up_to: AtomicI64,
    deliveries: mpsc::Sender<Delivery>,
}

impl std::fmt::Debug for Uploader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploader")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl Uploader {
    /// A courier from `outbox` to the cloud of `client`, and the state of its leg.
    ///
    /// `board` tells which scanners there are and what they do. `deliveries` must be read as long as the courier runs:
    /// it waits while the channel is full.
    #[must_use]
    pub fn new(
        client: Client,
        outbox: Outbox,
        identity: Identity,
        board: watch::Receiver<Arc<Board>>,
        deliveries: mpsc::Sender<Delivery>,
    ) -> (Self, watch::Receiver<CloudLeg>) {
        let (client, identity) = (Arc::new(client), Arc::new(identity));
        let performers = Performers::new(client.clone(), outbox.clone(), identity.clone(), board);
        let courier = Courier::new(client.clone(), outbox.clone(), identity, performers);
        let (leg, shown) = Leg::new();
        let doubtful_up_to = AtomicI64::new(0);
        (
            Self {
                client,
                outbox,
                courier,
                leg: Mutex::new(leg),
                doubtful_up_to,
                deliveries,
            },
            shown,
        )
    }

    /// Delivers until `stop`. Then calls under way get [`STOP_GRACE`] to end; dropping one of them is as a lost answer.
    ///
    /// Starts no task: everything ends with this future.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => return,
            inherited = self.inherited() => self.doubt_up_to(inherited),
        }
        let mut readings = FuturesUnordered::new();
        let mut beat: Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = None;
        let mut next_beat = Instant::now();
        loop {
            let (room, opens_at, quiet_until) = {
                let leg = self.leg();
                (
                    leg.room(PARALLEL).saturating_sub(readings.len()),
                    leg.opens_at(),
                    leg.quiet_until(),
                )
            };
            let beat_at = quiet_until.map_or(next_beat, |quiet| quiet.max(next_beat));
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(()) = readings.next(), if !readings.is_empty() => {}
                () = async { beat.as_mut().expect("checked").await }, if beat.is_some() => {
                    beat = None;
                    // While the leg is down the heartbeat follows its back-off, so that a short outage ends soon.
                    let regular = Instant::now() + HEARTBEAT;
                    next_beat = self.leg().opens_at().map_or(regular, |opens_at| regular.min(opens_at));
                }
                leased = self.lease(room), if room > 0 => {
                    readings.extend(leased.into_iter().map(|leased| self.deliver(leased)));
                }
                () = sleep_until(beat_at), if beat.is_none() => beat = Some(Box::pin(self.beat())),
                () = sleep_until(opens_at.unwrap_or(beat_at)), if opens_at.is_some() => {}
            }
        }
        // No new calls; those under way end or are dropped with the grace.
        let under_way = async { while readings.next().await.is_some() {} };
        if timeout(STOP_GRACE, under_way).await.is_err() {
            info!(
                readings = readings.len(),
                "stopped with calls under way; they are taken up after the next start"
            );
        }
    }

    /// The newest waiting entry that an earlier process may have begun to send.
    async fn inherited(&self) -> EntryId {
        let mut newest = None;
        loop {
            let page = Filter {
                state: Some(State::Waiting),
                after: newest,
                limit: 1000,
            };
            match self.outbox.list(page).await {
                Ok(page) => match page.last() {
                    Some(last) => newest = Some(last.id),
                    None => return newest.unwrap_or(EntryId(0)),
                },
                Err(StoreError::Closed) => return EntryId(0),
                Err(error) => {
                    warn!(error = %Report::new(&error), "the outbox does not answer");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    /// At least one entry to send, as soon as there is one. Cancel-safe.
    async fn lease(&self, room: usize) -> Vec<Leased> {
        loop {
            self.outbox.due().await;
            match self.outbox.lease(room).await {
                Ok(leased) if leased.is_empty() => {}
                Ok(leased) => return leased,
                Err(error) => {
                    warn!(error = %Report::new(&error), "the outbox does not answer");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    async fn beat(&self) {
        let result = async {
            self.courier.performers.beat().await?;
            self.courier.learn_walkup().await
        };
        match result.await {
            Ok(_) => self.succeeded(Evidence::Performer),
            Err(error) => drop(self.failed(&error, Evidence::Performer)),
        }
    }

    /// One attempt at one reading, with everything that follows from it.
    async fn deliver(&self, leased: Leased) {
        let entry = leased.id();
        let reading = match serde_json::from_slice(&leased.entry.payload) {
            Ok(Parcel::Reading(reading)) => reading,
            Ok(Parcel::Rejected(_)) => {
                return self
                    .keep(entry, self.outbox.set_aside(entry, Code::new("rejected"), None))
                    .await;
            }
            // Perhaps of a newer version; the bytes are kept.
            Err(_) => {
                return self
                    .keep(entry, self.outbox.set_aside(entry, Code::new("unreadable"), None))
                    .await;
            }
        };
        let doubtful = entry.0 <= self.doubtful_up_to.load(Ordering::Relaxed);
        match self.courier.carry(&leased, &reading, doubtful).await {
            Ok(arrived) => self.arrived(entry, &reading, arrived).await,
            Err(trouble) => self.not_arrived(&leased, &reading, trouble).await,
        }
    }

    async fn arrived(&self, entry: EntryId, reading: &Reading, arrived: Arrived) {
        self.succeeded(Evidence::Reading);
        info!(scanner = %reading.origin.scanner, reading = %arrived.id, "reading uploaded");
        let receipt = serde_json::json!({"server": self.client.server(), "reading": arrived.id});
        let acknowledged = self
            .outbox
            .acknowledge(entry, Receipt(receipt.to_string().into_bytes()));
        self.report(reading, arrived.upload, None).await;
        self.keep(entry, acknowledged).await;
    }

    async fn not_arrived(&self, leased: &Leased, reading: &Reading, trouble: Trouble) {
        let entry = leased.id();
        let attempts = leased.entry.summary.attempts;
        match trouble {
            Trouble::Hopeless(error) => self.reject(entry, reading, &error).await,
            Trouble::Unsettled(error) => self.put_off(entry, backoff::delay(attempts), &error.code()).await,
            Trouble::Store(error) => self.not_kept(entry, &error).await,
            Trouble::Call(error) => match error.remedy() {
                Remedy::SetAside => self.reject(entry, reading, &error).await,
                Remedy::Uncertain => self.doubt(entry, reading).await,
                Remedy::Register => {
                    self.courier.performers.forget(&reading.origin.scanner).await;
                    self.put_off(entry, backoff::delay(attempts), &error.code()).await;
                }
                Remedy::Ask | Remedy::UseSteps => self.put_off(entry, backoff::delay(attempts), &error.code()).await,
                Remedy::RetryLater { .. } | Remedy::Pause(_) => match self.failed(&error, Evidence::Reading) {
                    // Dropped, the entry is due again; the leg decides when it is taken.
                    Blame::Leg => {}
                    Blame::Reading => self.put_off(entry, backoff::delay(attempts), &error.code()).await,
                },
            },
        }
    }

    /// The server refuses this reading for its own sake.
    async fn reject(&self, entry: EntryId, reading: &Reading, error: &CallError) {
        let code = error.code().into_owned();
        if !self.leg().rejected(&code, error) {
            return self.put_off(entry, REFUSED_PAUSE, &code).await;
        }
        warn!(scanner = %reading.origin.scanner, error = %Report::new(error), "reading set aside");
        let answer = error.refusal().map(|refusal| refusal.text().as_bytes().to_vec());
        self.keep(entry, self.outbox.set_aside(entry, Code::new(&code), answer))
            .await;
        self.report(reading, Upload::SetAside, Some(code)).await;
    }

    /// Nobody can say whether the server has this reading. The step says what a technician's "send it" will mean; both
    /// notes go into one commit.
    async fn doubt(&self, entry: EntryId, reading: &Reading) {
        warn!(scanner = %reading.origin.scanner, "nobody knows whether the cloud has a reading");
        let step = self.outbox.mark(entry, Step::Unsent.to_bytes(self.client.server()));
        let moved = self.outbox.uncertain(entry);
        self.keep(entry, step).await;
        self.keep(entry, moved).await;
        self.report(reading, Upload::Uncertain, None).await;
    }

    async fn put_off(&self, entry: EntryId, wait: Duration, code: &str) {
        self.keep(entry, self.outbox.retry_later(entry, wait, Code::new(code)))
            .await;
    }

    async fn keep(&self, entry: EntryId, note: outbox::Pending<()>) {
        if let Err(error) = note.await {
            self.not_kept(entry, &error).await;
        }
    }

    /// A note that the outbox cannot take is only a reading that comes again, is asked for, and is in no hurry: its
    /// disk is in trouble.
    async fn not_kept(&self, entry: EntryId, error: &StoreError) {
        warn!(error = %Report::new(error), "the outbox cannot note what became of a reading");
        self.doubt_up_to(entry);
        tokio::time::sleep(STORE_PAUSE).await;
    }

    fn doubt_up_to(&self, entry: EntryId) {
        self.doubtful_up_to.fetch_max(entry.0, Ordering::Relaxed);
    }

    async fn report(&self, reading: &Reading, upload: Upload, code: Option<String>) {
        let delivery = Delivery {
            scanner: reading.origin.scanner.clone(),
            scan: reading.origin.scan,
            upload,
            code,
        };
        // Without a listener nobody wants to know.
        let _ = self.deliveries.send(delivery).await;
    }

    fn succeeded(&self, evidence: Evidence) {
        let mut leg = self.leg();
        leg.succeeded(evidence);
        leg.note_clock(self.client.clock_offset_ms());
    }

    fn failed(&self, error: &CallError, evidence: Evidence) -> Blame {
        let mut leg = self.leg();
        let blame = leg.failed(error, evidence);
        if leg.state() != CloudState::Ok {
            self.courier.forget_walkup();
        }
        blame
    }

    fn leg(&self) -> MutexGuard<'_, Leg> {
        // Every change of the leg is complete before it can panic.
        self.leg.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
