//! The agent's end of a driver.

use jiff::Timestamp;
use scan_model::Name;
use scanner_protocol::{Capabilities, Command, Counters, Event, Refused, Session};
use tokio::sync::{mpsc, oneshot, watch};

use crate::conversation::Conversation;
use crate::{Config, PortState};

/// The agent's end of a [`Driver`](crate::Driver).
#[derive(Debug)]
pub struct Scanner {
    /// What the session found, in order. Take it promptly: while the queue is full the port is not read. It ends when
    /// the driver has ended and everything was taken.
    pub events: mpsc::Receiver<DriverEvent>,
    /// How the port is.
    pub state: watch::Receiver<PortState>,
    /// What the session counted since the driver was made.
    pub counters: watch::Receiver<Counters>,
    /// What the protocol can do.
    pub capabilities: Capabilities,
    /// Asks things of the scanner.
    pub commander: Commander,
}

/// Something a scanner's session found.
#[derive(Debug, Clone)]
pub struct DriverEvent {
    /// Which scanner.
    pub scanner: Name,
    /// When the last of the bytes that brought it about were read.
    pub at: std::time::Instant,
    /// The same moment by the host's clock.
    pub received_at: Timestamp,
    /// What it is.
    pub event: Event,
}

/// Asks things of a scanner, from any task.
#[derive(Debug, Clone)]
pub struct Commander(mpsc::Sender<CommandRequest>);

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The session does not do it, or not now.
    #[error("the scanner does not obey")]
    Refused(#[source] Refused),
    /// The driver has ended.
    #[error("the scanner's driver has ended")]
    Ended,
}

/// A command on its way to the session.
#[derive(Debug)]
pub(crate) struct CommandRequest {
    pub(crate) command: Command,
    pub(crate) answer: oneshot::Sender<Result<(), Refused>>,
}

/// A scanner has a handful of results an hour and some stages for each. Sixty-four events bridge a disk that stalls for
/// seconds, even with a line that noise fills with rejected fragments; beyond that the port rests unread and the kernel
/// keeps the bytes, another 4 KiB at least.
const EVENT_QUEUE: usize = 64;

/// Commands come from one person at one kiosk, and each waits for its answer.
const COMMAND_QUEUE: usize = 4;

impl Scanner {
    /// Both ends of what runs between driver and agent.
    pub(crate) fn connect(
        config: &Config,
        session: Session,
        state: watch::Receiver<PortState>,
    ) -> (Conversation, Self) {
        let capabilities = session.capabilities();
        let (event_sender, events) = mpsc::channel(EVENT_QUEUE);
        let (command_sender, commands) = mpsc::channel(COMMAND_QUEUE);
        let (counter_sender, counters) = watch::channel(session.counters().clone());
        let conversation = Conversation::new(config, session, event_sender, commands, counter_sender);
        (
            conversation,
            Self {
                events,
                state,
                counters,
                capabilities,
                commander: Commander(command_sender),
            },
        )
    }
}

impl Commander {
    /// Asks the session. Dropping the future does not take the command back.
    ///
    /// # Errors
    /// The session refused, or the driver has ended.
    pub async fn send(&self, command: Command) -> Result<(), CommandError> {
        let (answer, answered) = oneshot::channel();
        self.0
            .send(CommandRequest { command, answer })
            .await
            .map_err(|_| CommandError::Ended)?;
        answered
            .await
            .map_err(|_| CommandError::Ended)?
            .map_err(CommandError::Refused)
    }
}
