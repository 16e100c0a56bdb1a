//! A scanner that does the handshake of scan-link and then says anything, and an owner who asks anything of it: no panic, no deadline
//! that has passed, a record that can be decoded again, an end to each scan, and nothing that only a running scan can have while none
//! runs. That no result comes twice is for `firmware-protocol/fuzz`, which knows what the scanner may do.

#![no_main]

use firmware_protocol::Side;
use libfuzzer_sys::fuzz_target;
use peer::{Op, Peer};
use scan_model::subject::{Gender, Subject};
use scanner_protocol::{
    Command, Event, LineEvent, Options, Protocol, RecordId, Session, StartScan, Tick, Ticket, decode_again,
};

/// The session and what is known of it.
struct Stage {
    session: Session,
    peer: Peer,
    now: Tick,
    running: bool,
    stored: Vec<String>,
}

impl Stage {
    fn pass(&mut self, micros: u64) {
        self.now = Tick(self.now.0 + micros);
        self.session.handle_timeout(self.now);
        self.drain();
        let deadline = self.session.poll_timeout();
        assert!(
            deadline.is_none_or(|deadline| deadline > self.now),
            "a deadline that has passed"
        );
    }

    fn ask(&mut self, what: u8, with: [u8; 4]) {
        let command = match what % 6 {
            0 => Command::Start(StartScan {
                subject: Subject {
                    number: Some(format!("{:010}", with[0])),
                    gender: Some(Gender::Female),
                    age: Some(i32::from(with[1]).into()),
                    height: Some(i32::from(with[2]).into()),
                    ..Subject::default()
                },
                ticket: Ticket::from_random(u64::from(with[0])),
                goal_body_fat: None,
                current_is_safe: with[3] % 2 == 0,
            }),
            1 => Command::Cancel,
            2 => match self.stored.get(usize::from(with[0])) {
                Some(id) => Command::Stored(RecordId(id.clone())),
                None => Command::Stored(RecordId("no such result".to_owned())),
            },
            3 => Command::SetClock(
                "2026-11-20T10:15:00+01:00[+01:00]"
                    .parse()
                    .expect("a time with its zone"),
            ),
            4 => return self.session.handle_sent(self.now),
            _ => Command::Release,
        };
        // A cancelled scan has ended for its owner: nothing more is said of it.
        let running = match command {
            Command::Start(_) => true,
            Command::Cancel => false,
            _ => self.running,
        };
        if self.session.handle_command(self.now, command).is_ok() {
            self.running = running;
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Stage { .. } => self.running = true,
                Event::Record(record) => {
                    self.running = false;
                    self.keep(&record);
                }
                Event::Cancelled => {
                    assert!(self.running, "somebody stopped a scan that does not run");
                    self.running = false;
                }
                // Of a scan that was not announced, or of none: these come without one as well.
                Event::Rejected(_) | Event::DeviceError(_) => self.running = false,
                Event::Earlier(result) => {
                    assert!(self.running, "earlier than no scan");
                    if let Ok(record) = result {
                        self.keep(&record);
                    }
                }
                Event::Repeated | Event::Prompt(_) => panic!("scan-link has none of these"),
                Event::Connected(_) => {}
            }
        }
        let mut frames = 0;
        while let Some(frame) = self.session.poll_transmit() {
            self.peer.hear(&frame.0);
            self.session.handle_sent(self.now);
            frames += 1;
            assert!(frames < 64, "it never comes to rest");
        }
    }

    fn keep(&mut self, record: &scan_model::Record) {
        // Whose it is, only the session knows.
        let again = decode_again(Protocol::ScanLink, &record.raw).map(|again| again.measurements);
        assert_eq!(again.as_ref(), Ok(&record.measurements));
        self.stored.extend(record.result_id.clone());
    }
}

fuzz_target!(|input: &[u8]| {
    let mut input = input;
    let mut stage = Stage {
        session: Session::new(Protocol::ScanLink, Options::default()),
        peer: Peer::new(Side::Device),
        now: Tick(0),
        running: false,
        stored: Vec::new(),
    };
    stage.session.handle_line(stage.now, LineEvent::Up);
    while let Some(op) = stage.peer.next(&mut input) {
        match op {
            Op::Bytes(bytes) => stage.session.handle_bytes(stage.now, &bytes),
            Op::Wait(micros) => stage.pass(micros),
            Op::Line(true) => stage.session.handle_line(stage.now, LineEvent::Up),
            Op::Line(false) => stage.session.handle_line(stage.now, LineEvent::Down),
            Op::Act(what, with) => {
                let with = with.try_into().expect("an act has four bytes");
                stage.ask(what, with);
            }
        }
        stage.drain();
    }
    stage.session.handle_line(stage.now, LineEvent::Down);
    stage.drain();
    for _ in 0..4 {
        stage.pass(60_000_000);
    }
    assert!(!stage.running, "a scan without an end");
});
