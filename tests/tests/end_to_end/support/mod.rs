//! A kiosk, a facility's servers and a scanner, built from real parts in a temporary folder.

pub mod broker;
pub mod ear;
pub mod emulated;
pub mod hub;
pub mod kiosk;
pub mod port;
pub mod program;
pub mod records;

use std::{
    future::Future,
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

/// Says why a test is skipped; fails instead where every real part is required.
pub fn skip(reason: &str) {
    let required = std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_some_and(|value| value == "1");
    assert!(!required, "{reason}");
    eprintln!("skipped: {reason}");
}
