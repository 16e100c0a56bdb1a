mod scan_link;

use std::time::{Duration, Instant};

use outbox::{Config, Entry, Filter, Outbox, SealKey, State};
use progress_mqtt::Told;
use scan_model::{
    Decimal, DeviceTime, Integrity, Metric, Unit,
    board::{Activity, EventKind, ScannerState},
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

    /// A house whose disk takes nothing, with a result that waits in memory for that reason.
    async fn full(weight: &str) -> Self {
        let house = Self::new("unassigned", nothing_fits()).await;
        house.send(arrived(record(weight))).await;
        let mut refused = house.store.refused();
        timeout(PATIENCE, refused.wait_for(|refused| !refused.is_empty()))
            .await
            .unwrap()
            .unwrap();
        house
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
        self.told
            .iter()
            .filter_map(|told| {
                if let Told::Event(event) = told {
                    Some(event.kind)
                } else {
                    None
                }
            })
            .collect()
    }

    fn states(&self) -> Vec<State> {
        self.entries.iter().map(|entry| entry.summary.state).collect()
    }

    fn parcel(&self, at: usize) -> Parcel {
        serde_json::from_slice(&self.entries[at].payload).unwrap()
    }
}

fn record(weight: &str) -> Record {
    let value: Decimal = weight.parse().unwrap();
    Record {
        protocol: "tanita-tagged".into(),
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
        device_time: DeviceTime::Absent,
        integrity: Integrity::Verified,
        flags: Vec::new(),
        result_id: None,
        raw: b"{0,16,\xff".to_vec(),
    }
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

#[tokio::test]
async fn a_result_is_stored_and_then_called_complete() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(arrived(record("80.50"))).await;
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting]);
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Completed]);
    let Parcel::Reading(reading) = finished.parcel(0) else {
        panic!("a reading")
    };
    assert_eq!(reading.get(Metric::BODY_WEIGHT).unwrap().to_string(), "80.50");
    assert_eq!(
        finished.entries[0].summary.key.as_str(),
        reading.origin.externalid.to_string()
    );
    let last = finished.scanner.last.unwrap();
    assert_eq!(
        (last.scan, last.result, last.upload),
        (reading.origin.scan, EventKind::Completed, Upload::Waiting)
    );
    assert_eq!(
        (finished.scanner.scan, finished.scanner.model.as_deref()),
        (None, Some("MC-780"))
    );
}

#[tokio::test]
async fn the_last_progress_of_a_scan_is_told_before_its_end() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    let finished = house.finish().await;
    let [.., Told::Progress { progress, .. }, Told::Event(event)] = &finished.told[..] else {
        panic!("{:?}", finished.told)
    };
    assert!(progress.is_final && progress.progress == 100);
    assert_eq!((event.kind, event.scan), (EventKind::Completed, progress.scan));
}

#[tokio::test]
async fn a_result_that_the_disk_refuses_is_never_called_complete() {
    let house = House::full("80.5").await;
    assert!(house.store.refused().borrow().values().all(|refused| refused.full));
    let told = house.teller.waiting();
    assert!(
        !told
            .iter()
            .any(|told| matches!(told, Told::Event(event) if event.kind == EventKind::Completed))
    );
    let board = house.board.now();
    let scanner = board.scanners.values().next().unwrap();
    assert_eq!((scanner.activity, scanner.last.clone()), (Activity::Busy, None));
    house.serving.abort();
}

#[tokio::test]
async fn while_the_disk_refuses_nothing_more_is_taken_from_the_driver() {
    let house = House::full("80.5").await;
    house.send(arrived(record("70.5"))).await;
    assert_eq!(house.driver.capacity(), 0);
    house.serving.abort();
}

#[tokio::test]
async fn a_stop_stores_what_waits_in_memory_past_the_limits() {
    let house = House::full("80.5").await;
    let refused = house.store.refused();
    house.send(arrived(record("70.5"))).await;
    house.stop.cancel();
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting, State::Waiting]);
    assert!(refused.borrow().is_empty());
}

#[tokio::test]
async fn our_own_second_attempt_is_no_repetition_and_the_devices_is() {
    let house = House::new("unassigned", Config::default()).await;
    let parcel = |scan| {
        let origin = Origin {
            externalid: Uuid::from_u128(17),
            scan: ScanId(Uuid::from_u128(scan)),
            scanner: "bay-1".parse().unwrap(),
            received_at: Timestamp::UNIX_EPOCH,
            time_quality: clock::quality(None),
            port: None,
        };
        Parcel::Reading(Reading::from_record(&record("80.5"), origin).unwrap())
    };
    let keep = async |scan| house.store.keep(&parcel(scan), Disposition::Send, &house.stop).await;
    let first = keep(1).await;
    assert_eq!(keep(1).await, first);
    assert_eq!(keep(2).await, Outcome::AlreadyPresent { id: first.id() });
}

#[tokio::test]
async fn a_wrong_checksum_is_set_aside_with_its_bytes_and_raises_an_alert() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(rejected(RejectReason::ChecksumMismatch)).await;
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::SetAside]);
    let Parcel::Rejected(frame) = finished.parcel(0) else {
        panic!("a rejected frame")
    };
    assert_eq!(
        (frame.reason.as_str(), &frame.raw[..]),
        ("checksum_mismatch", &b"{0,16,\x00"[..])
    );
    assert_eq!(
        finished.events(),
        [EventKind::Started, EventKind::Failed, EventKind::SetAside]
    );
    assert_eq!(finished.alerts, ["checksum-mismatch"]);
    let last = finished.scanner.last.unwrap();
    assert_eq!((last.result, last.upload), (EventKind::Failed, Upload::SetAside));
}

#[tokio::test]
async fn the_next_good_result_clears_the_alert() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(rejected(RejectReason::ChecksumMismatch)).await;
    house.send(rejected(RejectReason::Truncated)).await;
    house.send(arrived(record("80.5"))).await;
    let finished = house.finish().await;
    assert_eq!(finished.alerts, [""; 0]);
    assert_eq!(finished.states(), [State::SetAside, State::SetAside, State::Waiting]);
}

#[tokio::test]
async fn a_weight_that_cannot_be_true_is_set_aside_and_never_goes_up() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("900"))).await;
    let finished = house.finish().await;
    assert_eq!(
        (finished.states(), finished.alerts.clone()),
        (vec![State::SetAside], vec!["record-rejected".to_owned()])
    );
    let Parcel::Rejected(frame) = finished.parcel(0) else {
        panic!("a rejected frame")
    };
    assert_eq!(
        (frame.reason.as_str(), &frame.raw[..]),
        ("no_plausible_weight", &b"{0,16,\xff"[..])
    );
}

#[tokio::test]
async fn a_profile_is_no_result_and_nothing_is_kept_of_it() {
    let house = House::new("unassigned", Config::default()).await;
    house
        .send(arrived(Record {
            measurements: Vec::new(),
            ..record("1")
        }))
        .await;
    let finished = house.finish().await;
    assert!(finished.entries.is_empty());
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Failed]);
}

#[tokio::test]
async fn results_of_nobody_are_held_where_the_configuration_says_so() {
    let house = House::new("hold", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    let named = Subject {
        number: Some("0000001234".into()),
        ..Subject::default()
    };
    house
        .send(arrived(Record {
            subject: named,
            ..record("70.5")
        }))
        .await;
    assert_eq!(house.finish().await.states(), [State::Held, State::Waiting]);
}

#[tokio::test]
async fn a_result_with_the_devices_own_number_is_stored_once() {
    let house = House::new("unassigned", Config::default()).await;
    for _ in 0..2 {
        house
            .send(arrived(Record {
                result_id: Some("device/boot/17".into()),
                ..record("80.5")
            }))
            .await;
    }
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting]);
    let expected = [
        EventKind::Started,
        EventKind::Completed,
        EventKind::Started,
        EventKind::Failed,
    ];
    assert_eq!(finished.events(), expected);
}

#[tokio::test]
async fn a_scan_that_runs_goes_on_while_a_result_of_an_earlier_one_is_stored() {
    let house = House::new("unassigned", Config::default()).await;
    let measuring = |within| Event::Stage {
        stage: Stage::Measuring,
        within,
    };
    house.send(measuring(50)).await;
    house.send(Event::Earlier(Ok(Box::new(record("70.5"))))).await;
    house.send(measuring(90)).await;
    house.send(arrived(record("80.5"))).await;
    let finished = house.finish().await;
    assert_eq!(finished.states(), [State::Waiting, State::Waiting]);
    let events: Vec<_> = finished
        .told
        .iter()
        .filter_map(|told| match told {
            Told::Event(event) => Some((event.kind, event.scan)),
            Told::Progress { .. } => None,
        })
        .collect();
    let [(_, running), (_, earlier), ..] = events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        events,
        [
            (EventKind::Started, running),
            (EventKind::Started, earlier),
            (EventKind::Completed, earlier),
            (EventKind::Completed, running)
        ]
    );
    // The end of the earlier one emptied the scanner's topic: what runs is told again right behind it.
    let mut told = finished.told.iter();
    told.find(|told| matches!(told, Told::Event(event) if event.kind == EventKind::Completed));
    let Some(Told::Progress { progress, .. }) = told.next() else {
        panic!("{:?}", finished.told)
    };
    assert_eq!(
        (progress.scan, progress.stage, progress.is_final),
        (running, Stage::Measuring, false)
    );
    let (Parcel::Reading(first), Parcel::Reading(second)) = (finished.parcel(0), finished.parcel(1)) else {
        panic!("readings")
    };
    assert_eq!((first.origin.scan, second.origin.scan), (earlier, running));
    assert_eq!(finished.scanner.last.unwrap().scan, running);
}

#[tokio::test]
async fn a_crash_after_an_earlier_result_still_ends_the_scan_that_ran() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(Event::Earlier(Ok(Box::new(record("70.5"))))).await;
    let mut board = house.board.subscribe();
    let goes_on = |board: &std::sync::Arc<scan_model::board::Board>| {
        let mut scanners = board.scanners.values();
        scanners.any(|shown| shown.scan.is_some() && shown.last.is_some())
    };
    timeout(PATIENCE, board.wait_for(goes_on)).await.unwrap().unwrap();
    house.serving.abort();
    let told = house.teller.waiting();
    let Some(Told::Event(started)) = told.iter().find(|told| matches!(told, Told::Event(_))) else {
        panic!("{told:?}")
    };
    let ended = house.teller.interrupted(&"bay-1".parse().unwrap()).unwrap();
    assert_eq!(ended.scan, started.scan);
}

#[tokio::test]
async fn a_scan_that_is_stopped_at_the_device_is_cancelled_and_not_failed() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    house.send(Event::Cancelled).await;
    assert_eq!(
        house.finish().await.events(),
        [EventKind::Started, EventKind::Cancelled]
    );
}

#[tokio::test]
async fn results_of_one_person_share_a_lane_and_results_of_nobody_do_not() {
    let house = House::new("unassigned", Config::default()).await;
    let named = Subject {
        number: Some("0000001234".into()),
        ..Subject::default()
    };
    for subject in [named.clone(), named, Subject::default(), Subject::default()] {
        house
            .send(arrived(Record {
                subject,
                ..record("80.5")
            }))
            .await;
    }
    let finished = house.finish().await;
    let lanes: Vec<_> = finished.entries.iter().map(|entry| entry.lane).collect();
    assert!(lanes[0] == lanes[1] && lanes[1] != lanes[2] && lanes[2] != lanes[3]);
}

#[tokio::test]
async fn an_end_that_was_not_announced_before_a_crash_is_told_at_the_next_start() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    house.send(rejected(RejectReason::ChecksumMismatch)).await;
    let (outbox, teller) = (house.outbox.clone(), house.teller.clone());
    let finished = house.finish().await;
    // The crash: nothing of the teller's memory was written.
    let (again, _) = retell(&outbox, true).await.unwrap();
    let kinds_and_scans = |told: &[Told]| -> Vec<_> {
        let events = told.iter().filter_map(|told| {
            if let Told::Event(event) = told {
                Some(event)
            } else {
                None
            }
        });
        events
            .filter(|event| event.kind != EventKind::Started)
            .map(|event| (event.kind, event.scan))
            .collect()
    };
    let expected = kinds_and_scans(&finished.told);
    assert_eq!(kinds_and_scans(&again.waiting()), expected);
    // Everything announced and remembered: nothing is told again.
    for (kind, scan) in expected {
        teller.announced(progress_mqtt::Announced { scan, kind });
    }
    let stop = CancellationToken::new();
    stop.cancel();
    teller.remember(stop).await;
    let (again, last) = retell(&outbox, true).await.unwrap();
    assert_eq!(again.waiting(), []);
    assert_eq!(last.values().next().unwrap().result, EventKind::Failed);
}

#[tokio::test]
async fn a_scan_that_a_crash_cut_off_fails_at_the_next_start() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    let mut board = house.board.subscribe();
    timeout(
        PATIENCE,
        board.wait_for(|board| board.scanners.values().any(|shown| shown.scan.is_some())),
    )
    .await
    .unwrap()
    .unwrap();
    // The crash: what the teller remembered at the start is all there is.
    let (again, last) = retell(&house.outbox, true).await.unwrap();
    let [Told::Event(event)] = &again.waiting()[..] else {
        panic!("{:?}", again.waiting())
    };
    assert_eq!(
        (event.kind, event.code.as_deref()),
        (EventKind::Failed, Some("interrupted"))
    );
    assert_eq!(last.values().next().unwrap().scan, event.scan);
    house.serving.abort();
}

#[tokio::test]
async fn a_scan_that_was_cut_off_is_ended_before_anything_is_told_again() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("80.5"))).await;
    house.send(reading(0)).await;
    let mut board = house.board.subscribe();
    let runs_again = |board: &std::sync::Arc<scan_model::board::Board>| {
        board
            .scanners
            .values()
            .any(|shown| shown.scan.is_some() && shown.last.is_some())
    };
    timeout(PATIENCE, board.wait_for(runs_again)).await.unwrap().unwrap();
    let (again, last) = retell(&house.outbox, true).await.unwrap();
    let [Told::Event(cut_off), Told::Event(completed)] = &again.waiting()[..] else {
        panic!("{:?}", again.waiting())
    };
    assert_eq!(
        (cut_off.kind, completed.kind),
        (EventKind::Failed, EventKind::Completed)
    );
    assert_eq!(last.values().next().unwrap().scan, cut_off.scan);
    house.serving.abort();
}

#[tokio::test]
async fn after_a_crash_the_last_scan_is_the_newest_result_and_where_it_is_now() {
    let house = House::new("unassigned", Config::default()).await;
    house.send(arrived(record("70.5"))).await;
    house.send(arrived(record("80.5"))).await;
    let outbox = house.outbox.clone();
    let finished = house.finish().await;
    let newest = finished.scanner.last.clone().unwrap();
    let after_crash = async || {
        let (_, last) = retell(&outbox, true).await.unwrap();
        last.into_values().next().unwrap()
    };
    let last = after_crash().await;
    assert_eq!((last.scan, last.upload), (newest.scan, Upload::Waiting));
    for leased in outbox.lease(8).await.unwrap() {
        outbox
            .acknowledge(leased.id(), outbox::Receipt(b"17".to_vec()))
            .await
            .unwrap();
    }
    let last = after_crash().await;
    assert_eq!((last.scan, last.upload), (newest.scan, Upload::Unassigned));
}

#[tokio::test]
async fn a_reception_that_comes_after_a_panic_ends_the_scan_it_finds() {
    let mut house = House::new("unassigned", Config::default()).await;
    house.send(reading(0)).await;
    let mut board = house.board.subscribe();
    let runs =
        |board: &std::sync::Arc<scan_model::board::Board>| board.scanners.values().any(|shown| shown.scan.is_some());
    timeout(PATIENCE, board.wait_for(runs)).await.unwrap().unwrap();
    house.serving.abort();
    house.receive_again();
    timeout(PATIENCE, board.wait_for(|board| !runs(board)))
        .await
        .unwrap()
        .unwrap();
    let told = house.teller.waiting();
    assert!(
        matches!(&told[..], [.., Told::Event(event)] if event.kind == EventKind::Failed),
        "{told:?}"
    );
}
