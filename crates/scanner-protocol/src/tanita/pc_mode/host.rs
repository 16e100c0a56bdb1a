//! The host's side of the line: what it is told to do, when its orders leave, and when something is over.

use super::{
    ask::Answer,
    course::Course,
    dialect::PcDialect,
    person::{OwnNumber, Person},
    reply::Reply,
    state::State,
    step::Step,
    telling::Telling,
    wanted::WantedScan,
    wire::Wire,
};
use crate::{Counters, Event, Refused, StartScan, Tick, Transmit};

/// A [`Course`] at the end of a wire.
#[derive(Debug)]
pub(super) struct Host {
    course: Course,
    wire: Wire,
    /// The port held an order to measure back for so long that it was given up; it may leave yet.
    start_is_held_back: bool,
}

impl Host {
    pub(super) fn new(dialect: PcDialect) -> Self {
        Self {
            course: Course::new(dialect),
            wire: Wire::default(),
            start_is_held_back: false,
        }
    }

    pub(super) fn line_up(&mut self, now: Tick) {
        self.line_down();
        self.course.open(now);
    }

    pub(super) fn line_down(&mut self) {
        self.wire.reset();
        self.start_is_held_back = false;
        self.course.close();
    }

    pub(super) fn start(&mut self, now: Tick, start: &StartScan) -> Result<(), Refused> {
        if matches!(self.course.state, State::Closed) {
            return Err(Refused::Offline);
        }
        if self.course.is_busy() {
            return Err(Refused::Busy);
        }
        let dialect = self.course.dialect();
        let scan = if start.current_is_safe {
            WantedScan::of(Person::new(start, dialect)?)
        } else if dialect.weighs_alone() {
            WantedScan::of_weight(OwnNumber::of(start))
        } else {
            return Err(Refused::NotAsked);
        };
        self.course.begin(now, scan);
        Ok(())
    }

    pub(super) fn cancel(&mut self, now: Tick) -> Result<(), Refused> {
        self.course.cancel(now).then_some(()).ok_or(Refused::NoScan)
    }

    pub(super) fn release(&mut self, now: Tick) {
        self.course.release(now);
    }

    /// Takes a line that is no record.
    pub(super) fn take_reply(&mut self, now: Tick, reply: Reply<'_>) {
        self.course.take_reply(now, reply);
    }

    /// Takes what the record sessions found.
    pub(super) fn take_finding(&mut self, now: Tick, event: Event) {
        self.course.take_finding(now, event);
    }

    /// The order that was polled has left.
    pub(super) fn handle_sent(&mut self, now: Tick) {
        if !self.wire.sent(now) {
            return;
        }
        if std::mem::take(&mut self.start_is_held_back) {
            self.course.wait_out(now);
        } else if let State::Asking(ask) = &mut self.course.state {
            ask.sent(now);
        }
    }

    /// Deals with the deadline that is over, if one is; what follows from it has deadlines of its own. `receiving` says that the
    /// device is in the middle of a line.
    pub(super) fn handle_timeout(&mut self, now: Tick, receiving: bool) {
        if self.poll_timeout(receiving).is_none_or(|deadline| now < deadline) {
            return;
        }
        let State::Asking(ask) = &mut self.course.state else {
            return self.course.time_over(now);
        };
        if let Some(answer) = ask.time_over(now, &self.wire) {
            self.start_is_held_back |= answer == Answer::Stuck && ask.step() == Step::Start && ask.is_out();
            self.course.follow(now, &answer);
        }
    }

    /// When [`Self::handle_timeout`] or [`Self::offer`] has work to do.
    pub(super) fn poll_timeout(&self, receiving: bool) -> Option<Tick> {
        match &self.course.state {
            State::Asking(ask) => Some(ask.deadline(receiving, &self.wire)),
            state => state.deadline(receiving),
        }
    }

    /// Puts the order that is due out to be polled, if it may leave now.
    pub(super) fn offer(&mut self, now: Tick, receiving: bool) {
        let dialect = self.course.dialect();
        if let State::Asking(ask) = &mut self.course.state {
            ask.offer(now, receiving, &self.wire, dialect, self.course.telling.person());
        }
    }

    pub(super) fn poll_transmit(&mut self) -> Option<Transmit> {
        let State::Asking(ask) = &mut self.course.state else {
            return None;
        };
        let (made_at, bytes) = ask.take_offered()?;
        self.wire.take(made_at);
        self.course.order_goes_out();
        Some(Transmit(bytes))
    }

    pub(super) fn counters(&self) -> &Counters {
        self.course.telling.counters()
    }

    /// What is told.
    pub(super) fn telling(&mut self) -> &mut Telling {
        &mut self.course.telling
    }
}
