//! The session: records out of the stream, replies to the [`Host`], events of both.

use std::time::Duration;

use super::{
    dialect::PcDialect,
    host::Host,
    lines::{Lines, Piece},
    reply::Reply,
};
use crate::{
    Command, Counters, Event, LineEvent, Options, Refused, Tick, Transmit,
    stream::Listener,
    tanita::{
        positional::{self, PositionalModel},
        tagged::Tagged,
    },
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
    /// Bytes taken from the stream, and those of them that records had.
    taken: u64,
    given_to_tagged: u64,
    /// Offset in the stream of the first byte of the tagged session's, as if it had been given all between.
    tagged_shift: u64,
}

impl PcMode {
    pub(crate) fn new(options: Options) -> Self {
        let dialect = options.pc_dialect;
        Self {
            lines: Lines::default(),
            positional: (dialect == PcDialect::Bc418).then(|| {
                let grammar = positional::grammar_of(Some(PositionalModel::Bc418));
                Listener::new(grammar, &options)
            }),
            tagged: Tagged::new(&options),
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
        self.end_silent_line(now);
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
            }
        }
        self.taken += bytes.len() as u64;
        self.host.at = self.taken;
        self.count();
        self.host.pump(now, self.is_receiving());
    }

    pub(crate) fn handle_line(&mut self, now: Tick, event: LineEvent) {
        self.tagged.handle_line(now, event);
        self.drain_tagged(now);
        match event {
            LineEvent::Up => {
                self.lines.close();
                self.host.line_up(now);
            }
            LineEvent::Down => {
                self.lines.close();
                self.host.line_down();
            }
            LineEvent::Parity | LineEvent::Break => self.lines.spoil(),
        }
        self.count();
    }

    pub(crate) fn handle_sent(&mut self, now: Tick) {
        self.host.handle_sent(now);
        self.host.pump(now, self.is_receiving());
    }

    pub(crate) fn handle_timeout(&mut self, now: Tick) {
        self.tagged.handle_timeout(now);
        self.drain_tagged(now);
        self.end_silent_line(now);
        let receiving = self.is_receiving();
        self.host.handle_timeout(now, receiving);
        self.host.pump(now, receiving);
        self.count();
    }

    pub(crate) fn handle_command(&mut self, now: Tick, command: Command) -> Result<(), Refused> {
        match command {
            Command::Start(start) => self.host.start(now, &start)?,
            Command::Cancel => self.host.cancel(now)?,
            Command::Release => self.host.release(now),
            Command::Stored(_) | Command::SetClock(_) => return Err(Refused::NotSupported),
        }
        self.host.pump(now, self.is_receiving());
        Ok(())
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.host.wire.poll()
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u64, Event)> {
        self.host.output.poll()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Tick> {
        let line = self.lines.is_open().then(|| self.heard.after(SILENCE));
        let host = self.host.poll_timeout(self.is_receiving());
        [self.tagged.poll_timeout(), line, host].into_iter().flatten().min()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.host.output.counters
    }

    /// The device is in the middle of a line: nothing may be sent.
    fn is_receiving(&self) -> bool {
        self.lines.is_open()
    }

    fn end_silent_line(&mut self, now: Tick) {
        let is_over = self.lines.is_open() && now.since(self.heard) >= SILENCE;
        // An open record is given up by its own deadline: a host that was held up reads late what came in time.
        if is_over && self.tagged.poll_timeout().is_none() {
            self.lines.close();
        }
    }

    fn drain_tagged(&mut self, now: Tick) {
        while let Some((offset, event)) = self.tagged.poll_event() {
            self.host.at = offset + self.tagged_shift;
            self.host.handle_result(now, event);
        }
    }

    fn take_reply(&mut self, now: Tick, offset: u64, line: &[u8]) {
        self.host.at = offset;
        let reply = Reply::parse(line);
        if reply == Reply::Other
            && line.contains(&b',')
            && let Some(positional) = &mut self.positional
        {
            positional.handle_bytes(now, line);
            positional.handle_bytes(now, b"\r\n");
            while let Some((_, event)) = positional.poll_event() {
                self.host.handle_result(now, event);
            }
            return;
        }
        if reply == Reply::Other {
            self.lines.skip(line.len());
        }
        self.host.handle_reply(now, reply);
    }

    fn count(&mut self) {
        let in_records = self.tagged.counters().bytes_skipped;
        self.host.output.counters.bytes_skipped = in_records + self.lines.skipped();
    }
}
