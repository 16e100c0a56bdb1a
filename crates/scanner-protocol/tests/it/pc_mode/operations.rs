//! Any sequence of operations on a session, and what must hold whatever they are. For the property test and the fuzz target.

use scanner_protocol::{Command, Event, LineEvent, Options, PcDialect, Protocol, Session, StartScan, Tick, Ticket};

const MILLISECOND: u64 = 1000;
const SECOND: u64 = 1000 * MILLISECOND;

/// Runs the operations that `bytes` stand for, then lets the device behave for a quarter of an hour. Returns how many measurements were
/// ordered.
///
/// # Panics
/// - two orders are on the way at once, or the second leaves within 100 ms of the first;
/// - an order is sent while the device may be measuring;
/// - an order to measure leaves though nobody waits for a result, because the scan is over or the scanner is to be given back;
/// - a scan is started while one runs, whoever started it, or does not end;
/// - one call brings more events than its input can explain, or deadlines never come to an end;
/// - somebody's data stay in the device.
pub(crate) fn run(bytes: &[u8]) -> usize {
    let (set_up, mut rest) = bytes.split_first().unwrap_or((&0, &[]));
    let mut stage = Stage::new(*set_up);
    while let Some((&operation, arguments)) = rest.split_first() {
        rest = arguments;
        let mut argument = || {
            let (first, others) = rest.split_first().unwrap_or((&0, &[]));
            rest = others;
            *first
        };
        match operation % 16 {
            0..=3 => stage.answer(true),
            4 => stage.answer(false),
            5 => stage.lose_order(),
            6 => stage.say(LINES[usize::from(argument()) % LINES.len()]),
            7 => {
                let size = usize::from(argument() % 8);
                let noise: Vec<_> = (0..size).map(|_| argument()).map(harmless).collect();
                stage.send(&noise);
            }
            8 => stage.record(argument()),
            9 => stage.pass(u64::from(argument()) * 10 * MILLISECOND),
            10 => stage.pass(u64::from(argument()) * SECOND),
            11 => stage.pass_to_deadline(),
            12 => stage.start(argument()),
            13 => stage.stop(argument()),
            14 => stage.line(argument()),
            _ => stage.hold_back_sent = argument().is_multiple_of(2),
        }
    }
    stage.come_to_rest();
    stage.ordered
}

/// What a confused device may say. No acknowledgement that the device has somebody's data out, for that would be a lie.
const LINES: [&str; 26] = [
    "!",
    "#",
    "@",
    "E0",
    "E1",
    "E2",
    "E3",
    "E4",
    "E5",
    "E6",
    "E7",
    "E8",
    "E9",
    "D1!",
    "D3!",
    "D1",
    "D4",
    "D5",
    "G",
    "z1",
    "W00.0",
    "W180.5",
    "I0",
    "F080.5",
    "F2",
    "D01.5,D11,D20,D3175.4,D430,D50000012345,D620",
];

/// Noise in which no such lie can hide.
fn harmless(byte: u8) -> u8 {
    if matches!(byte, b'M' | b'D' | b'U') { b'x' } else { byte }
}

/// A session and a device, with what is known of both.
struct Stage {
    session: Session,
    device: Device,
    now: u64,
    up: bool,
    /// Polled, and not yet reported as sent.
    unsent: bool,
    hold_back_sent: bool,
    last_sent: Option<u64>,
    /// Orders that the device has not dealt with.
    orders: Vec<Vec<u8>>,
    /// Before this moment nothing may be sent: the device may be measuring.
    quiet_until: Option<u64>,
    running: bool,
    /// A stage was told that has found no end yet, of whatever scan.
    announced: bool,
    /// Measurements.
    ordered: usize,
    /// A BC-418 answers a reset with any line, so a stray one looks like the answer.
    believes_anything: bool,
    said_anything: bool,
}

/// A device that does what the instructions say.
struct Device {
    in_pc_mode: bool,
    settings: [bool; 7],
    measuring: bool,
    cancel_clears: bool,
    tells_settings: bool,
    is_bc_418: bool,
}

impl Stage {
    fn new(set_up: u8) -> Self {
        let dialects = [PcDialect::Mc, PcDialect::Dc, PcDialect::Dc320, PcDialect::Bc418];
        let pc_dialect = dialects[usize::from(set_up % 4)];
        let is_bc_418 = pc_dialect == PcDialect::Bc418;
        let mut stage = Self {
            session: Session::new(
                Protocol::TanitaPc,
                Options {
                    pc_dialect,
                    ..Options::default()
                },
            ),
            device: Device {
                in_pc_mode: is_bc_418,
                settings: [false; 7],
                measuring: false,
                cancel_clears: set_up & 4 != 0,
                tells_settings: set_up & 8 != 0,
                is_bc_418,
            },
            now: 0,
            up: false,
            unsent: false,
            hold_back_sent: false,
            last_sent: None,
            orders: Vec::new(),
            quiet_until: None,
            running: false,
            announced: false,
            ordered: 0,
            believes_anything: is_bc_418,
            said_anything: false,
        };
        stage.line(0);
        stage
    }

    /// Drains the session after a call that gave it `bytes`.
    fn drain(&mut self, bytes: usize) {
        let mut events = 0;
        while let Some(event) = self.session.poll_event() {
            events += 1;
            match event {
                Event::Record(_) | Event::Rejected(_) | Event::Repeated => {
                    self.running = false;
                    self.announced = false;
                    self.quiet_until = None;
                }
                Event::DeviceError(_) => {
                    self.running = false;
                    self.announced = false;
                }
                // A scan that waits for its turn goes on.
                Event::Earlier(_) => self.quiet_until = None,
                Event::Stage { .. } => self.announced = true,
                Event::Prompt(_) => {}
                other => panic!("{other:?} in PC mode"),
            }
        }
        assert!(events <= 8 + bytes, "{events} events from {bytes} bytes");
        if let Some(order) = self.session.poll_transmit() {
            assert!(self.up, "an order without a port");
            assert!(!self.unsent, "two orders on the way");
            assert!(self.session.poll_transmit().is_none(), "two orders at once");
            if let Some(last) = self.last_sent {
                assert!(self.now >= last + 100 * MILLISECOND, "two orders within 100 ms");
            }
            assert!(
                self.quiet_until.is_none_or(|until| self.now >= until),
                "an order while measuring"
            );
            assert!(order.0.ends_with(b"\r\n"), "an order is a line");
            self.quiet_until = None;
            if order.0.starts_with(b"G") || order.0.starts_with(b"F0") {
                assert!(self.running, "an order to measure nobody");
                self.ordered += 1;
                self.quiet_until = Some(self.now + 100 * SECOND);
            }
            self.orders.push(order.0);
            self.unsent = true;
            if !self.hold_back_sent {
                self.report_sent();
            }
        }
    }

    fn report_sent(&mut self) {
        if std::mem::take(&mut self.unsent) {
            self.last_sent = Some(self.now);
            self.session.handle_sent(Tick(self.now));
            self.drain(0);
        }
    }

    /// The device deals with what it was sent; its answers arrive or not.
    fn answer(&mut self, arrives: bool) {
        self.report_sent();
        for order in std::mem::take(&mut self.orders) {
            let answer = self.device.obey(&order);
            if arrives {
                self.send(format!("{answer}\r\n").as_bytes());
            }
        }
    }

    fn lose_order(&mut self) {
        self.orders.clear();
    }

    fn say(&mut self, line: &str) {
        self.said_anything = true;
        self.send(format!("{line}\r\n").as_bytes());
    }

    fn send(&mut self, bytes: &[u8]) {
        if !self.up {
            return;
        }
        // Whatever the session makes of these, it may take the measurement for ended, or for begun and its zero point for set.
        let ends = [&b"E"[..], b"!", b"#"];
        if ends.iter().any(|end| bytes.windows(end.len()).any(|part| part == *end)) {
            self.quiet_until = None;
        }
        if bytes.iter().any(|byte| b"WI".contains(byte)) {
            let soonest = self.now + 90 * SECOND;
            self.quiet_until = self.quiet_until.map(|until| until.min(soonest));
        }
        self.said_anything |= bytes.iter().any(|&byte| byte == b'\r' || byte == b'\n');
        self.session.handle_bytes(Tick(self.now), bytes);
        self.drain(bytes.len());
    }

    fn record(&mut self, kind: u8) {
        let number = if kind & 1 == 0 { 42 } else { 7 };
        let body = format!(
            "{{0,16,~0,1,~1,1,MO,\"MC-780\",ID,\"{number:016}\",St,0,GE,1,AG,28,Hm,167.0,Wk,{}.5,",
            60 + kind % 64
        );
        let sum = body.bytes().fold(kind & 2, u8::wrapping_add);
        let line = format!("{body}CS,{sum:02X}\r\n");
        let length = if kind & 4 == 0 { line.len() } else { line.len() / 2 };
        self.device.measuring = false;
        self.send(&line.as_bytes()[..length]);
    }

    /// Time passes, with every deadline in it met.
    fn pass(&mut self, time: u64) {
        let end = self.now + time;
        for calls in 0.. {
            assert!(calls < 10_000, "deadlines come to no end");
            match self.session.poll_timeout() {
                Some(deadline) if deadline.0 <= end => {
                    self.now = self.now.max(deadline.0);
                    self.session.handle_timeout(Tick(self.now));
                    self.drain(0);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn pass_to_deadline(&mut self) {
        if let Some(deadline) = self.session.poll_timeout() {
            self.pass(deadline.0.saturating_sub(self.now));
        }
    }

    fn start(&mut self, kind: u8) {
        let mut start = StartScan {
            subject: Default::default(),
            ticket: Ticket::from_random(41),
            goal_body_fat: (kind & 1 != 0).then_some(20),
            current_is_safe: kind & 6 != 0,
        };
        start.subject.gender = Some(scan_model::subject::Gender::Male);
        start.subject.age = "28".parse().ok();
        start.subject.height = "167.0".parse().ok();
        if self
            .session
            .handle_command(Tick(self.now), Command::Start(start))
            .is_ok()
        {
            assert!(!self.running && !self.announced, "two scans at once");
            self.running = true;
        }
        self.drain(0);
    }

    fn stop(&mut self, kind: u8) {
        let command = if kind & 1 == 0 {
            Command::Cancel
        } else {
            Command::Release
        };
        let was_release = command == Command::Release;
        if self.session.handle_command(Tick(self.now), command).is_ok() && !was_release {
            self.running = false;
            self.announced = false;
        }
        // A release drops a scan that is not measured yet, and waits for the others: whether it runs on cannot be seen.
        if was_release {
            self.running = false;
            self.announced = false;
        }
        self.drain(0);
    }

    fn line(&mut self, kind: u8) {
        let event = match kind % 4 {
            0 => LineEvent::Up,
            1 => LineEvent::Down,
            2 => LineEvent::Parity,
            _ => LineEvent::Break,
        };
        if matches!(event, LineEvent::Up | LineEvent::Down) {
            self.up = event == LineEvent::Up;
            self.unsent = false;
            self.orders.clear();
            self.quiet_until = None;
            self.last_sent = None;
        }
        self.session.handle_line(Tick(self.now), event);
        self.drain(0);
    }

    /// Everybody behaves, until all is over.
    fn come_to_rest(&mut self) {
        self.hold_back_sent = false;
        let can_be_trusted = !(self.believes_anything && self.said_anything);
        if !self.up {
            self.line(0);
        }
        let end = self.now + 900 * SECOND;
        while self.now < end {
            self.report_sent();
            if !self.orders.is_empty() {
                self.answer(true);
            } else if self.device.measuring {
                self.device.measuring = false;
                self.send(b"E2\r\n");
            }
            match self.session.poll_timeout() {
                Some(deadline) => {
                    self.now = self.now.max(deadline.0);
                    self.session.handle_timeout(Tick(self.now));
                    self.drain(0);
                }
                None => break,
            }
        }
        assert!(!self.running, "a scan without an end");
        assert!(
            !can_be_trusted || self.device.settings[1..5] == [false; 4],
            "somebody's data stay in the device"
        );
    }
}

impl Device {
    fn obey(&mut self, order: &[u8]) -> String {
        let order = order.trim_ascii_end();
        let text = String::from_utf8_lossy(order).into_owned();
        match order {
            b"M1" => {
                self.in_pc_mode = true;
                self.settings = [false; 7];
            }
            b"M0" => self.in_pc_mode = false,
            [0x1F] => {
                self.settings = [false; 7];
                self.measuring = false;
            }
            b"q" => {
                self.measuring = false;
                if self.cancel_clears {
                    self.settings = [false; 7];
                }
            }
            b"D?" if !self.tells_settings || !self.in_pc_mode => return "!".to_owned(),
            b"D?" => {
                let items: Vec<_> = (0..7)
                    .map(|digit| match (digit, self.settings[digit]) {
                        (0, _) => "D00.0".to_owned(),
                        (_, false) => format!("D{digit}!"),
                        (1, true) => "D11".to_owned(),
                        (2, true) => "D20".to_owned(),
                        (3, true) => "D3167.0".to_owned(),
                        (4, true) => "D428".to_owned(),
                        (5, true) => "D50000000042".to_owned(),
                        (_, true) => "D620".to_owned(),
                    })
                    .collect();
                return items.join(",");
            }
            [b'D', digit @ b'0'..=b'6', ..] if self.in_pc_mode => {
                self.settings[usize::from(digit - b'0')] = true;
                return text[..2].to_owned();
            }
            [b'G', ..] | b"F0" if self.in_pc_mode => {
                self.measuring = true;
                return if self.is_bc_418 { text } else { "@".to_owned() };
            }
            [b'D' | b'G' | b'F', ..] => return "!".to_owned(),
            _ => {}
        }
        text
    }
}
