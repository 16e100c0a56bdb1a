//! Little-endian fields one after the other.

use jiff::civil::{Date, DateTime, Time};
use scan_model::DeviceTime;

use crate::{RejectReason, fault::Fault};

/// A place in a value.
pub(super) struct Cursor<'a> {
    value: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(value: &'a [u8]) -> Self {
        Self { value, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        let [byte] = self.take()?;
        Ok(byte)
    }

    pub(super) fn word(&mut self) -> Result<u16, Fault> {
        self.take().map(u16::from_le_bytes)
    }

    /// Date Time, 2A08. Unknown parts and times that do not exist are no time; nothing is ever rolled over.
    pub(super) fn time(&mut self) -> Result<DeviceTime, Fault> {
        let [year_low, year_high, month, day, hour, minute, second] = self.take()?;
        let part = |byte: u8| i8::try_from(byte).ok();
        let exact = || {
            let year = i16::try_from(u16::from_le_bytes([year_low, year_high])).ok();
            // The standard's range; 0 is a year that the device does not know.
            let year = year.filter(|year| (1582..=9999).contains(year))?;
            let date = Date::new(year, part(month)?, part(day)?).ok()?;
            let time = Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok()?;
            Some(DateTime::from_parts(date, time))
        };
        Ok(exact().map_or(DeviceTime::Invalid, DeviceTime::Reported))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let field = self.value.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let field = field.ok_or_else(|| {
            Fault::new(
                RejectReason::Truncated,
                self.value.len(),
                "the value is shorter than its flags promise",
            )
        })?;
        self.at += N;
        Ok(*field)
    }
}
