//! Why a frame is refused, before its bytes are put beside it.

use std::borrow::Cow;

use scan_model::Integrity;

use crate::{RejectReason, Rejected};

/// What is wrong with a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: RejectReason,
    /// Position in the frame.
    pub(crate) offset: usize,
    /// For a technician; no measured value, nothing about the person.
    pub(crate) detail: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(reason: RejectReason, offset: usize, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            offset,
            detail: detail.into(),
        }
    }

    pub(crate) fn rejecting(self, raw: Vec<u8>) -> Rejected {
        Rejected {
            raw,
            reason: self.reason,
            offset: self.offset,
            detail: self.detail.into_owned(),
            result_id: None,
        }
    }
}

/// Refuses a frame within which the line reported an error, unless a checksum vouches for its bytes.
pub(crate) fn unless_damaged(damaged: bool, integrity: Integrity) -> Result<(), Fault> {
    if damaged && integrity == Integrity::None {
        return Err(Fault::new(
            RejectReason::LineError,
            0,
            "the line reported an error within a frame without a checksum",
        ));
    }
    Ok(())
}
