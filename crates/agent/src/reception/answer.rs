//! What a device is told that listens.

use err_report::Report;
use jiff::Timestamp;
use scan_model::reading::TimeQuality;
use scanner_driver::Scanner;
use scanner_protocol::{Command, RecordId};

use super::Reception;
use crate::clock;

impl Reception {
    /// Tells the device that a result is stored, and what time it is: at every result, so that it follows daylight saving.
    pub(super) async fn confirm(&self, id: RecordId, scanner: &Scanner) {
        if let Err(error) = scanner.commander.send(Command::Stored(id)).await {
            // The device then sends it again, and its identity makes that harmless.
            tracing::warn!(scanner = %self.config.id, error = %Report::new(&error), "the scanner was not told that its result is stored");
        }
        self.set_clock(scanner).await;
    }

    pub(super) async fn set_clock(&self, scanner: &Scanner) {
        // A wrong time is worse than none.
        if clock::quality(*self.cloud_clock.borrow()) == TimeQuality::Unsynced {
            return;
        }
        let now = Timestamp::now().to_zoned(self.timezone.clone());
        if let Err(error) = scanner.commander.send(Command::SetClock(now)).await {
            // Many have no clock.
            tracing::debug!(scanner = %self.config.id, error = %Report::new(&error), "the scanner's clock is not set");
        }
    }
}
