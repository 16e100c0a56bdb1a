//! When the host may send: one order at a time, and never two in quick succession.

use std::time::Duration;

use crate::{Tick, Transmit};

/// The least pause between two orders (MC-980 instructions), counted from when the first has left.
const GAP: Duration = Duration::from_millis(100);

/// The host's end of the wire.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// To be polled.
    out: Option<Transmit>,
    /// Polled, and not yet reported to have left.
    in_flight: bool,
    /// When the order that is to be polled or on its way was made.
    taken_at: Tick,
    /// No order before this moment.
    free_at: Tick,
}

impl Wire {
    /// Whether an order may leave now.
    pub(super) fn is_free(&self, now: Tick) -> bool {
        !self.is_taken() && self.free_at <= now
    }

    /// When an order may leave, as far as time alone decides.
    pub(super) fn free_at(&self) -> Option<Tick> {
        (!self.is_taken()).then_some(self.free_at)
    }

    /// When the order was made that is not reported to have left.
    pub(super) fn taken_at(&self) -> Tick {
        self.taken_at
    }

    /// Whether the port has had an order for `limit` and has not sent it.
    pub(super) fn is_stuck(&self, now: Tick, limit: Duration) -> bool {
        self.is_taken() && now.since(self.taken_at) >= limit
    }

    pub(super) fn send(&mut self, now: Tick, bytes: Vec<u8>) {
        self.out = Some(Transmit(bytes));
        self.taken_at = now;
    }

    /// Takes an order back that has not been polled.
    pub(super) fn withdraw(&mut self) {
        self.out = None;
    }

    pub(super) fn poll(&mut self) -> Option<Transmit> {
        let out = self.out.take();
        self.in_flight |= out.is_some();
        out
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
        self.out = None;
        self.in_flight = false;
    }

    fn is_taken(&self) -> bool {
        self.out.is_some() || self.in_flight
    }
}
