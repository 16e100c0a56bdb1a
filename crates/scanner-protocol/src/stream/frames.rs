//! Every frame of a family in a stream, for those who look on.

use super::{
    Grammar,
    window::{Found, Window},
};
use crate::{Decoded, Tick};

/// The frames of one family, as they come: each line of a scale, stable or not, and what is broken.
#[derive(Debug)]
pub(crate) struct Frames {
    grammar: &'static Grammar,
    window: Window,
    /// When bytes came last.
    heard: Tick,
}

impl Frames {
    pub(crate) fn new(grammar: &'static Grammar) -> Self {
        Self {
            grammar,
            window: Window::new(grammar),
            heard: Tick(0),
        }
    }

    pub(crate) fn handle_bytes(&mut self, now: Tick, mut bytes: &[u8], found: &mut Vec<Decoded>) {
        self.heard = now;
        while let Some(frame) = self.window.advance(&mut bytes) {
            found.push(self.unit(frame));
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Tick, found: &mut Vec<Decoded>) {
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.close(found);
        }
    }

    /// Nothing follows, for now.
    pub(crate) fn close(&mut self, found: &mut Vec<Decoded>) {
        while let Some(frame) = self.window.fall_silent() {
            found.push(self.unit(frame));
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Tick> {
        self.window.is_open().then(|| self.heard.after(self.grammar.silence))
    }

    /// Bytes that belonged to no frame; line ends between frames do not count.
    pub(crate) fn skipped(&self) -> u64 {
        self.window.skipped()
    }

    fn unit(&self, Found { offset, outcome }: Found) -> Decoded {
        Decoded {
            offset,
            protocol: self.grammar.protocol,
            outcome: outcome.map_err(|fault| fault.rejecting(self.window.frame().to_vec())),
        }
    }
}
