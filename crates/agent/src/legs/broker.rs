//! The leg `broker`: the window, what it says of itself, and what it has announced.

use err_report::Report;
use outbox::{Outbox, StoreError};
use progress_mqtt::{Config, Handle, Window};
use tokio_util::sync::CancellationToken;

use crate::{house::House, keeper::BROKER};

/// Where the outbox keeps the number of starts.
const STARTS: &str = "starts";

/// Runs a window until `stop`.
pub(crate) async fn run(config: Config, house: House, stop: CancellationToken) {
    let House {
        board, teller, outbox, ..
    } = house;
    let starts = count_start(&outbox).await.unwrap_or_else(|error| {
        // A number of this time is higher than any count.
        tracing::warn!(error = %Report::new(&error), "the start could not be counted");
        u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(1)
    });
    let (window, handle) = Window::new(config, board.subscribe(), starts);
    let Handle {
        teller: told,
        mut leg,
        mut announced,
    } = handle;
    teller.attach(told);
    let mut running = std::pin::pin!(window.run(stop));
    loop {
        let now = leg.borrow_and_update().clone();
        board.change(|board| drop(board.legs.insert(BROKER, now)));
        tokio::select! {
            () = &mut running => break,
            Ok(()) = leg.changed() => {}
            Some(announced) = announced.recv() => teller.announced(announced),
        }
    }
    while let Ok(announced) = announced.try_recv() {
        teller.announced(announced);
    }
}

/// Which start of a window on this installation this is, from 1. Durable before it is used.
async fn count_start(outbox: &Outbox) -> Result<u64, StoreError> {
    let before: u64 = outbox
        .get_meta(STARTS)
        .await?
        .and_then(|value| serde_json::from_slice(&value).ok())
        .unwrap_or(0);
    let now = before + 1;
    outbox.put_meta(STARTS, now.to_string().into_bytes()).await?;
    Ok(now)
}
