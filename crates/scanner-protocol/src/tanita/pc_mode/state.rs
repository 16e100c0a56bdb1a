//! Where the conversation is, and how long it may stay there.

use std::time::Duration;

use super::{
    ask::{Ask, NOISY},
    step::Step,
};
use crate::Tick;

/// Within the measurement: when to ask whether anybody is there, and when to give up.
const PROMPT: Duration = Duration::from_secs(30);
const MEASUREMENT: Duration = Duration::from_secs(90);
/// The scanner's keys are dead while the host holds it: give it back after this time.
const IDLE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(super) enum State {
    /// No port.
    Closed,
    /// The port was opened; nothing is sent.
    Listening { until: Tick },
    /// The scanner's own keys work it. Nothing is sent until somebody wants a scan, or data have to be got out of it.
    Resting { come_back: Option<Tick> },
    /// An order is to be sent, or its answer awaited.
    Asking(Ask),
    /// In PC mode, with nobody's data in the device.
    Ready { since: Tick },
    /// The measurement has been started; the device sets its zero point.
    Zeroing { until: Tick },
    /// The person is awaited, or measured. Nothing is sent.
    Measuring { since: Tick, prompted: bool },
    /// The device shows the result until the person steps off.
    SteppingOff { until: Tick },
}

/// Where the device is on the way through a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// At none.
    Clear,
    /// The person's data are on their way to it.
    Preparing,
    /// It may have the order to measure, and has not answered it.
    Starting,
    /// It is at a measurement of ours, or may be. Nothing is sent.
    Measuring,
    /// It has told the result, and the person still stands there.
    After,
}

impl State {
    pub(super) fn phase(&self) -> Phase {
        match self {
            Self::Closed | Self::Listening { .. } | Self::Resting { .. } | Self::Ready { .. } => Phase::Clear,
            Self::Asking(ask) => match ask.step() {
                Step::Start if ask.is_out() => Phase::Starting,
                Step::Set(_) | Step::CheckSet | Step::Start => Phase::Preparing,
                Step::AwaitStepOff => Phase::After,
                Step::Stop(_) | Step::Enter | Step::CheckClear | Step::LeaveToClear | Step::Leave => Phase::Clear,
            },
            Self::Zeroing { .. } | Self::Measuring { .. } => Phase::Measuring,
            Self::SteppingOff { .. } => Phase::After,
        }
    }

    /// When the state has lasted long enough; an [`Ask`] has a deadline of its own. `receiving` says that the device is in the middle
    /// of a line.
    pub(super) fn deadline(&self, receiving: bool) -> Option<Tick> {
        match self {
            Self::Closed | Self::Asking(_) => None,
            Self::Listening { until } | Self::Zeroing { until } | Self::SteppingOff { until } => Some(*until),
            Self::Resting { come_back } => *come_back,
            Self::Ready { since } => Some(since.after(IDLE)),
            Self::Measuring { since, prompted: false } => Some(since.after(PROMPT)),
            // A result that has begun to arrive may end.
            Self::Measuring { since, .. } if receiving => Some(since.after(MEASUREMENT + NOISY)),
            Self::Measuring { since, .. } => Some(since.after(MEASUREMENT)),
        }
    }
}
