//! Our own firmware on an emulated Cortex-M4: a person steps on, and the reading stands in the hub. A result stays in the scanner's
//! memory until the agent has it on disk, so here nothing at all may be lost, whoever dies at whatever moment.

use std::{any::Any, collections::BTreeMap};

use jiff::{SignedDuration, Timestamp};
use scansim::EmulatedScanner;
use serde_json::Value;

use crate::support::{
    broker::{Broker, Mosquitto},
    ear::Ear,
    emulated::{self, Stepped, measure, until},
    kiosk::World,
    program::Program,
};

/// Longer than any test: the scanner stays deaf until it is told to hear again.
const DEAF: &str = "deaf 600000";

type Values = BTreeMap<String, String>;

/// A facility whose kiosk has the emulated scanner. The agent does not run yet.
struct Site {
    world: World,
    ear: Ear,
    scanner: EmulatedScanner,
    /// Lives as long as the site.
    _broker: Box<dyn Any + Send>,
}

impl Site {
    /// With the scanner plugged in; `None` where a program is missing.
    async fn new() -> Option<Self> {
        let world = World::new();
        let broker = Broker::start(world.broker_port).await;
        Self::at(world, broker).await
    }

    /// As a facility has it: the broker is Mosquitto.
    async fn with_mosquitto() -> Option<Self> {
        let world = World::new();
        let broker = Mosquitto::start(world.broker_port).await?;
        Self::at(world, broker).await
    }

    async fn at(world: World, broker: impl Any + Send) -> Option<Self> {
        let mut scanner = emulated::scanner(&world).await?;
        scanner.plug().unwrap();
        world.speaks_scan_link();
        let ear = Ear::listen(world.broker_port).await;
        Some(Self {
            world,
            ear,
            scanner,
            _broker: Box::new(broker),
        })
    }

    /// An agent that has found the scanner.
    async fn connected_agent(&mut self) -> Program {
        let agent = self.world.agent();
        self.ear.until("bay-1/status", |status| status["state"] == "idle").await;
        agent
    }

    /// Waits until the scanner was told that everything is stored.
    async fn until_confirmed(&mut self) {
        until(&mut self.scanner, "every result is confirmed", |report| {
            report.waiting == 0
        })
        .await;
    }

    /// Waits until the agent has announced that this many results are on its disk.
    async fn until_stored(&self, count: usize) {
        self.ear
            .until("bay-1/event", |_| self.ear.scans("completed").len() >= count)
            .await;
    }

    /// The hub holds each of these measurements once, with exactly these values, and nothing else.
    async fn expect_readings(&self, measured: &[Values]) {
        let readings = self.world.hub.until_complete(measured.len()).await;
        let mut held: Vec<_> = readings.iter().map(values).collect();
        let mut measured = measured.to_vec();
        held.sort();
        measured.sort();
        assert_eq!(held, measured);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_steps_on_is_seen_live_and_every_value_measured_stands_in_the_hub() {
    let Some(mut site) = Site::with_mosquitto().await else {
        return;
    };
    site.world.hub.start().await;
    let agent = site.connected_agent().await;

    let mut scan = Stepped::begin(&mut site.scanner).await;
    site.ear.until_stage("weighing").await;
    scan.measuring().await;
    site.ear.until_stage("measuring").await;
    scan.calculating().await;
    site.ear.until_stage("reading_results").await;
    let measured = scan.finish().await;
    site.ear.until_stage("done").await;
    site.ear.until("bay-1/event", |event| event["kind"] == "uploaded").await;
    site.expect_readings(std::slice::from_ref(&measured)).await;
    site.until_confirmed().await;

    // Also against what is written down about her, not by the firmware's word alone.
    for (name, digits) in [
        ("bodyweight", "64.1"),
        ("height", "167.2"),
        ("fatmass", "17.5"),
        ("phaseangle", "-6.1"),
    ] {
        assert_eq!(measured[name], digits, "{name}");
    }
    let impedances = measured.keys().filter(|name| name.contains("khz")).count();
    assert_eq!(
        impedances,
        2 * 7 * 6,
        "resistance and reactance, seven paths, six frequencies"
    );

    assert_eq!(stages(&site.ear), ["weighing", "measuring", "reading_results", "done"]);
    assert_eq!(kinds(&site.ear), ["started", "completed", "uploaded"]);
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_twice_is_two_readings() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let agent = site.world.agent();
    let first = measure(&mut site.scanner).await;
    site.until_stored(1).await;
    // The people come in turn, and after a loss of power from the first one on.
    site.scanner.cut_power();
    site.scanner.power_on().await.unwrap();
    let second = measure(&mut site.scanner).await;
    assert_eq!(first, second);
    site.expect_readings(&[first, second]).await;
    site.until_confirmed().await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_waited_in_the_scanner_have_the_dates_of_their_measurements() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let began = Timestamp::now();
    // They are delivered one behind the other, when the agent comes.
    let measured = [measure(&mut site.scanner).await, measure(&mut site.scanner).await];
    let agent = site.world.agent();
    site.until_confirmed().await;
    site.expect_readings(&measured).await;

    let readings = site.world.hub.until_complete(2).await;
    let date = |measured: &Values| -> Timestamp {
        let reading = readings.iter().find(|reading| values(reading) == *measured).unwrap();
        reading["date"].as_str().unwrap().parse().unwrap()
    };
    let [first, second] = [date(&measured[0]), date(&measured[1])];
    assert!(began < first && second < Timestamp::now());
    // The second scan took 3.3 s.
    assert!(
        second.duration_since(first) > SignedDuration::from_secs(2),
        "{first} {second}"
    );
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_after_it_stored_a_result_and_before_the_scanner_knew_takes_it_once() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let agent = site.connected_agent().await;
    site.scanner.say(DEAF).await.unwrap();
    let measured = measure(&mut site.scanner).await;
    site.until_stored(1).await;
    assert_eq!(
        site.scanner.report().await.unwrap().waiting,
        1,
        "it did not hear `stored`"
    );
    agent.kill();

    site.scanner.forget_dead_owner();
    site.scanner.say("deaf 0").await.unwrap();
    let agent = site.world.agent();
    site.until_confirmed().await;
    site.expect_readings(&[measured]).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_loses_power_before_it_knew_that_a_result_is_stored_delivers_it_once() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    // Nobody listens to the first result; of the second one the scanner does not learn that it is stored.
    let mut measured = vec![measure(&mut site.scanner).await];
    site.scanner.cut_power();
    site.scanner.power_on().await.unwrap();
    assert_eq!(site.scanner.report().await.unwrap().waiting, 1, "flash keeps it");
    let agent = site.world.agent();
    site.until_confirmed().await;

    site.scanner.say(DEAF).await.unwrap();
    measured.push(measure(&mut site.scanner).await);
    site.until_stored(2).await;
    site.scanner.cut_power();
    site.scanner.power_on().await.unwrap();
    assert_eq!(
        site.scanner.report().await.unwrap().waiting,
        1,
        "it did not hear `stored`"
    );
    site.until_confirmed().await;
    site.expect_readings(&measured).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_the_disk_does_not_take_stays_with_the_scanner() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let config = std::fs::read_to_string(site.world.config()).unwrap();
    // No disk has that much room.
    let full = format!("{config}\n[outbox]\nmin_free = \"1000000 TiB\"\n");
    std::fs::write(site.world.config(), full).unwrap();
    let agent = site.world.agent();
    let measured = measure(&mut site.scanner).await;
    site.ear
        .until("_/alert-disk-full", |alert| alert["code"] == "disk-full")
        .await;
    assert_eq!(site.scanner.report().await.unwrap().waiting, 1, "it is not on disk");
    assert_eq!(site.ear.scans("completed"), [""; 0]);
    // With it dies what it had in memory.
    agent.kill();

    site.scanner.forget_dead_owner();
    std::fs::write(site.world.config(), config).unwrap();
    let agent = site.world.agent();
    site.until_confirmed().await;
    site.expect_readings(&[measured]).await;
    assert!(agent.terminate().success());
}

/// The agent dies at its first write to the disk or sync of it, at its first word to the scanner, at its second write, and so on, until
/// none of these moments comes before everything is stored and confirmed.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_at_one_write_to_disk_and_one_word_to_the_scanner_after_the_other_takes_each_result_once() {
    if !emulated::strace_works() {
        return;
    }
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let mut measured = Vec::new();
    for _ in 0..4 {
        measured.push(measure(&mut site.scanner).await);
    }

    let port = std::fs::read_link(site.world.port()).unwrap().display().to_string();
    let mut kills = 0;
    let mut confirmed = false;
    for moment in 1.. {
        for (call, of) in [("pwrite64,fsync,fdatasync", &[][..]), ("write", &["-P", &port])] {
            let kill = format!("inject={call}:signal=KILL:when={moment}");
            let mut agent = site.world.agent_traced(&[of, &["-e", &kill]].concat());
            let mut dead = false;
            until(&mut site.scanner, "the agent dies, or all is confirmed", |report| {
                confirmed = report.waiting == 0;
                dead = agent.has_ended();
                confirmed || dead
            })
            .await;
            agent.kill();
            site.scanner.forget_dead_owner();
            kills += 1;
        }
        if confirmed {
            break;
        }
    }
    assert!(kills > measured.len(), "{kills} kills are not enough to find anything");

    let agent = site.world.agent();
    site.expect_readings(&measured).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_in_the_middle_of_a_scan_takes_its_result_when_it_is_back() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let agent = site.connected_agent().await;
    let mut scan = Stepped::begin(&mut site.scanner).await;
    scan.measuring().await;
    site.ear.until_stage("measuring").await;
    agent.kill();

    let measured = scan.finish().await;
    site.scanner.forget_dead_owner();
    let agent = site.world.agent();
    site.until_confirmed().await;
    site.expect_readings(&[measured]).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_confirmed_when_it_is_on_disk_though_the_hub_is_down() {
    let Some(mut site) = Site::new().await else { return };
    let agent = site.world.agent();
    let measured = measure(&mut site.scanner).await;
    site.until_confirmed().await;
    site.until_stored(1).await;
    assert_eq!(site.ear.scans("uploaded"), [""; 0]);

    site.world.hub.start().await;
    site.expect_readings(&[measured]).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_cable_neither_loses_nor_doubles_nor_changes_a_result() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let agent = site.connected_agent().await;
    let mut measured = Vec::new();

    // Bytes of the result are swallowed and turned.
    for fault in ["drop 60", "flip 400"] {
        site.scanner.say(fault).await.unwrap();
    }
    measured.push(measure(&mut site.scanner).await);
    site.until_confirmed().await;
    assert_eq!(site.scanner.report().await.unwrap().struck, 60 + 400);

    // The cable is out from the result's first byte on, and longer than the session lives.
    site.scanner.say("cut 5000").await.unwrap();
    measured.push(measure(&mut site.scanner).await);
    site.until_confirmed().await;
    assert!(site.scanner.report().await.unwrap().struck > 60 + 400);

    // The answers to the result are lost.
    site.scanner.say("deaf 1000").await.unwrap();
    measured.push(measure(&mut site.scanner).await);
    site.until_confirmed().await;
    site.expect_readings(&measured).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_its_memory_damaged_is_set_aside_and_holds_up_nobody() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    measure(&mut site.scanner).await;
    site.scanner.say("damage").await.unwrap();
    let agent = site.world.agent();
    site.ear
        .until("bay-1/event", |_| kinds(&site.ear).contains(&"set_aside".to_owned()))
        .await;
    site.until_confirmed().await;

    let measured = measure(&mut site.scanner).await;
    site.expect_readings(&[measured]).await;
    assert!(agent.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_steps_off_too_early_has_no_reading_and_who_has_no_contact_the_weight_alone() {
    let Some(mut site) = Site::new().await else { return };
    site.world.hub.start().await;
    let agent = site.connected_agent().await;
    let mut scan = Stepped::begin(&mut site.scanner).await;
    scan.measuring().await;
    site.ear.until_stage("measuring").await;
    scan.step_off().await;
    site.ear.until("bay-1/event", |event| event["kind"] == "failed").await;

    site.scanner.say("contact").await.unwrap();
    let measured = measure(&mut site.scanner).await;
    assert_eq!(measured.keys().collect::<Vec<_>>(), ["bodyweight"]);
    site.expect_readings(&[measured]).await;
    assert!(agent.terminate().success());
}

/// The measurements of a reading, digits as they stand.
fn values(reading: &Value) -> Values {
    let held = reading["measurements"].as_object().unwrap();
    held.iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect()
}

/// The stages that were seen live, each once, in the order heard.
fn stages(ear: &Ear) -> Vec<String> {
    words(ear, "bay-1/progress", "stage")
}

/// What happened, in the order heard.
fn kinds(ear: &Ear) -> Vec<String> {
    words(ear, "bay-1/event", "kind")
}

/// The values of a member, in the order heard, without repeats.
fn words(ear: &Ear, topic: &str, member: &str) -> Vec<String> {
    let heard = ear.on(topic);
    let mut words: Vec<_> = heard
        .iter()
        .map(|heard| heard.body[member].as_str().unwrap_or_default().to_owned())
        .collect();
    words.dedup();
    words
}
