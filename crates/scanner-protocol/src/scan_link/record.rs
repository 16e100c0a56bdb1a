//! From the bytes of a result to a record.

use firmware_protocol::{
    Clock, Completeness, DeviceId, Identity, Item, MetricId, Record as TheirRecord, RecordError, ResultKey,
    ResultNumber,
};
use jiff::tz::Offset;
use scan_model::{
    Decimal, DeviceTime, Flag, Integrity, Metric, Record, consistency,
    record::{Device, Measurement},
};

use super::{
    person::{decimal, from_scanner},
    uptime::shown,
};
use crate::{Protocol, RecordId, RejectReason, fault::Fault};

/// A record, and what of it could not be read.
pub(crate) struct Read {
    pub(crate) record: Record,
    /// Values under numbers of a newer version. The record's bytes keep them.
    pub(crate) unknown: u64,
}

/// The record in bytes that were kept. Which scanner they are of they do not say.
pub(crate) fn decode(bytes: &[u8]) -> Result<Record, Fault> {
    let parsed = TheirRecord::parse(bytes).map_err(damage)?;
    read(&parsed, bytes).map(|read| read.record)
}

/// A record that arrived as that of result `announced`.
///
/// # Errors
/// It is damaged, or it says that it is another result's: under the announced name it would pass for what it is not, and hide that one.
pub(super) fn of(
    announced: ResultNumber,
    parsed: Result<TheirRecord<'_>, RecordError>,
) -> Result<TheirRecord<'_>, Fault> {
    let parsed = parsed.map_err(damage)?;
    if parsed.header.result != announced {
        let detail = "the record is of another result than it was sent as";
        return Err(Fault::new(RejectReason::BadFrame, 0, detail));
    }
    Ok(parsed)
}

/// What a result says, in the words of the vocabulary.
///
/// # Errors
/// It says two things of the same measurement.
pub(super) fn read(parsed: &TheirRecord<'_>, bytes: &[u8]) -> Result<Read, Fault> {
    let header = &parsed.header;
    let mut record = Record {
        subject: from_scanner(&header.subject),
        device_time: header.clock.map_or(DeviceTime::Absent, device_time),
        integrity: Integrity::Verified,
        ..Record::new(Protocol::ScanLink.name(), None, bytes)
    };
    let mut unknown = 0;
    for item in parsed.items() {
        match item {
            Item::Value(id, value) => unknown += u64::from(!measure(&mut record, id, decimal(value))?),
            Item::Impedance(impedance) => match MetricId::impedance(impedance.segment, impedance.frequency) {
                // The vocabulary has every one of these.
                Some([resistance, reactance]) => {
                    measure(&mut record, resistance, decimal(impedance.resistance))?;
                    measure(&mut record, reactance, decimal(impedance.reactance))?;
                }
                None => unknown += 2,
            },
        }
    }
    if header.completeness == Completeness::NoSegments {
        record.flag(Flag::SegmentalError);
    }
    consistency::check(&mut record);
    Ok(Read { record, unknown })
}

/// Why bytes are no record.
fn damage(error: RecordError) -> Fault {
    let reason = match error {
        RecordError::Checksum => RejectReason::ChecksumMismatch,
        RecordError::Malformed => RejectReason::BadFrame,
    };
    Fault::new(reason, 0, error.to_string())
}

/// The scanner, as it names itself.
pub(super) fn device(identity: &Identity) -> Device {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Device {
        maker: said(&identity.maker),
        model: said(&identity.model),
        serial: said(&identity.serial),
        firmware: said(&identity.firmware),
    }
}

/// The key that was printed as a record's `result_id`; `None` for a text that no result of this link has.
pub(super) fn key(RecordId(text): &RecordId) -> Option<ResultKey> {
    let mut parts = text.split('-');
    let (device, boot, number) = (parts.next()?, parts.next()?, parts.next()?);
    let mut id = [0; 16];
    if parts.next().is_some() || device.len() != 2 * id.len() {
        return None;
    }
    for (byte, digits) in id.iter_mut().zip(device.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    let key = ResultKey {
        device: DeviceId(id),
        result: ResultNumber {
            boot: boot.parse().ok()?,
            number: number.parse().ok()?,
        },
    };
    // Other spellings of the same numbers are none of ours.
    (key.to_string() == *text).then_some(key)
}

/// Adds a value; false if the vocabulary does not have its number.
fn measure(record: &mut Record, id: MetricId, value: Decimal) -> Result<bool, Fault> {
    let Some(metric) = id.name().and_then(|name| name.parse::<Metric>().ok()) else {
        return Ok(false);
    };
    match record.get(metric) {
        None => record.measurements.push(Measurement {
            metric,
            value,
            // The link knows metric units alone.
            unit: metric.unit(),
        }),
        Some(sent) if sent.value == value => {}
        Some(_) => {
            let detail = format!("measurement number {} comes twice", id.0);
            return Err(Fault::new(RejectReason::DuplicateTag, 0, detail));
        }
    }
    Ok(true)
}

fn device_time(clock: Clock) -> DeviceTime {
    let time = shown(clock);
    let offset = Offset::from_seconds(i32::from(clock.offset_minutes) * 60);
    match (time, offset) {
        (Some(time), Ok(offset)) => DeviceTime::Reported(offset.to_datetime(time)),
        _ => DeviceTime::Invalid,
    }
}
