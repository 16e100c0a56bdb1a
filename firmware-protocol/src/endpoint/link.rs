//! What both sides share: one session, one message in each direction.

use crate::{
    CloseReason, Counters, LineConfig,
    frame::{self, Frame, FrameError, MAX_FRAME, MAX_PAYLOAD, Side},
    message::VersionRange,
    time::{Instant, Timing, earliest},
};

use super::{
    session::{Change, Session},
    window::{Incoming, Outgoing, Patience, Reply, Taken},
};

/// One side of the line, for messages of up to `N` bytes.
pub(crate) struct Link<const N: usize> {
    side: Side,
    session: Session,
    outgoing: Outgoing,
    incoming: Incoming<N>,
    frame: [u8; 1 + MAX_FRAME],
    counters: Counters,
    /// The sessions opened so far.
    sessions: u32,
    told: Told,
}

/// What the owner was told last. What it is told next is the difference to what is, so that nothing is lost or told twice,
/// however late it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    /// Session number so and so is open.
    Open(u32),
    Incompatible(VersionRange),
}

/// News of the session for the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Opened {
        version: u8,
    },
    /// The session is gone, or the other side without a common version is.
    Closed(CloseReason),
    Incompatible(VersionRange),
}

/// What an input did that the side has to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    Session(Change),
    /// The message under way has arrived at the other side.
    Delivered,
}

impl<const N: usize> Link<N> {
    pub(crate) fn new(side: Side, config: LineConfig, now: Instant) -> Self {
        let timing = Timing::at_baud(config.baud);
        Self {
            side,
            session: Session::new(side, config.versions, timing, config.seed, now),
            outgoing: Outgoing::new(timing),
            incoming: Incoming::new(),
            frame: [0; 1 + MAX_FRAME],
            counters: Counters::default(),
            sessions: 0,
            told: Told::Nothing,
        }
    }

    pub(crate) fn version(&self) -> Option<u8> {
        self.session.version()
    }

    pub(crate) fn poll_news(&mut self) -> Option<News> {
        let (open, incompatible) = (self.session.version(), self.session.incompatible());
        match self.told {
            Told::Open(session) if open.is_none() || session != self.sessions => {
                self.told = Told::Nothing;
                return Some(News::Closed(self.session.parted()));
            }
            Told::Incompatible(versions) if incompatible != Some(versions) => {
                self.told = Told::Nothing;
                // Who is still there has news of its own.
                if self.session.is_alone() {
                    return Some(News::Closed(self.session.parted()));
                }
            }
            _ => {}
        }
        if self.told != Told::Nothing {
            return None;
        }
        if let Some(version) = open {
            self.told = Told::Open(self.sessions);
            return Some(News::Opened { version });
        }
        let versions = incompatible?;
        self.told = Told::Incompatible(versions);
        Some(News::Incompatible(versions))
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn count_unknown_message(&mut self) {
        count(&mut self.counters.unknown_messages);
    }

    pub(crate) fn incoming(&mut self) -> &mut Incoming<N> {
        &mut self.incoming
    }

    /// Takes what the reader made of the bytes up to a zero. At most one thing happens at each.
    pub(crate) fn handle_frame(
        &mut self,
        now: Instant,
        frame: Result<(Side, Frame<'_>), FrameError>,
    ) -> Option<Happened> {
        let counters = &mut self.counters;
        let (from, frame) = match frame {
            Ok(frame) => frame,
            Err(error) => {
                count(match error {
                    FrameError::TooLong | FrameError::Cobs => &mut counters.not_frames,
                    FrameError::Checksum => &mut counters.bad_checksums,
                    FrameError::Unknown => &mut counters.unknown_frames,
                });
                return None;
            }
        };
        if from == self.side {
            count(&mut counters.echoes);
            return None;
        }
        count(&mut counters.frames);
        let id = match frame {
            Frame::Hello(hello) => {
                let change = self.session.handle_hello(hello, now);
                return self.settle(change);
            }
            Frame::Part { session, .. }
            | Frame::Done { session, .. }
            | Frame::Want { session, .. }
            | Frame::Alive { session } => session,
        };
        let (ours, change) = self.session.handle_frame(id, now);
        if !ours {
            count(&mut counters.strangers);
            return None;
        }
        // Before the part that came with the opening is taken.
        let opened = self.settle(change);
        let counters = &mut self.counters;
        match frame {
            Frame::Part {
                seq,
                index,
                last,
                payload,
                ..
            } => match self.incoming.handle_part(seq, index, last, payload) {
                Taken::Repeat => count(&mut counters.repeats),
                Taken::Part | Taken::Message | Taken::NotNow => {}
            },
            Frame::Done { seq, .. } if self.outgoing.handle_done(seq) => return Some(Happened::Delivered),
            Frame::Want { seq, index, .. } => self.outgoing.handle_want(seq, index),
            Frame::Done { .. } | Frame::Alive { .. } | Frame::Hello(_) => {}
        }
        opened
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Happened> {
        let mut change = self.session.handle_timeout(now);
        if change.is_none() {
            match self.outgoing.handle_timeout(now) {
                Patience::Waiting => {}
                Patience::Repeat => count(&mut self.counters.resends),
                Patience::Exhausted => change = self.session.restart(CloseReason::Unanswered, now),
            }
        }
        self.settle(change)
    }

    pub(crate) fn handle_line(&mut self, up: bool, now: Instant) -> Option<Happened> {
        let change = self.session.handle_line(up, now);
        self.settle(change)
    }

    /// Whether a message can be put on its way.
    pub(crate) fn is_free(&self) -> bool {
        self.session.id().is_some() && self.outgoing.is_idle()
    }

    /// Puts a message of `length` bytes on its way. The bytes are asked for in [`Self::poll_transmit`].
    pub(crate) fn begin(&mut self, length: usize) {
        self.outgoing.begin(length);
    }

    /// The next frame. `read` copies bytes of the message under way, from an offset.
    pub(crate) fn poll_transmit(&mut self, now: Instant, read: impl FnOnce(usize, &mut [u8])) -> Option<&[u8]> {
        let mut payload = [0; MAX_PAYLOAD];
        let frame = if let Some(frame) = self.session.poll_frame(now) {
            frame
        } else {
            let session = self.session.id()?;
            if let Some(reply) = self.incoming.take_reply() {
                match reply {
                    Reply::Done { seq } => Frame::Done { session, seq },
                    Reply::Want { seq, index } => Frame::Want { session, seq, index },
                }
            } else if let Some(part) = self.outgoing.take_part(now) {
                let payload = &mut payload[..part.length];
                read(part.offset, payload);
                Frame::Part {
                    session,
                    seq: part.seq,
                    index: part.index,
                    last: part.last,
                    payload,
                }
            } else {
                self.session.poll_alive(now)?
            }
        };
        self.session.sent(now);
        // A hello also clears away what a pulled cable or a restart left of a frame in the other side's buffer.
        let start = usize::from(!matches!(frame, Frame::Hello(_)));
        let (zero, encoded) = self
            .frame
            .split_first_chunk_mut::<1>()
            .expect("one byte before the frame");
        zero[0] = 0;
        let encoded: &mut [u8; MAX_FRAME] = encoded.try_into().expect("MAX_FRAME bytes behind the first");
        let length = frame::encode(self.side, &frame, encoded);
        Some(&self.frame[start..1 + length])
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        earliest(self.session.deadline(), self.outgoing.deadline())
    }

    /// Lets go of what belonged to a session that opens or closes.
    fn settle(&mut self, change: Option<Change>) -> Option<Happened> {
        let change = change?;
        self.outgoing.reset();
        self.incoming.reset();
        match change {
            Change::Opened => self.sessions = self.sessions.wrapping_add(1),
            Change::Closed(_) => count(&mut self.counters.sessions_lost),
        }
        Some(Happened::Session(change))
    }
}

fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}
