//! What a scale shows.

use std::fmt;

use scan_model::{Decimal, DeviceTime, Integrity, Metric, Record, Unit, record::Measurement};

use crate::Protocol;

/// One line of a scale: what it shows at the moment. `Debug` prints no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Weight {
    /// The scale says that the value has come to rest.
    pub stable: bool,
    /// Outside of what the scale can weigh, or another fault.
    pub overload: bool,
    /// What is shown. `None` if the scale shows nothing.
    pub value: Option<Decimal>,
    /// The UCUM code of its unit, or the device's word where it is no unit of mass.
    pub unit: &'static str,
    /// What the value is of, where the line says so.
    pub mode: Option<WeightMode>,
    /// What was deducted, where the line says so, in the same unit.
    pub tare: Option<Decimal>,
    /// The person has stepped off again, where the line says so.
    pub removed: Option<bool>,
    /// Impedance in ohms, of a scale with electrodes.
    pub impedance: Option<Decimal>,
    /// The scale's clock.
    pub device_time: DeviceTime,
    /// What vouches for the line.
    pub integrity: Integrity,
}

/// What a displayed weight is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightMode {
    /// Everything on the platform.
    Gross,
    /// Without the tare.
    Net,
    /// The tare itself.
    Tare,
    /// A tare that was typed in.
    PresetTare,
    /// A number of pieces.
    Count,
}

impl WeightMode {
    /// Word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gross => "gross",
            Self::Net => "net",
            Self::Tare => "tare",
            Self::PresetTare => "preset_tare",
            Self::Count => "count",
        }
    }
}

impl Weight {
    /// A weight of which no more is known than these.
    pub(crate) const fn shown(stable: bool, value: Option<Decimal>, unit: &'static str) -> Self {
        Self {
            stable,
            overload: false,
            value,
            unit,
            mode: None,
            tare: None,
            removed: None,
            impedance: None,
            device_time: DeviceTime::Absent,
            integrity: Integrity::None,
        }
    }

    /// The weight on the platform as a measurement; `None` if the line shows none.
    pub fn measurement(&self) -> Option<Measurement> {
        let unit = match self.unit.parse() {
            Ok(unit @ (Unit::Kilogram | Unit::Gram | Unit::Pound)) => unit,
            _ => return None,
        };
        let of_somebody = matches!(self.mode, None | Some(WeightMode::Gross | WeightMode::Net));
        let value = self.value.filter(|_| of_somebody && !self.overload)?;
        Some(Measurement {
            metric: Metric::BODY_WEIGHT,
            value,
            unit,
        })
    }

    /// The same in kilograms.
    pub(crate) fn kilograms(&self) -> Option<Decimal> {
        let shown = self.measurement()?;
        shown.unit.to_metric(shown.value).map(|(value, _)| value)
    }

    /// The record of this line, once it is known to be somebody's weight. `maker` is the protocol's, where it has one alone.
    pub(crate) fn record(&self, protocol: Protocol, maker: Option<&str>, raw: &[u8]) -> Record {
        let mut measurements: Vec<_> = self.measurement().into_iter().collect();
        if let Some(value) = self.impedance {
            let metric = const { Metric::named("impedance_50khz") };
            let unit = Unit::Ohm;
            measurements.push(Measurement { metric, value, unit });
        }
        Record {
            measurements,
            device_time: self.device_time,
            integrity: self.integrity,
            ..Record::new(protocol.name(), maker, raw)
        }
    }
}

impl fmt::Debug for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weight")
            .field("stable", &self.stable)
            .field("overload", &self.overload)
            .field("unit", &self.unit)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
