//! The way of the types of the C interface from and to those of the protocol.

use core::ffi::{CStr, c_char};

use firmware_protocol as link;

use crate::types::{
    Clock, CloseReason, Counters, Decimal, Ending, EndingKind, Identity, ResultNumber, Scan, Sent, Subject,
    VersionRange,
};

impl From<Result<(), link::NotSent>> for Sent {
    fn from(result: Result<(), link::NotSent>) -> Self {
        match result {
            Ok(()) => Self::Ok,
            Err(link::NotSent::NotConnected) => Self::NotConnected,
            Err(link::NotSent::Busy) => Self::Busy,
        }
    }
}

impl From<ResultNumber> for link::ResultNumber {
    fn from(result: ResultNumber) -> Self {
        Self {
            boot: result.boot,
            number: result.number,
        }
    }
}

impl From<link::ResultNumber> for ResultNumber {
    fn from(result: link::ResultNumber) -> Self {
        Self {
            boot: result.boot,
            number: result.number,
        }
    }
}

impl From<Scan> for link::ScanRef {
    fn from(scan: Scan) -> Self {
        if scan.asked {
            Self::Asked(scan.number)
        } else {
            Self::WalkUp(scan.number)
        }
    }
}

impl Ending {
    /// The ending; `None` if its kind is none. C may hand in any number there: a Rust enumeration must not be read from it.
    pub(crate) fn to_link(self) -> Option<link::Ending> {
        const COMPLETED: u8 = EndingKind::Completed as u8;
        const FAILED: u8 = EndingKind::Failed as u8;
        const CANCELLED: u8 = EndingKind::Cancelled as u8;
        const REFUSED: u8 = EndingKind::Refused as u8;
        Some(match self.kind {
            COMPLETED => link::Ending::Completed(self.result.into()),
            FAILED => link::Ending::Failed(link::Fault::from_code(self.code)),
            CANCELLED => link::Ending::Cancelled,
            REFUSED => link::Ending::Refused(link::Refusal::from_code(self.code)),
            _ => return None,
        })
    }
}

impl From<link::CloseReason> for CloseReason {
    fn from(reason: link::CloseReason) -> Self {
        match reason {
            link::CloseReason::LineDown => Self::LineDown,
            link::CloseReason::Silence => Self::Silence,
            link::CloseReason::PeerRestarted => Self::PeerRestarted,
            link::CloseReason::Unanswered => Self::Unanswered,
        }
    }
}

impl From<link::VersionRange> for VersionRange {
    fn from(versions: link::VersionRange) -> Self {
        Self {
            oldest: versions.oldest,
            newest: versions.newest,
        }
    }
}

impl From<&link::Counters> for Counters {
    fn from(counters: &link::Counters) -> Self {
        let link::Counters {
            frames,
            not_frames,
            bad_checksums,
            unknown_frames,
            echoes,
            strangers,
            repeats,
            unknown_messages,
            resends,
            sessions_lost,
        } = *counters;
        Self {
            frames,
            not_frames,
            bad_checksums,
            unknown_frames,
            echoes,
            strangers,
            repeats,
            unknown_messages,
            resends,
            sessions_lost,
        }
    }
}

impl Decimal {
    /// The value, if it is known.
    ///
    /// # Errors
    /// If it has more decimals than any: dropped, it would stand for "not known".
    fn to_link(self) -> Result<Option<link::Decimal>, link::TooManyDecimals> {
        self.known
            .then(|| link::Decimal::try_new(self.mantissa, self.scale))
            .transpose()
    }
}

impl From<Option<link::Decimal>> for Decimal {
    fn from(value: Option<link::Decimal>) -> Self {
        value.map_or(Self::default(), |value| Self {
            mantissa: value.mantissa(),
            scale: value.scale(),
            known: true,
        })
    }
}

impl From<Clock> for Option<link::Clock> {
    fn from(clock: Clock) -> Self {
        let Clock {
            unix_seconds,
            offset_minutes,
            known,
        } = clock;
        known.then_some(link::Clock {
            unix_seconds,
            offset_minutes,
        })
    }
}

impl From<link::Clock> for Clock {
    fn from(clock: link::Clock) -> Self {
        Self {
            unix_seconds: clock.unix_seconds,
            offset_minutes: clock.offset_minutes,
            known: true,
        }
    }
}

impl Subject {
    /// The person; `None` if the number is not closed by a zero or is no UTF-8, or a value has more than nine decimals. Made to fit,
    /// the number could be that of somebody else.
    pub(crate) fn to_link(self) -> Option<link::Subject> {
        let number = self.number.map(|byte| byte as u8);
        let number = CStr::from_bytes_until_nul(&number).ok()?.to_str().ok()?;
        Some(link::Subject {
            number: number.try_into().ok()?,
            sex: self.sex_known.then(|| link::Sex::from_code(self.sex)),
            age: self.age_known.then_some(self.age),
            height: self.height.to_link().ok()?,
            body_type: self.body_type_known.then(|| link::BodyType::from_code(self.body_type)),
            clothes_weight: self.clothes_weight.to_link().ok()?,
            activity_level: self.activity_level_known.then_some(self.activity_level),
        })
    }
}

impl From<&link::Subject> for Subject {
    fn from(subject: &link::Subject) -> Self {
        let mut number = [0; 19];
        for (to, from) in number.iter_mut().zip(subject.number.bytes()) {
            *to = from as c_char;
        }
        Self {
            number,
            sex: subject.sex.map_or(0, link::Sex::code),
            sex_known: subject.sex.is_some(),
            age: subject.age.unwrap_or(0),
            age_known: subject.age.is_some(),
            height: subject.height.into(),
            body_type: subject.body_type.map_or(0, link::BodyType::code),
            body_type_known: subject.body_type.is_some(),
            clothes_weight: subject.clothes_weight.into(),
            activity_level: subject.activity_level.unwrap_or(0),
            activity_level_known: subject.activity_level.is_some(),
        }
    }
}

impl Identity {
    /// The identity with its texts.
    ///
    /// # Safety
    /// The texts are closed by a zero.
    pub(crate) unsafe fn to_link(&self) -> link::Identity {
        // SAFETY: as promised by the caller.
        unsafe {
            link::Identity {
                device: link::DeviceId(self.device),
                boot: self.boot,
                uptime_ms: 0,
                maker: link::text(text(self.maker)),
                model: link::text(text(self.model)),
                serial: link::text(text(self.serial)),
                firmware: link::text(text(self.firmware)),
                capabilities: link::Capabilities(self.capabilities),
            }
        }
    }
}

/// A text of C; nothing if it is NULL or no UTF-8.
///
/// # Safety
/// `text` is NULL or closed by a zero, and outlives the use.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> &'a str {
    if text.is_null() {
        return "";
    }
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_of_a_kind_that_is_none_is_refused() {
        let ending = |kind| Ending {
            kind,
            code: 4,
            result: ResultNumber { boot: 7, number: 1 },
        };
        let result = link::ResultNumber { boot: 7, number: 1 };
        let known = [
            link::Ending::Completed(result),
            link::Ending::Failed(link::Fault::PersonMoved),
            link::Ending::Cancelled,
            link::Ending::Refused(link::Refusal::SubjectOutOfRange),
        ];
        let read: Vec<_> = (0..=u8::MAX).map_while(|kind| ending(kind).to_link()).collect();
        assert_eq!(read, known);
        assert_eq!(ending(u8::MAX).to_link(), None);
    }
}
