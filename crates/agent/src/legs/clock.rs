//! How far the host's clock can be trusted, on the board.

use std::time::Duration;

use scan_model::board::Severity;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;
use uploader::ServerClock;

use crate::{clock, keeper::BoardKeeper};

const WRONG: &str = "clock-wrong";

/// How often the kernel is asked: a clock is set right once in the life of a start.
const EVERY: Duration = Duration::from_mins(1);

/// Shows the clock until `stop`.
pub(crate) async fn show(mut cloud: watch::Receiver<Option<ServerClock>>, board: BoardKeeper, stop: CancellationToken) {
    loop {
        let said = *cloud.borrow_and_update();
        board.change(|board| {
            board.time_quality = clock::quality(said);
            board.clock_offset_ms = said.map(|said| said.offset_ms);
        });
        match said {
            Some(said) if clock::is_wrong(said) => {
                let seconds = said.offset_ms / 1000;
                let message = format!(
                    "This machine's clock and the cloud's differ by {seconds} s. Set the clock, or let it be set (time synchronisation)."
                );
                board.raise(WRONG, Severity::Warning, message);
            }
            _ => board.clear(WRONG),
        }
        tokio::select! {
            Ok(()) = cloud.changed() => {}
            () = sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}
