//! The session: who is there, in which version, and whether both still mean the same one.
//!
//! Each side names its try at a session by a nonce and repeats hellos with it until both know each other's nonce. The session
//! is the pair. Whoever leaves an open session takes a new nonce, so a pair that carried messages never comes back, and frames
//! of an old session are recognised. Hence either side may start, stop and restart at any moment.

use crate::{
    CloseReason,
    frame::{self, Frame, Hello, Side},
    message::VersionRange,
    time::{Instant, Timing, earliest},
};

#[derive(Debug)]
pub(crate) struct Session {
    side: Side,
    versions: VersionRange,
    timing: Timing,
    nonces: u32,
    mine: u32,
    peer: Option<Hello>,
    state: State,
    /// Why the last session ended, or the last other side without a common version went.
    parted: CloseReason,
    /// What the next frame has to be, before anything else.
    owed: Option<Owed>,
    next_hello: Instant,
    /// When there was the last sign of this session; in [`State::Incompatible`] of that side.
    heard: Instant,
    spoke: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The port is closed.
    LineDown,
    /// No common session yet.
    Greeting,
    /// The other side speaks no version of ours.
    Incompatible,
    /// Both sides know the pair of nonces.
    Open { id: u32, version: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owed {
    Hello,
    Alive,
}

/// What an input did to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Opened,
    Closed(CloseReason),
}

impl Session {
    pub(crate) fn new(side: Side, versions: VersionRange, timing: Timing, seed: u32, now: Instant) -> Self {
        let mut session = Self {
            side,
            versions,
            timing,
            nonces: seed,
            mine: 0,
            peer: None,
            state: State::Greeting,
            parted: CloseReason::LineDown,
            owed: Some(Owed::Hello),
            next_hello: now,
            heard: now,
            spoke: now,
        };
        session.take_new_nonce();
        session
    }

    /// The open session.
    pub(crate) fn id(&self) -> Option<u32> {
        match self.state {
            State::Open { id, .. } => Some(id),
            _ => None,
        }
    }

    pub(crate) fn version(&self) -> Option<u8> {
        match self.state {
            State::Open { version, .. } => Some(version),
            _ => None,
        }
    }

    /// The versions of a peer with whom there is none in common.
    pub(crate) fn incompatible(&self) -> Option<VersionRange> {
        self.peer
            .filter(|_| self.state == State::Incompatible)
            .map(|peer| peer.versions)
    }

    /// Whether the other side is not there, as far as is known.
    pub(crate) fn is_alone(&self) -> bool {
        self.peer.is_none()
    }

    /// Why the last session ended, or the last other side without a common version went.
    pub(crate) fn parted(&self) -> CloseReason {
        self.parted
    }

    /// Takes a hello. One of an open session does not keep it open: a side that cannot hear us goes on saying it.
    pub(crate) fn handle_hello(&mut self, hello: Hello, now: Instant) -> Option<Change> {
        if self.state == State::LineDown {
            return None;
        }
        // A side that was given the same seed at each start comes back with its old nonce, and knows nobody.
        let reborn = self.id().is_some() && hello.seen == 0;
        // Whoever speaks other versions than before is another program, even if its nonces begin with the same number.
        let known = |peer: Hello| peer.nonce == hello.nonce && peer.versions == hello.versions;
        let news = reborn || !self.peer.is_some_and(known);
        let mut change = None;
        if news {
            change = self.leave(CloseReason::PeerRestarted, now);
            self.peer = Some(hello);
            self.state = State::Greeting;
        }
        if self.versions.common(hello.versions).is_none() {
            self.state = State::Incompatible;
            self.heard = now;
        }
        let knows_me = hello.seen == self.mine;
        match self.state {
            State::Open { .. } if knows_me => self.owed = Some(Owed::Alive),
            State::Greeting if knows_me => {
                change = self.open(now);
                // The other side may have missed the hello that would tell it: any frame of the session does.
                self.owed = Some(Owed::Alive);
            }
            _ => {}
        }
        if news || !knows_me {
            self.owed = Some(Owed::Hello);
        }
        change
    }

    /// Notes a frame of session `id`. Returns whether the frame belongs to the session of the moment, and what that changed:
    /// the other side's first frame of a session also says that it has opened it.
    pub(crate) fn handle_frame(&mut self, id: u32, now: Instant) -> (bool, Option<Change>) {
        let expected = match self.state {
            State::Open { id, .. } => Some(id),
            State::Greeting => self.peer.map(|peer| self.pair(peer.nonce)),
            State::LineDown | State::Incompatible => None,
        };
        if expected != Some(id) {
            return (false, None);
        }
        if self.state == State::Greeting {
            return (true, self.open(now));
        }
        self.heard = now;
        (true, None)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Change> {
        if self.silent_at().is_some_and(|at| now >= at) {
            self.restart(CloseReason::Silence, now)
        } else {
            None
        }
    }

    /// When the other side counts as gone.
    fn silent_at(&self) -> Option<Instant> {
        match self.state {
            State::LineDown | State::Greeting => None,
            State::Incompatible => Some(self.heard + self.timing.silence_incompatible()),
            State::Open { .. } => Some(self.heard + self.timing.silence),
        }
    }

    pub(crate) fn handle_line(&mut self, up: bool, now: Instant) -> Option<Change> {
        let change = self.restart(CloseReason::LineDown, now);
        self.state = if up { State::Greeting } else { State::LineDown };
        change
    }

    /// Drops the session and starts over.
    pub(crate) fn restart(&mut self, reason: CloseReason, now: Instant) -> Option<Change> {
        let change = self.leave(reason, now);
        self.parted = reason;
        self.peer = None;
        self.state = State::Greeting;
        self.owed = Some(Owed::Hello);
        change
    }

    /// The frame that has to go out now for the session's own sake.
    pub(crate) fn poll_frame(&mut self, now: Instant) -> Option<Frame<'static>> {
        match self.state {
            State::LineDown => None,
            State::Open { id, .. } => match self.owed.take() {
                Some(Owed::Hello) => Some(self.hello()),
                Some(Owed::Alive) => Some(Frame::Alive { session: id }),
                None => None,
            },
            State::Greeting | State::Incompatible if self.owed.is_some() || now >= self.next_hello => {
                self.owed = None;
                let pause = if self.state == State::Greeting {
                    Timing::HELLO
                } else {
                    Timing::HELLO_INCOMPATIBLE
                };
                self.next_hello = now + pause;
                Some(self.hello())
            }
            State::Greeting | State::Incompatible => None,
        }
    }

    /// A sign of life, if nothing else went out for a while.
    pub(crate) fn poll_alive(&self, now: Instant) -> Option<Frame<'static>> {
        let session = self.id().filter(|_| now >= self.spoke + self.timing.alive)?;
        Some(Frame::Alive { session })
    }

    /// Notes that a frame goes out.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.spoke = now;
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let speaks_at = match self.state {
            State::LineDown => None,
            State::Greeting | State::Incompatible => Some(self.next_hello),
            State::Open { .. } => Some(self.spoke + self.timing.alive),
        };
        earliest(speaks_at, self.silent_at())
    }

    fn hello(&self) -> Frame<'static> {
        let seen = self.peer.map_or(0, |peer| peer.nonce);
        Frame::Hello(Hello {
            nonce: self.mine,
            seen,
            versions: self.versions,
        })
    }

    fn open(&mut self, now: Instant) -> Option<Change> {
        let peer = self.peer?;
        let version = self.versions.common(peer.versions)?;
        self.heard = now;
        self.state = State::Open {
            id: self.pair(peer.nonce),
            version,
        };
        Some(Change::Opened)
    }

    fn leave(&mut self, reason: CloseReason, now: Instant) -> Option<Change> {
        self.id()?;
        self.parted = reason;
        self.state = State::Greeting;
        self.take_new_nonce();
        self.next_hello = now;
        Some(Change::Closed(reason))
    }

    fn pair(&self, peer: u32) -> u32 {
        match self.side {
            Side::Device => frame::session(self.mine, peer),
            Side::Host => frame::session(peer, self.mine),
        }
    }

    /// Counts on, stirred so that neighbouring seeds do not give neighbouring nonces. The stirring is one to one: no nonce
    /// comes twice in the life of an endpoint.
    fn take_new_nonce(&mut self) {
        self.mine = 0;
        while self.mine == 0 {
            self.nonces = self.nonces.wrapping_add(0x9E37_79B9);
            let mut x = self.nonces;
            x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
            x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
            self.mine = x ^ (x >> 16);
        }
    }
}
