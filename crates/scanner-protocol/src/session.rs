//! One session over all families.

use std::fmt;

use crate::{
    Command, Counters, Event, Protocol, Refused, Tick, Transmit,
    auto::Auto,
    decode::grammar,
    scan_link::ScanLink,
    stream::{Listener, SILENT},
    tanita::{
        pc_mode::{PcDialect, PcMode},
        positional::{self, PositionalModel},
        tagged::Tagged,
    },
};

/// A conversation with one scanner over one port, from opening the port for the first time to the end of the program: it
/// survives unplugging, which it is told by [`LineEvent`].
///
/// After every `handle_*` call, drain [`poll_transmit`](Self::poll_transmit) and [`poll_event`](Self::poll_event) to `None`
/// and ask [`poll_timeout`](Self::poll_timeout) again: all three may have changed.
pub struct Session {
    protocol: Protocol,
    family: Family,
}

/// One enum rather than a trait object: the families are known, and each call is a jump.
enum Family {
    Auto(Box<Auto>),
    TanitaTagged(Box<Tagged>),
    TanitaPc(Box<PcMode>),
    ScanLink(Box<ScanLink>),
    /// Every family that sends frames by itself, or one for each request.
    Listener(Box<Listener>),
}

/// What a session must know beforehand.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether a result that the device sends again is dropped, or flagged where it has no clock. On for a live scanner, off
    /// for looking at captures, where every record counts.
    pub drop_repeats: bool,
    /// The commands that a scanner in PC mode understands. Other protocols do not look at it.
    pub pc_dialect: PcDialect,
    /// The model that sends positional records. Without it no line of three fields counts: what is left of a longer one looks the same.
    /// Other protocols do not look at it.
    pub positional_model: Option<PositionalModel>,
    /// Bits per second of the line. Protocols that send again what is not answered reckon with it.
    pub baud: u32,
    /// A number that differs at each start of the program, such as a random one: scan-link tells its sessions apart by what is
    /// made of it.
    pub link_seed: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            drop_repeats: true,
            pc_dialect: PcDialect::default(),
            positional_model: None,
            baud: 115_200,
            link_seed: 0,
        }
    }
}

/// What happened to the line, beside the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEvent {
    /// The port was opened.
    Up,
    /// The port is gone or was closed: what was cut off will not go on.
    Down,
    /// A byte arrived with a parity or framing error.
    Parity,
    /// The line was held low for longer than a byte.
    Break,
}

/// What a scanner of this protocol can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// [`Command::Start`] and [`Command::Cancel`] work.
    pub starts_scans: bool,
    /// [`Command::Stored`] is passed on to the device.
    pub confirms_stored: bool,
    /// The device tells its stages while it measures; otherwise nothing is known before its result arrives.
    pub live_stages: bool,
    /// The device sends weights and nothing of the body's composition.
    pub weight_only: bool,
    /// What the device sends can become a result; otherwise it is for technicians to look at.
    pub has_results: bool,
}

impl Session {
    /// A session that has not seen anything yet. One of a protocol that no serial line carries hears noise alone
    /// ([`Protocol::carrier`]).
    pub fn new(protocol: Protocol, options: Options) -> Self {
        let family = match protocol {
            Protocol::Auto => Family::Auto(Box::new(Auto::new(options))),
            Protocol::TanitaTagged => Family::TanitaTagged(Box::new(Tagged::new(&options))),
            Protocol::TanitaPc => Family::TanitaPc(Box::new(PcMode::new(&options))),
            Protocol::ScanLink => Family::ScanLink(Box::new(ScanLink::new(&options))),
            other => {
                let grammar = match other {
                    Protocol::TanitaPositional => positional::grammar_of(options.positional_model),
                    other => grammar(other).unwrap_or(&SILENT),
                };
                Family::Listener(Box::new(Listener::new(grammar, &options)))
            }
        };
        Self { protocol, family }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Takes bytes as the port delivered them; frames may start and end anywhere in them.
    pub fn handle_bytes(&mut self, now: Tick, bytes: &[u8]) {
        match &mut self.family {
            Family::Auto(session) => session.handle_bytes(now, bytes),
            Family::TanitaTagged(session) => session.handle_bytes(now, bytes),
            Family::TanitaPc(session) => session.handle_bytes(now, bytes),
            Family::ScanLink(session) => session.handle_bytes(now, bytes),
            Family::Listener(session) => session.handle_bytes(now, bytes),
        }
    }

    /// Takes what happened to the line. A parity error or a break comes before the bytes that were read after it.
    pub fn handle_line(&mut self, now: Tick, event: LineEvent) {
        match &mut self.family {
            Family::Auto(session) => session.handle_line(now, event),
            Family::TanitaTagged(session) => session.handle_line(now, event),
            Family::TanitaPc(session) => session.handle_line(now, event),
            Family::ScanLink(session) => session.handle_line(now, event),
            Family::Listener(session) => session.handle_line(now, event),
        }
    }

    /// Reports that the bytes of the last [`Transmit`] have left: gaps between commands count from here, and a family that has
    /// more to send may wait for it.
    pub fn handle_sent(&mut self, now: Tick) {
        match &mut self.family {
            Family::TanitaPc(session) => session.handle_sent(now),
            Family::ScanLink(session) => session.handle_sent(now),
            Family::Auto(_) | Family::TanitaTagged(_) | Family::Listener(_) => {}
        }
    }

    /// Reports that `now` has come. Early or repeated calls change nothing.
    pub fn handle_timeout(&mut self, now: Tick) {
        match &mut self.family {
            Family::Auto(session) => session.handle_timeout(now),
            Family::TanitaTagged(session) => session.handle_timeout(now),
            Family::TanitaPc(session) => session.handle_timeout(now),
            Family::ScanLink(session) => session.handle_timeout(now),
            Family::Listener(session) => session.handle_timeout(now),
        }
    }

    /// Asks something of the scanner.
    ///
    /// # Errors
    /// [`Refused`] if it cannot be done; nothing has changed then.
    pub fn handle_command(&mut self, now: Tick, command: Command) -> Result<(), Refused> {
        match &mut self.family {
            Family::TanitaPc(session) => session.handle_command(now, command),
            Family::ScanLink(session) => session.handle_command(now, command),
            Family::Auto(_) | Family::TanitaTagged(_) | Family::Listener(_) => Err(Refused::NotSupported),
        }
    }

    /// The next bytes to write to the port, in exactly one write.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        match &mut self.family {
            Family::TanitaPc(session) => session.poll_transmit(),
            Family::ScanLink(session) => session.poll_transmit(),
            Family::Auto(_) | Family::TanitaTagged(_) => None,
            Family::Listener(session) => session.poll_transmit(),
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.poll_event_at().map(|(_, event)| event)
    }

    /// The next event, with the offset of the first byte of its frame among all bytes this session was given.
    pub fn poll_event_at(&mut self) -> Option<(u64, Event)> {
        match &mut self.family {
            Family::Auto(session) => session.poll_event(),
            Family::TanitaTagged(session) => session.poll_event(),
            Family::TanitaPc(session) => session.poll_event(),
            Family::ScanLink(session) => session.poll_event(),
            Family::Listener(session) => session.poll_event(),
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has work to do; `None` if time alone changes nothing.
    pub fn poll_timeout(&self) -> Option<Tick> {
        match &self.family {
            Family::Auto(session) => session.poll_timeout(),
            Family::TanitaTagged(session) => session.poll_timeout(),
            Family::TanitaPc(session) => session.poll_timeout(),
            Family::ScanLink(session) => session.poll_timeout(),
            Family::Listener(session) => session.poll_timeout(),
        }
    }

    /// What the scanner can do.
    pub fn capabilities(&self) -> Capabilities {
        let sends_alone = Capabilities {
            starts_scans: false,
            confirms_stored: false,
            live_stages: false,
            weight_only: false,
            has_results: true,
        };
        match &self.family {
            Family::Auto(_) | Family::TanitaTagged(_) => sends_alone,
            Family::TanitaPc(_) => Capabilities {
                starts_scans: true,
                live_stages: true,
                ..sends_alone
            },
            Family::ScanLink(_) => Capabilities {
                starts_scans: true,
                confirms_stored: true,
                live_stages: true,
                ..sends_alone
            },
            Family::Listener(session) => Capabilities {
                weight_only: session.is_weight_only(),
                has_results: session.has_results(),
                ..sends_alone
            },
        }
    }

    /// Whether it is known what the session listens to: with [`Protocol::Auto`] only after a family has shown itself by its frames.
    pub fn is_recognised(&self) -> bool {
        match &self.family {
            Family::Auto(session) => session.is_recognised(),
            Family::TanitaTagged(_) | Family::TanitaPc(_) | Family::ScanLink(_) | Family::Listener(_) => true,
        }
    }

    /// What was counted since the session began.
    pub fn counters(&self) -> &Counters {
        match &self.family {
            Family::Auto(session) => session.counters(),
            Family::TanitaTagged(session) => session.counters(),
            Family::TanitaPc(session) => session.counters(),
            Family::ScanLink(session) => session.counters(),
            Family::Listener(session) => session.counters(),
        }
    }
}

/// Without what the session holds of a person: bytes on their way, the last results, who stands there.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("protocol", &self.protocol)
            .field("counters", self.counters())
            .finish_non_exhaustive()
    }
}
