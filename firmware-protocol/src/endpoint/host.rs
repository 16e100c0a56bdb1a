//! The bridge's end.

use core::fmt;

use heapless::Deque;

use crate::{
    Clock, CloseReason, Counters, DeviceId, DeviceMessage, Ending, Fault, HostMessage, Identity, LineConfig, LogLevel,
    MAX_LOG, MAX_RECORD, NotSent, Progress, Record, RecordError, ResultKey, ResultNumber, ScanRef, Side, Start,
    VersionRange, frame::FrameReader, time::Instant,
};

use super::{
    link::{Happened, Link, News},
    queue::Queue,
    session::Change,
};

/// Room for the longest record and what announces it.
const BUFFER: usize = MAX_RECORD + 16;

/// Results remembered. A scanner sends its next result only after the one before was confirmed, so one for each scanner that
/// is plugged into this port in turn is enough.
const REMEMBERED: usize = 8;

/// The bridge's end of the line.
///
/// Every result is given out once: [`HostEvent::Result`]. Make it durable under its key, then call [`Self::confirm_stored`];
/// only then does the scanner forget it. If the bridge dies in between, the scanner sends the result again. Call
/// [`Self::confirm_stored`] for the last keys on disk before the first event is taken (or when the store finds that it has
/// the key already), and such a result is confirmed again without being given out. A scanner that starts again without counting on
/// has lost its memory: what it sends then is given out, whatever its key.
///
/// ```
/// use firmware_protocol::*;
///
/// # struct Disk; impl Disk { fn keys(&self) -> [ResultKey; 0] { [] } fn append(&mut self, _: ResultKey, _: &[u8]) -> bool { true } }
/// # let mut disk = Disk;
/// # let from_port: [&[u8]; 2] = [b"", b""];
/// # let mut to_port = Vec::new();
/// let started = std::time::Instant::now();
/// let now = || Instant::from_micros(started.elapsed().as_micros() as u64);
/// let mut host = Host::new(LineConfig::new(rand()), now());
/// for key in disk.keys() {
///     host.confirm_stored(key);
/// }
/// for bytes in from_port {
///     host.handle_bytes(now(), bytes);
///     host.handle_timeout(now());
///     while let Some(event) = host.poll_event() {
///         match event {
///             HostEvent::Connected(identity) => println!("{} {}", identity.maker, identity.model),
///             HostEvent::Result(received) => {
///                 let key = received.key;
///                 // A damaged record is kept as well, set aside: then the scanner can go on with the next.
///                 if disk.append(key, received.bytes) {
///                     host.confirm_stored(key);
///                 } else {
///                     host.forget(key);
///                 }
///             }
///             _ => {}
///         }
///     }
///     while let Some(frame) = host.poll_transmit(now()) {
///         to_port.extend_from_slice(frame);
///     }
///     // Wait for bytes, at most until host.poll_timeout().
/// }
/// # fn rand() -> u32 { 4 }
/// ```
pub struct Host {
    reader: FrameReader,
    link: Link<BUFFER>,
    queue: Queue,
    /// The scanner of the open session, once it has said who it is.
    device: Option<Identity>,
    /// The scanner that said last who it is, with the count of its starts and its uptime then.
    last: Option<(DeviceId, u32, u32)>,
    /// [`HostEvent::Connected`] or [`HostEvent::Incompatible`] was given out and no [`HostEvent::Disconnected`] since.
    is_told: bool,
    remembered: Deque<(ResultKey, Standing), REMEMBERED>,
}

/// Prints nothing of what is under way: results and people are.
impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("device", &self.device)
            .field("counters", self.counters())
            .finish_non_exhaustive()
    }
}

/// How far a result is on our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Given out; not on disk yet, as far as we know.
    GivenOut,
    /// On disk.
    Stored {
        /// The scanner has to hear of it.
        tell: bool,
    },
}

/// What the bridge hears from the link.
#[derive(Debug, Clone)]
pub enum HostEvent<'a> {
    /// A session is open, and this is the scanner. A good moment to set its clock.
    Connected(Identity),
    /// The session is gone, or the scanner that was [`Self::Incompatible`]. A command that was not answered may or may not have been
    /// carried out.
    Disconnected(CloseReason),
    /// The scanner speaks these versions only, and none of ours.
    Incompatible(VersionRange),
    /// How far a scan is.
    Progress(Progress),
    /// A scan is over, or was refused. The result of a completed one comes by itself, before or after this.
    Ended {
        /// The scan.
        scan: ScanRef,
        /// How.
        ending: Ending,
    },
    /// A result, given out once.
    Result(Received<'a>),
    /// A result whose head cannot be read: the whole message, to keep. It has no key to confirm, so the scanner sends it again, for ever.
    Headless(&'a [u8]),
    /// Something is wrong with the scanner.
    Fault {
        /// What.
        fault: Fault,
        /// The maker's own number.
        detail: u32,
    },
    /// A line of the scanner's log.
    Log {
        /// Weight.
        level: LogLevel,
        /// Text.
        text: heapless::String<MAX_LOG>,
    },
}

/// A result as it arrived. `Debug` prints how long it is.
#[derive(Clone)]
pub struct Received<'a> {
    /// Its identity, for ever.
    pub key: ResultKey,
    /// The bytes of the record, to keep. What is longer than any record is cut.
    pub bytes: &'a [u8],
    /// What they say. An error means damage in the scanner, which no repeat can mend: keep the bytes, set them aside, confirm.
    pub record: Result<Record<'a>, RecordError>,
}

impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("key", &self.key)
            .field("bytes", &self.bytes.len())
            .field("record", &self.record)
            .finish()
    }
}

impl Host {
    /// The end of a line that is there.
    pub fn new(config: LineConfig, now: Instant) -> Self {
        Self {
            reader: FrameReader::new(),
            link: Link::new(Side::Host, config, now),
            queue: Queue::default(),
            device: None,
            last: None,
            is_told: false,
            remembered: Deque::new(),
        }
    }

    /// Takes bytes as the port delivered them; frames may start and end anywhere.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(frame) = self.reader.push(byte) {
                let happened = self.link.handle_frame(now, frame);
                self.settle(happened);
            }
        }
        self.skip_what_is_stored();
    }

    /// Reports that `now` has arrived. Early or repeated calls change nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let happened = self.link.handle_timeout(now);
        self.settle(happened);
    }

    /// Reports that the port was closed or opened.
    pub fn handle_line(&mut self, now: Instant, up: bool) {
        self.reader.clear();
        let happened = self.link.handle_line(up, now);
        self.settle(happened);
    }

    /// The next event. Drain to `None` after every `handle_*` call: a message is taken from the line only when the one
    /// before it was taken from here.
    pub fn poll_event(&mut self) -> Option<HostEvent<'_>> {
        loop {
            match self.link.poll_news() {
                Some(News::Closed(reason)) if core::mem::take(&mut self.is_told) => {
                    return Some(HostEvent::Disconnected(reason));
                }
                Some(News::Incompatible(versions)) => {
                    self.is_told = true;
                    return Some(HostEvent::Incompatible(versions));
                }
                // That a session is open means nothing until the scanner has said who it is.
                Some(News::Closed(_) | News::Opened { .. }) => continue,
                None => {}
            }
            let decoded =
                DeviceMessage::decode(self.link.incoming().held()?).map(|(message, behind)| (message, behind.len()));
            self.link.incoming().release();
            match decoded {
                Ok((DeviceMessage::Identity(identity), _)) => {
                    self.doubt_memory(&identity);
                    self.device = Some(identity.clone());
                    self.is_told = true;
                    return Some(HostEvent::Connected(identity));
                }
                Ok((DeviceMessage::Progress(progress), _)) => return Some(HostEvent::Progress(progress)),
                Ok((DeviceMessage::Ended { scan, ending }, _)) => return Some(HostEvent::Ended { scan, ending }),
                Ok((DeviceMessage::Fault { fault, detail }, _)) => return Some(HostEvent::Fault { fault, detail }),
                Ok((DeviceMessage::Log { level, text }, _)) => return Some(HostEvent::Log { level, text }),
                Ok((DeviceMessage::Result(head), length)) => {
                    if let Some(key) = self.is_news(head.result) {
                        let message = self.link.incoming().released();
                        let (bytes, record) = head.read(&message[message.len() - length..]);
                        return Some(HostEvent::Result(Received { key, bytes, record }));
                    }
                }
                Err(_) => {
                    self.link.count_unknown_message();
                    let is_result = self.link.incoming().released().first() == Some(&DeviceMessage::RESULT);
                    if is_result && self.device.is_some() {
                        return Some(HostEvent::Headless(self.link.incoming().released()));
                    }
                }
            }
        }
    }

    /// The next frame to write, whole and in one go. Ask again when it has left: a repeat is timed from this call.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<&[u8]> {
        if self.link.is_free() {
            self.queue_confirmation();
            if let Some(length) = self.queue.begin() {
                self.link.begin(length);
            }
        }
        let Self { link, queue, .. } = self;
        link.poll_transmit(now, |offset, into| queue.read(offset, into))
    }

    /// When [`Self::handle_timeout`] and [`Self::poll_transmit`] next have work. May change after every other call.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.link.deadline()
    }

    /// Says that a result is durable: now, or since before the bridge started. The scanner is told whenever it needs to hear
    /// it, and the result is not given out again. The last eight results are remembered.
    pub fn confirm_stored(&mut self, key: ResultKey) {
        self.remember(key, Standing::Stored { tell: true });
    }

    /// Says that a result that was given out could not be kept. It is given out again when the scanner sends it again, which
    /// it does every 30 seconds.
    pub fn forget(&mut self, key: ResultKey) {
        self.remembered
            .retain(|(known, standing)| *known != key || *standing != Standing::GivenOut);
    }

    /// Asks for a scan.
    ///
    /// # Errors
    /// [`NotSent`] if there is no session or too much waits.
    pub fn start(&mut self, start: Start) -> Result<(), NotSent> {
        self.send(&HostMessage::Start(start))
    }

    /// Asks to stop the scan that was asked for under this number.
    ///
    /// # Errors
    /// [`NotSent`] if there is no session or too much waits.
    pub fn cancel(&mut self, scan: u32) -> Result<(), NotSent> {
        self.send(&HostMessage::Cancel(scan))
    }

    /// Sets the scanner's clock.
    ///
    /// # Errors
    /// [`NotSent`] if there is no session or too much waits.
    pub fn set_clock(&mut self, clock: Clock) -> Result<(), NotSent> {
        self.send(&HostMessage::SetClock(clock))
    }

    /// The scanner of the open session.
    pub fn device(&self) -> Option<&Identity> {
        self.device.as_ref()
    }

    /// The version of the open session.
    pub fn version(&self) -> Option<u8> {
        self.link.version()
    }

    /// What went by on the line.
    pub fn counters(&self) -> &Counters {
        self.link.counters()
    }

    fn send(&mut self, message: &HostMessage) -> Result<(), NotSent> {
        if self.device.is_none() {
            return Err(NotSent::NotConnected);
        }
        self.queue.push(|into| message.encode(into))
    }

    fn settle(&mut self, happened: Option<Happened>) {
        match happened {
            None => {}
            Some(Happened::Delivered) => {
                self.queue.delivered();
            }
            Some(Happened::Session(Change::Opened | Change::Closed(_))) => {
                self.queue.clear();
                self.device = None;
            }
        }
    }

    /// Stops a result that is on disk already from coming in whole: its head is enough to confirm it again.
    fn skip_what_is_stored(&mut self) {
        let Some(device) = self.device.as_ref().map(|identity| identity.device) else {
            return;
        };
        let head = match self.link.incoming().partial().map(DeviceMessage::decode) {
            Some(Ok((DeviceMessage::Result(head), _))) => head,
            _ => return,
        };
        let key = ResultKey {
            device,
            result: head.result,
        };
        if let Some(Standing::Stored { tell }) = self.standing(key) {
            *tell = true;
            self.link.incoming().skip();
        }
    }

    /// The key of a result that has to be given out, and marks it as such.
    fn is_news(&mut self, result: ResultNumber) -> Option<ResultKey> {
        let device = self.device.as_ref()?.device;
        let key = ResultKey { device, result };
        match self.standing(key) {
            Some(Standing::Stored { tell }) => {
                *tell = true;
                None
            }
            Some(Standing::GivenOut) => None,
            None => {
                self.remember(key, Standing::GivenOut);
                Some(key)
            }
        }
    }

    /// Forgets the results of a scanner that was started again without counting on: its memory was erased, and its new results may
    /// come under the keys of old ones. Whoever has these on disk can compare the bytes.
    fn doubt_memory(&mut self, identity: &Identity) {
        let Identity {
            device,
            boot,
            uptime_ms,
            ..
        } = *identity;
        let seen = self.last.replace((device, boot, uptime_ms));
        if seen.is_some_and(|(before, ..)| before == device) && Some((device, boot, uptime_ms)) < seen {
            self.remembered.retain(|(key, _)| key.device != device);
        }
    }

    fn standing(&mut self, key: ResultKey) -> Option<&mut Standing> {
        self.remembered
            .iter_mut()
            .find(|(known, _)| *known == key)
            .map(|(_, standing)| standing)
    }

    fn remember(&mut self, key: ResultKey, standing: Standing) {
        self.remembered.retain(|(known, _)| *known != key);
        if self.remembered.is_full() {
            self.remembered.pop_front();
        }
        // There is room: one was just taken out if it was full.
        let _ = self.remembered.push_back((key, standing));
    }

    /// Queues a confirmation that the scanner has to hear. If the session ends before it arrives, the scanner sends the
    /// result again, and that brings it up again.
    fn queue_confirmation(&mut self) {
        let Some(device) = self.device.as_ref().map(|identity| identity.device) else {
            return;
        };
        let due = |standing: &Standing| *standing == Standing::Stored { tell: true };
        let Some((key, standing)) = self
            .remembered
            .iter_mut()
            .find(|(key, standing)| key.device == device && due(standing))
        else {
            return;
        };
        let result: ResultNumber = key.result;
        if self.queue.push(|into| HostMessage::Stored(result).encode(into)).is_ok() {
            *standing = Standing::Stored { tell: false };
        }
    }
}
