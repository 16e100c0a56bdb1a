//! The layouts of positional records, and which of them a model sends.

use scan_model::{Metric, Unit};

/// A model that sends positional records. Told which one is attached, a session takes its layouts alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionalModel {
    /// TBF-310: 12 fields; in Japan 15 fields, or 3 in its scale mode.
    Tbf310,
    /// BC-418: 38 fields.
    Bc418,
}

/// Names and contents of the fields, in order. Each layout has its own number of them.
pub(super) type Layout = [(&'static str, Field)];

pub(super) const ALL: &[&Layout] = &[&TBF_310_WEIGHT, &TBF_310_EXPORT, &TBF_310_JAPAN, &BC_418];
/// Those of any model in which values vouch for each other. A date, a time and a weight are also what is left of a longer line that lost
/// its middle: nothing in them can contradict that.
pub(super) const OF_ANY: &[&Layout] = &[&TBF_310_EXPORT, &TBF_310_JAPAN, &BC_418];
pub(super) const OF_TBF_310: &[&Layout] = &[&TBF_310_WEIGHT, &TBF_310_EXPORT, &TBF_310_JAPAN];
pub(super) const OF_BC_418: &[&Layout] = &[&BC_418];

/// The one of `layouts` that has so many fields.
pub(super) fn of_count(layouts: &[&'static Layout], count: usize) -> Option<&'static Layout> {
    layouts.iter().copied().find(|layout| layout.len() == count)
}

impl PositionalModel {
    /// The model by its name as it is printed on the scanner, such as `BC-418MA`.
    pub fn of_model(model: &str) -> Option<Self> {
        let models = [("TBF-310", Self::Tbf310), ("BC-418", Self::Bc418)];
        let known = models.into_iter().find(|(name, _)| model.starts_with(name));
        known.map(|(_, model)| model)
    }
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// `dd/mm/yy` (BC-418).
    DayFirst,
    /// Year first, of two or four digits (Japanese models).
    YearFirst,
    Time,
    BodyType,
    Gender,
    Age,
    Value(Metric, Unit),
    /// A number that is kept in the raw bytes alone.
    Kept,
}

use Field::{Age, BodyType as Type, DayFirst, Gender as Sex, Kept, Time, Value, YearFirst};
use Unit::{Centimetre as Cm, Kilogram as Kg, KilogramPerSquareMetre as Bmi, Ohm, Percent};

const fn value_of(metric: &str, unit: Unit) -> Field {
    Value(Metric::named(metric), unit)
}

const TBF_310_EXPORT: [(&str, Field); 12] = [
    ("body_type", Type),
    ("sex", Sex),
    ("height_cm", value_of("height", Cm)),
    ("weight_kg", value_of("body_weight", Kg)),
    ("impedance_ohm", value_of("impedance_50khz", Ohm)),
    ("body_fat_percent", value_of("fat_percentage", Percent)),
    ("fat_mass_kg", value_of("fat_mass", Kg)),
    ("fat_free_mass_kg", value_of("fat_free_mass", Kg)),
    ("total_body_water_kg", value_of("water_mass", Kg)),
    ("age", Age),
    ("bmi", value_of("body_mass_index", Bmi)),
    (
        "basal_metabolic_rate_kj",
        value_of("basal_metabolic_rate_kj", Unit::KilojoulePerDay),
    ),
];

const TBF_310_JAPAN: [(&str, Field); 15] = [
    ("date", YearFirst),
    ("time", Time),
    ("body_type", Type),
    ("sex", Sex),
    ("age", Age),
    ("height_cm", value_of("height", Cm)),
    ("weight_kg", value_of("body_weight", Kg)),
    ("impedance_ohm", value_of("impedance_50khz", Ohm)),
    ("body_fat_percent", value_of("fat_percentage", Percent)),
    ("fat_mass_kg", value_of("fat_mass", Kg)),
    ("fat_free_mass_kg", value_of("fat_free_mass", Kg)),
    ("total_body_water_kg", value_of("water_mass", Kg)),
    ("bmi", value_of("body_mass_index", Bmi)),
    ("standard_weight_kg", value_of("ideal_weight", Kg)),
    ("obesity_degree_percent", value_of("obesity_degree", Percent)),
];

const TBF_310_WEIGHT: [(&str, Field); 3] = [
    ("date", YearFirst),
    ("time", Time),
    ("weight_kg", value_of("body_weight", Kg)),
];

/// The unit of the basal metabolic rate and the frequency of the segments' impedance are not documented, so those stay in the raw bytes.
#[rustfmt::skip]
const BC_418: [(&str, Field); 38] = [
    ("date", DayFirst), ("time", Time), ("body_type", Type), ("sex", Sex),
    ("height_cm", value_of("height", Cm)),
    ("weight_kg", value_of("body_weight", Kg)),
    ("body_fat_percent", value_of("fat_percentage", Percent)),
    ("fat_mass_kg", value_of("fat_mass", Kg)),
    ("fat_free_mass_kg", value_of("fat_free_mass", Kg)),
    ("total_body_water_kg", value_of("water_mass", Kg)),
    ("age", Age),
    ("bmi", value_of("body_mass_index", Bmi)),
    ("basal_metabolic_rate", Kept),
    ("impedance_ohm", value_of("impedance_50khz", Ohm)),
    ("right_leg.impedance_ohm", Kept), ("left_leg.impedance_ohm", Kept),
    ("right_arm.impedance_ohm", Kept), ("left_arm.impedance_ohm", Kept),
    ("right_leg.fat_percent", value_of("right_leg_fat_percentage", Percent)),
    ("right_leg.fat_mass_kg", value_of("right_leg_fat_mass", Kg)),
    ("right_leg.fat_free_mass_kg", value_of("right_leg_fat_free_mass", Kg)),
    ("right_leg.muscle_mass_kg", value_of("right_leg_muscle_mass", Kg)),
    ("left_leg.fat_percent", value_of("left_leg_fat_percentage", Percent)),
    ("left_leg.fat_mass_kg", value_of("left_leg_fat_mass", Kg)),
    ("left_leg.fat_free_mass_kg", value_of("left_leg_fat_free_mass", Kg)),
    ("left_leg.muscle_mass_kg", value_of("left_leg_muscle_mass", Kg)),
    ("right_arm.fat_percent", value_of("right_arm_fat_percentage", Percent)),
    ("right_arm.fat_mass_kg", value_of("right_arm_fat_mass", Kg)),
    ("right_arm.fat_free_mass_kg", value_of("right_arm_fat_free_mass", Kg)),
    ("right_arm.muscle_mass_kg", value_of("right_arm_muscle_mass", Kg)),
    ("left_arm.fat_percent", value_of("left_arm_fat_percentage", Percent)),
    ("left_arm.fat_mass_kg", value_of("left_arm_fat_mass", Kg)),
    ("left_arm.fat_free_mass_kg", value_of("left_arm_fat_free_mass", Kg)),
    ("left_arm.muscle_mass_kg", value_of("left_arm_muscle_mass", Kg)),
    ("trunk.fat_percent", value_of("trunk_fat_percentage", Percent)),
    ("trunk.fat_mass_kg", value_of("trunk_fat_mass", Kg)),
    ("trunk.fat_free_mass_kg", value_of("trunk_fat_free_mass", Kg)),
    ("trunk.muscle_mass_kg", value_of("trunk_muscle_mass", Kg)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_the_name_on_the_case() {
        for (name, model) in [
            ("TBF-310", Some(PositionalModel::Tbf310)),
            ("TBF-310GS", Some(PositionalModel::Tbf310)),
            ("BC-418MA", Some(PositionalModel::Bc418)),
            ("BC-420", None),
            ("TBF-300", None),
        ] {
            assert_eq!(PositionalModel::of_model(name), model, "{name}");
        }
    }
}
