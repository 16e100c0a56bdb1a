//! What can be wrong at a scanner, in the words that families share: a name for programs, advice for people.

use crate::DeviceError;

/// Something wrong at a device, or between it and the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) name: &'static str,
    pub(crate) advice: &'static str,
    pub(crate) needs_service: bool,
}

/// Nobody says hello, or what is asked for again and again does not come.
pub(crate) const NO_ANSWER: Trouble = service(
    "no_answer",
    "The scanner does not answer: check that it is switched on, its cable, and that the port's speed is the scanner's",
);
pub(crate) const INTERNAL_FAULT: Trouble = service(
    "internal_fault",
    "The scanner reports an internal fault: switch it off and on; if it comes again, call service",
);
pub(crate) const SCALE_OVERLOAD: Trouble = passing(
    "scale_overload",
    "Too much weight on the scanner: step off and start again",
);
pub(crate) const IMPEDANCE_ERROR: Trouble = passing(
    "impedance_error",
    "No good contact: stand barefoot on the electrodes, hold both grips firmly, and start again",
);
pub(crate) const ZERO_POINT_ERROR: Trouble = passing(
    "zero_point_error",
    "The scanner could not find its zero: take everything off the platform and start again",
);
pub(crate) const SETTINGS_MEMORY_ERROR: Trouble = service(
    "settings_memory_error",
    "The scanner's memory of settings is at fault: call service",
);
pub(crate) const NEGATIVE_OVERLOAD: Trouble = passing(
    "negative_overload",
    "The platform is below its zero: take everything off it, step off, and start again",
);
pub(crate) const VALUE_REFUSED: Trouble = passing(
    "value_refused",
    "The scanner does not take the person's data: check sex, age, height and clothes",
);
/// Families call this by different names.
pub(crate) const NOT_CALCULATED: &str =
    "The scanner could not work out the result: check sex, age and height, and start again";

/// Trouble that people can mend, or that goes by itself.
pub(crate) const fn passing(name: &'static str, advice: &'static str) -> Trouble {
    Trouble {
        name,
        advice,
        needs_service: false,
    }
}

/// Trouble that stays until somebody looked after the device.
pub(crate) const fn service(name: &'static str, advice: &'static str) -> Trouble {
    Trouble {
        needs_service: true,
        ..passing(name, advice)
    }
}

impl From<Trouble> for DeviceError {
    fn from(
        Trouble {
            name,
            advice,
            needs_service,
        }: Trouble,
    ) -> Self {
        Self {
            code: name.to_owned(),
            name,
            advice,
            needs_service,
        }
    }
}
