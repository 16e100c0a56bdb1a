//! A simulated Tanita on a simulated cable.

use tokio::time::{Instant, sleep_until};

use super::device::TanitaPc;
use crate::{Fault, LineError, Player};

/// A [`TanitaPc`] that talks over a line, at the pace and with the faults of a [`Player`]. Faults befall every line alike: let them be rare
/// ([`FaultPlan::one_in`](crate::FaultPlan::one_in)), for a device whose every answer is damaged cannot be told from one that is not there.
#[derive(Debug)]
pub struct PcScanner {
    player: Player,
    device: TanitaPc,
    /// The device's time zero.
    epoch: Instant,
}

/// Something that a [`PcScanner`] did, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A short line, without its line end, with what befell it.
    Line(String, Option<Fault>),
    /// A result of so many bytes, with what befell it.
    Result(usize, Option<Fault>),
}

impl PcScanner {
    /// Puts `device` on the line of `player`.
    ///
    /// # Panics
    /// Outside a Tokio runtime with time enabled.
    pub fn new(player: Player, device: TanitaPc) -> Self {
        Self {
            player,
            device,
            epoch: Instant::now(),
        }
    }

    /// The device, to look at.
    pub fn device(&self) -> &TanitaPc {
        &self.device
    }

    /// The player, to pull its cable.
    pub fn player(&mut self) -> &mut Player {
        &mut self.player
    }

    /// Obeys the host and acts until the device says something, and returns what. Dropping the future leaves a part of a
    /// line on the wire at most.
    ///
    /// # Errors
    /// The line failed.
    pub async fn step(&mut self) -> Result<Said, LineError> {
        let mut buffer = [0; 256];
        loop {
            let now = self.epoch.elapsed();
            if let Some(line) = self.device.send(now) {
                return self.say(line).await;
            }
            let next_act = self.device.next_act().map(|at| self.epoch + at);
            tokio::select! {
                biased;
                read = self.player.line().read(&mut buffer) => {
                    let count = read?;
                    let now = self.epoch.elapsed();
                    self.device.receive(now, &buffer[..count]);
                }
                () = sleep_until(next_act.unwrap_or_else(Instant::now)), if next_act.is_some() => {}
            }
        }
    }

    async fn say(&mut self, line: Vec<u8>) -> Result<Said, LineError> {
        let fault = self.player.play(&line).await?.fault;
        let is_result = line.len() > 64;
        Ok(if is_result {
            Said::Result(line.len(), fault)
        } else {
            Said::Line(String::from_utf8_lossy(line.trim_ascii_end()).into_owned(), fault)
        })
    }
}
