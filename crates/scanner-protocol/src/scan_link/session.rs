//! The session: bytes to the [`Host`] and back, frame by frame.

use std::time::Duration;

use firmware_protocol::{Clock, Host, Instant, LineConfig, NotSent};
use jiff::Zoned;

use super::{record::key, scan::Course};
use crate::{Command, Counters, Event, LineEvent, Options, Refused, RejectReason, Tick, Transmit};

/// How often a port that takes nothing is looked at again.
const STUCK: Duration = Duration::from_secs(1);

/// A session of scan-link.
#[derive(Debug)]
pub(crate) struct ScanLink {
    host: Host,
    course: Course,
    /// The moment of the last call.
    now: Tick,
    /// Bytes taken from the stream.
    taken: u64,
    /// Since when a frame is on its way to the port. The next one waits for it, so that a port that takes nothing does not
    /// gather hellos.
    leaving: Option<Tick>,
}

impl ScanLink {
    pub(crate) fn new(options: &Options) -> Self {
        let config = LineConfig {
            baud: options.baud,
            ..LineConfig::new(options.link_seed)
        };
        let mut host = Host::new(config, Instant::START);
        // Until the port is open.
        host.handle_line(Instant::START, false);
        Self {
            host,
            course: Course::default(),
            now: Tick(0),
            taken: 0,
            leaving: None,
        }
    }

    pub(crate) fn handle_bytes(&mut self, now: Tick, bytes: &[u8]) {
        self.now = now;
        // A message is taken from the line only when the one before it was taken from the host: after each frame, so that
        // the pieces in which bytes come do not matter.
        for piece in bytes.split_inclusive(|&byte| byte == 0) {
            let before = *self.host.counters();
            self.host.handle_bytes(instant(now), piece);
            self.taken += piece.len() as u64;
            let after = *self.host.counters();
            let counters = &mut self.course.output.counters;
            if after.not_frames != before.not_frames {
                counters.bytes_skipped += self.taken - self.course.at;
            }
            if after.bad_checksums != before.bad_checksums {
                counters.count_rejected(RejectReason::ChecksumMismatch);
            }
            if after.unknown_frames != before.unknown_frames {
                counters.count_rejected(RejectReason::BadFrame);
            }
            self.drain();
            if piece.ends_with(&[0]) {
                self.course.at = self.taken;
            }
        }
    }

    pub(crate) fn handle_line(&mut self, now: Tick, event: LineEvent) {
        match event {
            LineEvent::Up => self.set_line(now, true),
            LineEvent::Down => self.set_line(now, false),
            // Every frame has a checksum of its own.
            LineEvent::Parity | LineEvent::Break => {}
        }
    }

    pub(crate) fn handle_sent(&mut self, now: Tick) {
        self.now = now;
        self.leaving = None;
    }

    pub(crate) fn handle_timeout(&mut self, now: Tick) {
        self.now = now;
        self.host.handle_timeout(instant(now));
        self.drain();
        self.course.handle_timeout(now, self.host.version().is_some());
        self.course.tell_what_was_given_up(&mut self.host);
        if self.leaving.is_some_and(|since| now >= since.after(STUCK)) {
            self.leaving = Some(now);
        }
    }

    pub(crate) fn handle_command(&mut self, now: Tick, command: Command) -> Result<(), Refused> {
        self.now = now;
        match command {
            Command::Start(start) => self.course.start(now, &mut self.host, &start),
            Command::Cancel => self.course.cancel(&mut self.host),
            Command::Stored(id) => {
                let key = key(&id).ok_or(Refused::UnknownResult)?;
                self.host.confirm_stored(key);
                self.course.stored(now, key);
                Ok(())
            }
            Command::SetClock(time) => {
                if !self.course.has_clock() {
                    return Err(Refused::NotSupported);
                }
                self.host.set_clock(clock(&time)).map_err(refused)
            }
            // The scanner keeps what is not confirmed, so nothing has to be waited for.
            Command::Release => {
                self.set_line(now, false);
                Ok(())
            }
        }
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        if self.leaving.is_some() {
            return None;
        }
        let frame = self.host.poll_transmit(instant(self.now))?;
        self.leaving = Some(self.now);
        Some(Transmit(frame.to_vec()))
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u64, Event)> {
        self.course.output.poll()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Tick> {
        let host = self.host.poll_timeout().map(|at| Tick(at.micros()));
        let host = match self.leaving {
            // What is due now waits for the port.
            Some(since) => host.map(|at| at.max(since.after(STUCK))),
            None => host,
        };
        [host, self.course.poll_timeout()].into_iter().flatten().min()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.course.output.counters
    }

    fn set_line(&mut self, now: Tick, up: bool) {
        self.now = now;
        self.leaving = None;
        self.course.output.counters.bytes_skipped += self.taken - self.course.at;
        self.course.at = self.taken;
        self.host.handle_line(instant(now), up);
        self.drain();
        self.course.set_line(now, up);
    }

    fn drain(&mut self) {
        while let Some(event) = self.host.poll_event() {
            self.course.take(self.now, event);
        }
        self.course.tell_what_was_given_up(&mut self.host);
    }
}

pub(super) fn refused(error: NotSent) -> Refused {
    match error {
        // Messages that wait have found nobody who answers: it is as good as not there.
        NotSent::NotConnected | NotSent::Busy => Refused::Offline,
    }
}

fn clock(time: &Zoned) -> Clock {
    let minutes = time.offset().seconds() / 60;
    Clock {
        unix_seconds: u64::try_from(time.timestamp().as_second()).unwrap_or(0),
        // Less than 26 hours.
        offset_minutes: i16::try_from(minutes).unwrap_or(0),
    }
}

fn instant(now: Tick) -> Instant {
    Instant::from_micros(now.0)
}
