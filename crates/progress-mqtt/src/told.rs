//! What the agent tells the window, and what it hears back.

use scan_model::{
    Name, ScanId,
    board::{EventKind, ScanEvent},
    progress::Progress,
};
use tokio::sync::mpsc;

/// Something that has to be told in order, beside the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A running scan changed; the last change of a scan is the one with `is_final`.
    Progress {
        /// The scanner.
        scanner: Name,
        /// The change.
        progress: Progress,
    },
    /// Something that is told once.
    Event(ScanEvent),
}

/// An event that the broker has acknowledged. Whoever keeps the events may forget this one (MQTT-19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Announced {
    /// The scan.
    pub scan: ScanId,
    /// What was announced.
    pub kind: EventKind,
}

/// Tells the window things. Cloning gives another one that tells the same window.
#[derive(Debug, Clone)]
pub struct Teller(mpsc::Sender<Told>);

impl Teller {
    /// Tells `told`; never waits. Returns whether the window will hear it: not if it has ended, or if a thousand things told are
    /// not yet taken, which takes a starved runtime. A missed change of progress is lost, a missed end is made up for by the
    /// board, and a missed event stays unannounced.
    pub fn tell(&self, told: Told) -> bool {
        self.0.try_send(told).is_ok()
    }
}

/// A teller and where it is heard. The window takes everything at once and never waits for the broker meanwhile, so the room is for
/// one burst: everything unannounced, told again after a start.
pub(crate) fn channel() -> (Teller, mpsc::Receiver<Told>) {
    let (sender, receiver) = mpsc::channel(1_024);
    (Teller(sender), receiver)
}
