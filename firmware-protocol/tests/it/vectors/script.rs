//! A scanner's end and a bridge that is played by hand: what both send becomes the steps of a conversation.

use firmware_protocol::{
    frame::{self, Frame, FrameReader, Hello, MAX_FRAME},
    *,
};

use super::conversation::{Step, conversation_record, words_of};
use crate::sample;

/// A conversation of a scanner with seed 7.
pub(super) struct Trouble {
    pub(super) name: &'static str,
    /// Microseconds since the scanner's start when it begins.
    pub(super) now: u64,
    pub(super) steps: Vec<Step>,
}

pub(super) const RESULT: ResultNumber = ResultNumber { boot: 7, number: 1 };

/// A bridge played by hand, and the endpoint of a scanner.
pub(super) struct Script {
    start: u64,
    now: u64,
    device: Device<RamStore<2, 1200>>,
    steps: Vec<Step>,
    /// The bridge's.
    pub(super) nonce: u32,
    pub(super) versions: VersionRange,
    /// The bridge's next message.
    pub(super) seq: u8,
    /// The nonce the scanner said last; 0 if the bridge has heard none.
    pub(super) scanner: u32,
    /// The message the scanner sent last.
    pub(super) sent: u8,
}

impl Script {
    /// Both are there and have not spoken.
    pub(super) fn new(now: u64) -> Self {
        let store = RamStore::new();
        let config = LineConfig::new(7);
        let mut script = Self {
            start: now,
            now,
            device: Device::new(sample::identity(7), store, config, Instant::from_micros(now)),
            steps: Vec::new(),
            nonce: 9,
            versions: VersionRange { oldest: 1, newest: 9 },
            seq: 0,
            scanner: 0,
            sent: 0,
        };
        script.listen();
        script
    }

    /// Both have met, and the scanner has said who it is.
    pub(super) fn met(now: u64) -> Self {
        let mut script = Self::new(now);
        script.greets();
        script.done();
        script
    }

    pub(super) fn end(self, name: &'static str) -> Trouble {
        let Self { start, steps, .. } = self;
        Trouble {
            name,
            now: start,
            steps,
        }
    }

    pub(super) fn session(&self) -> u32 {
        frame::session(self.scanner, self.nonce)
    }

    /// The bridge sends a hello, which begins its count of messages anew.
    pub(super) fn greets(&mut self) {
        self.seq = 0;
        self.arrives(Frame::Hello(Hello {
            nonce: self.nonce,
            seen: self.scanner,
            versions: self.versions,
        }));
    }

    /// The bridge has the message that was sent last.
    pub(super) fn done(&mut self) {
        self.arrives(Frame::Done {
            session: self.session(),
            seq: self.sent,
        });
    }

    pub(super) fn says(&mut self, message: HostMessage) {
        let mut buffer = [0; MAX_MESSAGE];
        let length = message.encode(&mut buffer);
        self.says_bytes(&buffer[..length]);
    }

    pub(super) fn says_bytes(&mut self, payload: &[u8]) {
        self.says_part(0, true, payload);
        self.seq += 1;
    }

    pub(super) fn says_part(&mut self, index: u8, last: bool, payload: &[u8]) {
        self.arrives(Frame::Part {
            session: self.session(),
            seq: self.seq,
            index,
            last,
            payload,
        });
    }

    pub(super) fn arrives(&mut self, frame: Frame<'_>) {
        self.arrive(encoded(Side::Host, &frame));
    }

    pub(super) fn arrive(&mut self, bytes: Vec<u8>) {
        self.device.handle_bytes(self.time(), &bytes);
        self.steps.push(Step::Arrives(bytes));
        self.listen();
    }

    pub(super) fn waits_until(&mut self, now: u64) {
        self.now = now;
        self.device.handle_timeout(self.time());
        self.steps.push(Step::Waits(now));
        self.listen();
    }

    pub(super) fn keeps_result(&mut self) {
        self.does("keep result 7-1", |device| {
            device.store_mut().append(RESULT, &conversation_record()).unwrap();
        });
    }

    pub(super) fn faults(&mut self) {
        self.does("report zero point fault 17", |device| {
            device.fault(Fault::ZeroPoint, 17).unwrap();
        });
    }

    /// The firmware does something.
    pub(super) fn does(&mut self, action: &'static str, act: impl FnOnce(&mut Device<RamStore<2, 1200>>)) {
        self.acts(action, act);
        self.listen();
    }

    /// The same, and more before the line has its turn.
    pub(super) fn acts(&mut self, action: &'static str, act: impl FnOnce(&mut Device<RamStore<2, 1200>>)) {
        self.steps.push(Step::Does(action));
        act(&mut self.device);
    }

    pub(super) fn counts(&mut self, what: &'static str, count: u32, counter: impl FnOnce(&Counters) -> u32) {
        assert_eq!(counter(self.device.counters()), count, "{what}");
        self.steps.push(Step::Counts(what, count));
    }

    /// What the firmware hears and the scanner sends.
    fn listen(&mut self) {
        while let Some(event) = self.device.poll_event() {
            self.steps.push(Step::Hears(words_of(&event)));
        }
        let mut reader = FrameReader::new();
        while let Some(frame) = self.device.poll_transmit(Instant::from_micros(self.now)) {
            for byte in frame {
                match reader.push(*byte) {
                    Some(Ok((_, Frame::Hello(hello)))) => self.scanner = hello.nonce,
                    Some(Ok((_, Frame::Part { seq, .. }))) => self.sent = seq,
                    _ => {}
                }
            }
            self.steps.push(Step::Sends(frame.to_vec()));
        }
    }

    fn time(&self) -> Instant {
        Instant::from_micros(self.now)
    }
}

pub(super) fn encoded(from: Side, frame: &Frame<'_>) -> Vec<u8> {
    let mut buffer = [0; MAX_FRAME];
    let length = frame::encode(from, frame, &mut buffer);
    buffer[..length].to_vec()
}
