//! Xiaomi Mi Body Composition Scale 2: 13 bytes of its own, in the Body Composition characteristic and in advertisements.

mod weighing;

pub(super) use weighing::Weighing;

use jiff::civil::{Date, DateTime, Time};
use scan_model::{Decimal, DeviceTime, Integrity};

use crate::{RejectReason, fault::Fault, weight::Weight};

pub(crate) const MAKER: Option<&str> = Some("Xiaomi");

const LENGTH: usize = 13;

/// Decodes one value.
///
/// # Errors
/// It does not have 13 bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<Weight, Fault> {
    let Ok(
        &[
            unit,
            state,
            year_low,
            year_high,
            month,
            day,
            hour,
            minute,
            second,
            ohm_low,
            ohm_high,
            low,
            high,
        ],
    ) = <&[u8; LENGTH]>::try_from(bytes)
    else {
        return Err(Fault::new(
            RejectReason::Truncated,
            bytes.len(),
            "a value of this scale has 13 bytes",
        ));
    };
    let raw = i64::from(u16::from_le_bytes([low, high]));
    // A catty is half a kilogram, so hundredths of it are two-hundredths of a kilogram, and so is what metric scales send.
    let (value, unit) = if unit & 1 != 0 {
        (Decimal::new(raw, 2), "[lb_av]")
    } else {
        (Decimal::new(raw * 5, 3), "kg")
    };
    let ohms = u16::from_le_bytes([ohm_low, ohm_high]);
    let has_impedance = state & 1 << 1 != 0 && !matches!(ohms, 0 | 0xffff);
    let part = |byte: u8| i8::try_from(byte).ok();
    let time = || {
        let year = i16::try_from(u16::from_le_bytes([year_low, year_high])).ok()?;
        let date = Date::new(year, part(month)?, part(day)?).ok()?;
        let time = Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok()?;
        Some(DateTime::from_parts(date, time))
    };
    Ok(Weight {
        removed: Some(state & 1 << 7 != 0),
        impedance: has_impedance.then(|| Decimal::from(i32::from(ohms))),
        device_time: time().map_or(DeviceTime::Invalid, DeviceTime::Reported),
        // As for every Bluetooth value: the link's CRC.
        integrity: Integrity::Verified,
        ..Weight::shown(state & 1 << 5 != 0, Some(value), unit)
    })
}
