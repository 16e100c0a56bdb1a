//! The contract against real brokers: Mosquitto and the embedded one, MQTT 5 and 3.1.1. A test is named after the sentence of the
//! contract it checks.

mod acl;
pub(crate) mod agent;
mod broker;
mod cable;
mod connection;
mod contract;
mod observer;
#[path = "../../../../tests/tests/end_to_end/support/port.rs"]
mod port;
mod schemas;
mod tls;

use std::{future::Future, time::Duration};

use broker::{Broker, Kind};

use crate::config::Version;

/// How long any awaited state may take. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `test` with every broker there is and both versions.
async fn everywhere<F: Future<Output = ()>>(test: impl Fn(Broker, Version) -> F) {
    for version in [Version::V5, Version::V311] {
        everywhere_with(version, &test).await;
    }
}

/// Runs `test` with every broker there is and one version.
async fn everywhere_with<F: Future<Output = ()>>(version: Version, test: impl Fn(Broker, Version) -> F) {
    for kind in [Kind::Embedded, Kind::Mosquitto] {
        if let Some(broker) = Broker::start(kind).await {
            println!("{kind:?}, {version:?}");
            test(broker, version).await;
        }
    }
}

/// Waits until `state` yields something, asking again whenever `changed` resolves.
async fn patiently<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}
