//! The scanner's end.

use core::fmt;

use heapless::Vec;

use crate::{
    Clock, CloseReason, Counters, DeviceMessage, Ending, Fault, HostMessage, Identity, LineConfig, LogLevel,
    MAX_RECORD, NotSent, Progress, ResultNumber, ResultStore, ScanRef, Side, Start, VersionRange, Waiting,
    frame::{FrameReader, MAX_PAYLOAD},
    message::{MAX_MESSAGE, ResultHead, is_end_of, text},
    time::{Instant, Timing, earliest},
};

use super::{
    link::{Happened, Link, News},
    queue::Queue,
    session::Change,
};

/// The most bytes a [`ResultHead`] takes: number, two varints of up to 5 bytes, one of up to 3.
const HEAD: usize = 14;

/// The scanner's end of the line.
///
/// Results need no call: whatever waits in the [`ResultStore`] is sent, oldest first and in turn with the messages, until the
/// bridge confirms that it is stored. Everything else is live: what was not delivered when a session ends is dropped, and firmware that gets
/// [`DeviceEvent::Connected`] reports where it stands.
///
/// ```
/// use firmware_protocol::*;
///
/// # fn uart_read(_: &mut [u8]) -> usize { 0 }
/// # fn uart_write(_: &[u8]) {}
/// # fn micros() -> u64 { 0 }
/// # let identity = Identity { device: DeviceId([1; 16]), boot: 7, uptime_ms: 0, maker: text("Example"),
/// #     model: text("BC-1"), serial: text("0001"), firmware: text("1.0"), capabilities: Capabilities::LIVE_STAGES };
/// let now = || Instant::from_micros(micros());
/// let store = RamStore::<2, 2048>::new();
/// let mut device = Device::new(identity, store, LineConfig::new(7), now());
///
/// # let running = || false;
/// # let mut once = true;
/// while core::mem::take(&mut once) || running() {
///     let mut bytes = [0; 64];
///     let count = uart_read(&mut bytes);
///     device.handle_bytes(now(), &bytes[..count]);
///     device.handle_timeout(now());
///     while let Some(event) = device.poll_event() {
///         match event {
///             DeviceEvent::Connected { .. } => { /* report the stage of a running scan */ }
///             DeviceEvent::Start(_) => { /* begin, or refuse with `device.ended` */ }
///             _ => {}
///         }
///     }
///     while let Some(frame) = device.poll_transmit(now()) {
///         uart_write(frame);
///     }
/// }
/// ```
pub struct Device<S> {
    reader: FrameReader,
    link: Link<MAX_PAYLOAD>,
    identity: Identity,
    store: S,
    queue: Queue,
    /// The result under way, if that and not a message of the queue is.
    flight: Option<Flight>,
    /// The result that is due, and how many messages of the queue still go before it.
    turn: Option<(ResultNumber, usize)>,
    /// The result that has arrived and is not confirmed, and when it is sent again.
    awaited: Option<(ResultNumber, Instant)>,
}

struct Flight {
    result: ResultNumber,
    head: Vec<u8, HEAD>,
}

/// Prints nothing of what is under way: results and people are.
impl<S> fmt::Debug for Device<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("identity", &self.identity)
            .field("counters", self.link.counters())
            .finish_non_exhaustive()
    }
}

/// What firmware hears from the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceEvent {
    /// A session is open. Report the stage of a running scan: the bridge knows nothing of it.
    Connected {
        /// The version both speak.
        version: u8,
    },
    /// The session is gone, or the bridge that was [`Self::Incompatible`]. Scans go on; results are kept and sent later.
    Disconnected(CloseReason),
    /// The bridge speaks these versions only, and none of ours: one of the two needs an update.
    Incompatible(VersionRange),
    /// Start a scan, and answer with [`Device::progress`] or [`Device::ended`].
    Start(Start),
    /// Stop the scan of this number, and answer with [`Device::ended`].
    Cancel(u32),
    /// What time it is.
    SetClock(Clock),
    /// The bridge has this result on disk, and the store has just forgotten it. A bridge may say so again; that is no event.
    Stored(ResultNumber),
}

impl<S: ResultStore> Device<S> {
    /// The end of a line that is there. `identity.uptime_ms` is filled in at each sending, from the time since
    /// [`Instant::START`], which must be the scanner's start.
    pub fn new(identity: Identity, store: S, config: LineConfig, now: Instant) -> Self {
        Self {
            reader: FrameReader::new(),
            link: Link::new(Side::Device, config, now),
            identity,
            store,
            queue: Queue::default(),
            flight: None,
            turn: None,
            awaited: None,
        }
    }

    /// Takes bytes as the UART delivered them; frames may start and end anywhere.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(frame) = self.reader.push(byte) {
                let happened = self.link.handle_frame(now, frame);
                self.settle(now, happened);
            }
        }
    }

    /// Reports that `now` has arrived. Early or repeated calls change nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let happened = self.link.handle_timeout(now);
        self.settle(now, happened);
    }

    /// Reports that the line was connected or cut, for scanners that can see it (USB, a CTS line). Others need not call it.
    pub fn handle_line(&mut self, now: Instant, up: bool) {
        self.reader.clear();
        let happened = self.link.handle_line(up, now);
        self.settle(now, happened);
    }

    /// The next event. Drain to `None` after every `handle_*` call: a message is taken from the line only when the one
    /// before it was taken from here.
    pub fn poll_event(&mut self) -> Option<DeviceEvent> {
        match self.link.poll_news() {
            Some(News::Opened { version }) => return Some(DeviceEvent::Connected { version }),
            Some(News::Closed(reason)) => return Some(DeviceEvent::Disconnected(reason)),
            Some(News::Incompatible(versions)) => return Some(DeviceEvent::Incompatible(versions)),
            None => {}
        }
        let message = HostMessage::decode(self.link.incoming().held()?).map(|(message, _)| message);
        self.link.incoming().release();
        Some(match message {
            Ok(HostMessage::Stored(result)) => return self.store.remove(result).then_some(DeviceEvent::Stored(result)),
            Ok(HostMessage::SetClock(clock)) => DeviceEvent::SetClock(clock),
            Ok(HostMessage::Start(start)) => DeviceEvent::Start(start),
            Ok(HostMessage::Cancel(scan)) => DeviceEvent::Cancel(scan),
            Err(_) => {
                self.link.count_unknown_message();
                return None;
            }
        })
    }

    /// The next frame to write, whole and in one go. Ask again when it has left: a repeat is timed from this call.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<&[u8]> {
        if self.link.is_free() {
            self.begin_next(now);
        }
        let Self {
            link,
            queue,
            flight,
            store,
            ..
        } = self;
        link.poll_transmit(now, |offset, into| match flight {
            None => queue.read(offset, into),
            Some(Flight { result, head }) => {
                let from_head = head.len().saturating_sub(offset).min(into.len());
                let (first, rest) = into.split_at_mut(from_head);
                first.copy_from_slice(&head[head.len().min(offset)..][..from_head]);
                if !rest.is_empty() {
                    store.read(*result, (offset + from_head) - head.len(), rest);
                }
            }
        })
    }

    /// When [`Self::handle_timeout`] and [`Self::poll_transmit`] next have work: [`Instant::START`] if they have some already, because a
    /// record was stored or a message said since they were called. May change after every other call.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let next = if !self.link.is_free() {
            None
        } else if !self.queue.is_empty() {
            Some(Instant::START)
        } else {
            self.store.oldest().map(|oldest| {
                let again = self.awaited.filter(|(result, _)| *result == oldest.result);
                again.map_or(Instant::START, |(_, at)| at)
            })
        };
        earliest(self.link.deadline(), next)
    }

    /// Reports how far a scan is. The progress before it is replaced if it is the last message that waits to be sent.
    /// Call it at least once a minute while a scan runs, changed or not: after five minutes of silence the bridge gives the scan up.
    ///
    /// # Errors
    /// [`NotSent`]; there is no need to try again.
    pub fn progress(&mut self, progress: Progress) -> Result<(), NotSent> {
        self.queue.drop_last(DeviceMessage::PROGRESS);
        self.send(&DeviceMessage::Progress(progress))
    }

    /// Reports that a scan is over. Of a completed one, store the record first.
    ///
    /// # Errors
    /// [`NotSent`]: when connected, try again later.
    pub fn ended(&mut self, scan: ScanRef, ending: Ending) -> Result<(), NotSent> {
        self.send(&DeviceMessage::Ended { scan, ending })
    }

    /// Reports that something is wrong with the scanner. `detail` is the maker's own number.
    ///
    /// # Errors
    /// [`NotSent`]: when connected, try again later.
    pub fn fault(&mut self, fault: Fault, detail: u32) -> Result<(), NotSent> {
        self.send(&DeviceMessage::Fault { fault, detail })
    }

    /// Sends a line of the log, cut to [`crate::MAX_LOG`] bytes. Never a measured value, a name or a subject number.
    ///
    /// # Errors
    /// [`NotSent`]; there is no need to try again.
    pub fn log(&mut self, level: LogLevel, line: &str) -> Result<(), NotSent> {
        self.send(&DeviceMessage::Log {
            level,
            text: text(line),
        })
    }

    /// Whether a session is open.
    pub fn is_connected(&self) -> bool {
        self.link.version().is_some()
    }

    /// The store, to append a record to it.
    pub fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// What went by on the line.
    pub fn counters(&self) -> &Counters {
        self.link.counters()
    }

    fn send(&mut self, message: &DeviceMessage) -> Result<(), NotSent> {
        if !self.is_connected() {
            return Err(NotSent::NotConnected);
        }
        self.queue.push(|into: &mut [u8; MAX_MESSAGE]| message.encode(into))
    }

    fn settle(&mut self, now: Instant, happened: Option<Happened>) {
        match happened {
            None => {}
            Some(Happened::Delivered) => {
                if !self.queue.delivered()
                    && let Some(flight) = self.flight.take()
                {
                    self.awaited = Some((flight.result, now + Timing::STORED));
                }
            }
            Some(Happened::Session(change)) => {
                self.queue.clear();
                self.flight = None;
                self.turn = None;
                self.awaited = None;
                if change == Change::Opened {
                    self.identity.uptime_ms = u32::try_from(now.micros() / 1000).unwrap_or(u32::MAX);
                    let identity = DeviceMessage::Identity(self.identity.clone());
                    // The queue is empty: the first message of a session always fits.
                    let _ = self.queue.push(|into| identity.encode(into));
                }
            }
        }
    }

    /// Puts the next message on its way. A result lets the end of its scan go first, and what waits before that, so that what firmware
    /// says in one go comes in its order; else one message. It is counted once how many: firmware that logs in its loop fills the queue
    /// as fast as it empties.
    fn begin_next(&mut self, now: Instant) {
        self.flight = None;
        let due = self.due_result(now);
        let turn = due.map(|Waiting { result, .. }| {
            let counted = self.turn.filter(|(counted, _)| *counted == result);
            counted.unwrap_or_else(|| {
                (
                    result,
                    self.queue.up_to(|message| is_end_of(result, message)).unwrap_or(1),
                )
            })
        });
        if turn.is_none_or(|(_, before)| before > 0)
            && let Some(length) = self.queue.begin()
        {
            self.turn = turn.map(|(result, before)| (result, before - 1));
            self.link.begin(length);
            return;
        }
        self.turn = None;
        let Some(waiting) = due else { return };
        // A longer one is damage of the store. What is sent of it fails its checksum: the bridge sets it aside and confirms it.
        let length = waiting.length.min(MAX_RECORD);
        let message = DeviceMessage::Result(ResultHead {
            result: waiting.result,
            length: u16::try_from(length).expect("MAX_RECORD is below 65536"),
        });
        let mut buffer = [0; MAX_MESSAGE];
        let written = message.encode(&mut buffer);
        let head = Vec::from_slice(&buffer[..written]).unwrap_or_default();
        self.link.begin(head.len() + length);
        self.flight = Some(Flight {
            result: waiting.result,
            head,
        });
    }

    /// The oldest result, unless it has arrived and the time to send it again has not come.
    fn due_result(&self, now: Instant) -> Option<Waiting> {
        let waiting = self.store.oldest()?;
        let pause = self
            .awaited
            .is_some_and(|(result, again)| result == waiting.result && now < again);
        (!pause).then_some(waiting)
    }
}
