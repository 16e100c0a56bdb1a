//! One order and its answer: when it may leave, how often it is sent, and how long is waited.

use std::time::Duration;

use super::{
    dialect::PcDialect,
    order::Order,
    person::Person,
    reply::{Reply, Settings},
    step::Step,
    wire::{STUCK, Wire},
};
use crate::Tick;

/// A known order is answered within a second.
const ANSWER: Duration = Duration::from_secs(1);
/// The pause after `#`.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// A device that is busy for five seconds does not answer.
const MOST_BUSY: u8 = 50;
/// The pause after a refused `M1`: the device may be starting up.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
/// A person who does not step off must not block the scanner for ever, however often the device says so.
const LONGEST_STEP_OFF: Duration = Duration::from_secs(60);
/// Noise without a line end must not keep the host silent for ever.
pub(super) const NOISY: Duration = Duration::from_secs(10);

/// A step with how far its order has come.
#[derive(Debug)]
pub(super) struct Ask {
    step: Step,
    order: Order,
    /// When the step began.
    since: Tick,
    /// How often the order has been sent in vain.
    tries: u8,
    /// How often the device said that it is busy.
    busy: u8,
    sending: Sending,
}

/// How far an order has come.
#[derive(Debug)]
enum Sending {
    /// To be sent from this moment on.
    Due(Tick),
    /// To be polled since this moment. Goes with the [`Ask`]: what nobody has polled is taken back.
    Offered(Tick, Vec<u8>),
    /// Handed to the port.
    Out,
    /// On the wire; the answer is awaited.
    Sent(Tick),
    /// Answered with `@`: the device is at it.
    Working,
}

/// What became of an order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Obeyed.
    Done,
    /// `!`: the device does not know it, or not now.
    Refused,
    /// The device does not take the value.
    BadValue,
    /// What the device was asked for.
    Settings(Settings),
    /// No answer in time, however often it was sent.
    Silence,
    /// The port does not send it, or the device is busy for ever.
    Stuck,
}

impl Ask {
    pub(super) fn new(step: Step, order: Order, now: Tick) -> Self {
        Self {
            step,
            order,
            since: now,
            tries: 0,
            busy: 0,
            sending: Sending::Due(now),
        }
    }

    pub(super) fn step(&self) -> Step {
        self.step
    }

    /// Whether the device may have the order, so that a line can be its answer.
    pub(super) fn is_out(&self) -> bool {
        !matches!(self.sending, Sending::Due(_) | Sending::Offered(..))
    }

    /// Puts the order out to be polled, if it may leave now.
    pub(super) fn offer(
        &mut self,
        now: Tick,
        receiving: bool,
        wire: &Wire,
        dialect: PcDialect,
        person: Option<&Person>,
    ) {
        let is_due = matches!(self.sending, Sending::Due(_))
            && wire.free_at().is_some()
            && self.deadline(receiving, wire) <= now;
        if is_due && let Some(bytes) = self.order.bytes(dialect, person) {
            self.sending = Sending::Offered(now, bytes);
        }
    }

    /// The order that was put out, and when it was made. The port has it from now on.
    pub(super) fn take_offered(&mut self) -> Option<(Tick, Vec<u8>)> {
        match &mut self.sending {
            Sending::Offered(made_at, bytes) => {
                let offered = (*made_at, std::mem::take(bytes));
                self.sending = Sending::Out;
                Some(offered)
            }
            _ => None,
        }
    }

    /// The port's order has left: it is this one, unless that was of a step before.
    pub(super) fn sent(&mut self, now: Tick) {
        if matches!(self.sending, Sending::Out) {
            self.sending = Sending::Sent(now);
        }
    }

    /// Takes a line. `None`: it is no answer, or one that leaves the matter open.
    pub(super) fn take(&mut self, now: Tick, reply: &Reply<'_>) -> Option<Answer> {
        match (self.step, reply) {
            (_, Reply::Busy) => {
                self.busy += 1;
                self.sending = Sending::Due(now.after(BUSY_PAUSE));
                (self.busy >= MOST_BUSY).then_some(Answer::Stuck)
            }
            (Step::Enter, Reply::Refused) => self.try_again(now.after(REFUSED_PAUSE), Answer::Refused),
            (_, Reply::Refused) => Some(Answer::Refused),
            (Step::AwaitStepOff, Reply::Working) => {
                self.sending = Sending::Working;
                None
            }
            (Step::Set(setting), Reply::BadValue(digit)) if *digit == setting.digit() => Some(Answer::BadValue),
            (Step::CheckClear | Step::CheckSet, Reply::Settings(settings)) => Some(Answer::Settings(settings.clone())),
            (Step::Start, Reply::Working | Reply::Zeroing | Reply::LiveWeight { .. } | Reply::Impedance) => {
                Some(Answer::Done)
            }
            (_, reply) => self.order.is_answered_by(reply).then_some(Answer::Done),
        }
    }

    /// Its deadline is over.
    pub(super) fn time_over(&mut self, now: Tick, wire: &Wire) -> Option<Answer> {
        match self.sending {
            Sending::Sent(_) => self.try_again(now, Answer::Silence),
            // The person may stand there yet: nothing more is waited for.
            Sending::Working => Some(Answer::Done),
            // It is offered in a moment.
            Sending::Due(_) if wire.free_at().is_some() => None,
            Sending::Due(_) | Sending::Offered(..) | Sending::Out => Some(Answer::Stuck),
        }
    }

    /// When [`Self::time_over`] or [`Self::offer`] has work to do. `receiving` says that the device is in the middle of a line.
    pub(super) fn deadline(&self, receiving: bool, wire: &Wire) -> Tick {
        match self.sending {
            Sending::Due(at) => match wire.free_at() {
                Some(free_at) if receiving => free_at.max(at.after(NOISY)),
                Some(free_at) => free_at.max(at),
                None => wire.stuck_at(),
            },
            Sending::Offered(made_at, _) => made_at.after(STUCK),
            Sending::Out => wire.stuck_at(),
            Sending::Sent(at) => at.after(ANSWER),
            Sending::Working => self.since.after(LONGEST_STEP_OFF),
        }
    }

    /// The order was sent in vain: it is sent again at `at`, or that was the last try, and `last` is what became of it.
    fn try_again(&mut self, at: Tick, last: Answer) -> Option<Answer> {
        self.tries += 1;
        if self.tries >= self.step.most_tries() {
            return Some(last);
        }
        self.sending = Sending::Due(at);
        None
    }
}
