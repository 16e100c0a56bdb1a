//! The answer of a scanner that only weighed: `F0` and a number.

use scan_model::{Decimal, Metric, Record, Unit, consistency, record::Measurement};

use crate::{Protocol, RejectReason, fault::Fault};

/// The record in a line `F0` + weight in kilograms. No checksum vouches for it.
///
/// # Errors
/// The line holds no weight.
pub(crate) fn decode(line: &[u8]) -> Result<Record, Fault> {
    let value = line
        .strip_prefix(b"F0")
        .and_then(|value| Decimal::parse(value.trim_ascii()).ok())
        // Platforms weigh to the hundred grams or better: a weight without a point has lost digits.
        .filter(|weight| weight.scale() > 0)
        .ok_or_else(|| Fault::new(RejectReason::BadNumber, 2, "`F0` is followed by no weight"))?;
    let mut record = Record {
        measurements: vec![Measurement {
            metric: Metric::BODY_WEIGHT,
            value,
            unit: Unit::Kilogram,
        }],
        ..Record::new(Protocol::TanitaPc.name(), Some("Tanita"), line)
    };
    consistency::check(&mut record);
    Ok(record)
}
