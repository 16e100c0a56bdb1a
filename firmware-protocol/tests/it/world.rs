//! A scanner, a bridge and the line between them, in virtual time.

use std::collections::VecDeque;

use firmware_protocol::*;

use crate::{
    line::{Damage, Dice, Faults, Wire, chunks, damaged},
    sample,
};

/// Memory that outlives the scanner's restarts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Flash(VecDeque<(ResultNumber, Vec<u8>)>);

impl ResultStore for Flash {
    fn oldest(&self) -> Option<Waiting> {
        self.0.front().map(|(result, record)| Waiting {
            result: *result,
            length: record.len(),
        })
    }

    fn read(&self, result: ResultNumber, offset: usize, into: &mut [u8]) {
        if let Some((_, record)) = self.0.iter().find(|(waiting, _)| *waiting == result) {
            into.copy_from_slice(&record[offset..offset + into.len()]);
        }
    }

    fn remove(&mut self, result: ResultNumber) -> bool {
        let before = self.0.len();
        self.0.retain(|(waiting, _)| *waiting != result);
        self.0.len() < before
    }
}

/// What happens outside of the protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happening {
    /// A result with so many values is measured.
    Result { values: usize },
    /// The scanner says something: in turn a line of its log, how far a scan is, its end, a fault.
    Say,
    /// The bridge says something: in turn a start, a cancel, the time.
    Ask,
    /// The cable is out from now on for so long.
    PullCable { micros: u64 },
    /// The scanner loses power for a moment.
    RestartDevice,
    /// The bridge's program dies and starts again.
    RestartHost,
    /// The bridge's disk is full, or is not any more.
    DiskFull(bool),
}

/// Messages of one side that may be lost with a session. They are numbered, so that what arrives can be told to be new.
#[derive(Debug, Default)]
pub(crate) struct Live {
    said: u32,
    last_heard: u32,
    /// How many were said and not refused, and how many arrived.
    counts: (u32, u32),
}

impl Live {
    /// The number of the next message.
    fn next(&mut self) -> u32 {
        self.said += 1;
        self.said
    }

    fn taken(&mut self, result: Result<(), NotSent>) {
        self.counts.0 += u32::from(result.is_ok());
    }

    fn hear(&mut self, number: u32) {
        assert!(number > self.last_heard, "{number} after {}", self.last_heard);
        self.last_heard = number;
        self.counts.1 += 1;
    }

    /// Whether so many messages were said, and all have arrived.
    pub(crate) fn all_heard(&self, said: u32) -> bool {
        self.counts == (said, said)
    }
}

/// Everything.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) device: Device<Flash>,
    pub(crate) host: Host,
    pub(crate) to_host: Wire,
    pub(crate) to_device: Wire,
    pub(crate) faults: Faults,
    pub(crate) damage: Option<Damage>,
    /// The lengths of all frames so far.
    pub(crate) frames: Vec<usize>,
    /// Time from a result's arrival to its being on disk.
    pub(crate) fsync: u64,
    dice: Dice,
    cable_in_at: u64,
    boot: u32,
    results: u32,
    pub(crate) from_device: Live,
    pub(crate) from_host: Live,
    disk_full: bool,
    /// Given out by the host, on its way to the disk.
    writing: Vec<(u64, ResultKey)>,
    given_out: Vec<ResultKey>,
    /// The bridge's disk: it survives everything.
    pub(crate) stored: Vec<ResultKey>,
    pub(crate) measured: Vec<(ResultKey, Vec<u8>)>,
    pub(crate) device_connected: bool,
    pub(crate) host_connected: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let device_seed = dice.below(1 << 32) as u32;
        let host_seed = dice.below(1 << 32) as u32;
        Self {
            now: 0,
            device: Device::new(
                sample::identity(1),
                Flash::default(),
                LineConfig::new(device_seed),
                Instant::START,
            ),
            host: Host::new(LineConfig::new(host_seed), Instant::START),
            to_host: Wire::default(),
            to_device: Wire::default(),
            faults: Faults::default(),
            damage: None,
            frames: Vec::new(),
            fsync: 2000,
            dice,
            cable_in_at: 0,
            boot: 1,
            results: 0,
            from_device: Live::default(),
            from_host: Live::default(),
            disk_full: false,
            writing: Vec::new(),
            given_out: Vec::new(),
            stored: Vec::new(),
            measured: Vec::new(),
            device_connected: false,
            host_connected: false,
        }
    }

    /// Keeps a record in the scanner's flash.
    pub(crate) fn measure(&mut self, record: impl FnOnce(ResultNumber) -> Vec<u8>) -> ResultKey {
        self.results += 1;
        let result = ResultNumber {
            boot: self.boot,
            number: self.results,
        };
        let key = ResultKey {
            device: sample::identity(0).device,
            result,
        };
        let record = record(result);
        self.device.store_mut().0.push_back((result, record.clone()));
        self.measured.push((key, record));
        key
    }

    pub(crate) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Result { values } => {
                self.measure(|result| sample::record(result, values));
            }
            Happening::Say => {
                let number = self.from_device.next();
                let scan = ScanRef::WalkUp(number);
                let progress = Progress {
                    scan,
                    stage: Stage::Weighing,
                    percent: 40,
                };
                let taken = match number % 4 {
                    0 => self.device.log(LogLevel::Info, &number.to_string()),
                    1 => self.device.progress(progress),
                    2 => self.device.ended(scan, Ending::Cancelled),
                    _ => self.device.fault(Fault::ZeroPoint, number),
                };
                self.from_device.taken(taken);
            }
            Happening::Ask => {
                let number = self.from_host.next();
                let clock = Clock {
                    unix_seconds: number.into(),
                    offset_minutes: 60,
                };
                let taken = match number % 3 {
                    0 => self.host.start(sample::start(number)),
                    1 => self.host.cancel(number),
                    _ => self.host.set_clock(clock),
                };
                self.from_host.taken(taken);
            }
            Happening::PullCable { micros } => {
                self.cable_in_at = self.now + micros;
                // What is on the wire arrives up to where the plug came out.
                let Self {
                    to_host,
                    to_device,
                    dice,
                    now,
                    ..
                } = self;
                for wire in [to_host, to_device] {
                    for (_, bytes) in wire.arriving.iter_mut().filter(|(at, _)| at > now) {
                        bytes.truncate(dice.below(bytes.len() as u64) as usize);
                    }
                }
            }
            Happening::RestartDevice => {
                let flash = std::mem::take(self.device.store_mut());
                self.boot += 1;
                self.results = 0;
                let config = LineConfig::new(self.dice.below(1 << 32) as u32);
                let now = Instant::from_micros(self.now);
                self.device = Device::new(sample::identity(self.boot), flash, config, now);
                self.device_connected = false;
            }
            Happening::RestartHost => {
                let config = LineConfig::new(self.dice.below(1 << 32) as u32);
                self.host = Host::new(config, Instant::from_micros(self.now));
                if let Some(last) = self.stored.last() {
                    self.host.confirm_stored(*last);
                }
                self.writing.clear();
                self.given_out.clear();
                self.host_connected = false;
            }
            Happening::DiskFull(full) => self.disk_full = full,
        }
        self.drain();
    }

    /// Lets time pass until `until`.
    pub(crate) fn run_until(&mut self, until: u64) {
        loop {
            self.drain();
            let next = self.next_moment().min(until);
            assert!(next > self.now || next == until, "time stands still at {} µs", self.now);
            self.now = next;
            self.deliver();
            if next == until {
                self.drain();
                return;
            }
        }
    }

    /// Lets time pass until `done`, at most until `limit`. Returns whether it came to that.
    pub(crate) fn run_to(&mut self, limit: u64, done: impl Fn(&Self) -> bool) -> bool {
        loop {
            self.drain();
            if done(self) {
                return true;
            }
            let next = self.next_moment();
            if next > limit {
                return false;
            }
            assert!(next > self.now, "time stands still at {} µs", self.now);
            self.now = next;
            self.deliver();
        }
    }

    fn next_moment(&self) -> u64 {
        let after_now = |at: &u64| *at > self.now;
        let timers = [self.device.poll_timeout(), self.host.poll_timeout()];
        let busy = [self.to_host.busy_until, self.to_device.busy_until]
            .into_iter()
            .filter(after_now);
        let arrivals = [self.to_host.next_arrival(), self.to_device.next_arrival()]
            .into_iter()
            .flatten();
        let writes = self.writing.iter().map(|(at, _)| *at);
        let timers = timers
            .into_iter()
            .flatten()
            .map(Instant::micros)
            .map(|at| at.max(self.now + 1));
        timers
            .chain(busy)
            .chain(arrivals)
            .chain(writes)
            .min()
            .unwrap_or(u64::MAX)
    }

    fn deliver(&mut self) {
        let now = Instant::from_micros(self.now);
        while let Some(bytes) = self.to_host.take_arrived(self.now) {
            for chunk in chunks(&bytes, &mut self.dice) {
                self.host.handle_bytes(now, chunk);
                self.drain_host();
            }
        }
        while let Some(bytes) = self.to_device.take_arrived(self.now) {
            for chunk in chunks(&bytes, &mut self.dice) {
                self.device.handle_bytes(now, chunk);
                self.drain_device();
            }
        }
        self.host.handle_timeout(now);
        self.device.handle_timeout(now);
        while let Some(at) = self.writing.iter().position(|(at, _)| *at <= self.now) {
            let (_, key) = self.writing.remove(at);
            if self.disk_full {
                self.given_out.retain(|given| *given != key);
                self.host.forget(key);
            } else {
                assert!(!self.stored.contains(&key), "{key} is stored twice");
                self.stored.push(key);
                self.host.confirm_stored(key);
            }
        }
    }

    fn drain(&mut self) {
        self.drain_host();
        self.drain_device();
        let now = Instant::from_micros(self.now);
        let cable = self.now >= self.cable_in_at;
        if self.now >= self.to_host.busy_until
            && let Some(frame) = self.device.poll_transmit(now)
        {
            let number = self.frames.len();
            self.frames.push(frame.len());
            self.to_host.send(self.now, frame);
            for frame in damaged(frame, number, self.damage) {
                self.to_host.carry(&frame, cable, self.faults, &mut self.dice);
            }
        }
        if self.now >= self.to_device.busy_until
            && let Some(frame) = self.host.poll_transmit(now)
        {
            let number = self.frames.len();
            self.frames.push(frame.len());
            self.to_device.send(self.now, frame);
            for frame in damaged(frame, number, self.damage) {
                self.to_device.carry(&frame, cable, self.faults, &mut self.dice);
            }
        }
    }

    fn drain_host(&mut self) {
        while let Some(event) = self.host.poll_event() {
            match event {
                HostEvent::Connected(identity) => {
                    assert!(!self.host_connected, "connected twice");
                    assert_eq!(identity.serial, "SN-42");
                    self.host_connected = true;
                }
                HostEvent::Disconnected(_) => {
                    assert!(self.host_connected, "disconnected twice");
                    self.host_connected = false;
                }
                HostEvent::Result(received) => {
                    let key = received.key;
                    assert!(!self.given_out.contains(&key), "{key} is given out twice");
                    assert!(!self.stored.contains(&key), "{key} is given out though it is stored");
                    let (_, record) = self
                        .measured
                        .iter()
                        .find(|(known, _)| *known == key)
                        .expect("a result that exists");
                    assert_eq!(received.bytes, record.as_slice(), "{key} arrived changed");
                    assert_eq!(received.record.expect("a good record").header.result, key.result);
                    self.given_out.push(key);
                    let wait = self.dice.below(2 * self.fsync);
                    self.writing.push((self.now + 1 + wait, key));
                }
                HostEvent::Log { text, .. } => self.from_device.hear(text.parse().expect("a number")),
                HostEvent::Fault { detail, .. } => self.from_device.hear(detail),
                HostEvent::Progress(Progress { scan, .. }) | HostEvent::Ended { scan, .. } => {
                    let ScanRef::WalkUp(number) = scan else {
                        panic!("nobody asked for {scan:?}")
                    };
                    self.from_device.hear(number);
                }
                HostEvent::Headless(bytes) => panic!("no head in {bytes:?}"),
                HostEvent::Incompatible(versions) => panic!("no common version with {versions:?}"),
            }
        }
    }

    fn drain_device(&mut self) {
        while let Some(event) = self.device.poll_event() {
            match event {
                DeviceEvent::Connected { .. } => {
                    assert!(!self.device_connected, "connected twice");
                    self.device_connected = true;
                }
                DeviceEvent::Disconnected(_) => {
                    assert!(self.device_connected, "disconnected twice");
                    self.device_connected = false;
                }
                DeviceEvent::Start(start) => {
                    assert_eq!(start, sample::start(start.scan));
                    self.from_host.hear(start.scan);
                }
                DeviceEvent::Cancel(number) => self.from_host.hear(number),
                DeviceEvent::SetClock(clock) => self.from_host.hear(u32::try_from(clock.unix_seconds).unwrap()),
                DeviceEvent::Stored(result) => {
                    assert!(
                        self.stored.iter().any(|key| key.result == result),
                        "{result:?} confirmed, not stored"
                    );
                }
                DeviceEvent::Incompatible(versions) => panic!("no common version with {versions:?}"),
            }
        }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.device_connected && self.host_connected && self.stored.len() == self.measured.len()
    }

    /// Whether the bridge's program has got this result.
    pub(crate) fn is_given_out(&self, key: ResultKey) -> bool {
        self.given_out.contains(&key)
    }
}
