//! A reception with a real outbox, and in the place of the driver these tests.

mod crash;
mod full_disk;
mod rejected;
mod results;
mod scan_link;
mod scans;

use std::time::{Duration, Instant};

use outbox::{Config, Entry, Filter, Outbox, SealKey, State};
use progress_mqtt::Told;
use scan_model::{
    Age, Decimal, Integrity, Metric, Unit,
    board::{Activity, EventKind, ScanEvent, ScannerState},
    record::{Device, Measurement},
    subject::Subject,
};
use scanner_driver::Driver;
use tokio::{sync::mpsc, time::timeout};

use super::*;
use crate::{announcements::retell, keeper::test_board};

/// Nothing here takes longer on any machine that works.
const PATIENCE: Duration = Duration::from_secs(20);

/// A reception with a real outbox, and the driver's end of its queue.
struct House {
    _dir: tempfile::TempDir,
    outbox: Outbox,
    store: Store,
    teller: Teller,
    board: BoardKeeper,
    scanner: scanner_driver::Config,
    driver: mpsc::Sender<DriverEvent>,
    serving: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
}

impl House {
    async fn new(unknown_person: &str, config: Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = SealKey::from_bytes([7; 32]);
        let (outbox, _) = Outbox::open(&config, dir.path(), key.clone()).unwrap();
        let (teller, _) = retell(&outbox, true).await.unwrap();
        let (store, board) = (Store::new(outbox.clone(), key), test_board());
        let section = format!("id = \"bay-1\"\nport = \"/dev/null\"\nunknown_person = \"{unknown_person}\"");
        let scanner: scanner_driver::Config = toml::from_str(&section).unwrap();
        let stop = CancellationToken::new();
        let (driver, serving) = receive(&scanner, &board, &store, &teller, &stop);
        Self {
            _dir: dir,
            outbox,
            store,
            teller,
            board,
            scanner,
            driver,
            serving,
            stop,
        }
    }

    /// Puts a new reception in the place of the one that serves.
    fn receive_again(&mut self) {
        (self.driver, self.serving) = receive(&self.scanner, &self.board, &self.store, &self.teller, &self.stop);
    }

    async fn send(&self, event: Event) {
        let (at, received_at) = (Instant::now(), Timestamp::now());
        let event = DriverEvent {
            scanner: "bay-1".parse().unwrap(),
            at,
            received_at,
            event,
        };
        timeout(PATIENCE, self.driver.send(event)).await.unwrap().unwrap();
    }

    /// Waits until the board shows the scanner as `wanted`.
    async fn shows(&self, wanted: impl Fn(&ScannerState) -> bool) {
        let mut board = self.board.subscribe();
        let shown = board.wait_for(|board| board.scanners.values().any(&wanted));
        drop(timeout(PATIENCE, shown).await.unwrap().unwrap());
    }

    /// Lets the reception finish what it was sent, and returns what lies in the outbox.
    async fn finish(self) -> Finished {
        drop(self.driver);
        timeout(PATIENCE, self.serving).await.unwrap().unwrap();
        let mut entries = Vec::new();
        for summary in self.outbox.list(Filter::default()).await.unwrap() {
            entries.push(self.outbox.get(summary.id).await.unwrap());
        }
        let board = self.board.now();
        let scanner = board.scanners.values().next().unwrap().clone();
        let alerts = board.alerts.keys().cloned().collect();
        Finished {
            entries,
            told: self.teller.waiting(),
            scanner,
            alerts,
        }
    }
}

/// A reception that serves, and the driver's end of its queue, which has room for one event.
fn receive(
    scanner: &scanner_driver::Config,
    board: &BoardKeeper,
    store: &Store,
    teller: &Teller,
    stop: &CancellationToken,
) -> (mpsc::Sender<DriverEvent>, tokio::task::JoinHandle<()>) {
    let (_, mut ends) = Driver::new(scanner);
    let (driver, events) = mpsc::channel(1);
    ends.events = events;
    let clock = watch::Sender::new(None).subscribe();
    let reception = Reception::new(
        scanner.clone(),
        board.clone(),
        store.clone(),
        teller.clone(),
        clock,
        TimeZone::UTC,
        stop.clone(),
    );
    (driver, tokio::spawn(reception.serve(ends)))
}

struct Finished {
    entries: Vec<Entry>,
    told: Vec<Told>,
    scanner: ScannerState,
    alerts: Vec<String>,
}

impl Finished {
    /// The kinds of the events that were told.
    fn events(&self) -> Vec<EventKind> {
        events(&self.told).map(|event| event.kind).collect()
    }

    fn states(&self) -> Vec<State> {
        self.entries.iter().map(|entry| entry.summary.state).collect()
    }

    fn reading(&self, at: usize) -> Reading {
        match self.parcel(at) {
            Parcel::Reading(reading) => reading,
            other => panic!("{other:?} is no reading"),
        }
    }

    fn rejected(&self, at: usize) -> RejectedFrame {
        match self.parcel(at) {
            Parcel::Rejected(frame) => frame,
            other => panic!("{other:?} is no rejected frame"),
        }
    }

    fn parcel(&self, at: usize) -> Parcel {
        serde_json::from_slice(&self.entries[at].payload).unwrap()
    }
}

/// The events among what was told.
fn events(told: &[Told]) -> impl Iterator<Item = &ScanEvent> {
    told.iter().filter_map(|told| match told {
        Told::Event(event) => Some(event),
        Told::Progress { .. } => None,
    })
}

fn record(weight: &str) -> Record {
    let value: Decimal = weight.parse().unwrap();
    Record {
        device: Device {
            model: Some("MC-780".into()),
            ..Device::default()
        },
        measurements: vec![Measurement {
            metric: Metric::BODY_WEIGHT,
            value,
            unit: Unit::Kilogram,
        }],
        subject: Subject {
            number: Some("0000000000".into()),
            ..Subject::default()
        },
        integrity: Integrity::Verified,
        ..Record::new("tanita-tagged", None, b"{0,16,\xff")
    }
}

/// A result of the person with this number, or of nobody.
fn record_of(number: Option<&str>, weight: &str) -> Record {
    let mut record = record(weight);
    record.subject.number = number.map(Into::into);
    record
}

/// An outbox without room for a single result.
fn nothing_fits() -> Config {
    Config {
        max_size: bytesize::ByteSize::b(1),
        ..Config::default()
    }
}

fn arrived(record: Record) -> Event {
    Event::Record(Box::new(record))
}

fn reading(within: u8) -> Event {
    Event::Stage {
        stage: Stage::ReadingResults,
        within,
    }
}

fn rejected(reason: RejectReason) -> Event {
    Event::Rejected(Rejected {
        raw: b"{0,16,\x00".to_vec(),
        reason,
        offset: 6,
        detail: String::new(),
        result_id: None,
    })
}
