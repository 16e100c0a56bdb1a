//! The firmware: joins line, link, scanner and flash in one loop.
//!
//! UART0 is the line to the bridge, UART1 a console (see [`body_scanner::console`]). Without a word on the console, somebody
//! steps on every ten seconds.
#![no_std]
#![no_main]

use body_scanner::{
    board::{self, Clock, MappedFlash, StackMeter, Uart},
    console::{Command, Console},
    flash::FlashStore,
    line_faults::LineFaults,
    person::{PEOPLE, Person},
};
use core::fmt::Write as _;
use cortex_m_rt::entry;
use firmware_protocol::*;
use scan_link_scanner::{Measured, Records, Scanner};

/// The longest record of this scanner: 34 values and 42 impedances.
const LONGEST_RECORD: usize = 768;

/// Seconds between people, as long as the console does not say otherwise.
const EVERY: u32 = 10;

type Store = FlashStore<MappedFlash>;
type Link = Device<Store>;

struct Firmware {
    link: Link,
    scanner: Scanner<Person>,
    scan_time: ScanTime,
    /// The newest record.
    record: &'static mut [u8; LONGEST_RECORD],
    record_length: usize,
    /// Which value of it is the next one to be told on the console, if somebody asked.
    telling: Option<usize>,
    faults: LineFaults,
    records: Records,
    people: usize,
    /// Seconds between people; 0 for nobody.
    every: u32,
    next_person: Instant,
}

/// The time by which scans go on. It is the clock's until somebody at the console takes it step by step.
#[derive(Default)]
struct ScanTime {
    /// From this moment of the clock on it stands still.
    stands_at: Option<Instant>,
    /// Microseconds for which it has stood still, up to the last step.
    stood: u64,
}

impl ScanTime {
    fn at(&self, now: Instant) -> Instant {
        let now = self.stands_at.map_or(now, |stands_at| now.min(stands_at));
        Instant::from_micros(now.micros() - self.stood)
    }

    fn go(&mut self, now: Instant, millis: u32) {
        // What an earlier step has left is gone through as well.
        let stands_at = self.stands_at.unwrap_or(now);
        self.stood += now - stands_at;
        self.stands_at = Some(stands_at.max(now) + u64::from(millis) * 1000);
    }
}

#[entry]
fn main() -> ! {
    // Outside of the stack, so that the stack measured is that of calls.
    static mut FIRMWARE: Option<Firmware> = None;
    static mut RECORD: [u8; LONGEST_RECORD] = [0; LONGEST_RECORD];

    let mut clock = Clock::start(cortex_m::Peripherals::take().expect("taken once"));
    let (mut line, mut console_line) = (Uart::link(), Uart::console());
    let mut console = Console::default();
    let store = FlashStore::open(MappedFlash, || board::random([&line, &console_line]));
    let firmware = FIRMWARE.insert(Firmware::new(store, RECORD, clock.now()));
    let mut sending = Sending::default();
    let stack = StackMeter::start();
    loop {
        let now = clock.now();
        while let Some(byte) = line.read() {
            if firmware.faults.hears(now) {
                firmware.link.handle_bytes(now, &[byte]);
                firmware.drain_events(now);
            }
        }
        if let Some(command) = console_line.read().and_then(|byte| console.push(byte)) {
            firmware.obey(now, command, &stack, &mut console_line);
        }
        firmware.tell_value(&mut console_line);
        firmware.pass_time(now);
        sending.go_on(now, firmware, &mut line);
        if sending.is_done() {
            // Until a byte arrives, or the clock ticks.
            cortex_m::asm::wfi();
        }
    }
}

/// The frame that is leaving, byte by byte, so that arriving bytes are not missed meanwhile.
struct Sending {
    frame: [u8; frame::MAX_FRAME + 1],
    at: usize,
    end: usize,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            frame: [0; frame::MAX_FRAME + 1],
            at: 0,
            end: 0,
        }
    }
}

impl Sending {
    fn is_done(&self) -> bool {
        self.at == self.end
    }

    fn go_on(&mut self, now: Instant, firmware: &mut Firmware, line: &mut Uart) {
        if self.is_done() {
            let Some(next) = firmware.link.poll_transmit(now) else {
                return;
            };
            self.frame[..next.len()].copy_from_slice(next);
            (self.at, self.end) = (0, next.len());
            firmware.faults.frame_leaves(now, self.end);
        }
        while self.at < self.end && line.has_room() {
            if let Some(byte) = firmware.faults.out(now, self.frame[self.at]) {
                line.write(byte);
            }
            self.at += 1;
        }
    }
}

impl Firmware {
    fn new(store: Store, record: &'static mut [u8; LONGEST_RECORD], now: Instant) -> Self {
        let boot = store.boot();
        let identity = Identity {
            device: DeviceId(*b"MPS2-AN386-0001\0"),
            boot,
            uptime_ms: 0,
            maker: text("scanbridge"),
            model: text("Emulated scanner"),
            serial: text("AN386-0001"),
            firmware: text(env!("CARGO_PKG_VERSION")),
            capabilities: Capabilities::STARTS_SCANS
                .with(Capabilities::CANCELS)
                .with(Capabilities::LIVE_STAGES)
                .with(Capabilities::IMPEDANCES)
                .with(Capabilities::CLOCK)
                .with(Capabilities::KEEPS_RESULTS)
                .with(Capabilities::STARTS_WEIGHT)
                .with(Capabilities::STARTS_BODY_COMPOSITION),
        };
        Self {
            link: Device::new(identity, store, LineConfig::new(boot), now),
            scanner: Scanner::default(),
            scan_time: ScanTime::default(),
            record,
            record_length: 0,
            telling: None,
            faults: LineFaults::default(),
            records: Records::new(boot),
            people: 0,
            every: EVERY,
            next_person: now + u64::from(EVERY) * 1_000_000,
        }
    }

    fn drain_events(&mut self, now: Instant) {
        while let Some(event) = self.link.poll_event() {
            match event {
                DeviceEvent::Connected { .. } => self.scanner.report_again(self.scan_time.at(now)),
                DeviceEvent::Start(start) => {
                    let room = self.link.store_mut().has_room();
                    self.scanner.start(self.scan_time.at(now), start, room);
                }
                DeviceEvent::Cancel(scan) => self.scanner.cancel(scan),
                DeviceEvent::SetClock(clock) => self.records.set_clock(now, clock),
                DeviceEvent::Disconnected(_) | DeviceEvent::Incompatible(_) | DeviceEvent::Stored(_) => {}
            }
        }
    }

    fn pass_time(&mut self, now: Instant) {
        self.link.handle_timeout(now);
        self.drain_events(now);
        if self.every > 0 && now >= self.next_person {
            self.next_person = now + u64::from(self.every) * 1_000_000;
            self.step_on(now);
        }
        self.scanner.handle_timeout(self.scan_time.at(now));
        let Self {
            scanner,
            link,
            records,
            record,
            record_length,
            ..
        } = self;
        let keep = |store: &mut Store, measured: Measured<Person>| {
            let measure = |writer: &mut RecordWriter<'_>| measured.person.measure(measured.completeness, writer);
            records.keep(now, &measured, &mut **record, measure, |result, record| {
                *record_length = record.len();
                store.append(result, record)
            })
        };
        scanner.act(link, keep, |_| {});
    }

    /// A person steps on, unless there is no room for a result: better no scan than one that cannot be kept.
    fn step_on(&mut self, now: Instant) {
        if !self.link.store_mut().has_room() {
            let _ = self.link.fault(Fault::StoreFull, 0);
            return;
        }
        let person = PEOPLE[self.people % PEOPLE.len()];
        self.scanner.step_on(self.scan_time.at(now), person, person.subject());
        self.people += 1;
    }

    fn obey(&mut self, now: Instant, command: Result<Command, ()>, stack: &StackMeter, console: &mut Uart) {
        let Ok(command) = command else {
            let _ = writeln!(console, "unknown command");
            return;
        };
        match command {
            Command::StepOn => self.step_on(now),
            Command::StepOff => self.scanner.step_off(),
            Command::Every(seconds) => {
                self.every = seconds;
                self.next_person = now + u64::from(seconds) * 1_000_000;
            }
            Command::Go(millis) => self.scan_time.go(now, millis),
            Command::Contact => self.scanner.lose_contact(),
            Command::Drop(bytes) => self.faults.drop = bytes,
            Command::Flip(bytes) => self.faults.flip = bytes,
            Command::Mute(millis) => self.faults.mute_until = now + u64::from(millis) * 1000,
            Command::Cut(millis) => self.faults.mute_after_result = millis,
            Command::Deaf(0) => self.faults.hear_again(),
            Command::Deaf(millis) => self.faults.deaf_after_result = millis,
            Command::Damage => self.link.store_mut().damage_newest(),
            Command::Reset => {
                let _ = writeln!(console, "ok");
                board::reset();
            }
            Command::Report => {
                let link = size_of::<Link>() - size_of::<Store>();
                let (stack, waiting) = (stack.deepest(), self.link.store_mut().len());
                let _ = write!(
                    console,
                    "boot={} results={} waiting={waiting} struck={} link={link} stack={stack} ",
                    self.records.boot(),
                    self.records.count(),
                    self.faults.struck()
                );
            }
            Command::Values => {
                self.telling = Some(0);
                return;
            }
        }
        let _ = writeln!(console, "ok");
    }

    /// Tells one value on the console. All of them at once would keep the loop from the line for a third of a second.
    fn tell_value(&mut self, console: &mut Uart) {
        let Some(at) = self.telling else { return };
        self.telling = Some(at + 1);
        let record = Record::parse(&self.record[..self.record_length]).ok();
        let _ = match record.and_then(|record| record.items().nth(at)) {
            Some(Item::Value(metric, value)) => tell(console, metric, value),
            Some(Item::Impedance(Impedance {
                segment,
                frequency,
                resistance,
                reactance,
            })) => match MetricId::impedance(segment, frequency) {
                Some([real, imaginary]) => {
                    tell(console, real, resistance).and_then(|()| tell(console, imaginary, reactance))
                }
                None => Ok(()),
            },
            None => {
                self.telling = None;
                writeln!(console, "ok")
            }
        };
    }
}

fn tell(console: &mut Uart, metric: MetricId, value: Decimal) -> core::fmt::Result {
    match metric.name() {
        Some(name) => write!(console, "{name}={value} "),
        None => Ok(()),
    }
}
