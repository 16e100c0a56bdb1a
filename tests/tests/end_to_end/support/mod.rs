//! A kiosk, a facility's servers and a scanner, built from real parts in a temporary folder.

pub mod broker;
pub mod ear;
pub mod emulated;
pub mod hub;
pub mod kiosk;
pub mod program;
pub mod records;

use std::{
    future::Future,
    net::TcpListener,
    time::{Duration, Instant},
};

/// Longest time anything here may take on a busy machine before it counts as broken.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until `state` yields something, and fails naming `what` after [`DEADLINE`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut state: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = state().await {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A port nobody listens on at the moment. Everything that listens is on loopback.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
