//! Relations between the values of one record.
//!
//! A checksum that is a plain sum cannot see swapped digits or swapped fields; the relations between the values can. What a breach
//! means is not decided here: it becomes a flag, and [`crate::Reading::from_record`] knows what follows from it.
//!
//! The relations and tolerances hold on every published record of the makers' devices; a tolerance is the rounding of the values.

use crate::{Flag, Metric, Record, record::Measurement};

const WEIGHT: Metric = Metric::BODY_WEIGHT;
const HEIGHT: Metric = Metric::HEIGHT;
const BMI: Metric = Metric::named("body_mass_index");
const FAT: Metric = Metric::named("fat_mass");
const FAT_PERCENTAGE: Metric = Metric::named("fat_percentage");
const FAT_FREE: Metric = Metric::named("fat_free_mass");
const MUSCLE: Metric = Metric::named("muscle_mass");
const BONE: Metric = Metric::named("bone_mass");
const WATER: Metric = Metric::named("water_mass");
const WATER_PERCENTAGE: Metric = Metric::named("water_percentage");
const WATER_INSIDE: Metric = Metric::named("intracellular_water_mass");
const WATER_OUTSIDE: Metric = Metric::named("extracellular_water_mass");
const IDEAL_WEIGHT: Metric = Metric::named("ideal_weight");
const OBESITY: Metric = Metric::named("obesity_degree");
const KILOCALORIES: Metric = Metric::named("basal_metabolic_rate_kcal");
const KILOJOULES: Metric = Metric::named("basal_metabolic_rate_kj");

const SEGMENT_MUSCLE: [Metric; 5] = [
    Metric::named("right_leg_muscle_mass"),
    Metric::named("left_leg_muscle_mass"),
    Metric::named("right_arm_muscle_mass"),
    Metric::named("left_arm_muscle_mass"),
    Metric::named("trunk_muscle_mass"),
];
const SEGMENT_FAT: [Metric; 5] = [
    Metric::named("right_leg_fat_mass"),
    Metric::named("left_leg_fat_mass"),
    Metric::named("right_arm_fat_mass"),
    Metric::named("left_arm_fat_mass"),
    Metric::named("trunk_fat_mass"),
];

/// Resistance, reactance and phase angle at 50 kHz of each path through the body.
const PATHS: [[Metric; 3]; 7] = [
    path(
        "resistance_left_side_50khz",
        "reactance_left_side_50khz",
        "phase_angle_left_side",
    ),
    path(
        "resistance_right_leg_50khz",
        "reactance_right_leg_50khz",
        "phase_angle_right_leg",
    ),
    path(
        "resistance_left_leg_50khz",
        "reactance_left_leg_50khz",
        "phase_angle_left_leg",
    ),
    path(
        "resistance_right_arm_50khz",
        "reactance_right_arm_50khz",
        "phase_angle_right_arm",
    ),
    path(
        "resistance_left_arm_50khz",
        "reactance_left_arm_50khz",
        "phase_angle_left_arm",
    ),
    path(
        "resistance_both_legs_50khz",
        "reactance_both_legs_50khz",
        "phase_angle_both_legs",
    ),
    path(
        "resistance_whole_body_50khz",
        "reactance_whole_body_50khz",
        "phase_angle",
    ),
];

const fn path(resistance: &str, reactance: &str, phase: &str) -> [Metric; 3] {
    [
        Metric::named(resistance),
        Metric::named(reactance),
        Metric::named(phase),
    ]
}

/// Flags every relation that the values of `record` break. A relation of which a value is missing is not broken.
///
/// Values are compared in metric units, as exact integers; only phase angles need binary floats.
pub fn check(record: &mut Record) {
    let values = Values::of(&record.measurements);
    let relations = [
        (Flag::FatSumMismatch, values.sum_is(&[FAT, FAT_FREE], WEIGHT, 150)),
        (Flag::MuscleSumMismatch, values.sum_is(&[MUSCLE, BONE], FAT_FREE, 150)),
        (Flag::FatSumMismatch, values.parts_are_the_weight()),
        (Flag::MuscleSumMismatch, values.muscle_and_bone_are_what_fat_leaves()),
        (Flag::SegmentMuscleMismatch, values.sum_is(&SEGMENT_MUSCLE, MUSCLE, 300)),
        (Flag::SegmentFatMismatch, values.sum_is(&SEGMENT_FAT, FAT, 300)),
        (
            Flag::WaterSumMismatch,
            values.sum_is(&[WATER_INSIDE, WATER_OUTSIDE], WATER, 150),
        ),
        (Flag::WaterPercentMismatch, values.share_is(WATER, WATER_PERCENTAGE)),
        (Flag::FatPercentMismatch, values.share_is(FAT, FAT_PERCENTAGE)),
        (Flag::BmiMismatch, values.bmi_fits()),
        (Flag::IdealWeightMismatch, values.ideal_weight_fits()),
        (Flag::ObesityMismatch, values.obesity_degree_fits()),
        (Flag::BmrMismatch, values.metabolic_rates_agree()),
        (Flag::PhaseAngleMismatch, values.phase_angles_fit()),
    ];
    for (flag, holds) in relations {
        if holds == Some(false) {
            record.flag(flag);
        }
    }
}

/// The values of a record, found by metric. Every value is in thousandths of its metric unit, and so is every tolerance.
struct Values<'a> {
    measurements: &'a [Measurement],
    /// For each metric its place in `measurements`.
    places: [u8; 256],
}

const NOWHERE: u8 = u8::MAX;
/// A million kilograms, centimetres or ohms: no record can mean more, and products of two values stay within an `i64`.
const GREATEST: i64 = 1_000_000_000;

impl<'a> Values<'a> {
    fn of(measurements: &'a [Measurement]) -> Self {
        let mut places = [NOWHERE; 256];
        for (place, sent) in (0..NOWHERE).zip(measurements) {
            places[sent.metric.index()] = place;
        }
        Self { measurements, places }
    }

    fn get(&self, metric: Metric) -> Option<i64> {
        let place = self.places[metric.index()];
        if place == NOWHERE {
            return None;
        }
        let sent = self.measurements[usize::from(place)];
        let (value, _) = sent.unit.to_metric(sent.value)?;
        let thousandths = match value.scale() {
            scale @ 0..=3 => value.mantissa().checked_mul(10_i64.pow(3 - u32::from(scale)))?,
            _ => value.converted(1.into(), 3)?.mantissa(),
        };
        (thousandths.abs() <= GREATEST).then_some(thousandths)
    }

    fn sum_is(&self, parts: &[Metric], whole: Metric, tolerance: i64) -> Option<bool> {
        let whole = self.get(whole)?;
        let sum = parts.iter().try_fold(0, |sum, &part| Some(sum + self.get(part)?))?;
        Some((sum - whole).abs() <= tolerance)
    }

    /// `percentage = 100 part / weight`, to 0.2 points.
    fn share_is(&self, part: Metric, percentage: Metric) -> Option<bool> {
        let (percentage, part, weight) = (self.get(percentage)?, self.get(part)?, self.get(WEIGHT)?);
        Some((percentage * weight - 100_000 * part).abs() <= 200 * weight)
    }

    /// `weight = fat + muscle + bone`, to 0.3 kg. With a fat-free mass the closer relations around it say the same.
    fn parts_are_the_weight(&self) -> Option<bool> {
        match self.get(FAT_FREE) {
            Some(_) => None,
            None => self.sum_is(&[FAT, MUSCLE, BONE], WEIGHT, 300),
        }
    }

    /// `muscle + bone = weight (1 - fat percentage / 100)`, to 0.2 kg: what devices without fat-free mass can be held to.
    fn muscle_and_bone_are_what_fat_leaves(&self) -> Option<bool> {
        if self.get(FAT_FREE).is_some() {
            return None;
        }
        let parts = self.get(MUSCLE)? + self.get(BONE)?;
        let (weight, fat) = (self.get(WEIGHT)?, self.get(FAT_PERCENTAGE)?);
        Some((parts * 100_000 - weight * (100_000 - fat)).abs() <= 200 * 100_000)
    }

    /// `bmi = weight / height²`, to 0.15.
    fn bmi_fits(&self) -> Option<bool> {
        let (bmi, weight) = (i128::from(self.get(BMI)?), i128::from(self.get(WEIGHT)?));
        let height = self.height_squared()?;
        Some((bmi * height - weight * METRE_SQUARED).abs() <= 150 * height)
    }

    /// `ideal weight = 22 height²`, to 0.1 kg.
    fn ideal_weight_fits(&self) -> Option<bool> {
        let ideal = i128::from(self.get(IDEAL_WEIGHT)?);
        Some((ideal * METRE_SQUARED - 22_000 * self.height_squared()?).abs() <= 100 * METRE_SQUARED)
    }

    /// `obesity degree = 100 (weight / ideal weight - 1)`, to 0.2 points.
    fn obesity_degree_fits(&self) -> Option<bool> {
        let (degree, weight, ideal) = (self.get(OBESITY)?, self.get(WEIGHT)?, self.get(IDEAL_WEIGHT)?);
        Some((degree * ideal - 100_000 * (weight - ideal)).abs() <= 200 * ideal)
    }

    /// `kJ = 4.184 kcal`, to 3 kJ.
    fn metabolic_rates_agree(&self) -> Option<bool> {
        let (joules, calories) = (self.get(KILOJOULES)?, self.get(KILOCALORIES)?);
        Some((joules * 1000 - calories * 4184).abs() <= 3000 * 1000)
    }

    /// `phase angle = atan2(reactance, resistance)` on every path, to 0.15°.
    fn phase_angles_fit(&self) -> Option<bool> {
        let fits = |[resistance, reactance, phase]: [Metric; 3]| {
            let (phase, reactance, resistance) =
                (self.approx(phase)?, self.approx(reactance)?, self.approx(resistance)?);
            Some((phase - reactance.atan2(resistance).to_degrees()).abs() <= 0.15 + f64::EPSILON * 100.0)
        };
        Some(!PATHS.iter().any(|&path| fits(path) == Some(false)))
    }

    fn height_squared(&self) -> Option<i128> {
        let height = i128::from(self.get(HEIGHT)?);
        Some(height * height)
    }

    fn approx(&self, metric: Metric) -> Option<f64> {
        let place = self.places[metric.index()];
        (place != NOWHERE).then(|| self.measurements[usize::from(place)].value.approx())
    }
}

/// A square metre, in square thousandths of a centimetre.
const METRE_SQUARED: i128 = 10_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decimal, Integrity, Unit};

    /// A record of these values, in metric units unless said otherwise.
    fn record(values: &[(&str, &str)]) -> Record {
        let measurements = values.iter().map(|(name, value)| {
            let (name, unit) = match name.split_once(' ') {
                Some((name, unit)) => (name, Some(unit.parse().unwrap())),
                None => (*name, None),
            };
            let metric: Metric = name.parse().unwrap();
            Measurement {
                metric,
                value: value.parse().unwrap(),
                unit: unit.unwrap_or(metric.unit()),
            }
        });
        Record {
            measurements: measurements.collect(),
            integrity: Integrity::Verified,
            ..Record::new("test", None, &[])
        }
    }

    fn flags(values: &[(&str, &str)]) -> Vec<String> {
        let mut record = record(values);
        check(&mut record);
        record.flags.iter().map(ToString::to_string).collect()
    }

    /// Values that agree, the name of one of them, its last good value on either side and the first bad ones, the flag.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, [&'a str; 2], [&'a str; 2], &'a str);

    const CASES: &[Case<'_>] = &[
        (
            &[("fat_mass", "24.0"), ("fat_free_mass", "63.3")],
            "body_weight",
            ["87.15", "87.45"],
            ["87.14", "87.46"],
            "fat_sum_mismatch",
        ),
        (
            &[("muscle_mass", "60.0"), ("bone_mass", "3.3")],
            "fat_free_mass",
            ["63.15", "63.45"],
            ["63.14", "63.46"],
            "muscle_sum_mismatch",
        ),
        (
            &[("fat_mass", "20"), ("muscle_mass", "60"), ("bone_mass", "3")],
            "body_weight",
            ["82.7", "83.3"],
            ["82.69", "83.31"],
            "fat_sum_mismatch",
        ),
        (
            &[
                ("body_weight", "100.0"),
                ("fat_percentage", "20.0"),
                ("bone_mass", "4.0"),
            ],
            "muscle_mass",
            ["75.8", "76.2"],
            ["75.7", "76.3"],
            "muscle_sum_mismatch",
        ),
        (
            &[
                ("right_leg_muscle_mass", "10"),
                ("left_leg_muscle_mass", "10"),
                ("right_arm_muscle_mass", "3"),
                ("left_arm_muscle_mass", "3"),
                ("trunk_muscle_mass", "30"),
            ],
            "muscle_mass",
            ["55.7", "56.3"],
            ["55.6", "56.4"],
            "segment_muscle_mismatch",
        ),
        (
            &[
                ("right_leg_fat_mass", "4.4"),
                ("left_leg_fat_mass", "4.3"),
                ("right_arm_fat_mass", "0.8"),
                ("left_arm_fat_mass", "0.8"),
                ("trunk_fat_mass", "13.7"),
            ],
            "fat_mass",
            ["23.7", "24.3"],
            ["23.6", "24.4"],
            "segment_fat_mismatch",
        ),
        (
            &[
                ("intracellular_water_mass", "26.1"),
                ("extracellular_water_mass", "16.9"),
            ],
            "water_mass",
            ["42.85", "43.15"],
            ["42.84", "43.16"],
            "water_sum_mismatch",
        ),
        (
            &[("body_weight", "50.0"), ("water_mass", "25.0")],
            "water_percentage",
            ["49.8", "50.2"],
            ["49.7", "50.3"],
            "water_percent_mismatch",
        ),
        (
            &[("body_weight", "50.0"), ("fat_mass", "10.0")],
            "fat_percentage",
            ["19.8", "20.2"],
            ["19.7", "20.3"],
            "fat_percent_mismatch",
        ),
        (
            &[("body_weight", "88.0"), ("height", "200.0")],
            "body_mass_index",
            ["21.85", "22.15"],
            ["21.84", "22.16"],
            "bmi_mismatch",
        ),
        (
            &[("height", "200.0")],
            "ideal_weight",
            ["87.9", "88.1"],
            ["87.89", "88.11"],
            "ideal_weight_mismatch",
        ),
        (
            &[("body_weight", "60.0"), ("ideal_weight", "50.0")],
            "obesity_degree",
            ["19.8", "20.2"],
            ["19.7", "20.3"],
            "obesity_mismatch",
        ),
        (
            &[("basal_metabolic_rate_kcal", "2000")],
            "basal_metabolic_rate_kj",
            ["8365", "8371"],
            ["8364", "8372"],
            "bmr_mismatch",
        ),
        (
            &[
                ("resistance_right_leg_50khz", "100.0"),
                ("reactance_right_leg_50khz", "-100.0"),
            ],
            "phase_angle_right_leg",
            ["-45.15", "-44.85"],
            ["-45.16", "-44.84"],
            "phase_angle_mismatch",
        ),
        (
            &[
                ("resistance_whole_body_50khz", "100.0"),
                ("reactance_whole_body_50khz", "-100.0"),
            ],
            "phase_angle",
            ["-45.1", "-44.9"],
            ["-45.2", "45.0"],
            "phase_angle_mismatch",
        ),
    ];

    #[test]
    fn every_relation_holds_up_to_its_tolerance_and_no_further() {
        for (given, name, good, bad, flag) in CASES {
            let with = |value| flags(&[*given, &[(*name, value)]].concat());
            for value in good {
                assert_eq!(with(value), [""; 0], "{name} {value}");
            }
            for value in bad {
                assert_eq!(with(value), [*flag], "{name} {value}");
            }
        }
    }

    #[test]
    fn a_relation_with_a_missing_value_is_not_broken() {
        for (given, ..) in CASES {
            assert_eq!(flags(given), [""; 0], "{given:?}");
        }
    }

    #[test]
    fn every_phase_angle_is_compared_with_its_own_path() {
        for [resistance, reactance, phase] in PATHS {
            let with = |degrees| {
                flags(&[
                    (resistance.name(), "346.4"),
                    (reactance.name(), "-200.0"),
                    (phase.name(), degrees),
                ])
            };
            assert_eq!(with("-30.0"), [""; 0], "{phase}");
            assert_eq!(with("-29.0"), ["phase_angle_mismatch"], "{phase}");
        }
    }

    #[test]
    fn pounds_and_inches_are_compared_as_kilograms_and_centimetres() {
        let person = |bmi| {
            [
                ("body_weight [lb_av]", "206.2"),
                ("height [in_i]", "73.0"),
                ("body_mass_index", bmi),
            ]
        };
        assert_eq!(flags(&person("27.3")), [""; 0]);
        assert_eq!(flags(&person("30.7")), ["bmi_mismatch"]);
    }

    #[test]
    fn values_that_no_record_can_mean_do_no_harm() {
        let greatest = "999999999999999999";
        let every: Vec<_> = Metric::all().map(|metric| (metric.name(), greatest)).collect();
        flags(&every);
        let smallest: Vec<_> = Metric::all().map(|metric| (metric.name(), "-0.000000001")).collect();
        flags(&smallest);
        let mut zero = record(&[
            ("body_weight", "0"),
            ("height", "0"),
            ("fat_mass", "0"),
            ("fat_percentage", "0"),
        ]);
        zero.measurements.push(Measurement {
            metric: BMI,
            value: Decimal::ZERO,
            unit: Unit::KilogramPerSquareMetre,
        });
        check(&mut zero);
    }
}
