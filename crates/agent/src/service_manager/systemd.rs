//! sd_notify(3). Without a service manager nothing here does anything.

use std::{convert::Infallible, future::pending};

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

/// Every task runs: dependents may start.
pub(crate) fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The agent drains.
pub(crate) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Says again and again that the runtime moves, twice as often as the service manager's watchdog wants. Never returns.
pub(crate) async fn keep_alive() -> Infallible {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return pending().await;
    };
    let mut beat = interval(limit / 2);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
