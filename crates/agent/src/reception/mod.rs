//! Receives what one scanner's driver found: scans come up on the board, results go into the safe.
//!
//! The order is the promise: a result gets its identity when it arrives, is stored and fsynced, and only then is anybody
//! told that the scan is complete, the device included. While the disk does not take a result it stays here, in memory, and
//! nothing more is taken from the driver; it is tried again for ever. Once the agent is to stop, results may use the room that
//! is otherwise kept free.

mod answer;
mod port;
mod scan;
mod store;

use std::pin::pin;

use jiff::{Timestamp, tz::TimeZone};
use outbox::{Disposition, Outcome};
use scan_model::{
    Parcel, Reading, Record, ScanId,
    board::{Severity, Upload},
    parcel::RejectedFrame,
    progress::{Ending, Stage},
    reading::{Origin, Unfit},
};
use scanner_driver::{DriverEvent, PortState, Scanner, UnknownPerson};
use scanner_protocol::{Event, RecordId, RejectReason, Rejected};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uploader::ServerClock;
use uuid::Uuid;

use crate::{
    announcements::{NOT_INTACT, Teller},
    clock,
    keeper::BoardKeeper,
};
use scan::Scans;
pub(crate) use store::{Refused, Store};

/// Alert: the last result arrived with a wrong checksum.
const CHECKSUM: &str = "checksum-mismatch";
/// Alert: the last result was not accepted for another reason.
const NOT_ACCEPTED: &str = "record-rejected";

/// One scanner's reception.
pub(crate) struct Reception {
    config: scanner_driver::Config,
    board: BoardKeeper,
    store: Store,
    scans: Scans,
    cloud_clock: watch::Receiver<Option<ServerClock>>,
    /// Of the devices' clocks.
    timezone: TimeZone,
    /// The device reported an error and did nothing since.
    device_error: bool,
    /// From then on the reserve of the disk may be used.
    stop: CancellationToken,
}

impl Reception {
    pub(crate) fn new(
        config: scanner_driver::Config,
        board: BoardKeeper,
        store: Store,
        teller: Teller,
        cloud_clock: watch::Receiver<Option<ServerClock>>,
        timezone: TimeZone,
        stop: CancellationToken,
    ) -> Self {
        let scans = Scans::new(config.id.clone(), board.clone(), teller);
        Self {
            config,
            board,
            store,
            scans,
            cloud_clock,
            timezone,
            device_error: false,
            stop,
        }
    }

    /// Receives until the driver has ended and everything it found is stored.
    pub(crate) async fn serve(mut self, mut scanner: Scanner) {
        loop {
            {
                let port = scanner.state.borrow_and_update();
                port::show(
                    &self.config.id,
                    &port,
                    self.scans.is_running(),
                    self.device_error,
                    &self.board,
                );
            }
            tokio::select! {
                event = scanner.events.recv() => match event {
                    Some(event) => self.take(event, &scanner).await,
                    None => break,
                },
                Ok(()) = scanner.state.changed() => {}
            }
        }
    }

    async fn take(&mut self, event: DriverEvent, scanner: &Scanner) {
        let DriverEvent {
            at, received_at, event, ..
        } = event;
        match event {
            Event::Stage { stage, within } => {
                self.device_error = false;
                self.scans.running_or_start(stage, at, received_at).await;
                self.scans.reach(stage, within, at);
            }
            Event::Record(record) => self.take_result(Ok(record), at, received_at, scanner).await,
            Event::Rejected(rejected) => self.take_result(Err(rejected), at, received_at, scanner).await,
            Event::Earlier(result) => {
                let running = self.scans.step_back();
                self.take_result(result, at, received_at, scanner).await;
                self.scans.step_forward(running);
            }
            Event::Repeated => self.fail_repeated(),
            Event::Cancelled => self.scans.end(Ending::Cancelled, Upload::None, None),
            Event::Connected(device) => {
                tracing::info!(scanner = %self.config.id, model = device.model, firmware = device.firmware, "the scanner is there");
                self.device_error = false;
                self.show_model(device.model);
                self.set_clock(scanner).await;
            }
            Event::Prompt(message) => self.scans.prompt(message, at),
            Event::DeviceError(error) => {
                tracing::warn!(scanner = %self.config.id, code = %error.code, error = error.name, "the scanner reports an error");
                // What the person can mend is over with the scan; the rest stays until the device does something again.
                self.device_error = error.needs_service;
                self.scans.fail(error.name, error.advice);
            }
        }
    }

    /// Keeps a result, or bytes that must not become one; then the device is told that it may forget them.
    async fn take_result(
        &mut self,
        result: Result<Box<Record>, Rejected>,
        at: std::time::Instant,
        received_at: Timestamp,
        scanner: &Scanner,
    ) {
        let (id, raw) = match &result {
            Ok(record) => (record.result_id.clone(), &record.raw),
            Err(rejected) => (rejected.result_id.clone(), &rejected.raw),
        };
        let sends_until_told = scanner.capabilities.confirms_stored;
        // Fixed here for good.
        let externalid = match &id {
            Some(id) => self.store.identity(id, raw),
            // The device cannot be told to forget what does not say which result it is: it sends it at every start.
            None if sends_until_told => self.store.identity(self.config.id.as_str(), raw),
            None => Uuid::now_v7(),
        };
        let confirmed = id.filter(|_| sends_until_told).map(RecordId);
        // If power failed before the device heard, or it cannot be told, it sends what lies here already. That is nobody's
        // scan.
        let is_old_news = sends_until_told && !self.scans.is_running() && self.store.has(externalid).await;
        if !is_old_news {
            let scan = self
                .scans
                .running_or_start(Stage::ReadingResults, at, received_at)
                .await;
            let port = scanner.state.borrow().clone();
            let origin = self.origin(externalid, scan, received_at, &port);
            match result {
                Ok(record) => self.take_record(*record, origin, confirmed.is_some()).await,
                Err(rejected) => self.take_rejected(rejected, origin).await,
            }
        }
        if let Some(id) = confirmed {
            self.confirm(id, scanner).await;
        }
    }

    /// `is_forgotten`: the device forgets the record after this.
    async fn take_record(&mut self, record: Record, origin: Origin, is_forgotten: bool) {
        let model = record.device.model.clone();
        match Reading::from_record(&record, origin.clone()) {
            Ok(reading) => self.take_reading(reading).await,
            Err(Unfit::NotAMeasurement) if !is_forgotten => {
                self.scans
                    .fail("not_a_measurement", "The scanner sent settings or a profile, no result");
            }
            Err(unfit) => {
                let reason = unfit.code().to_owned();
                tracing::warn!(scanner = %self.config.id, reason, cause = %unfit, "a result is set aside");
                let frame = RejectedFrame {
                    origin,
                    protocol: record.protocol,
                    reason,
                    age: record.age,
                    raw: record.raw,
                };
                self.set_aside(frame, NOT_ACCEPTED).await;
            }
        }
        self.show_model(model);
    }

    fn show_model(&self, model: Option<String>) {
        if model.is_some() {
            self.board.scanner(&self.config.id, |shown| shown.model = model);
        }
    }

    async fn take_reading(&mut self, reading: Reading) {
        let hold = self.config.unknown_person == UnknownPerson::Hold && reading.subject.named().is_none();
        let disposition = if hold { Disposition::Hold } else { Disposition::Send };
        let externalid = reading.origin.externalid;
        match self.keep_reading(&Parcel::Reading(reading), disposition).await {
            Outcome::Stored { id } => {
                tracing::info!(scanner = %self.config.id, %externalid, hold, "a result is stored");
                self.scans.end(Ending::Completed, Upload::Waiting, Some(id));
            }
            Outcome::AlreadyPresent { .. } => self.fail_repeated(),
        }
        self.clear_rejected();
    }

    async fn take_rejected(&mut self, rejected: Rejected, origin: Origin) {
        let Rejected {
            raw,
            reason,
            offset,
            detail,
            ..
        } = rejected;
        tracing::warn!(scanner = %self.config.id, %reason, offset, detail, bytes = raw.len(), "a frame is set aside");
        let alert = match reason {
            RejectReason::ChecksumMismatch => CHECKSUM,
            _ => NOT_ACCEPTED,
        };
        let (protocol, reason) = (self.config.protocol.name().to_owned(), reason.name().to_owned());
        self.set_aside(
            RejectedFrame {
                origin,
                protocol,
                reason,
                // That could not be read either.
                age: None,
                raw,
            },
            alert,
        )
        .await;
    }

    /// Keeps bytes that are no result, then ends the scan and tells why.
    async fn set_aside(&mut self, frame: RejectedFrame, alert: &'static str) {
        let code = frame.reason.clone();
        let disposition = Disposition::SetAside(outbox::Code::new(&code));
        // However long that takes, nobody is told that a result waits: this is none.
        let parcel = Parcel::Rejected(frame);
        let entry = self.store.keep(&parcel, disposition, &self.stop).await.id();
        let message = format!(
            "a result was not accepted ({code}) and is set aside with its bytes. Check cable and settings; the person has to scan again."
        );
        self.scans.end(
            Ending::Failed {
                code,
                message: NOT_INTACT.to_owned(),
            },
            Upload::SetAside,
            Some(entry),
        );
        self.clear_rejected();
        self.board.raise_at(&self.config.id, alert, Severity::Warning, &message);
    }

    /// Stores a good result, however long the disk takes. If that is long, the scan goes on and says why: it has not ended
    /// before its result is safe.
    async fn keep_reading(&mut self, parcel: &Parcel, disposition: Disposition) -> Outcome {
        let mut kept = pin!(self.store.keep(parcel, disposition, &self.stop));
        let mut refused = self.store.refused();
        let is_refused = async { drop(refused.wait_for(|all| all.contains_key(&self.config.id)).await) };
        tokio::select! {
            outcome = &mut kept => return outcome,
            () = is_refused => self.scans.wait_for_the_disk(),
        }
        kept.await
    }

    /// A good result shows that the cable works again.
    fn clear_rejected(&self) {
        for alert in [CHECKSUM, NOT_ACCEPTED] {
            self.board.clear_at(&self.config.id, alert);
        }
    }

    fn fail_repeated(&mut self) {
        self.scans.fail(
            "repeated_result",
            "The scanner sent a result again that is stored already",
        );
    }

    /// What is known about a result beyond its bytes.
    fn origin(&self, externalid: Uuid, scan: ScanId, received_at: Timestamp, port: &PortState) -> Origin {
        let port = match port {
            PortState::Open { path, .. } | PortState::Lost { path } => Some(path.display().to_string()),
            _ => None,
        };
        let time_quality = clock::quality(*self.cloud_clock.borrow());
        Origin {
            externalid,
            scan,
            scanner: self.config.id.clone(),
            received_at,
            time_quality,
            port,
        }
    }
}

#[cfg(test)]
mod tests;
