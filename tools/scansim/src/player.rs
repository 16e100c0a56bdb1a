//! Sends records over a line, at the pace of the wire.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::fault::Step;
use crate::{Fault, FaultPlan, Line, LineError};

/// How fast bytes leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Bits per second, ten bits to the byte: 9600 baud are 960 bytes a second.
    Baud(NonZeroU32),
    /// As fast as the system takes them, each record in one write.
    Unlimited,
}

/// How one record went.
#[derive(Debug, Clone, Copy)]
pub struct Played {
    /// When the last byte of the record had been written; `None` if the record did not leave whole and unchanged.
    pub last_byte: Option<Instant>,
    /// What befell it.
    pub fault: Option<Fault>,
}

/// A simulated scanner.
#[derive(Debug)]
pub struct Player {
    line: Line,
    pace: Pace,
    faults: FaultPlan,
    /// How long the line may refuse bytes before they are lost; `None`: for ever.
    patience: Option<Duration>,
}

/// A reader that takes nothing for so long is none.
const PATIENCE: Duration = Duration::from_millis(200);

/// Real UARTs hand bytes over in small groups, and so the reader must expect them in any division.
const CHUNKS_PER_SECOND: u32 = 100;

impl Default for Pace {
    /// 9600 baud, what nearly every scanner speaks.
    fn default() -> Self {
        Self::Baud(NonZeroU32::new(9600).unwrap_or(NonZeroU32::MIN))
    }
}

impl Player {
    /// A scanner that behaves.
    pub fn new(line: Line, pace: Pace) -> Self {
        Self {
            line,
            pace,
            faults: FaultPlan::none(),
            patience: None,
        }
    }

    /// The same scanner with faults.
    pub fn with_faults(self, faults: FaultPlan) -> Self {
        Self { faults, ..self }
    }

    /// The same scanner that loses bytes, as a real UART does, instead of waiting for somebody to read them.
    #[must_use]
    pub fn losing_what_nobody_reads(self) -> Self {
        Self {
            patience: Some(PATIENCE),
            ..self
        }
    }

    /// The cable, to pull it and put it back.
    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Sends one record with the fault that the plan draws for it, and returns when its last byte is written (a
    /// simulated unplugging: when the cable is back). Waits while the line's buffer is full. Dropping the future leaves
    /// a part of the record on the line.
    ///
    /// # Errors
    /// The line failed, or could not be put back after an unplugging.
    pub async fn play(&mut self, record: &[u8]) -> Result<Played, LineError> {
        self.line.forget_dead_owner();
        self.deliver(record).await
    }

    /// The same for a device that knows by itself when its reader is gone.
    pub(crate) async fn deliver(&mut self, record: &[u8]) -> Result<Played, LineError> {
        let fault = self.faults.draw();
        match fault {
            None => self.send(record).await?,
            Some(fault) => {
                for step in self.faults.script(fault, record) {
                    self.act(step).await?;
                }
            }
        }
        let last_byte = fault.is_none_or(Fault::spares_record).then(Instant::now);
        Ok(Played { last_byte, fault })
    }

    async fn act(&mut self, step: Step) -> Result<(), LineError> {
        match step {
            Step::Send(bytes) => self.send(&bytes).await?,
            Step::Silence(time) => tokio::time::sleep(time).await,
            Step::Unplug(time) => {
                self.line.unplug();
                tokio::time::sleep(time).await;
                self.line.plug()?;
            }
        }
        Ok(())
    }

    /// Sends bytes without faults.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        let Pace::Baud(baud) = self.pace else {
            return self.write(bytes).await;
        };
        let byte_time = Duration::from_secs(10) / baud.get();
        let chunk_size = (baud.get() / 10 / CHUNKS_PER_SECOND).max(1) as usize;
        // Each chunk has its own deadline, so that late wake-ups do not add up. A byte exists for the reader once its
        // last bit has passed: so a chunk leaves at the end of its time, not at the start.
        let mut due = tokio::time::Instant::now();
        for chunk in bytes.chunks(chunk_size) {
            due += byte_time * u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            tokio::time::sleep_until(due).await;
            self.write(chunk).await?;
        }
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        let written = self.line.write_all(bytes);
        match self.patience {
            None => written.await,
            // Too late is lost.
            Some(patience) => tokio::time::timeout(patience, written).await.unwrap_or(Ok(())),
        }
    }
}
