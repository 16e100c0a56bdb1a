//! Receives what one scanner's driver found: scans come up on the board, results go into the safe.
//!
//! The order is the promise: a result gets its identity when it arrives, is stored and fsynced, and only then is anybody
//! told that the scan is complete, the device included. While the disk does not take a result it stays here, in memory, and
//! nothing more is taken from the driver; it is tried again for ever.

mod scan;
mod store;

use std::time::Instant;

use jiff::Timestamp;
use outbox::{Disposition, EntryId, Outcome};
use scan_model::{
    Parcel, Reading, Record, ScanId,
    board::{Activity, EventKind, LastScan, Severity, Upload},
    parcel::RejectedFrame,
    progress::{Ending, Stage},
    reading::{Origin, Unfit},
};
use scanner_driver::{DriverEvent, PortState, Scanner, UnknownPerson};
use scanner_protocol::{Command, Event, RecordId, RejectReason, Rejected};
use tokio::sync::watch;
use uploader::ServerClock;
use uuid::Uuid;

use crate::{
    announcements::Teller,
    clock,
    keeper::{BoardKeeper, set_activity},
};
use scan::RunningScan;
pub(crate) use store::{Refused, Store};

/// Namespace of identities that are derived from a device's own number of a result.
const RESULT_NAMESPACE: Uuid = Uuid::from_u128(0x6b1f_4f0e_52c1_4d0c_9a3d_2f5b_7c81_e604);

/// What a person is told whose result did not arrive as it was sent.
pub(crate) const NOT_INTACT: &str = "The result did not arrive intact. Please scan again";

/// Alert: another program has a scanner's port.
const PORT_HELD: &str = "port-held";

/// One scanner's reception.
pub(crate) struct Reception {
    config: scanner_driver::Config,
    board: BoardKeeper,
    store: Store,
    teller: Teller,
    cloud_said: watch::Receiver<Option<ServerClock>>,
    running: Option<RunningScan>,
    /// The device's own error, until it does something again.
    device_error: Option<String>,
    /// The alert that the last rejected result raised. The next good result clears it.
    rejected: Option<&'static str>,
}

impl Reception {
    pub(crate) fn new(
        config: scanner_driver::Config,
        board: BoardKeeper,
        store: Store,
        teller: Teller,
        cloud_said: watch::Receiver<Option<ServerClock>>,
    ) -> Self {
        Self {
            config,
            board,
            store,
            teller,
            cloud_said,
            running: None,
            device_error: None,
            rejected: None,
        }
    }

    /// Receives until the driver has ended and everything it found is stored.
    pub(crate) async fn serve(mut self, mut scanner: Scanner) {
        if let Some(last) = self.teller.interrupted(&self.config.id) {
            self.board
                .scanner(&self.config.id, |shown| (shown.scan, shown.last) = (None, Some(last)));
        }
        self.show(&scanner.state.borrow_and_update());
        loop {
            tokio::select! {
                event = scanner.events.recv() => match event {
                    Some(event) => self.take(event, &scanner).await,
                    None => break,
                },
                Ok(()) = scanner.state.changed() => {}
            }
            self.show(&scanner.state.borrow_and_update());
        }
    }

    async fn take(&mut self, event: DriverEvent, scanner: &Scanner) {
        let DriverEvent {
            at, received_at, event, ..
        } = event;
        match event {
            Event::Stage { stage, within } => {
                self.device_error = None;
                self.scan(stage, at, received_at);
                self.reach(stage, within, at);
            }
            Event::Record(record) => {
                let scan = self.scan(Stage::ReadingResults, at, received_at);
                let origin = self.origin(scan, record.result_id.as_deref(), received_at, &scanner.state.borrow());
                self.take_record(*record, origin, scanner).await;
            }
            Event::Rejected(rejected) => {
                let scan = self.scan(Stage::ReadingResults, at, received_at);
                let origin = self.origin(scan, None, received_at, &scanner.state.borrow());
                self.take_rejected(rejected, origin).await;
            }
            Event::Repeated => self.fail_repeated(),
            Event::DeviceError(error) => {
                tracing::warn!(scanner = %self.config.id, code = %error.code, "the scanner reports an error");
                self.device_error = Some(error.code);
                self.fail("device_error", error.advice);
            }
        }
    }

    async fn take_record(&mut self, record: Record, origin: Origin, scanner: &Scanner) {
        let (result_id, model) = (record.result_id.clone(), record.device.model.clone());
        match Reading::from_record(&record, origin.clone()) {
            Ok(reading) => {
                let hold = self.config.unknown_person == UnknownPerson::Hold && reading.subject.named().is_none();
                let disposition = if hold { Disposition::Hold } else { Disposition::Send };
                match self.store.keep(&Parcel::Reading(reading), disposition).await {
                    Outcome::Stored { id } => self.end(Ending::Completed, Upload::Waiting, Some(id)),
                    Outcome::AlreadyPresent { .. } => self.fail_repeated(),
                }
                self.clear_rejected();
            }
            Err(Unfit::NotAMeasurement) => {
                self.fail("not_a_measurement", "The scanner sent settings or a profile, no result");
            }
            Err(unfit) => {
                tracing::warn!(scanner = %self.config.id, reason = unfit.code(), "a result is set aside");
                let frame = RejectedFrame {
                    origin,
                    protocol: record.protocol,
                    reason: unfit.code().to_owned(),
                    raw: record.raw,
                };
                self.set_aside(frame, "record-rejected").await;
            }
        }
        if model.is_some() {
            self.board.scanner(&self.config.id, |shown| shown.model = model);
        }
        if let Some(id) = result_id
            && scanner.capabilities.confirms_stored
            && let Err(error) = scanner.commander.send(Command::Stored(RecordId(id))).await
        {
            // The device then sends it again, and its identity makes that harmless.
            tracing::warn!(scanner = %self.config.id, %error, "the scanner was not told that its result is stored");
        }
    }

    async fn take_rejected(&mut self, rejected: Rejected, origin: Origin) {
        let Rejected {
            raw,
            reason,
            offset,
            detail,
        } = rejected;
        tracing::warn!(scanner = %self.config.id, %reason, offset, detail, bytes = raw.len(), "a frame is set aside");
        let alert = if reason == RejectReason::ChecksumMismatch {
            "checksum-mismatch"
        } else {
            "record-rejected"
        };
        let protocol = self.config.protocol.name().to_owned();
        self.set_aside(
            RejectedFrame {
                origin,
                protocol,
                reason: reason.name().to_owned(),
                raw,
            },
            alert,
        )
        .await;
    }

    /// Keeps bytes that are no result, then ends the scan and tells why.
    async fn set_aside(&mut self, frame: RejectedFrame, alert: &'static str) {
        let reason = frame.reason.clone();
        let disposition = Disposition::SetAside(outbox::Code::new(&reason));
        let entry = self.store.keep(&Parcel::Rejected(frame), disposition).await.id();
        let ending = Ending::Failed {
            code: reason.clone(),
            message: NOT_INTACT.to_owned(),
        };
        self.end(ending, Upload::SetAside, Some(entry));
        let message = format!(
            "{}a result was not accepted ({reason}) and is set aside with its bytes. Check cable and settings; the person has to scan again.",
            self.own()
        );
        self.clear_rejected();
        self.board.raise(alert, Severity::Warning, message);
        self.rejected = Some(alert);
    }

    /// A good result shows that the cable works again.
    fn clear_rejected(&mut self) {
        if let Some(alert) = self.rejected.take() {
            self.board.clear_own(alert, &self.own());
        }
    }

    /// How the messages of this scanner's alerts begin.
    fn own(&self) -> String {
        format!("Scanner {}: ", self.config.id)
    }

    /// What is known about a result beyond its bytes. Its identity is made here and never again.
    fn origin(&self, scan: ScanId, result_id: Option<&str>, received_at: Timestamp, port: &PortState) -> Origin {
        let externalid = match result_id {
            Some(id) => Uuid::new_v5(&RESULT_NAMESPACE, id.as_bytes()),
            None => Uuid::now_v7(),
        };
        Origin {
            externalid,
            scan,
            scanner: self.config.id.clone(),
            received_at,
            time_quality: clock::quality(*self.cloud_said.borrow()),
            port: match port {
                PortState::Open { path, .. } | PortState::Lost { path } => Some(path.display().to_string()),
                _ => None,
            },
        }
    }

    /// Identity of the running scan; a new one starts, and is told, if none runs.
    fn scan(&mut self, stage: Stage, at: Instant, received_at: Timestamp) -> ScanId {
        let (id, board, teller) = (&self.config.id, &self.board, &self.teller);
        let running = self.running.get_or_insert_with(|| {
            let scan = RunningScan::start(stage, at);
            teller.started(scan.event(id, EventKind::Started, received_at));
            teller.progress(id, scan.progress());
            board.scanner(id, |shown| {
                shown.scan = Some(scan.progress().clone());
                set_activity(shown, Activity::Busy, None);
            });
            scan
        });
        running.id()
    }

    fn reach(&mut self, stage: Stage, within: u8, at: Instant) {
        if let Some(scan) = &mut self.running
            && let Some(progress) = scan.reach(stage, within, at)
        {
            self.teller.progress(&self.config.id, progress);
            self.board
                .scanner(&self.config.id, |shown| shown.scan = Some(progress.clone()));
        }
    }

    fn fail_repeated(&mut self) {
        self.fail(
            "repeated_result",
            "The scanner sent a result again that is stored already",
        );
    }

    /// Ends the running scan, if there is one, with nothing to be kept.
    fn fail(&mut self, code: &str, message: &str) {
        self.end(
            Ending::Failed {
                code: code.to_owned(),
                message: message.to_owned(),
            },
            Upload::None,
            None,
        );
    }

    /// Ends the running scan: tells it, then shows it. `entry` is where its result lies, in the outbox.
    fn end(&mut self, ending: Ending, upload: Upload, entry: Option<EntryId>) {
        let Some(mut scan) = self.running.take() else { return };
        let id = &self.config.id;
        let time = Timestamp::now();
        let result = match ending {
            Ending::Completed => EventKind::Completed,
            Ending::Failed { .. } => EventKind::Failed,
            Ending::Cancelled => EventKind::Cancelled,
        };
        scan.end(ending);
        self.teller.progress(id, scan.progress());
        self.teller.ended(scan.event(id, result, time), entry);
        if upload == Upload::SetAside {
            self.teller.outcome(scan.event(id, EventKind::SetAside, time));
        }
        let last = LastScan {
            scan: scan.id(),
            time,
            result,
            upload,
        };
        self.teller.last(id, &last);
        self.board.scanner(id, |shown| {
            shown.scan = None;
            shown.last = Some(last);
        });
    }

    /// Shows the scanner in a performer's words.
    fn show(&self, port: &PortState) {
        let held = match port {
            PortState::Held { .. } => Some(format!("{}{port}", self.own())),
            _ => None,
        };
        self.board.scanner(&self.config.id, |shown| {
            let (activity, code) = match port {
                _ if self.running.is_some() => (Activity::Busy, None),
                PortState::Open { .. } if self.device_error.is_some() => (Activity::Error, Some("device_error")),
                PortState::Open { .. } => (Activity::Idle, None),
                PortState::Starting | PortState::Lost { .. } | PortState::Missing { .. } => {
                    (Activity::Offline, port.code())
                }
                PortState::Held { .. }
                | PortState::Denied { .. }
                | PortState::Unsupported { .. }
                | PortState::Failed { .. } => (Activity::Error, port.code()),
            };
            set_activity(shown, activity, code);
            if let PortState::Open { settings, .. } = port {
                shown.serial_settings = Some(settings.to_string());
            }
        });
        match held {
            Some(message) => self.board.raise(PORT_HELD, Severity::Error, message),
            None => self.board.clear_own(PORT_HELD, &self.own()),
        }
    }
}

#[cfg(test)]
mod tests;
