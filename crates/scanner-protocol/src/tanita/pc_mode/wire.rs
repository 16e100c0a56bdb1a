//! When the host may send: one order at a time, and never two in quick succession.

use std::time::Duration;

use crate::Tick;

/// The least pause between two orders (MC-980 instructions), counted from when the first has left.
const GAP: Duration = Duration::from_millis(100);
/// A port that has not sent an order after so long is stuck.
pub(super) const STUCK: Duration = Duration::from_secs(5);

/// The host's end of the wire.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// The port has an order and has not reported that it left.
    in_flight: bool,
    /// When that order was made.
    made_at: Tick,
    /// No order before this moment.
    free_at: Tick,
}

impl Wire {
    /// When an order may leave; `None` as long as one is on its way.
    pub(super) fn free_at(&self) -> Option<Tick> {
        (!self.in_flight).then_some(self.free_at)
    }

    /// When the order that is on its way has been so for too long.
    pub(super) fn stuck_at(&self) -> Tick {
        self.made_at.after(STUCK)
    }

    /// The port takes an order that was made at `made_at`.
    pub(super) fn take(&mut self, made_at: Tick) {
        self.in_flight = true;
        self.made_at = made_at;
    }

    /// An order has left; false if there was none.
    pub(super) fn sent(&mut self, now: Tick) -> bool {
        let was_in_flight = std::mem::take(&mut self.in_flight);
        if was_in_flight {
            self.free_at = now.after(GAP);
        }
        was_in_flight
    }

    /// The port is gone, and what was on its way with it.
    pub(super) fn reset(&mut self) {
        self.in_flight = false;
    }
}
