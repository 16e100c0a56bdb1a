//! Listening to a port for a while without a session, to find out what is attached.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::open::open;
use crate::{OpenError, PortSelector, SerialSettings};

/// The most bytes that are kept: several of the longest records.
const MOST: usize = 64 * 1024;

/// Opens a port, writes `question` if it is not empty, and gives what comes in the following time. A port that is lost meanwhile gives
/// what came before. Dropping the future closes the port; nothing is ever discarded from it before it is read.
///
/// # Errors
/// See [`OpenError`].
///
/// # Panics
/// Outside a Tokio runtime with I/O and time enabled.
pub async fn listen(
    port: &PortSelector,
    settings: SerialSettings,
    question: &[u8],
    time: Duration,
) -> Result<Vec<u8>, OpenError> {
    let selector = port.clone();
    // Opening blocks, on some adapters for as long as their control transfers take.
    let opened = tokio::task::spawn_blocking(move || open(&selector, settings)).await;
    let (mut port, _) = match opened {
        Ok(result) => result?,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this task with it.
            Err(_) => std::future::pending().await,
        },
    };
    let end = Instant::now() + time;
    let mut bytes = Vec::new();
    if !question.is_empty() && !matches!(timeout_at(end, port.write_all(question)).await, Ok(Ok(()))) {
        return Ok(bytes);
    }
    let mut buffer = [0; 1024];
    while bytes.len() < MOST {
        match timeout_at(end, port.read(&mut buffer)).await {
            Ok(Ok(read @ 1..)) => bytes.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    Ok(bytes)
}
