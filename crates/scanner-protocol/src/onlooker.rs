//! Looking on: what a line says, unit by unit, as it comes.

use std::{collections::VecDeque, fmt};

use crate::{
    Content, Decoded, Decoding, Event, LineEvent, Options, PositionalModel, Protocol, Session, Tick,
    decode::grammar,
    identify::ANNOUNCED,
    scan_link::Capture,
    stream::Frames,
    tanita::{pc_mode::Transcript, positional},
};

/// What [`decode_all`](crate::decode_all) finds in a whole capture, found piece by piece while the bytes come, for tools that listen to
/// a line. It has nothing to say to the device, and remembers nothing but the unit that is under way.
///
/// After every `handle_*` call, drain [`poll_unit`](Self::poll_unit) to `None` and ask [`poll_timeout`](Self::poll_timeout) again.
///
/// [`Protocol::Auto`] hears every family that announces itself, side by side: tagged Tanita, A&D, Toledo, scan-link. Rejections count of
/// the one alone that gave the last whole unit, for what one family sends is noise to the others. A frame of scan-link counts here
/// although it may be no unit by itself: an open session consists of such frames for hours. Of a protocol that no line carries
/// nothing is ever found.
pub struct Onlooker {
    views: Vec<View>,
    /// The view that gave the last whole unit, or a good frame of scan-link after it.
    current: usize,
    units: VecDeque<Decoded>,
}

/// One family's way to see the bytes.
#[derive(Debug)]
enum View {
    Frames(Box<Frames>),
    /// A conversation, and of PC mode its lines beside the records: whoever has all views puts them in order.
    Session(Box<Session>, Option<Transcript>),
    ScanLink(Box<Capture>),
}

impl Onlooker {
    /// Looks on at a line of this protocol, from its next byte on.
    pub fn new(protocol: Protocol) -> Self {
        let views = match protocol {
            Protocol::Auto => ANNOUNCED
                .into_iter()
                .chain([Protocol::ScanLink])
                .map(View::new)
                .collect(),
            other => vec![View::new(other)],
        };
        Self::with(views)
    }

    /// Looks on at a line of [`Protocol::TanitaPositional`] whose model is known: its layouts alone count, and all of them do.
    pub fn positional(model: PositionalModel) -> Self {
        let frames = Frames::new(positional::grammar_of(Some(model)));
        Self::with(vec![View::Frames(Box::new(frames))])
    }

    const fn with(views: Vec<View>) -> Self {
        Self {
            views,
            current: 0,
            units: VecDeque::new(),
        }
    }

    /// Everything in a capture, of which nothing was seen before and nothing follows.
    pub fn decode(mut self, capture: &[u8]) -> Decoding {
        self.handle_bytes(Tick(0), capture);
        self.close(Tick(0));
        Decoding {
            units: self.units.drain(..).collect(),
            bytes_skipped: self.bytes_skipped(),
        }
    }

    /// Takes bytes as the line delivered them; frames may start and end anywhere in them.
    pub fn handle_bytes(&mut self, now: Tick, bytes: &[u8]) {
        self.each(|view, found| view.handle_bytes(now, bytes, found));
    }

    /// Reports that `now` has come: a silence ends what is under way. Early or repeated calls change nothing.
    pub fn handle_timeout(&mut self, now: Tick) {
        self.each(|view, found| view.handle_timeout(now, found));
    }

    /// Nothing follows: what is under way is over.
    pub fn close(&mut self, now: Tick) {
        self.each(|view, found| view.close(now, found));
    }

    /// The next unit, in the order of the line as far as units end in the order in which they begin.
    pub fn poll_unit(&mut self) -> Option<Decoded> {
        self.units.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has work to do; `None` if time alone changes nothing.
    pub fn poll_timeout(&self) -> Option<Tick> {
        self.views.iter().filter_map(View::poll_timeout).min()
    }

    /// Bytes outside of any unit, as the family sees it that gave the last whole one or, of scan-link, the last good frame. Line ends
    /// between frames do not count.
    pub fn bytes_skipped(&self) -> u64 {
        self.views.get(self.current).map_or(0, View::bytes_skipped)
    }

    fn each(&mut self, mut act: impl FnMut(&mut View, &mut Vec<Decoded>)) {
        let mut all = Vec::new();
        for (place, view) in self.views.iter_mut().enumerate() {
            let mut found = Vec::new();
            act(view, &mut found);
            all.extend(found.into_iter().map(|unit| (unit.offset, place, Some(unit))));
            all.extend(view.take_silent_frames().into_iter().map(|at| (at, place, None)));
        }
        all.sort_by_key(|(offset, ..)| *offset);
        for (_, place, unit) in all {
            if unit.as_ref().is_none_or(|unit| unit.outcome.is_ok()) {
                self.current = place;
            }
            if place == self.current {
                self.units.extend(unit);
            }
        }
    }
}

impl View {
    fn new(protocol: Protocol) -> Self {
        // Every unit counts, repeated or not.
        let options = Options {
            drop_repeats: false,
            ..Options::default()
        };
        match grammar(protocol) {
            Some(grammar) => Self::Frames(Box::new(Frames::new(grammar))),
            None if protocol == Protocol::ScanLink => Self::ScanLink(Box::default()),
            None => {
                let transcript = (protocol == Protocol::TanitaPc).then(Transcript::default);
                Self::Session(Box::new(Session::new(protocol, options)), transcript)
            }
        }
    }

    fn handle_bytes(&mut self, now: Tick, bytes: &[u8], found: &mut Vec<Decoded>) {
        match self {
            Self::Frames(frames) => frames.handle_bytes(now, bytes, found),
            Self::Session(session, transcript) => {
                session.handle_bytes(now, bytes);
                drain(session, found);
                if let Some(transcript) = transcript {
                    found.extend(transcript.take(bytes));
                }
            }
            Self::ScanLink(capture) => capture.handle_bytes(bytes, found),
        }
    }

    fn handle_timeout(&mut self, now: Tick, found: &mut Vec<Decoded>) {
        match self {
            Self::Frames(frames) => frames.handle_timeout(now, found),
            Self::Session(session, _) => {
                session.handle_timeout(now);
                drain(session, found);
            }
            // Time means nothing to its frames.
            Self::ScanLink(_) => {}
        }
    }

    fn close(&mut self, now: Tick, found: &mut Vec<Decoded>) {
        match self {
            Self::Frames(frames) => frames.close(found),
            Self::Session(session, transcript) => {
                session.handle_line(now, LineEvent::Down);
                drain(session, found);
                if let Some(transcript) = transcript {
                    found.extend(transcript.close());
                }
            }
            Self::ScanLink(capture) => capture.close(found),
        }
    }

    /// Where good frames begin that are no units.
    fn take_silent_frames(&mut self) -> Vec<u64> {
        match self {
            Self::ScanLink(capture) => capture.take_silent_frames(),
            Self::Frames(_) | Self::Session(..) => Vec::new(),
        }
    }

    fn poll_timeout(&self) -> Option<Tick> {
        match self {
            Self::Frames(frames) => frames.poll_timeout(),
            Self::Session(session, _) => session.poll_timeout(),
            Self::ScanLink(_) => None,
        }
    }

    fn bytes_skipped(&self) -> u64 {
        match self {
            Self::Frames(frames) => frames.skipped(),
            Self::Session(_, Some(transcript)) => transcript.skipped(),
            Self::Session(session, None) => session.counters().bytes_skipped,
            // What is no frame is a rejection.
            Self::ScanLink(_) => 0,
        }
    }
}

/// The records and rejections of a session. What it would send is left alone.
fn drain(session: &mut Session, found: &mut Vec<Decoded>) {
    let protocol = session.protocol();
    while session.poll_transmit().is_some() {}
    while let Some((offset, event)) = session.poll_event_at() {
        let outcome = match event {
            Event::Record(record) => Ok(Content::Record(record)),
            Event::Rejected(rejected) => Err(rejected),
            _ => continue,
        };
        found.push(Decoded {
            offset,
            protocol,
            outcome,
        });
    }
}

/// Without the bytes and the units that it holds: they are of a person.
impl fmt::Debug for Onlooker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onlooker")
            .field("bytes_skipped", &self.bytes_skipped())
            .finish_non_exhaustive()
    }
}
