//! What can go wrong, and what people should do about it.

use firmware_protocol::{Fault, Refusal, VERSIONS, VersionRange};

use crate::{
    DeviceError,
    trouble::{self, Trouble, passing, service},
};

/// It answers, and who it is has not come.
pub(super) const NO_IDENTITY: Trouble = service(
    "no_identity",
    "The scanner answers and does not say who it is in words that this bridge knows: update the bridge, or the scanner's firmware",
);
/// The session ended in the middle of a scan.
pub(super) const PORT_LOST: Trouble = passing(
    "port_lost",
    "The connection to the scanner was lost: check its cable. A result that it still gets is kept and comes by itself",
);
/// A scan does not get on, or it is over and its result does not come.
pub(super) const NO_RESULT: Trouble = passing(
    "no_result",
    "The scanner sent no result in time. One that it still gets is kept and comes by itself; if none comes, step off and start again",
);
/// A scan was announced, and another one runs.
pub(super) const DISPLACED: Trouble = passing(
    "scan_displaced",
    "The scanner measures somebody else: wait until it is free and start again",
);

/// What a scanner reports. `detail` is the maker's own number; 0 for none.
pub(super) fn fault(fault: Fault, detail: u32) -> DeviceError {
    let trouble = match fault {
        Fault::Internal => trouble::INTERNAL_FAULT,
        Fault::Overload => trouble::SCALE_OVERLOAD,
        Fault::Impedance => trouble::IMPEDANCE_ERROR,
        Fault::ZeroPoint => trouble::ZERO_POINT_ERROR,
        Fault::PersonMoved => passing(
            "person_moved",
            "The measurement was disturbed: stand still until it is over, and start again",
        ),
        Fault::NobodyCame => passing("nobody_came", "Nobody stepped on in time: start again"),
        Fault::Calculation => passing("calculation_error", trouble::NOT_CALCULATED),
        Fault::Memory => trouble::SETTINGS_MEMORY_ERROR,
        Fault::NegativeLoad => trouble::NEGATIVE_OVERLOAD,
        Fault::StoreFull => passing("store_full", STORE_FULL),
        Fault::Optics => service(
            "optics_error",
            "A camera or light of the scanner is at fault: clean the windows; if it comes again, call service",
        ),
        Fault::Motion => service(
            "motion_error",
            "The scanner's turntable or lift is at fault: take away what blocks it; if it comes again, call service",
        ),
        Fault::Temperature => passing(
            "temperature_error",
            "The scanner is too hot or too cold to measure: wait until the room is right",
        ),
        Fault::Power => service(
            "power_error",
            "The scanner's supply or battery is at fault: check its power supply",
        ),
        Fault::Other(_) => passing(
            "unknown_fault",
            "The scanner reports a fault that this bridge does not know: see the scanner's manual, and update the bridge",
        ),
    };
    let code = match (detail, fault) {
        (0, Fault::Other(code)) => code.to_string(),
        (0, _) => trouble.name.to_owned(),
        (detail, _) => detail.to_string(),
    };
    DeviceError { code, ..trouble.into() }
}

/// Why a scanner does not start.
pub(super) fn refusal(refusal: Refusal) -> DeviceError {
    match refusal {
        Refusal::Busy => DISPLACED,
        Refusal::NotSupported => passing(
            "not_supported",
            "The scanner cannot do this kind of scan: use its own keys",
        ),
        Refusal::SubjectIncomplete => passing(
            "subject_incomplete",
            "The scanner needs more of the person's data: sex, age and height",
        ),
        Refusal::SubjectOutOfRange => trouble::VALUE_REFUSED,
        Refusal::NotScreened => passing(
            "not_screened",
            "The person was not asked about pacemakers and pregnancy: ask, and start again",
        ),
        Refusal::StoreFull => passing("store_full", STORE_FULL),
        Refusal::Faulty => service("out_of_order", "The scanner is out of order: see the fault it reported"),
        Refusal::Other(_) => passing(
            "refused",
            "The scanner does not start, for a reason this bridge does not know: update the bridge",
        ),
    }
    .into()
}

/// The scanner speaks `theirs` and none of ours. The code says which.
pub(super) fn incompatible(theirs: VersionRange) -> DeviceError {
    let trouble = service(
        "incompatible_version",
        "Scanner and bridge speak no common version of scan-link: update the bridge, or the scanner's firmware",
    );
    DeviceError {
        code: format!("scanner {theirs}, bridge {VERSIONS}"),
        ..trouble.into()
    }
}

const STORE_FULL: &str =
    "The scanner's memory is full of results that are not stored yet: check the bridge's disk; it goes on by itself";
