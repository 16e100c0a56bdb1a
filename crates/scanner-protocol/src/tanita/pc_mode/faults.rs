//! What can go wrong, and what the session does about it.

use crate::{
    DeviceError,
    trouble::{self, Trouble, passing, service},
};

/// Trouble, and how the session answers it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mishap {
    /// The device's code; empty for what the session found.
    code: &'static str,
    pub(super) trouble: Trouble,
    pub(super) reaction: Reaction,
}

/// What the session does about a mishap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The scan ends. The device takes the next one once people did what the advice says.
    End,
    /// The data did not arrive as they should: PC mode is entered anew and they are sent again, once.
    SendAgain,
    /// The same person is measured again, once; then weighed alone, where the device can.
    MeasureAgain,
}

/// The device's errors by their digit (MC-980 instructions).
const REPORTED: [Mishap; 10] = [
    reported("E0", trouble::INTERNAL_FAULT, Reaction::End),
    reported("E1", trouble::SCALE_OVERLOAD, Reaction::End),
    reported("E2", trouble::IMPEDANCE_ERROR, Reaction::End),
    reported("E3", trouble::ZERO_POINT_ERROR, Reaction::End),
    reported(
        "E4",
        passing(
            "personal_data_not_set",
            "The scanner did not keep the person's data: start again; if it comes again, tell a technician",
        ),
        Reaction::SendAgain,
    ),
    reported(
        "E5",
        passing(
            "zero_point_not_set",
            "The scanner was not ready: step off, wait a moment, and start again",
        ),
        Reaction::End,
    ),
    reported(
        "E6",
        passing(
            "parameter_set_incomplete",
            "The scanner did not keep all of the person's data: start again; if it comes again, tell a technician",
        ),
        Reaction::SendAgain,
    ),
    reported(
        "E7",
        passing("body_fat_calculation_error", trouble::NOT_CALCULATED),
        Reaction::MeasureAgain,
    ),
    reported("E8", trouble::SETTINGS_MEMORY_ERROR, Reaction::End),
    reported("E9", trouble::NEGATIVE_OVERLOAD, Reaction::End),
];

/// The device answers nothing.
pub(super) const NO_ANSWER: Mishap = found(
    passing(
        "no_answer",
        "The scanner does not answer: check that it is switched on and its cable, or use its own keys",
    ),
    Reaction::End,
);
/// The device's cable or port is gone.
pub(super) const PORT_LOST: Mishap = found(
    passing(
        "port_lost",
        "The connection to the scanner was lost: check its cable and start again",
    ),
    Reaction::End,
);
/// Nothing came of the measurement.
pub(super) const NO_RESULT: Mishap = found(
    passing(
        "no_result",
        "The scanner had no result in time: step off and start again",
    ),
    Reaction::End,
);
/// The device takes orders, but not these.
pub(super) const OUT_OF_STEP: Mishap = found(
    passing(
        "out_of_step",
        "The scanner does not take orders at the moment: step off and start again",
    ),
    Reaction::SendAgain,
);
/// The device has other data than it was sent.
pub(super) const SETTINGS_DIFFER: Mishap = found(
    passing(
        "settings_differ",
        "The scanner did not keep the person's data as they were sent: start again; if it comes again, tell a technician",
    ),
    Reaction::SendAgain,
);
/// `Dn!`: sending it again would change nothing.
pub(super) const VALUE_REFUSED: Mishap = found(trouble::VALUE_REFUSED, Reaction::End);
/// The last person's data cannot be got out of the device.
pub(super) const SETTINGS_REMAIN: Mishap = found(
    service(
        "settings_remain",
        "The scanner still holds the last person's data: switch it off and on",
    ),
    Reaction::End,
);

const fn reported(code: &'static str, trouble: Trouble, reaction: Reaction) -> Mishap {
    Mishap {
        code,
        trouble,
        reaction,
    }
}

const fn found(trouble: Trouble, reaction: Reaction) -> Mishap {
    reported("", trouble, reaction)
}

impl Mishap {
    /// What the device means by `E` and `digit`, 0 to 9.
    pub(super) fn reported(digit: u8) -> Self {
        REPORTED[usize::from(digit % 10)]
    }
}

impl From<Mishap> for DeviceError {
    fn from(Mishap { code, trouble, .. }: Mishap) -> Self {
        let error = Self::from(trouble);
        if code.is_empty() {
            return error;
        }
        Self {
            code: code.to_owned(),
            ..error
        }
    }
}
