//! What can go wrong, and what people should do about it.

use crate::DeviceError;

/// An error as the session reports it, and what it does about it itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    /// The device's code; empty for what the session found.
    code: &'static str,
    pub(super) name: &'static str,
    advice: &'static str,
    pub(super) reaction: Reaction,
}

/// What the session does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The scan ends. The device takes the next one once people did what the advice says.
    End,
    /// The scan ends, and somebody has to look after the device.
    EndForService,
    /// The data did not arrive as they should: PC mode is entered anew and they are sent again, once.
    SendAgain,
    /// The same person is measured again, once; then weighed alone, where the device can.
    MeasureAgain,
}

/// The device's errors by their digit (MC-980 instructions).
const REPORTED: [Trouble; 10] = [
    Trouble {
        code: "E0",
        name: "internal_fault",
        advice: "The scanner reports an internal fault: switch it off and on; if it comes again, call service",
        reaction: Reaction::EndForService,
    },
    Trouble {
        code: "E1",
        name: "scale_overload",
        advice: "Too much weight on the scanner: step off and start again",
        reaction: Reaction::End,
    },
    Trouble {
        code: "E2",
        name: "impedance_error",
        advice: "No good contact: stand barefoot on the electrodes, hold both grips firmly, and start again",
        reaction: Reaction::End,
    },
    Trouble {
        code: "E3",
        name: "zero_point_error",
        advice: "The scanner could not find its zero: take everything off the platform and start again",
        reaction: Reaction::End,
    },
    Trouble {
        code: "E4",
        name: "personal_data_not_set",
        advice: "The scanner did not keep the person's data: start again; if it comes again, tell a technician",
        reaction: Reaction::SendAgain,
    },
    Trouble {
        code: "E5",
        name: "zero_point_not_set",
        advice: "The scanner was not ready: step off, wait a moment, and start again",
        reaction: Reaction::End,
    },
    Trouble {
        code: "E6",
        name: "parameter_set_incomplete",
        advice: "The scanner did not keep all of the person's data: start again; if it comes again, tell a technician",
        reaction: Reaction::SendAgain,
    },
    Trouble {
        code: "E7",
        name: "body_fat_calculation_error",
        advice: "The scanner could not work out the result: check sex, age and height, and start again",
        reaction: Reaction::MeasureAgain,
    },
    Trouble {
        code: "E8",
        name: "settings_memory_error",
        advice: "The scanner's memory of settings is at fault: call service",
        reaction: Reaction::EndForService,
    },
    Trouble {
        code: "E9",
        name: "negative_overload",
        advice: "The platform is below its zero: take everything off it, step off, and start again",
        reaction: Reaction::End,
    },
];

/// The device answers nothing.
pub(super) const NO_ANSWER: Trouble = found(
    "no_answer",
    "The scanner does not answer: check that it is switched on and its cable, or use its own keys",
    Reaction::End,
);
/// The device's cable or port is gone.
pub(super) const PORT_LOST: Trouble = found(
    "port_lost",
    "The connection to the scanner was lost: check its cable and start again",
    Reaction::End,
);
/// Nothing came of the measurement.
pub(super) const NO_RESULT: Trouble = found(
    "no_result",
    "The scanner had no result in time: step off and start again",
    Reaction::End,
);
/// The device takes orders, but not these.
pub(super) const OUT_OF_STEP: Trouble = found(
    "out_of_step",
    "The scanner does not take orders at the moment: step off and start again",
    Reaction::SendAgain,
);
/// The device has other data than it was sent.
pub(super) const SETTINGS_DIFFER: Trouble = found(
    "settings_differ",
    "The scanner did not keep the person's data as they were sent: start again; if it comes again, tell a technician",
    Reaction::SendAgain,
);
/// `Dn!`: sending it again would change nothing.
pub(super) const VALUE_REFUSED: Trouble = found(
    "value_refused",
    "The scanner does not take the person's data: check sex, age, height and clothes",
    Reaction::End,
);
/// The last person's data cannot be got out of the device.
pub(super) const SETTINGS_REMAIN: Trouble = found(
    "settings_remain",
    "The scanner still holds the last person's data: switch it off and on",
    Reaction::EndForService,
);

const fn found(name: &'static str, advice: &'static str, reaction: Reaction) -> Trouble {
    Trouble {
        code: "",
        name,
        advice,
        reaction,
    }
}

impl Trouble {
    /// What the device means by `E` and `digit`, 0 to 9.
    pub(super) fn reported(digit: u8) -> Self {
        REPORTED[usize::from(digit % 10)]
    }
}

impl From<Trouble> for DeviceError {
    fn from(trouble: Trouble) -> Self {
        let code = if trouble.code.is_empty() {
            trouble.name
        } else {
            trouble.code
        };
        Self {
            code: code.to_owned(),
            name: trouble.name,
            advice: trouble.advice,
            needs_service: trouble.reaction == Reaction::EndForService,
        }
    }
}
