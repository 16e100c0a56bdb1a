//! The agent is killed at random moments, again and again.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use crate::support::{ear::Ear, hub::value, kiosk::World, records};

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
            crate::support::eventually("the scanner is idle", || async {
                (ear.on("bay-1/status").len() > idle || idle > 0).then_some(())
            })
            .await;
        }
        scanner.play(&records::record(person)).await.unwrap();
        tokio::time::sleep(moments.next()).await;
        agent.kill();
    }

    let last = world.agent();
    let announced = ear.scans("completed").len();
    let mut readings = world.hub.until_complete(announced).await;
    for person in 0..KILLS {
        if !present(&readings).contains_key(&records::weight(person)) {
            let before = readings.len();
            scanner.play(&records::record(person)).await.unwrap();
            readings = world.hub.until_complete(before + 1).await;
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
    assert_eq!(readings.len(), usize::try_from(KILLS).unwrap());
    assert!(last.terminate().success());
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
