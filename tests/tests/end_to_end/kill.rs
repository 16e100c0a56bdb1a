//! The agent is killed at random moments, again and again.

use std::{collections::BTreeMap, time::Duration};

use scansim::Player;
use serde_json::Value;

use crate::support::{ear::Ear, eventually, hub::value, kiosk::World, records};

const KILLS: u32 = 50;

/// A kill between the read of a record's last byte and its fsync loses what only the dead process knew: no link of this kind
/// can repeat it. So what is promised is held against what was said: whatever was announced as `completed` is there, nothing is there
/// twice, and who was not announced steps on again.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_at_random_moments_lose_nothing_and_double_nothing() {
    let (world, _broker) = World::with_servers().await;
    let ear = Ear::listen(world.broker_port).await;
    let mut scanner = world.scanner();
    let mut moments = Moments(0x5eed_cafe);

    for person in 0..KILLS {
        let agent = world.agent();
        // Half of the time the agent is still starting when the result arrives: then the port's buffer holds it.
        if person % 2 == 0 {
            let idle = ear.on("bay-1/status").len();
            ear.until("_/status", |status| status["state"] == "online").await;
            eventually("the scanner is idle", || async {
                (ear.on("bay-1/status").len() > idle || idle > 0).then_some(())
            })
            .await;
        }
        scanner.play(&records::record(person)).await.unwrap();
        tokio::time::sleep(moments.next()).await;
        agent.kill();
    }

    let mut readings = settled(&world, &mut scanner).await;
    assert!(
        ear.scans("completed").len() <= readings.len(),
        "whatever was announced is there"
    );
    for person in 0..KILLS {
        if !present(&readings).contains_key(&records::weight(person)) {
            let agent = world.agent();
            scanner.play(&records::record(person)).await.unwrap();
            readings = world.hub.until_complete(readings.len() + 1).await;
            assert!(agent.terminate().success());
        }
    }

    let present = present(&readings);
    for person in 0..KILLS {
        assert_eq!(
            present.get(&records::weight(person)),
            Some(&1),
            "person {person}; {present:?}"
        );
    }
    assert_eq!(readings.len(), usize::try_from(KILLS).unwrap() + 1, "and the last one");
    for scan in ear.scans("started") {
        let ends = ["completed", "failed", "cancelled"]
            .iter()
            .filter(|kind| ear.scans(kind).contains(&scan))
            .count();
        assert!(ends <= 1, "scan {scan} ended in {ends} ways");
    }
}

/// What the hub holds once the agent has read what still lay in the port and has nothing left to send. For that one more person steps
/// on, for whom nobody is killed: the port keeps the order, so what lay there before was read before.
async fn settled(world: &World, scanner: &mut Player) -> Vec<Value> {
    let agent = world.agent();
    scanner.play(&records::record(KILLS)).await.unwrap();
    eventually("the last person's reading", || async {
        let readings = world.hub.readings().await;
        let is_last =
            |reading: &Value| value(reading, "bodyweight") == records::weight(KILLS) && reading["status"] == "complete";
        readings.iter().any(is_last).then_some(())
    })
    .await;
    // What was read before it was stored before it, and may still be on its way.
    eventually("nothing left to send", || async {
        (world.health().await["queue_depth"] == 0).then_some(())
    })
    .await;
    assert!(agent.terminate().success());
    world.hub.readings().await
}

/// How often each weight is there; each person has one of their own.
fn present(readings: &[Value]) -> BTreeMap<String, u32> {
    let mut present = BTreeMap::new();
    for reading in readings {
        *present.entry(value(reading, "bodyweight")).or_default() += 1;
    }
    present
}

/// Moments between nothing and 40 ms, most of them short: there the record is read, stored and uploaded. The same in every run.
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let unit = (self.0 >> 40) as f64 / (1_u64 << 24) as f64;
        Duration::from_micros((unit * unit * 40_000.0) as u64)
    }
}
