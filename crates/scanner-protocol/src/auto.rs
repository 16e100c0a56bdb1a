//! `auto`: the families that announce themselves in their first bytes, side by side.
//!
//! Each hears every byte, and what one takes for a frame is noise to the others. The scales in it send all the time, so they report
//! results alone and never a rejection: a tag of the tagged format that looks like the header of a weight does no harm.

use crate::{
    Counters, Event, LineEvent, Options, Tick,
    scales::{and::AND, toledo::TOLEDO},
    stream::Listener,
    tanita::tagged::Tagged,
};

/// A session that finds out what it listens to, each time anew: the next device at the same port may be another one.
#[derive(Debug)]
pub(crate) struct Auto {
    tagged: Tagged,
    scales: [Listener; 2],
}

impl Auto {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            scales: [&AND, &TOLEDO].map(|grammar| Listener::new(grammar, &options)),
            tagged: Tagged::new(&options),
        }
    }

    pub(crate) fn handle_bytes(&mut self, now: Tick, bytes: &[u8]) {
        self.tagged.handle_bytes(now, bytes);
        self.scales.iter_mut().for_each(|scale| scale.handle_bytes(now, bytes));
    }

    pub(crate) fn handle_line(&mut self, now: Tick, event: LineEvent) {
        self.tagged.handle_line(now, event);
        self.scales.iter_mut().for_each(|scale| scale.handle_line(now, event));
    }

    pub(crate) fn handle_timeout(&mut self, now: Tick) {
        self.tagged.handle_timeout(now);
        self.scales.iter_mut().for_each(|scale| scale.handle_timeout(now));
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u64, Event)> {
        let scales = &mut self.scales;
        self.tagged
            .poll_event()
            .or_else(|| scales.iter_mut().find_map(Listener::poll_event))
    }

    /// A tagged record has to be waited for; a piece of a weight is nothing.
    pub(crate) fn poll_timeout(&self) -> Option<Tick> {
        let scales = self.scales.iter().filter_map(Listener::poll_timeout);
        scales.chain(self.tagged.poll_timeout()).min()
    }

    /// Whether a family has shown itself: by a tagged record, or by as many frames of a scale as a weight needs to count. Fewer, or a
    /// record that is not whole, may be chance where the port's speed is wrong.
    pub(crate) fn is_recognised(&self) -> bool {
        let tagged = self.tagged.counters();
        tagged.records + tagged.repeats_dropped > 0 || self.scales.iter().any(|scale| scale.frames() >= 3)
    }

    /// Those of the family whose whole frame stands last on the line.
    pub(crate) fn counters(&self) -> &Counters {
        let spoke_last = self.scales.iter().max_by_key(|scale| scale.last_frame());
        match spoke_last.filter(|scale| scale.last_frame() > self.tagged.last_record()) {
            Some(scale) => scale.counters(),
            None => self.tagged.counters(),
        }
    }
}
