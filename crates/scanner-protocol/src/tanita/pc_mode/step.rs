//! What the host is about: each step is one order, and what may answer it.

use super::{
    dialect::PcDialect,
    order::{Order, Setting},
};

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

impl Step {
    /// The order of the step. `weighs_alone` says what [`Step::Start`] is to start.
    pub(super) fn order(self, dialect: PcDialect, weighs_alone: bool) -> Order {
        match self {
            Self::Stop(_) => dialect.stop(),
            Self::Enter => dialect.enter(),
            Self::CheckClear | Self::CheckSet => Order::Ask,
            Self::LeaveToClear | Self::Leave => dialect.leave(),
            Self::Set(setting) => Order::Set(setting),
            Self::Start if weighs_alone => Order::Weigh,
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
