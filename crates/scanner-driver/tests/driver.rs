//! The driver on pseudo-terminals that behave like a scanner's cable.
#![cfg(unix)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use scan_model::Metric;
use scanner_driver::{CommandError, Config, Driver, PortSelector, PortState, Scanner, UnknownPerson};
use scanner_protocol::{Event, Protocol, Refused, RejectReason};
use scansim::{Line, Pace, Player};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

#[path = "driver/pc_mode.rs"]
mod pc_mode;

/// Far beyond what any step takes; reached only by a fault.
const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_record_on_the_wire_arrives_with_the_time_it_was_read() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let mut driven = bay.drive();
    driven.wait_for_state(PortState::is_open).await;
    let before = std::time::Instant::now();
    let last_byte = player
        .play(&record("80.5"))
        .await
        .expect("play")
        .last_byte
        .expect("whole");
    let (weight, at) = driven.next_weight().await;
    assert_eq!(weight, "80.5");
    assert!(
        at >= before && at <= std::time::Instant::now(),
        "{:?} after the last byte",
        at.checked_duration_since(last_byte)
    );
    driven.stop().await;
}

#[tokio::test]
async fn a_cable_pulled_in_the_middle_of_a_record_leaves_a_fragment_and_the_next_record_arrives() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let mut driven = bay.drive();
    driven.wait_for_state(PortState::is_open).await;

    let torn = record("70.1");
    player.play(&torn[..20]).await.expect("play");
    driven.wait_until_read().await;
    player.line().unplug();
    let Event::Rejected(fragment) = driven.next_result().await.1 else {
        panic!("a fragment is no record")
    };
    assert_eq!(
        (fragment.raw.as_slice(), fragment.reason),
        (&torn[..20], RejectReason::Truncated)
    );
    driven
        .wait_for_state(|state| matches!(state, PortState::Missing { .. }))
        .await;

    player.line().plug().expect("plug");
    driven.wait_for_state(PortState::is_open).await;
    player.play(&record("80.5")).await.expect("play");
    assert_eq!(driven.next_weight().await.0, "80.5");
    driven.stop().await;
}

#[tokio::test]
async fn a_port_that_is_missing_at_the_start_is_opened_when_it_appears() {
    let bay = Bay::new();
    let mut driven = bay.drive();
    let missing = driven
        .wait_for_state(|state| matches!(state, PortState::Missing { .. }))
        .await;
    let text = missing.to_string();
    assert!(
        text.contains(bay.link.to_str().expect("utf-8")) && text.contains("9600 8N1"),
        "{text}"
    );

    let mut player = bay.plug();
    player.play(&record("80.5")).await.expect("play");
    assert_eq!(driven.next_weight().await.0, "80.5");
    driven.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_held_port_is_reported_with_its_holder_first_and_opened_when_it_is_free() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let mut holder = Holder::of(&bay.link);
    let mut driven = bay.drive();
    let held = driven
        .wait_for_state(|state| matches!(state, PortState::Held { .. }))
        .await;
    let PortState::Held { by, detail } = held else {
        unreachable!("waited for it")
    };
    assert_eq!((by[0].pid, by[0].name.as_str()), (holder.0.id(), "sleep"), "{by:?}");
    // Whoever plays the scanner has the port open too, and is in nobody's way.
    assert!(
        by[1..].iter().any(|process| process.pid == std::process::id()),
        "{by:?}"
    );
    assert!(
        detail.contains(&format!("in use by sleep (process {})", holder.0.id())),
        "{detail}"
    );

    holder.0.kill().expect("kill");
    driven.wait_for_state(PortState::is_open).await;
    player.play(&record("80.5")).await.expect("play");
    assert_eq!(driven.next_weight().await.0, "80.5");
    driven.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_is_no_port_is_reported_as_unsupported() {
    let bay = Bay::new();
    std::fs::write(&bay.link, "").expect("file");
    let mut driven = bay.drive();
    let state = driven
        .wait_for_state(|state| matches!(state, PortState::Unsupported { .. }))
        .await;
    assert!(state.to_string().contains("is not a serial port"), "{state}");
    driven.stop().await;
}

#[tokio::test]
async fn nothing_is_lost_while_the_agent_takes_no_events() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let mut driven = bay.drive();
    driven.wait_for_state(PortState::is_open).await;
    let weights: Vec<String> = (0..400).map(|n| format!("{}.{}", 50 + n / 10, n % 10)).collect();
    let sent = weights.clone();
    // More than the queue and the kernel's buffer hold: the scanner's end blocks until the agent goes on.
    let scanner = tokio::spawn(async move {
        for weight in &sent {
            player.play(&record(weight)).await.expect("play");
        }
        player
    });
    driven.wait_until_queue_is_full().await;
    assert!(!scanner.is_finished(), "the line holds the rest back");
    for weight in weights {
        assert_eq!(driven.next_weight().await.0, weight);
    }
    scanner.await.expect("scanner");
    driven.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_on_the_wire_at_the_stop_is_still_taken() {
    let (driver, mut scanner) = Driver::new(&Bay::new().config());
    let (mut cable, port) = tokio::io::duplex(64);
    let stop = CancellationToken::new();
    let task = tokio::spawn(driver.run_on(port, stop.clone()));
    let (head, tail) = (&record("80.5")[..20], &record("80.5")[20..]);
    cable.write_all(head).await.expect("write");
    let began = scanner.events.recv().await.expect("an event").event;
    assert!(matches!(began, Event::Stage { .. }), "{began:?}");
    stop.cancel();
    // In virtual time, less than the rest of a record may take.
    tokio::time::sleep(Duration::from_secs(1)).await;
    cable.write_all(tail).await.expect("write");
    let taken = loop {
        match scanner.events.recv().await.expect("an event").event {
            Event::Stage { .. } => {}
            taken => break taken,
        }
    };
    assert!(matches!(taken, Event::Record(_)), "{taken:?}");
    task.await.expect("driver").expect("stopped");
}

#[tokio::test]
async fn a_record_that_nobody_has_read_yet_at_the_stop_is_still_taken() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let mut driven = bay.drive();
    driven.wait_for_state(PortState::is_open).await;
    player.play(&record("80.5")).await.expect("play");
    driven.stop.cancel();
    assert_eq!(driven.next_weight().await.0, "80.5");
    driven.stop().await;
}

#[tokio::test]
async fn a_scanner_that_means_nothing_to_its_protocol_is_a_state_with_a_name_until_a_record_comes() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let config = Config {
        serial: Some("9600 8N1".parse().expect("settings")),
        ..bay.config()
    };
    let mut driven = Driven::of(&config);
    driven.wait_for_state(PortState::is_open).await;
    player.play(&[0xf8; 100]).await.expect("play");
    let state = driven
        .wait_for_state(|state| state.code() == Some("not_understood"))
        .await;
    let text = state.to_string();
    assert!(state.is_open() && text.contains("9600 8N1"), "{text}");
    player.play(&record("80.5")).await.expect("play");
    assert_eq!(driven.next_weight().await.0, "80.5");
    driven.wait_for_state(|state| state.code().is_none()).await;
    driven.stop().await;
}

#[tokio::test]
async fn settings_that_nobody_said_are_searched_for_until_a_family_shows_itself() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let mut driven = bay.drive();
    let at = |settings: &'static str| move |state: &PortState| state.is_open() && state.to_string().contains(settings);
    driven.wait_for_state(at("9600 8N1")).await;
    // A scale that sends all the time, as it looks at a wrong speed.
    for settings in ["2400 7E1", "9600 8N1", "9600 7E1"] {
        let stream = async {
            loop {
                player.play(&[0xf8; 64]).await.expect("play");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = driven.wait_for_state(at(settings)) => {}
            () = stream => unreachable!("sends for ever"),
        }
        // What may be the beginning of a record and does not go on is no proof.
        player.play(&record("80.5")[..20]).await.expect("play");
        let (_, Event::Rejected(fragment)) = driven.next_result().await else {
            panic!("a fragment is no record")
        };
        assert_eq!(fragment.reason, RejectReason::Truncated);
    }

    player.play(&record("80.5")).await.expect("play");
    assert_eq!(driven.next_weight().await.0, "80.5");
    // Now it is known: noise moves nothing any more, and the next record is read.
    player.play(&[0xf8; 2000]).await.expect("play");
    player.play(&record("70.1")).await.expect("play");
    assert_eq!(driven.next_weight().await.0, "70.1");
    assert!(at("9600 7E1")(&driven.scanner.state.borrow()));
    driven.stop().await;
}

#[tokio::test]
async fn commands_are_answered_without_a_port_and_after_the_end() {
    let bay = Bay::new();
    let mut driven = bay.drive();
    driven
        .wait_for_state(|state| matches!(state, PortState::Missing { .. }))
        .await;
    let commander = driven.scanner.commander.clone();
    let refused = timeout(DEADLINE, commander.send(scanner_protocol::Command::Cancel))
        .await
        .expect("in time");
    assert!(
        matches!(refused, Err(CommandError::Refused(Refused::NotSupported))),
        "{refused:?}"
    );
    driven.stop().await;
    let ended = timeout(DEADLINE, commander.send(scanner_protocol::Command::Cancel))
        .await
        .expect("in time");
    assert!(matches!(ended, Err(CommandError::Ended)), "{ended:?}");
}

#[tokio::test]
async fn what_the_session_counts_is_published() {
    let bay = Bay::new();
    let mut player = bay.plug();
    let mut driven = bay.drive();
    player.play(b"some noise").await.expect("play");
    player.play(&record("80.5")).await.expect("play");
    let counted = driven.scanner.counters.wait_for(|counters| counters.records == 1);
    let skipped = timeout(DEADLINE, counted)
        .await
        .expect("in time")
        .expect("driver")
        .bytes_skipped;
    assert_eq!(skipped, 10);
    driven.next_weight().await;
    driven.stop().await;
}

#[tokio::test]
async fn a_driver_whose_agent_went_away_ends() {
    let bay = Bay::new();
    let (driver, scanner) = Driver::new(&bay.config());
    let task = tokio::spawn(driver.run(CancellationToken::new()));
    drop(scanner);
    timeout(DEADLINE, task).await.expect("in time").expect("driver");
}

#[tokio::test(start_paused = true)]
async fn silence_in_the_middle_of_a_record_ends_it_in_virtual_time() {
    let (driver, mut scanner) = Driver::new(&Bay::new().config());
    let (mut cable, port) = tokio::io::duplex(64);
    let stop = CancellationToken::new();
    let task = tokio::spawn(driver.run_on(port, stop.clone()));
    cable.write_all(&record("80.5")[..20]).await.expect("write");
    let rejected = loop {
        match scanner.events.recv().await.expect("an event").event {
            Event::Rejected(rejected) => break rejected,
            Event::Stage { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((rejected.raw.len(), rejected.reason), (20, RejectReason::Truncated));

    // The line is fine; the next record is whole, however slowly it comes.
    for chunk in record("70.1").chunks(7) {
        cable.write_all(chunk).await.expect("write");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let weight = loop {
        if let Event::Record(record) = scanner.events.recv().await.expect("an event").event {
            break record.get(Metric::BODY_WEIGHT).expect("weight").value.to_string();
        }
    };
    assert_eq!(weight, "70.1");
    drop(cable);
    let ended = task.await.expect("driver").expect_err("the stream ended");
    assert_eq!(ended.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_is_stopped_ends_although_the_agent_asks_something_before_it_takes_the_rest() {
    let (driver, mut scanner) = Driver::new(&Bay::new().config());
    let (mut cable, port) = tokio::io::duplex(64);
    let stop = CancellationToken::new();
    let task = tokio::spawn(driver.run_on(port, stop.clone()));
    let people = tokio::spawn(async move { while cable.write_all(&record("80.5")).await.is_ok() {} });
    while scanner.events.len() < scanner.events.max_capacity() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    // In virtual time, beyond what a record on the wire has.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked = scanner.commander.send(scanner_protocol::Command::Cancel);
    let ended = timeout(DEADLINE, asked).await.expect("in time");
    assert!(matches!(ended, Err(CommandError::Ended)), "{ended:?}");
    while timeout(DEADLINE, scanner.events.recv())
        .await
        .expect("in time")
        .is_some()
    {}
    timeout(DEADLINE, task)
        .await
        .expect("in time")
        .expect("driver")
        .expect("stopped");
    people.await.expect("the cable is gone");
}

#[tokio::test(start_paused = true)]
async fn a_scale_that_has_to_be_asked_is_asked_until_somebody_was_weighed() {
    let config = Config {
        protocol: Protocol::TanitaWb,
        ..Bay::new().config()
    };
    let (driver, mut scanner) = Driver::new(&config);
    let (mut cable, port) = tokio::io::duplex(64);
    let stop = CancellationToken::new();
    let task = tokio::spawn(driver.run_on(port, stop.clone()));
    let people = tokio::spawn(async move {
        for tenths in [705, 640] {
            for shown in scansim::weighing(tenths) {
                let mut request = [0; 4];
                cable.read_exact(&mut request).await.expect("the host asks");
                assert_eq!(&request, b"DR\r\n");
                let line = scansim::Scale::Wb100.line(shown);
                cable.write_all(&line).await.expect("the host listens");
            }
        }
        cable
    });
    for expected in ["70.5", "64.0"] {
        let weight = loop {
            if let Event::Record(record) = scanner.events.recv().await.expect("an event").event {
                break record.get(Metric::BODY_WEIGHT).expect("weight").value.to_string();
            }
        };
        assert_eq!(weight, expected);
    }
    stop.cancel();
    task.await.expect("driver").expect("stopped");
    people.abort();
}

/// A place for a scanner: a folder with the path of its port.
struct Bay {
    _folder: TempDir,
    link: PathBuf,
}

/// A running driver and the agent's end of it.
struct Driven {
    scanner: Scanner,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// A program that has a port and its lock.
struct Holder(Child);

impl Bay {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let link = folder.path().join("scanner");
        Self { _folder: folder, link }
    }

    fn plug(&self) -> Player {
        Player::new(Line::pty(&self.link).expect("line"), Pace::Unlimited)
    }

    fn config(&self) -> Config {
        Config {
            id: "bay-1".parse().expect("name"),
            port: PortSelector::Path(self.link.clone()),
            protocol: Protocol::Auto,
            pc_dialect: scanner_protocol::PcDialect::default(),
            positional_model: None,
            serial: None,
            unknown_person: UnknownPerson::Unassigned,
        }
    }

    fn drive(&self) -> Driven {
        Driven::of(&self.config())
    }
}

impl Driven {
    fn of(config: &Config) -> Self {
        let (driver, scanner) = Driver::new(config);
        let stop = CancellationToken::new();
        let task = tokio::spawn(driver.run(stop.clone()));
        Self { scanner, stop, task }
    }

    async fn wait_for_state(&mut self, wanted: impl FnMut(&PortState) -> bool) -> PortState {
        timeout(DEADLINE, self.scanner.state.wait_for(wanted))
            .await
            .expect("in time")
            .expect("driver")
            .clone()
    }

    /// Waits until the session has told of the beginning of a record.
    async fn wait_until_read(&mut self) {
        let event = timeout(DEADLINE, self.scanner.events.recv())
            .await
            .expect("in time")
            .expect("an event")
            .event;
        assert!(matches!(event, Event::Stage { .. }), "{event:?}");
    }

    async fn wait_until_queue_is_full(&self) {
        let full = async {
            while self.scanner.events.len() < self.scanner.events.max_capacity() {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, full).await.expect("in time");
    }

    /// The next event that is no stage.
    async fn next_result(&mut self) -> (std::time::Instant, Event) {
        loop {
            let event = timeout(DEADLINE, self.scanner.events.recv())
                .await
                .expect("in time")
                .expect("an event");
            if !matches!(event.event, Event::Stage { .. }) {
                return (event.at, event.event);
            }
        }
    }

    async fn next_weight(&mut self) -> (String, std::time::Instant) {
        match self.next_result().await {
            (at, Event::Record(record)) => (record.get(Metric::BODY_WEIGHT).expect("weight").value.to_string(), at),
            (_, other) => panic!("{other:?} instead of a record"),
        }
    }

    async fn stop(mut self) {
        self.stop.cancel();
        timeout(DEADLINE, self.task)
            .await
            .expect("a clean stop in time")
            .expect("driver");
        assert!(self.scanner.events.recv().await.is_none(), "nothing is left over");
    }
}

impl Holder {
    fn of(port: &Path) -> Self {
        let port = File::options().read(true).write(true).open(port).expect("port");
        flock(&port, FlockOperation::LockExclusive).expect("lock");
        Self(
            Command::new("sleep")
                .arg("600")
                .stdin(Stdio::from(port))
                .spawn()
                .expect("sleep"),
        )
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A tagged record of a weight scale, with its checksum.
fn record(weight: &str) -> Vec<u8> {
    let mut record = format!("{{0,16,~0,1,MO,\"HD-351BT\",Wk,{weight},").into_bytes();
    let sum = record.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    record.extend(format!("CS,{sum:02X}\r\n").bytes());
    record
}
