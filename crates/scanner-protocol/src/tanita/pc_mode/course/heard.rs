//! What the device says, and what it means where the conversation is.

use scan_model::progress::Stage;

use super::{Course, Purpose};
use crate::{
    Event, Tick,
    tanita::pc_mode::{
        faults::{self, Mishap, Reaction},
        reply::Reply,
        state::{Phase, State},
        telling::Finding,
        weight,
    },
};

impl Course {
    /// Takes a line that is no record.
    pub(in crate::tanita::pc_mode) fn take_reply(&mut self, now: Tick, reply: Reply<'_>) {
        match reply {
            Reply::Error(digit) => return self.take_error(now, Mishap::reported(digit)),
            Reply::Weight(value) if self.takes_weight() => return self.take_weight(now, value),
            // The order was not obeyed, and must not be sent again.
            Reply::Busy if self.state.phase() == Phase::Starting && !self.wants_measurement() => {
                self.telling.drop_scan();
                return self.clear(now);
            }
            _ => {}
        }
        match &mut self.state {
            State::Asking(ask) if ask.is_out() => {
                let Some(answer) = ask.take(now, &reply) else { return };
                self.follow(now, &answer);
                if matches!(self.state, State::Zeroing { .. }) {
                    // It may say more than that the measurement has begun.
                    self.watch(now, &reply);
                }
            }
            State::Zeroing { .. } | State::Measuring { .. } => self.watch(now, &reply),
            // Late answers, and those to somebody else's orders.
            _ => {}
        }
    }

    /// Takes what the record sessions found.
    pub(in crate::tanita::pc_mode) fn take_finding(&mut self, now: Tick, event: Event) {
        let finding = self.telling.take(event, self.is_measuring());
        self.after_finding(now, finding);
    }

    fn after_finding(&mut self, now: Tick, finding: Finding) {
        match finding {
            Finding::Beside => {}
            Finding::Result => self.after_result(now),
            Finding::Failure => self.abandon(now),
        }
    }

    /// The device says by itself that something went wrong.
    fn take_error(&mut self, now: Tick, mishap: Mishap) {
        // What comes before a scan's own order is of whoever stood there before, unless it is about the scan's data, or the device is
        // broken and measures nobody.
        let is_about_data = mishap.reaction == Reaction::SendAgain && self.state.phase() == Phase::Preparing;
        if !self.telling.is_ahead() || is_about_data || mishap.trouble.needs_service {
            self.deal_with(now, mishap);
        }
    }

    /// The device says something while it zeroes, weighs or measures.
    fn watch(&mut self, now: Tick, reply: &Reply<'_>) {
        let is_zeroing = matches!(self.state, State::Zeroing { .. });
        match reply {
            // A late answer to the start.
            Reply::Refused if is_zeroing => self.deal_with(now, faults::OUT_OF_STEP),
            Reply::LiveWeight { loaded } => {
                if is_zeroing {
                    self.await_person(now);
                }
                if *loaded {
                    self.telling.reach(Stage::Weighing, 0);
                }
            }
            Reply::Impedance => {
                if is_zeroing {
                    self.await_person(now);
                }
                self.telling.reach(Stage::Measuring, 0);
            }
            _ => {}
        }
    }

    /// Whether `F0` and a value can be a result: it was asked for, or a capture is looked at.
    fn takes_weight(&self) -> bool {
        matches!(self.state, State::Closed) || self.telling.owes_weight()
    }

    fn take_weight(&mut self, now: Tick, value: &[u8]) {
        let line = [b"F0", value].concat();
        let weight = weight::decode(&line)
            .map(Box::new)
            .map_err(|fault| fault.rejecting(line));
        let finding = self.telling.take_weight(weight);
        self.after_finding(now, finding);
    }

    fn wants_measurement(&self) -> bool {
        self.purpose != Purpose::GivingBack && self.telling.scan().is_some()
    }
}
