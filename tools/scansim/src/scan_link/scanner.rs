//! A simulated scan-link scanner on a simulated cable.

use std::{collections::VecDeque, time::Duration};

use firmware_protocol::{
    Capabilities, CloseReason, Completeness, Device, DeviceEvent, DeviceId, Ending, Fault, Identity, LineConfig,
    MAX_RECORD, Progress, RecordWriter, ResultNumber, ScanRef, frame::MAX_FRAME, text,
};
use scan_link_scanner::{Measured, Records, Report, Scanner};
use tokio::time::{Instant, sleep_until};

use super::{Person, StateError, Store, published};
use crate::{LineError, Player};

/// A scanner that speaks scan-link over a line, at the pace and with the faults of a [`Player`]: each frame that leaves may suffer
/// one.
#[derive(Debug)]
pub struct LinkScanner {
    player: Player,
    link: Device<Store>,
    scanner: Platform,
    visits: Visits,
    records: Records,
    tempo: u32,
    /// The scanner's time zero.
    epoch: Instant,
    happened: VecDeque<Happened>,
}

/// What a [`LinkScanner`] is and who comes.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// Its serial number, 16 characters at most: what tells it from other simulated scanners.
    pub serial: String,
    /// Bits per second of the line: the link's waits are computed from it.
    pub baud: u32,
    /// So many people step on by themselves.
    pub people: u64,
    /// From the end of a scan to the next person's step.
    pub gap: Duration,
    /// Everything at the platform happens so many times as fast.
    pub tempo: u32,
}

/// Something that a [`LinkScanner`] did or heard, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A bridge is there.
    Connected,
    /// It is gone.
    Disconnected(CloseReason),
    /// A scan goes on.
    Progress(Progress),
    /// A scan ended with this result, which is kept until the bridge has it.
    Kept(ScanRef, ResultNumber),
    /// A scan ended without a result, or never began.
    Ended(ScanRef, Ending),
    /// The bridge has this result on disk; it is forgotten here.
    Stored(ResultNumber),
    /// A person waits, because the memory is full of results that no bridge has confirmed.
    NoRoom,
    /// A frame suffered this on its way out.
    Fault(crate::Fault),
}

/// Why a simulated scan-link scanner cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The line failed.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The memory failed.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The platform, and who steps on it in turn.
struct Platform {
    scanner: Scanner<Person>,
    people: Vec<Person>,
    next: usize,
}

/// Who is still to come.
#[derive(Debug)]
struct Visits {
    left: u64,
    gap: Duration,
    next: Instant,
    /// The next one was told that there is no room.
    refused: bool,
}

impl Default for LinkSettings {
    /// One person, at once, at the pace of life, on a line at 115,200 bits per second.
    fn default() -> Self {
        Self {
            serial: "SIM-0001".to_owned(),
            baud: 115_200,
            people: 1,
            gap: Duration::ZERO,
            tempo: 1,
        }
    }
}

impl LinkScanner {
    /// Puts a scanner with this memory on the line of `player`. What waits in the memory is sent as soon as a bridge is there.
    ///
    /// # Panics
    /// Outside a Tokio runtime with time enabled.
    pub fn new(player: Player, store: Store, settings: &LinkSettings) -> Self {
        let boot = store.boot();
        let mut device = [0; 16];
        for (byte, serial) in device.iter_mut().zip(settings.serial.bytes()) {
            *byte = serial;
        }
        let mut capabilities = Capabilities::STARTS_SCANS
            .with(Capabilities::CANCELS)
            .with(Capabilities::LIVE_STAGES)
            .with(Capabilities::IMPEDANCES)
            .with(Capabilities::CLOCK)
            .with(Capabilities::STARTS_WEIGHT)
            .with(Capabilities::STARTS_BODY_COMPOSITION);
        if store.is_lasting() {
            capabilities = capabilities.with(Capabilities::KEEPS_RESULTS);
        }
        let identity = Identity {
            device: DeviceId(device),
            boot,
            uptime_ms: 0,
            maker: text("scanbridge"),
            model: text("Simulated"),
            serial: text(&settings.serial),
            firmware: text(env!("CARGO_PKG_VERSION")),
            capabilities,
        };
        let config = LineConfig {
            baud: settings.baud,
            ..LineConfig::new(boot)
        };
        let epoch = Instant::now();
        Self {
            // A scanner goes on measuring while nobody reads its port.
            player: player.losing_what_nobody_reads(),
            link: Device::new(identity, store, config, firmware_protocol::Instant::START),
            scanner: Platform::new(),
            visits: Visits {
                left: settings.people,
                gap: settings.gap,
                next: epoch,
                refused: false,
            },
            records: Records::new(boot),
            tempo: settings.tempo.max(1),
            epoch,
            happened: VecDeque::new(),
        }
    }

    /// How many results the bridge has not confirmed as stored.
    pub fn waiting(&mut self) -> usize {
        self.link.store_mut().waiting()
    }

    /// Whether everybody came, and the bridge has confirmed every result as stored.
    pub fn is_done(&mut self) -> bool {
        self.visits.left == 0 && self.scanner.scanner.is_free() && self.waiting() == 0
    }

    /// Another person comes, as soon as the platform is free.
    pub fn send_person(&mut self) {
        self.visits.left += 1;
    }

    /// The player, to pull its cable.
    pub fn player(&mut self) -> &mut Player {
        &mut self.player
    }

    /// Lives on until something happens, and returns what. Dropping the future leaves a part of a frame on the wire at most.
    ///
    /// # Errors
    /// [`LinkError`] if the line or the memory failed.
    pub async fn step(&mut self) -> Result<Happened, LinkError> {
        loop {
            let now = self.now();
            self.link.handle_timeout(now);
            self.hear(now);
            self.let_people_come(now);
            self.act(now);
            if let Some(trouble) = self.link.store_mut().take_trouble() {
                return Err(trouble.into());
            }
            // Before anything is told: who hears of a confirmation may end the program, and the bridge waits for its answer.
            if let Some(frame) = self.link.poll_transmit(now) {
                let frame = frame.to_vec();
                let played = self.player.deliver(&frame).await?;
                self.happened.extend(played.fault.map(Happened::Fault));
                // What came meanwhile may change what the next frame is.
                self.listen(std::future::ready(())).await?;
                continue;
            }
            if let Some(happened) = self.happened.pop_front() {
                return Ok(happened);
            }
            match self.wake() {
                Some(wake) => self.listen(sleep_until(wake)).await?,
                None => self.listen(std::future::pending()).await?,
            }
        }
    }

    /// Takes what the bridge says next, unless `end` comes first.
    async fn listen(&mut self, end: impl Future<Output = ()>) -> Result<(), LinkError> {
        let mut buffer = [0; 4 * MAX_FRAME];
        tokio::select! {
            biased;
            read = self.player.line().read(&mut buffer) => {
                let count = read?;
                let now = self.now();
                self.link.handle_bytes(now, &buffer[..count]);
            }
            () = end => {}
        }
        Ok(())
    }

    fn now(&self) -> firmware_protocol::Instant {
        let micros = self.epoch.elapsed().as_micros();
        firmware_protocol::Instant::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// When there is something to do without being spoken to.
    fn wake(&self) -> Option<Instant> {
        let at = |micros: u64| self.epoch + Duration::from_micros(micros);
        let link = self.link.poll_timeout().map(|due| at(due.micros()));
        let tempo = u64::from(self.tempo);
        let platform = self.scanner.scanner.poll_timeout();
        let platform = platform.map(|due| at(due.micros().div_ceil(tempo)));
        // Who was refused waits for a confirmation, not for a time.
        let is_awaited = self.visits.left > 0 && self.scanner.scanner.is_free() && !self.visits.refused;
        let visit = is_awaited.then_some(self.visits.next);
        [link, platform, visit].into_iter().flatten().min()
    }

    /// The platform's time.
    fn at_tempo(&self, now: firmware_protocol::Instant) -> firmware_protocol::Instant {
        firmware_protocol::Instant::from_micros(now.micros().saturating_mul(u64::from(self.tempo)))
    }

    /// What the link has to tell.
    fn hear(&mut self, now: firmware_protocol::Instant) {
        let at_tempo = self.at_tempo(now);
        while let Some(event) = self.link.poll_event() {
            match event {
                DeviceEvent::Connected { .. } => {
                    self.happened.push_back(Happened::Connected);
                    self.scanner.scanner.report_again(at_tempo);
                }
                DeviceEvent::Disconnected(reason) => {
                    self.player.line().forget_dead_owner();
                    self.happened.push_back(Happened::Disconnected(reason));
                }
                DeviceEvent::Stored(result) => {
                    self.visits.refused = false;
                    self.happened.push_back(Happened::Stored(result));
                }
                DeviceEvent::Start(start) => {
                    let room = self.link.store_mut().has_room();
                    self.scanner.scanner.start(at_tempo, start, room);
                }
                DeviceEvent::Cancel(scan) => self.scanner.scanner.cancel(scan),
                DeviceEvent::SetClock(clock) => self.records.set_clock(now, clock),
                DeviceEvent::Incompatible(_) => {}
            }
        }
    }

    /// The next person steps on when it is time and the last one is off; not while there is no room for a result.
    fn let_people_come(&mut self, now: firmware_protocol::Instant) {
        let is_time = self.visits.left > 0 && Instant::now() >= self.visits.next;
        if !is_time || self.visits.refused || !self.scanner.scanner.is_free() {
            return;
        }
        if !self.link.store_mut().has_room() {
            self.visits.refused = true;
            let _ = self.link.fault(Fault::StoreFull, 0);
            self.happened.push_back(Happened::NoRoom);
            return;
        }
        self.visits.left -= 1;
        let at_tempo = self.at_tempo(now);
        self.scanner.step_on(at_tempo);
    }

    /// Does what the course of the scan asks for.
    fn act(&mut self, now: firmware_protocol::Instant) {
        let at_tempo = self.at_tempo(now);
        let Self {
            scanner: Platform { scanner, .. },
            link,
            records,
            visits,
            happened,
            ..
        } = self;
        scanner.handle_timeout(at_tempo);
        let keep = |store: &mut Store, mut measured: Measured<Person>| {
            // What nobody measured cannot be full.
            if measured.completeness == Completeness::Full {
                measured.completeness = measured.person.completeness;
            }
            let measure = |writer: &mut RecordWriter<'_>| measured.person.measure(measured.completeness, writer);
            records.keep(now, &measured, &mut [0; MAX_RECORD], measure, |result, record| {
                store.append(result, record)
            })
        };
        scanner.act(link, keep, |report| {
            if let Report::End(..) = report {
                visits.next = Instant::now() + visits.gap;
            }
            happened.push_back(match report {
                Report::Progress(progress) => Happened::Progress(progress),
                Report::End(scan, Ending::Completed(result)) => Happened::Kept(scan, result),
                Report::End(scan, ending) => Happened::Ended(scan, ending),
            });
        });
    }
}

impl Platform {
    fn new() -> Self {
        Self {
            scanner: Scanner::default(),
            people: published(),
            next: 0,
        }
    }

    fn step_on(&mut self, now: firmware_protocol::Instant) {
        let Some(person) = self.people.get(self.next % self.people.len().max(1)).cloned() else {
            return;
        };
        self.next += 1;
        let subject = person.subject.clone();
        self.scanner.step_on(now, person, subject);
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
