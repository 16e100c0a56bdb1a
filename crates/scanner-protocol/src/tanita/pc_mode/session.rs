//! The session: records out of the stream, replies to the [`Host`], events of both.

use std::time::Duration;

use super::{
    dialect::PcDialect,
    host::Host,
    lines::{Broken, Lines, Piece},
    reply::Reply,
};
use crate::{
    Command, Counters, Event, LineEvent, Options, Refused, Tick, Transmit,
    stream::Listener,
    tanita::{positional::BC_418, tagged::Tagged},
};

/// The bytes of a line follow each other; a silence as long as this one ends it.
const SILENCE: Duration = Duration::from_secs(1);

/// A session of PC mode.
#[derive(Debug)]
pub(crate) struct PcMode {
    lines: Lines,
    tagged: Tagged,
    /// The BC-418's record has no beginning of its own: it comes as a line among the replies.
    positional: Option<Listener>,
    host: Host,
    /// When bytes came last.
    heard: Tick,
    /// Bytes taken from the stream, and those of them that records in braces had.
    taken: u64,
    given_to_tagged: u64,
    /// Offset in the stream of the first byte of the tagged session's, as if it had been given all between.
    tagged_shift: u64,
}

/// How a line ends that may be a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// As it should.
    Whole,
    /// With a line end, after an error of the line.
    Spoilt,
    /// It does not.
    Missing,
}

impl PcMode {
    pub(crate) fn new(options: &Options) -> Self {
        let dialect = options.pc_dialect;
        let positional = (dialect == PcDialect::Bc418).then(|| Listener::new(&BC_418, options));
        Self {
            lines: Lines::default(),
            positional,
            tagged: Tagged::new(options),
            host: Host::new(dialect),
            heard: Tick(0),
            taken: 0,
            given_to_tagged: 0,
            tagged_shift: 0,
        }
    }

    pub(crate) fn handle_bytes(&mut self, now: Tick, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // A host that was held up reads late what came in time: a record is given up by `handle_timeout` alone.
        if !self.may_be_record(self.lines.open_line()) {
            self.end_silent_line(now);
        }
        self.heard = now;
        let mut rest = bytes;
        while let Some(piece) = self.lines.next(&mut rest) {
            let piece_end = self.taken + (bytes.len() - rest.len()) as u64;
            match piece {
                Piece::Record(part) => {
                    self.tagged_shift = piece_end - part.len() as u64 - self.given_to_tagged;
                    self.given_to_tagged += part.len() as u64;
                    self.tagged.handle_bytes(now, part);
                    self.drain_tagged(now);
                }
                Piece::Reply(line) => {
                    let began = piece_end.saturating_sub(line.len() as u64 + 1);
                    self.take_reply(now, began, &line);
                    self.lines.reuse(line);
                }
                Piece::Broken(broken) => self.take_broken(now, piece_end, broken),
            }
        }
        self.taken += bytes.len() as u64;
        self.host.telling().at = self.taken;
        self.count();
        self.host.offer(now, self.is_receiving());
    }

    pub(crate) fn handle_line(&mut self, now: Tick, event: LineEvent) {
        self.tagged.handle_line(now, event);
        self.drain_tagged(now);
        match event {
            LineEvent::Up => {
                self.end_line(now);
                self.host.line_up(now);
            }
            LineEvent::Down => {
                self.end_line(now);
                self.host.line_down();
            }
            LineEvent::Parity | LineEvent::Break => self.lines.spoil(),
        }
        self.count();
    }

    pub(crate) fn handle_sent(&mut self, now: Tick) {
        self.host.handle_sent(now);
        self.host.offer(now, self.is_receiving());
    }

    pub(crate) fn handle_timeout(&mut self, now: Tick) {
        self.tagged.handle_timeout(now);
        self.drain_tagged(now);
        self.end_silent_line(now);
        let receiving = self.is_receiving();
        self.host.handle_timeout(now, receiving);
        self.host.offer(now, receiving);
        self.count();
    }

    pub(crate) fn handle_command(&mut self, now: Tick, command: Command) -> Result<(), Refused> {
        match command {
            Command::Start(start) => self.host.start(now, &start)?,
            Command::Cancel => self.host.cancel(now)?,
            Command::Release => self.host.release(now),
            Command::Stored(_) | Command::SetClock(_) => return Err(Refused::NotSupported),
        }
        self.host.offer(now, self.is_receiving());
        Ok(())
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.host.poll_transmit()
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u64, Event)> {
        self.host.telling().poll()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Tick> {
        let line = self.lines.is_open().then(|| self.heard.after(SILENCE));
        let host = self.host.poll_timeout(self.is_receiving());
        [self.tagged.poll_timeout(), line, host].into_iter().flatten().min()
    }

    pub(crate) fn counters(&self) -> &Counters {
        self.host.counters()
    }

    /// The device is in the middle of a line: nothing may be sent.
    fn is_receiving(&self) -> bool {
        self.lines.is_open()
    }

    fn end_silent_line(&mut self, now: Tick) {
        let is_over = self.lines.is_open() && now.since(self.heard) >= SILENCE;
        // An open record in braces is given up by its own deadline.
        if is_over && self.tagged.poll_timeout().is_none() {
            self.end_line(now);
        }
    }

    /// Nothing more comes of the open line.
    fn end_line(&mut self, now: Tick) {
        if let Some(broken) = self.lines.close() {
            self.take_broken(now, self.taken, broken);
            self.host.telling().at = self.taken;
        }
    }

    fn drain_tagged(&mut self, now: Tick) {
        while let Some((offset, event)) = self.tagged.poll_event() {
            self.host.telling().at = offset + self.tagged_shift;
            self.host.take_finding(now, event);
        }
    }

    /// Takes a whole line that begins at `offset`.
    fn take_reply(&mut self, now: Tick, offset: u64, line: &[u8]) {
        self.host.telling().at = offset;
        if self.may_be_record(line) {
            return self.take_positional(now, line, Ending::Whole);
        }
        let reply = Reply::parse(line);
        if reply == Reply::Other {
            self.lines.skip(line.len());
        }
        self.host.take_reply(now, reply);
    }

    /// Takes what is left of a line, up to offset `end`: no reply, but it may have been a record.
    fn take_broken(&mut self, now: Tick, end: u64, broken: Broken) {
        self.host.telling().at = end.saturating_sub(broken.length as u64);
        if self.may_be_record(&broken.line) {
            let ending = if broken.is_spoilt {
                Ending::Spoilt
            } else {
                Ending::Missing
            };
            self.take_positional(now, &broken.line, ending);
        } else {
            self.lines.skip(broken.line.len());
        }
        self.lines.reuse(broken.line);
    }

    /// Whether a line is in the form of the BC-418's records, however it ends.
    fn may_be_record(&self, line: &[u8]) -> bool {
        self.positional.is_some() && line.contains(&b',') && Reply::parse(line) == Reply::Other
    }

    fn take_positional(&mut self, now: Tick, line: &[u8], ending: Ending) {
        let Some(positional) = &mut self.positional else {
            return;
        };
        positional.handle_bytes(now, line);
        if ending == Ending::Spoilt {
            positional.handle_line(now, LineEvent::Parity);
        }
        if ending == Ending::Missing {
            positional.handle_line(now, LineEvent::Down);
        } else {
            positional.handle_bytes(now, b"\r\n");
        }
        while let Some((_, event)) = positional.poll_event() {
            self.host.take_finding(now, event);
        }
    }

    fn count(&mut self) {
        let positional = self.positional.as_ref().map(Listener::counters);
        let in_records = self.tagged.counters().bytes_skipped + positional.map_or(0, |counters| counters.bytes_skipped);
        self.host.telling().count_skipped(in_records + self.lines.skipped());
    }
}
