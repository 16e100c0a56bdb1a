//! What follows from a weight and a composition together.

use scan_model::{Decimal, Metric, Record, Unit, record::Measurement};

/// Adds behind the values sent what follows from weight and composition together: bone mass, the share of water, the basal metabolic rate
/// in kilocalories.
pub(super) fn derived(mut record: Record) -> Record {
    let metric = |metric: Metric| {
        let sent = record.get(metric)?;
        sent.unit.to_metric(sent.value).map(|(value, _)| value)
    };
    let milli = |value: Decimal| value.converted(Decimal::from(1), 3).map(Decimal::mantissa);
    let weight = metric(Metric::BODY_WEIGHT).and_then(milli);
    let bone = || {
        let fat = milli(metric(const { Metric::named("fat_percentage") })?)?;
        let lean = milli(metric(const { Metric::named("soft_lean_mass") })?)?;
        let bone = weight? * (100_000 - fat) / 100_000 - lean;
        // Anything else says that the scale means something else by soft lean mass.
        (500..=10_000).contains(&bone).then(|| rounded(bone))?
    };
    let water = || {
        let water = milli(metric(const { Metric::named("water_mass") })?)?;
        let weight = weight.filter(|&weight| weight > 0)?;
        rounded(water * 100_000 / weight)
    };
    let kilocalories = || {
        let joules = milli(metric(const { Metric::named("basal_metabolic_rate_kj") })?)?;
        Decimal::new(joules * 1000 / 4184, 3).converted(Decimal::from(1), 0)
    };
    let values = [
        (const { Metric::named("bone_mass") }, bone(), Unit::Kilogram),
        (const { Metric::named("water_percentage") }, water(), Unit::Percent),
        (
            const { Metric::named("basal_metabolic_rate_kcal") },
            kilocalories(),
            Unit::KilocaloriePerDay,
        ),
    ];
    for (metric, value, unit) in values {
        if let Some(value) = value.filter(|_| record.get(metric).is_none()) {
            record.measurements.push(Measurement { metric, value, unit });
        }
    }
    record
}

/// Thousandths as a number with one decimal.
fn rounded(milli: i64) -> Option<Decimal> {
    Decimal::new(milli, 3).converted(Decimal::from(1), 1)
}
