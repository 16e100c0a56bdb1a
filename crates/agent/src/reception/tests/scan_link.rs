//! A scanner that keeps its results until it hears that they are stored: a real session, a real outbox.

use firmware_protocol::{
    Capabilities, Clock, Completeness, Decimal, Device, DeviceEvent, DeviceId, Identity, LineConfig, MetricId,
    Progress, RamStore, RecordHeader, RecordWriter, ResultNumber, ResultStore, ScanKind, ScanRef, Subject as Person,
    text,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::{Instant as Moment, sleep_until},
};

use super::*;

const RESULT: ResultNumber = ResultNumber { boot: 7, number: 1 };

/// So long the scanner has been up before it is plugged in; the result in its memory is of its start.
const UPTIME: Duration = Duration::from_hours(62);

/// The scanner's end of the cable.
struct Link {
    scanner: Device<RamStore<2, 1024>>,
    cable: DuplexStream,
    began: Moment,
}

impl Link {
    /// Puts a scanner with one result in its memory, and a new driver and reception, into the place of what `house` had.
    fn plug_into(house: &mut House) -> Self {
        let section = "id = \"bay-1\"\nport = \"/dev/null\"\nprotocol = \"scan-link\"";
        let config: scanner_driver::Config = toml::from_str(section).unwrap();
        let (driver, ends) = Driver::new(&config);
        let (cable, port) = duplex(4096);
        let stop = house.stop.clone();
        tokio::spawn(async move { driver.run_on(port, stop).await });
        // The cloud vouches for the host's clock, whatever the kernel of this machine says.
        let agreed = ServerClock {
            offset_ms: 0,
            at: Timestamp::now(),
        };
        let clock = watch::Sender::new(Some(agreed)).subscribe();
        let reception = Reception::new(
            config,
            house.board.clone(),
            house.store.clone(),
            house.teller.clone(),
            clock,
            TimeZone::fixed(jiff::tz::Offset::from_seconds(330 * 60).unwrap()),
            house.stop.clone(),
        );
        house.serving = tokio::spawn(reception.serve(ends));
        let identity = Identity {
            device: DeviceId(*b"chip-0001\0\0\0\0\0\0\0"),
            boot: RESULT.boot,
            uptime_ms: 0,
            maker: text("Example"),
            model: text("BC-1"),
            serial: text("SN-42"),
            firmware: text("1.4.0"),
            capabilities: Capabilities::LIVE_STAGES.with(Capabilities::CLOCK),
        };
        let mut store = RamStore::new();
        store.append(RESULT, &result(MetricId::BODY_WEIGHT)).unwrap();
        Self {
            scanner: Device::new(identity, store, LineConfig::new(7), firmware_protocol::Instant::START),
            cable,
            began: Moment::now(),
        }
    }

    /// Puts another record into the place of the one in the scanner's memory.
    fn has_instead(&mut self, record: &[u8]) {
        let memory = self.scanner.store_mut();
        memory.remove(RESULT);
        memory.append(RESULT, record).unwrap();
    }

    /// Lets the scanner work until it hears `wanted`. Gives all that it heard.
    async fn hears(&mut self, wanted: impl Fn(&DeviceEvent) -> bool) -> Vec<DeviceEvent> {
        let mut heard = Vec::new();
        let work = async {
            let mut buffer = [0; 256];
            loop {
                let now = self.now();
                self.scanner.handle_timeout(now);
                while let Some(event) = self.scanner.poll_event() {
                    heard.push(event);
                }
                while let Some(frame) = self.scanner.poll_transmit(now) {
                    self.cable.write_all(frame).await.unwrap();
                }
                if heard.iter().any(&wanted) {
                    return;
                }
                let due = self
                    .scanner
                    .poll_timeout()
                    .map_or(0, firmware_protocol::Instant::micros);
                tokio::select! {
                    read = self.cable.read(&mut buffer) => {
                        let now = self.now();
                        self.scanner.handle_bytes(now, &buffer[..read.unwrap()]);
                    }
                    () = sleep_until(self.began + Duration::from_micros(due).saturating_sub(UPTIME)) => {}
                }
            }
        };
        timeout(PATIENCE, work).await.unwrap();
        heard
    }

    fn now(&self) -> firmware_protocol::Instant {
        let uptime = UPTIME + self.began.elapsed();
        firmware_protocol::Instant::from_micros(u64::try_from(uptime.as_micros()).unwrap())
    }
}

/// The record in the scanner's memory.
fn result(metric: MetricId) -> Vec<u8> {
    let header = RecordHeader {
        result: RESULT,
        scan: ScanRef::WalkUp(1),
        kind: ScanKind::BodyComposition,
        completeness: Completeness::Full,
        uptime_ms: 0,
        clock: None,
        subject: Person::default(),
    };
    let mut buffer = [0; 256];
    let mut writer = RecordWriter::new(&mut buffer, &header).unwrap();
    writer.value(metric, Decimal::new(8050, 2)).unwrap();
    writer.finish().to_vec()
}

fn is_stored(event: &DeviceEvent) -> bool {
    *event == DeviceEvent::Stored(RESULT)
}

async fn house(config: Config) -> House {
    let house = House::new("unassigned", config).await;
    house.serving.abort();
    house
}

/// Ends the driver, and with it the reception.
async fn finish(house: House) -> Finished {
    house.stop.cancel();
    house.finish().await
}

#[tokio::test]
async fn the_scanner_forgets_a_result_once_it_is_on_the_disk() {
    let mut house = house(Config::default()).await;
    let mut link = Link::plug_into(&mut house);
    link.hears(is_stored).await;
    let finished = finish(house).await;
    assert_eq!(finished.states(), [State::Waiting]);
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Completed]);
    assert_eq!(finished.scanner.model.as_deref(), Some("BC-1"));
    let reading = finished.reading(0);
    assert_eq!(reading.get(Metric::BODY_WEIGHT).unwrap().to_string(), "80.50");
    assert_eq!(reading.protocol, "scan-link");
}

#[tokio::test]
async fn a_result_that_waited_in_the_scanner_has_the_date_of_its_measurement() {
    let mut house = house(Config::default()).await;
    let mut link = Link::plug_into(&mut house);
    link.hears(is_stored).await;
    let reading = finish(house).await.reading(0);
    // Measured when the scanner started; and the test has not taken an hour.
    let waited = reading.origin.received_at.duration_since(reading.date()).unsigned_abs();
    assert!(
        waited >= UPTIME && waited < UPTIME + Duration::from_hours(1),
        "{waited:?}"
    );
    assert_eq!(reading.flags, []);
}

#[tokio::test]
async fn what_waited_in_the_scanner_and_is_set_aside_keeps_how_old_it_was() {
    let mut house = house(Config::default()).await;
    let mut link = Link::plug_into(&mut house);
    link.has_instead(&result(MetricId::HEIGHT));
    link.hears(is_stored).await;
    let age = finish(house).await.rejected(0).age;
    assert!(
        matches!(age, Some(Age::Counted(age)) if age >= UPTIME && age < UPTIME + Duration::from_hours(1)),
        "{age:?}"
    );
}

#[tokio::test]
async fn a_result_that_was_stored_before_a_crash_is_confirmed_and_nobody_is_told_of_it_again() {
    let mut house = house(Config::default()).await;
    Link::plug_into(&mut house).hears(is_stored).await;
    // The confirmation was lost with the bridge: the scanner still has it.
    house.serving.abort();
    let mut link = Link::plug_into(&mut house);
    link.hears(is_stored).await;
    let finished = finish(house).await;
    assert_eq!(finished.states(), [State::Waiting]);
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Completed]);
    assert_eq!(finished.scanner.last.unwrap().result, EventKind::Completed);
}

#[tokio::test]
async fn the_next_persons_result_is_kept_though_the_scanner_forgot_how_far_it_had_counted() {
    let mut house = house(Config::default()).await;
    Link::plug_into(&mut house).hears(is_stored).await;
    let next = result(MetricId::WAIST_GIRTH);
    // Twice, as the first confirmation was lost with the bridge.
    for _ in 0..2 {
        house.serving.abort();
        let mut link = Link::plug_into(&mut house);
        link.has_instead(&next);
        link.hears(is_stored).await;
    }
    let finished = finish(house).await;
    assert_eq!(finished.states(), [State::Waiting, State::Waiting]);
    let (first, second) = (finished.reading(0), finished.reading(1));
    assert!(first.raw == result(MetricId::BODY_WEIGHT) && second.raw == next);
    let a_scan = [EventKind::Started, EventKind::Completed];
    assert_eq!(finished.events(), [a_scan, a_scan].concat());
}

#[tokio::test]
async fn a_result_that_the_disk_refuses_stays_in_the_scanner() {
    let mut house = house(nothing_fits()).await;
    let mut link = Link::plug_into(&mut house);
    let mut refused = house.store.refused();
    tokio::select! {
        _ = link.hears(is_stored) => panic!("the scanner was told that its result is stored"),
        refused = refused.wait_for(|refused| !refused.is_empty()) => drop(refused.unwrap()),
    }
    assert_eq!(link.scanner.store_mut().oldest().unwrap().result, RESULT);
    house.serving.abort();
}

#[tokio::test]
async fn what_can_never_become_a_reading_is_set_aside_before_the_scanner_forgets_it() {
    let mut damaged = result(MetricId::BODY_WEIGHT);
    damaged[20] ^= 1;
    for (bytes, reason) in [
        (damaged, "checksum_mismatch"),
        (result(MetricId::HEIGHT), "not_a_measurement"),
    ] {
        let mut house = house(Config::default()).await;
        let mut link = Link::plug_into(&mut house);
        link.has_instead(&bytes);
        link.hears(is_stored).await;
        let finished = finish(house).await;
        assert_eq!(finished.states(), [State::SetAside]);
        let frame = finished.rejected(0);
        assert_eq!((frame.reason.as_str(), frame.raw), (reason, bytes));
        assert_eq!(
            finished.events(),
            [EventKind::Started, EventKind::Failed, EventKind::SetAside]
        );
    }
}

#[tokio::test]
async fn a_shape_without_a_weight_is_a_reading_too() {
    let mut house = house(Config::default()).await;
    let mut link = Link::plug_into(&mut house);
    link.has_instead(&result(MetricId::WAIST_GIRTH));
    link.hears(is_stored).await;
    assert_eq!(finish(house).await.states(), [State::Waiting]);
}

#[tokio::test]
async fn the_scanners_clock_is_set_with_the_zone_of_the_configuration() {
    let mut house = house(Config::default()).await;
    let mut link = Link::plug_into(&mut house);
    let heard = link.hears(is_stored).await;
    let clocks: Vec<Clock> = heard
        .iter()
        .filter_map(|event| match event {
            DeviceEvent::SetClock(clock) => Some(*clock),
            _ => None,
        })
        .collect();
    assert!(
        !clocks.is_empty() && clocks.iter().all(|clock| clock.offset_minutes == 330),
        "{clocks:?}"
    );
    house.serving.abort();
}

#[tokio::test]
async fn stages_are_shown_and_the_result_is_of_the_same_scan() {
    let mut house = house(Config::default()).await;
    let mut link = Link::plug_into(&mut house);
    link.scanner.store_mut().remove(RESULT);
    link.hears(|event| matches!(event, DeviceEvent::Connected { .. })).await;
    let weighing = Progress {
        scan: ScanRef::WalkUp(1),
        stage: firmware_protocol::Stage::Weighing,
        percent: 50,
    };
    link.scanner.progress(weighing).unwrap();
    let is_weighing = |shown: &ScannerState| shown.scan.as_ref().is_some_and(|scan| scan.stage == Stage::Weighing);
    tokio::select! {
        _ = link.hears(|_| false) => {}
        () = house.shows(is_weighing) => {}
    }
    link.scanner
        .store_mut()
        .append(RESULT, &result(MetricId::BODY_WEIGHT))
        .unwrap();
    link.hears(is_stored).await;
    let finished = finish(house).await;
    assert_eq!(finished.events(), [EventKind::Started, EventKind::Completed]);
}
