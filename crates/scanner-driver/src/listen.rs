//! Listening to a port without a session, to find out what is attached and what it says.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_serial::SerialStream;

use crate::open::open_aside;
use crate::{OpenError, PortSelector, SerialSettings};

/// The most bytes that are kept: several of the longest records.
const MOST: usize = 64 * 1024;
/// So often somebody is asked whether what was heard is enough: a person feels no wait, and a long stream is not gone through at each piece.
const LOOK: Duration = Duration::from_millis(250);

/// An open port that is only listened to: it has no way to write. Nothing is ever discarded from it before it is read. Dropping it closes
/// the port.
#[derive(Debug)]
pub struct Tap {
    port: SerialStream,
}

impl Tap {
    /// Opens a port, exclusively. Dropping the future closes it again.
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub async fn open(port: &PortSelector, settings: SerialSettings) -> Result<Self, OpenError> {
        let (port, _) = open_aside(port, settings).await?;
        Ok(Self { port })
    }

    /// Waits for bytes and takes some, at least one. Cancel-safe.
    ///
    /// # Errors
    /// The port has gone, which some systems tell by an end of file (`UnexpectedEof`) and some by an error of their own.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.port.read(buffer).await? {
            // An unplugged port is at its end for ever.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }

    /// Gives what comes in the following time, or until `is_enough` says so of all that has come. A port that is lost meanwhile gives
    /// what came before. Dropping the future closes the port.
    pub async fn listen(self, time: Duration, is_enough: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
        self.listen_until(Instant::now() + time, is_enough).await
    }

    async fn listen_until(mut self, end: Instant, mut is_enough: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 1024];
        let mut looked_at = 0;
        let mut look = Instant::now() + LOOK;
        while bytes.len() < MOST {
            match timeout_at(look.min(end), self.read(&mut buffer)).await {
                Ok(Ok(read)) => bytes.extend_from_slice(&buffer[..read]),
                Ok(Err(_)) => break,
                Err(_) if Instant::now() >= end => break,
                Err(_) => {}
            }
            if Instant::now() >= look {
                if bytes.len() > looked_at && is_enough(&bytes) {
                    break;
                }
                looked_at = bytes.len();
                look = Instant::now() + LOOK;
            }
        }
        bytes
    }
}

/// Opens a port, writes `question` if it is not empty, and gives what comes in the following time, or until `is_enough` says so of all that
/// has come. A port that is lost meanwhile gives what came before. Dropping the future closes the port; nothing is ever discarded from it
/// before it is read.
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
    is_enough: impl FnMut(&[u8]) -> bool,
) -> Result<Vec<u8>, OpenError> {
    let mut tap = Tap::open(port, settings).await?;
    let end = Instant::now() + time;
    if !question.is_empty() && !matches!(timeout_at(end, tap.port.write_all(question)).await, Ok(Ok(()))) {
        return Ok(Vec::new());
    }
    Ok(tap.listen_until(end, is_enough).await)
}
