//! The exchanges that the conversation is made of: one order, and what may answer it.

use super::{
    dialect::PcDialect,
    order::{Order, Setting},
    scan::Scan,
};
use crate::Tick;

/// What the host is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Ending whatever goes on at the device.
    Stop(After),
    /// Making the device obey.
    Enter,
    /// Making sure that nobody's data are in the device.
    CheckClear,
    /// Leaving PC mode so that entering it clears the settings.
    LeaveToClear,
    /// Sending one of the person's data.
    Set(Setting),
    /// Making sure that the data are in the device as sent.
    CheckSet,
    /// Starting the measurement.
    Start,
    /// Waiting for the person to step off.
    AwaitStepOff,
    /// Giving the device back to its own keys.
    Leave,
}

/// What comes after [`Step::Stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The device is not in PC mode, or out of step.
    Enter,
    /// The settings are somebody's.
    Clear,
}

/// A step with how far its order has come.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) step: Step,
    /// How often the order has been sent in vain.
    pub(super) tries: u8,
    /// How often the device said that it is busy.
    pub(super) busy: u8,
    pub(super) order: Sending,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// To be sent from this moment on.
    Due(Tick),
    /// Handed to the port.
    Out,
    /// On the wire; the answer is awaited.
    Sent(Tick),
    /// Answered with `@`: the device is at it.
    Working(Tick),
}

impl Step {
    /// The order of the step; of [`Step::Start`] the one that `scan` needs.
    pub(super) fn order(self, dialect: PcDialect, scan: Option<&Scan>) -> Order {
        match self {
            Self::Stop(_) => dialect.stop(),
            Self::Enter => dialect.enter(),
            Self::CheckClear | Self::CheckSet => Order::Ask,
            Self::LeaveToClear | Self::Leave => dialect.leave(),
            Self::Set(setting) => Order::Set(setting),
            Self::Start if scan.is_some_and(Scan::weighs_alone) => Order::Weigh,
            Self::Start => dialect.measure(),
            Self::AwaitStepOff => Order::StepOff,
        }
    }

    /// How often the order is sent before the device counts as silent.
    pub(super) fn most_tries(self) -> u8 {
        match self {
            // A second one could start a second measurement, or tells nothing new.
            Self::Start | Self::AwaitStepOff | Self::Stop(_) => 1,
            Self::CheckClear => 2,
            Self::Enter | Self::LeaveToClear | Self::Set(_) | Self::CheckSet | Self::Leave => 3,
        }
    }
}

impl Ask {
    pub(super) fn new(step: Step, now: Tick) -> Self {
        Self {
            step,
            tries: 0,
            busy: 0,
            order: Sending::Due(now),
        }
    }

    /// Whether the device may have the order, so that a line can be its answer.
    pub(super) fn is_out(&self) -> bool {
        !matches!(self.order, Sending::Due(_))
    }
}
