//! A session, a scanner and the cable between them, in virtual time.

use firmware_protocol::{
    Capabilities, Clock, Completeness, Decimal, Device, DeviceEvent, DeviceId, Ending, Frequency, Identity, Impedance,
    Instant, LineConfig, MAX_RECORD, MetricId, Progress, RamStore, RecordHeader, RecordWriter, ResultNumber, ScanKind,
    ScanRef, Segment, Sex, Stage, Subject, text,
};
use scanner_protocol::{Command, Event, LineEvent, Options, Protocol, RecordId, Refused, Session, Tick};

use crate::SECOND;

/// What the scanner counts as its start.
pub(super) const BOOT: u32 = 7;

pub(super) type Scanner = Device<RamStore<4, MAX_RECORD>>;

/// Both ends and the cable.
pub(super) struct Line {
    pub(super) now: u64,
    pub(super) session: Session,
    pub(super) scanner: Scanner,
    /// What the session found.
    pub(super) events: Vec<Event>,
    /// What the scanner heard.
    pub(super) heard: Vec<DeviceEvent>,
    /// Everything that went over the cable.
    pub(super) wire: Vec<u8>,
    /// The session gets the scanner's bytes in pieces of this size.
    pub(super) piece: usize,
    /// Whoever owns the session stores every result at once and says so.
    pub(super) stores: bool,
    pub(super) is_plugged: bool,
    /// The cable is pulled once so many bytes have passed.
    pub(super) cut_at: Option<usize>,
}

impl Line {
    /// Plugged in, with the port open, and nothing said yet.
    pub(super) fn new() -> Self {
        Self::with(identity(), session(1))
    }

    pub(super) fn with(identity: Identity, mut session: Session) -> Self {
        session.handle_line(Tick(0), LineEvent::Up);
        Self {
            now: 0,
            session,
            scanner: Device::new(identity, RamStore::new(), LineConfig::new(BOOT), Instant::START),
            events: Vec::new(),
            heard: Vec::new(),
            wire: Vec::new(),
            piece: usize::MAX,
            stores: true,
            is_plugged: true,
            cut_at: None,
        }
    }

    /// Lets `micros` pass.
    pub(super) fn run(&mut self, micros: u64) {
        let end = self.now + micros;
        loop {
            self.exchange();
            let session = self.session.poll_timeout().map(|at| at.0);
            let scanner = self.scanner.poll_timeout().map(Instant::micros);
            // A deadline that is over already has to wait for the other side, but not for ever.
            let next = session
                .into_iter()
                .chain(scanner)
                .min()
                .unwrap_or(end)
                .max(self.now + 1000);
            self.now = next.min(end);
            self.session.handle_timeout(Tick(self.now));
            self.scanner.handle_timeout(Instant::from_micros(self.now));
            if self.now == end {
                return self.exchange();
            }
        }
    }

    /// Long enough for whatever is said now to be said and answered.
    pub(super) fn settle(&mut self) {
        self.run(SECOND / 2);
    }

    /// Carries frames and takes events until nobody has anything to say.
    fn exchange(&mut self) {
        loop {
            self.collect();
            if let Some(transmit) = self.session.poll_transmit() {
                self.session.handle_sent(Tick(self.now));
                let bytes = self.carried(&transmit.0);
                self.scanner.handle_bytes(self.instant(), &bytes);
                self.listen();
                continue;
            }
            let now = self.instant();
            let Some(frame) = self.scanner.poll_transmit(now).map(<[u8]>::to_vec) else {
                return;
            };
            let bytes = self.carried(&frame);
            for piece in bytes.chunks(self.piece.min(bytes.len().max(1))) {
                self.session.handle_bytes(Tick(self.now), piece);
            }
            self.listen();
        }
    }

    fn listen(&mut self) {
        while let Some(event) = self.scanner.poll_event() {
            self.heard.push(event);
        }
    }

    fn collect(&mut self) {
        while let Some(event) = self.session.poll_event() {
            if self.stores
                && let Some(id) = result_id(&event)
            {
                self.command(Command::Stored(RecordId(id))).unwrap();
            }
            self.events.push(event);
        }
    }

    /// What of `frame` arrives.
    fn carried(&mut self, frame: &[u8]) -> Vec<u8> {
        if !self.is_plugged {
            return Vec::new();
        }
        let room = self.cut_at.map_or(usize::MAX, |at| at.saturating_sub(self.wire.len()));
        let carried = &frame[..frame.len().min(room)];
        self.wire.extend(carried);
        if frame.len() > room {
            self.is_plugged = false;
        }
        carried.to_vec()
    }

    pub(super) fn command(&mut self, command: Command) -> Result<(), Refused> {
        self.session.handle_command(Tick(self.now), command)
    }

    /// The port goes away, or comes back.
    pub(super) fn port(&mut self, event: LineEvent) {
        self.is_plugged = event == LineEvent::Up;
        self.session.handle_line(Tick(self.now), event);
        self.settle();
    }

    pub(super) fn reach(&mut self, scan: ScanRef, stage: Stage, percent: u8) {
        let _ = self.scanner.progress(Progress { scan, stage, percent });
        self.settle();
    }

    /// The scanner's scan ends with a result, which it keeps.
    pub(super) fn complete(&mut self, scan: ScanRef, number: u32) -> Vec<u8> {
        let record = record(scan, number, |_| {});
        self.keep(number, &record);
        let _ = self.scanner.ended(scan, Ending::Completed(result(number)));
        self.settle();
        record
    }

    pub(super) fn keep(&mut self, number: u32, record: &[u8]) {
        self.scanner.store_mut().append(result(number), record).unwrap();
    }

    /// What the session found, in words, and nothing of it twice.
    pub(super) fn words(&mut self) -> Vec<String> {
        self.events.drain(..).map(|event| word(&event)).collect()
    }

    fn instant(&self) -> Instant {
        Instant::from_micros(self.now)
    }
}

pub(super) fn session(link_seed: u32) -> Session {
    let options = Options {
        link_seed,
        ..Options::default()
    };
    Session::new(Protocol::ScanLink, options)
}

pub(super) fn identity() -> Identity {
    Identity {
        device: DeviceId(*b"chip-0001\0\0\0\0\0\0\0"),
        boot: BOOT,
        uptime_ms: 0,
        maker: text("Example"),
        model: text("BC-1"),
        serial: text("SN-42"),
        firmware: text("1.4.0"),
        capabilities: Capabilities::LIVE_STAGES
            .with(Capabilities::IMPEDANCES)
            .with(Capabilities::STARTS_SCANS)
            .with(Capabilities::CANCELS)
            .with(Capabilities::CLOCK),
    }
}

pub(super) fn result(number: u32) -> ResultNumber {
    ResultNumber { boot: BOOT, number }
}

/// The identity of a result, as the agent knows it.
pub(super) fn id(number: u32) -> String {
    format!("636869702d3030303100000000000000-{BOOT}-{number}")
}

pub(super) fn subject() -> Subject {
    Subject {
        number: text("0000000112"),
        sex: Some(Sex::Female),
        age: Some(28),
        height: Some(Decimal::new(1670, 1)),
        ..Subject::default()
    }
}

/// A whole-body result of 300 bytes and more, so that it takes two frames; `change` has the last word on its header.
pub(super) fn record(scan: ScanRef, number: u32, change: impl FnOnce(&mut RecordHeader)) -> Vec<u8> {
    let mut header = RecordHeader {
        result: result(number),
        scan,
        kind: ScanKind::BodyComposition,
        completeness: Completeness::Full,
        uptime_ms: 61_500,
        clock: Some(Clock {
            unix_seconds: 1_750_000_000,
            offset_minutes: 60,
        }),
        subject: subject(),
    };
    change(&mut header);
    let mut buffer = [0; MAX_RECORD];
    let mut writer = RecordWriter::new(&mut buffer, &header).unwrap();
    writer.value(MetricId::BODY_WEIGHT, Decimal::new(8050, 2)).unwrap();
    writer.value(MetricId::FAT_PERCENTAGE, Decimal::new(240, 1)).unwrap();
    for segment in &Segment::KNOWN[..6] {
        for frequency in &Frequency::KNOWN[..6] {
            let impedance = Impedance {
                segment: *segment,
                frequency: *frequency,
                resistance: Decimal::new(3213 + i32::from(segment.code()), 1),
                reactance: Decimal::new(-328, 1),
            };
            writer.impedance(impedance).unwrap();
        }
    }
    writer.finish().to_vec()
}

pub(super) fn word(event: &Event) -> String {
    match event {
        Event::Stage { stage, within } => format!("{stage:?} {within}"),
        Event::Record(record) => format!("record {}", number(record.result_id.as_deref())),
        Event::Rejected(rejected) => format!("{} {}", rejected.reason, number(rejected.result_id.as_deref())),
        Event::Earlier(Ok(record)) => format!("earlier record {}", number(record.result_id.as_deref())),
        Event::Earlier(Err(rejected)) => {
            format!("earlier {} {}", rejected.reason, number(rejected.result_id.as_deref()))
        }
        Event::DeviceError(error) => error.name.to_owned(),
        Event::Cancelled => "cancelled".to_owned(),
        Event::Connected(_) => "connected".to_owned(),
        Event::Repeated => "repeated".to_owned(),
        Event::Prompt(text) => (*text).to_owned(),
    }
}

pub(super) fn result_id(event: &Event) -> Option<String> {
    match event {
        Event::Record(record) | Event::Earlier(Ok(record)) => record.result_id.clone(),
        Event::Rejected(rejected) | Event::Earlier(Err(rejected)) => rejected.result_id.clone(),
        _ => None,
    }
}

fn number(id: Option<&str>) -> &str {
    id.and_then(|id| id.rsplit('-').next()).unwrap_or("?")
}
