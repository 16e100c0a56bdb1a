//! A scanner in PC mode, played by the test, and the clock of both.

use scan_model::{
    Decimal,
    subject::{BodyType, Gender, Subject},
};
use scanner_protocol::{
    Command, Event, LineEvent, Options, PcDialect, Protocol, Refused, Session, StartScan, Tick, Ticket,
};

use crate::{MILLISECOND, SECOND};

/// The number that the tests' person is recognised by.
pub(crate) const TICKET: u64 = 4711;

/// Both ends of the cable.
pub(crate) struct Talk {
    pub(crate) session: Session,
    /// Microseconds.
    pub(crate) now: u64,
    last_sent: Option<u64>,
    /// What the session reported and nobody has looked at.
    events: Vec<Event>,
    /// What the device holds, by the digit of its order.
    pub(crate) settings: [Option<String>; 7],
    /// Whether the device answers `D?`.
    pub(crate) tells_settings: bool,
}

impl Talk {
    /// A device that nobody has connected.
    pub(crate) fn new(pc_dialect: PcDialect) -> Self {
        let options = Options {
            pc_dialect,
            ..Options::default()
        };
        Self {
            session: Session::new(Protocol::TanitaPc, options),
            now: 0,
            last_sent: None,
            events: Vec::new(),
            settings: Default::default(),
            tells_settings: true,
        }
    }

    /// A device that waits in PC mode for the next scan, after one that was given up.
    pub(crate) fn ready(dialect: PcDialect) -> Self {
        let mut talk = Self::new(dialect);
        talk.line(LineEvent::Up);
        talk.start().unwrap();
        talk.command(Command::Cancel).unwrap();
        talk.settle();
        talk.nothing_sent_for(SECOND);
        talk.events();
        talk
    }

    /// A device that was told of the tests' person and has just been sent the order to measure.
    pub(crate) fn started(dialect: PcDialect) -> Self {
        let mut talk = Self::ready(dialect);
        talk.start().unwrap();
        talk.answer_until("G");
        talk
    }

    /// A device that waits for the tests' person to step on.
    pub(crate) fn measuring(dialect: PcDialect) -> Self {
        let mut talk = Self::started(dialect);
        talk.say("@");
        talk.nothing_sent_for(10 * SECOND);
        talk.events();
        talk
    }

    pub(crate) fn start(&mut self) -> Result<(), Refused> {
        self.command(Command::Start(person()))
    }

    pub(crate) fn command(&mut self, command: Command) -> Result<(), Refused> {
        let result = self.session.handle_command(Tick(self.now), command);
        self.collect();
        result
    }

    pub(crate) fn line(&mut self, event: LineEvent) {
        self.session.handle_line(Tick(self.now), event);
        self.last_sent = None;
        self.collect();
    }

    /// The device sends a line.
    pub(crate) fn say(&mut self, line: &str) {
        self.send(format!("{line}\r\n").as_bytes());
    }

    /// The device sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.session.handle_bytes(Tick(self.now), bytes);
        self.collect();
    }

    /// The next order, without its line end; it has left when this returns. Time passes until it comes.
    pub(crate) fn order(&mut self) -> String {
        for _ in 0..1000 {
            if let Some(order) = self.poll_order() {
                return order;
            }
            self.pass_to_deadline();
        }
        panic!("no order comes")
    }

    /// The next order must be this one.
    pub(crate) fn expect(&mut self, order: &str) {
        assert_eq!(self.order(), order);
    }

    /// Answers as a device should, up to an order that begins with `beginning`: that one is not answered.
    pub(crate) fn answer_until(&mut self, beginning: &str) -> String {
        for _ in 0..100 {
            let order = self.order();
            if order.starts_with(beginning) {
                return order;
            }
            self.answer(&order);
        }
        panic!("`{beginning}` never comes")
    }

    /// Answers as a device should until nothing is sent for six seconds.
    pub(crate) fn settle(&mut self) {
        let mut quiet_since = self.now;
        while self.now - quiet_since < 6 * SECOND {
            match self.poll_order() {
                Some(order) => {
                    self.answer(&order);
                    quiet_since = self.now;
                }
                None => {
                    let deadline = self.session.poll_timeout();
                    if deadline.is_none_or(|deadline| deadline.0 >= quiet_since + 6 * SECOND) {
                        return;
                    }
                    self.pass_to_deadline();
                }
            }
        }
    }

    /// Answers one order as a device should.
    pub(crate) fn answer(&mut self, order: &str) {
        match order.as_bytes() {
            [b'D', b'?'] if !self.tells_settings => self.say("!"),
            [b'D', b'?'] => {
                let list = self.list();
                self.say(&list);
            }
            [b'D', digit, ..] => {
                self.settings[usize::from(digit - b'0')] = Some(order[2..].to_owned());
                self.say(&order[..2]);
            }
            _ => {
                if matches!(order, "M1" | "q" | "\u{1f}") {
                    self.settings = Default::default();
                }
                self.say(order);
            }
        }
    }

    /// The answer to `D?`.
    pub(crate) fn list(&self) -> String {
        let items: Vec<_> = (0..7)
            .map(|digit| match &self.settings[digit] {
                Some(value) => format!("D{digit}{value}"),
                None if digit == 0 => "D000.0".to_owned(),
                None => format!("D{digit}!"),
            })
            .collect();
        items.join(",")
    }

    /// Time passes, and nothing may be sent in it.
    pub(crate) fn nothing_sent_for(&mut self, time: u64) {
        let end = self.now + time;
        while let Some(deadline) = self.session.poll_timeout().filter(|deadline| deadline.0 <= end) {
            self.now = self.now.max(deadline.0);
            self.session.handle_timeout(Tick(self.now));
            self.collect();
            assert_eq!(self.poll_order(), None, "at {} ms", self.now / MILLISECOND);
        }
        self.now = end;
        assert_eq!(self.poll_order(), None);
    }

    /// What was reported since the last call.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The words of what was reported since the last call: `preparing`, `E2 impedance_error`, `record`, `record?` for one that
    /// is not the person's, `rejected`, `prompt`; `earlier`, `earlier?` and `earlier rejected` for what is not the scan's.
    pub(crate) fn words(&mut self) -> Vec<String> {
        words(self.events())
    }

    fn poll_order(&mut self) -> Option<String> {
        let transmit = self.session.poll_transmit()?;
        assert_eq!(self.session.poll_transmit(), None, "one order at a time");
        if let Some(last) = self.last_sent {
            assert!(self.now - last >= 100 * MILLISECOND, "two orders within 100 ms");
        }
        self.last_sent = Some(self.now);
        self.session.handle_sent(Tick(self.now));
        self.collect();
        let line = transmit.0.strip_suffix(b"\r\n").expect("an order is a line");
        Some(String::from_utf8(line.to_vec()).unwrap())
    }

    fn pass_to_deadline(&mut self) {
        let deadline = self.session.poll_timeout().expect("the session waits for something");
        self.now = self.now.max(deadline.0);
        self.session.handle_timeout(Tick(self.now));
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(event) = self.session.poll_event() {
            self.events.push(event);
        }
    }
}

/// One word for each of `events`, or for several that have the same after each other.
pub(crate) fn words(events: Vec<Event>) -> Vec<String> {
    let mut words = Vec::new();
    for event in events {
        let word = match event {
            Event::Stage { stage, .. } => stage.to_string(),
            Event::Record(record) if record.flags.contains(&scan_model::Flag::SubjectMismatch) => "record?".to_owned(),
            Event::Record(_) => "record".to_owned(),
            Event::Rejected(_) => "rejected".to_owned(),
            Event::Repeated => "repeated".to_owned(),
            Event::Earlier(Ok(record)) if record.flags.contains(&scan_model::Flag::SubjectMismatch) => {
                "earlier?".to_owned()
            }
            Event::Earlier(Ok(_)) => "earlier".to_owned(),
            Event::Earlier(Err(_)) => "earlier rejected".to_owned(),
            Event::DeviceError(error) if error.code == error.name => error.code,
            Event::DeviceError(error) => format!("{} {}", error.code, error.name),
            Event::Prompt(_) => "prompt".to_owned(),
            other => panic!("{other:?} in PC mode"),
        };
        if words.last() != Some(&word) {
            words.push(word);
        }
    }
    words
}

/// A man of 28 years and 167 cm.
pub(crate) fn person() -> StartScan {
    StartScan {
        subject: Subject {
            number: Some("0000000042".to_owned()),
            gender: Some(Gender::Male),
            age: Some(Decimal::from(28)),
            height: Some(Decimal::from(167)),
            body_type: Some(BodyType::Standard),
            ..Subject::default()
        },
        ticket: Ticket::from_random(TICKET - 1),
        goal_body_fat: None,
        current_is_safe: true,
    }
}

/// A record with a right checksum: number, sex, age and height as the device sends them.
pub(crate) fn record(number: &str, sex: u8, age: u8, height: &str) -> String {
    let body = format!(
        "{{0,16,~0,1,~1,1,MO,\"MC-780\",ID,\"{number}\",St,0,Bt,0,GE,{sex},AG,{age},Hm,{height},Pt,0.0,Wk,80.5,FW,20.0,fW,16.1,\
         MW,64.4,"
    );
    let sum = body.bytes().fold(0_u8, u8::wrapping_add);
    format!("{body}CS,{sum:02X}")
}

/// The tests' person's record.
pub(crate) fn own_record() -> String {
    record("0000000000004711", 1, 28, "167.0")
}
