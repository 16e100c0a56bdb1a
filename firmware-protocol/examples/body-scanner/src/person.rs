//! The people who step on: made up, and consistent with themselves as the values of one body are.

use firmware_protocol::*;

/// Somebody.
#[derive(Clone, Copy)]
pub struct Person {
    pub sex: Sex,
    pub age: u8,
    /// Tenths of a centimetre.
    pub height: i32,
    /// Tenths of a kilogram.
    pub weight: i32,
    /// Per mille of the weight.
    pub fat: i32,
    /// Per cent of the impedances in [`PATHS`].
    pub impedance: i32,
}

/// Who comes, in turn.
pub const PEOPLE: [Person; 3] = [
    Person {
        sex: Sex::Female,
        age: 34,
        height: 1672,
        weight: 641,
        fat: 273,
        impedance: 112,
    },
    Person {
        sex: Sex::Male,
        age: 51,
        height: 1815,
        weight: 894,
        fat: 248,
        impedance: 91,
    },
    Person {
        sex: Sex::Male,
        age: 23,
        height: 1768,
        weight: 715,
        fat: 121,
        impedance: 97,
    },
];

/// Resistance and reactance at 50 kHz in tenths of an ohm, and the metric of the phase angle between them with its tenths of
/// a degree.
const PATHS: [(Segment, i32, i32, MetricId, i32); 7] = [
    (Segment::LeftSide, 5700, -610, MetricId::PHASE_ANGLE_LEFT_SIDE, -61),
    (Segment::RightLeg, 2400, -265, MetricId::PHASE_ANGLE_RIGHT_LEG, -63),
    (Segment::LeftLeg, 2420, -260, MetricId::PHASE_ANGLE_LEFT_LEG, -61),
    (Segment::RightArm, 3000, -320, MetricId::PHASE_ANGLE_RIGHT_ARM, -61),
    (Segment::LeftArm, 3050, -315, MetricId::PHASE_ANGLE_LEFT_ARM, -59),
    (Segment::BothLegs, 4800, -520, MetricId::PHASE_ANGLE_BOTH_LEGS, -62),
    (Segment::WholeBody, 5600, -600, MetricId::PHASE_ANGLE, -61),
];

/// Per cent of the values at 50 kHz: resistance falls with the frequency, reactance is largest in the middle.
const FREQUENCIES: [(Frequency, i32, i32); 6] = [
    (Frequency::Khz1, 117, 25),
    (Frequency::Khz5, 113, 45),
    (Frequency::Khz50, 100, 100),
    (Frequency::Khz250, 90, 85),
    (Frequency::Khz500, 87, 75),
    (Frequency::Khz1000, 85, 65),
];

impl Person {
    /// Writes what a scanner finds out about the person. With `Completeness::WeightOnly` that is the weight.
    ///
    /// # Errors
    /// [`RecordFull`] if the buffer is too small.
    pub fn measure(&self, completeness: Completeness, record: &mut RecordWriter<'_>) -> Result<(), RecordFull> {
        let Self { height, weight, .. } = *self;
        let mut tenths = |metric, value| record.value(metric, Decimal::new(value, 1));
        tenths(MetricId::BODY_WEIGHT, weight)?;
        if completeness == Completeness::WeightOnly {
            return Ok(());
        }
        tenths(MetricId::HEIGHT, height)?;
        tenths(MetricId::BODY_MASS_INDEX, round(weight * 1000, height * height / 1000))?;

        let fat = round(weight * self.fat, 1000);
        let fat_free = weight - fat;
        let bone = round(fat_free * 52, 1000);
        let muscle = fat_free - bone;
        let water = round(fat_free * 73, 100);
        let extracellular = round(water * 39, 100);
        tenths(MetricId::FAT_PERCENTAGE, round(fat * 1000, weight))?;
        tenths(MetricId::FAT_MASS, fat)?;
        tenths(MetricId::FAT_FREE_MASS, fat_free)?;
        tenths(MetricId::MUSCLE_MASS, muscle)?;
        tenths(MetricId::BONE_MASS, bone)?;
        tenths(MetricId::WATER_MASS, water)?;
        tenths(MetricId::WATER_PERCENTAGE, round(water * 1000, weight))?;
        tenths(MetricId::INTRACELLULAR_WATER_MASS, water - extracellular)?;
        tenths(MetricId::EXTRACELLULAR_WATER_MASS, extracellular)?;
        tenths(MetricId::EXTRACELLULAR_WATER_RATIO, round(extracellular * 1000, water))?;

        let limb = |arm: i32, leg: i32, whole: i32| {
            let (arm, leg) = (round(whole * arm, 100), round(whole * leg, 100));
            [arm, arm, whole - 2 * arm - 2 * leg, leg, leg]
        };
        let muscles = [
            MetricId::RIGHT_ARM_MUSCLE_MASS,
            MetricId::LEFT_ARM_MUSCLE_MASS,
            MetricId::TRUNK_MUSCLE_MASS,
            MetricId::RIGHT_LEG_MUSCLE_MASS,
            MetricId::LEFT_LEG_MUSCLE_MASS,
        ];
        let fats = [
            MetricId::RIGHT_ARM_FAT_MASS,
            MetricId::LEFT_ARM_FAT_MASS,
            MetricId::TRUNK_FAT_MASS,
            MetricId::RIGHT_LEG_FAT_MASS,
            MetricId::LEFT_LEG_FAT_MASS,
        ];
        for (metric, value) in muscles.into_iter().zip(limb(5, 17, muscle)) {
            tenths(metric, value)?;
        }
        for (metric, value) in fats.into_iter().zip(limb(6, 18, fat)) {
            tenths(metric, value)?;
        }
        for (_, _, _, metric, angle) in PATHS {
            tenths(metric, angle)?;
        }
        // Katch and McArdle: 370 + 21.6 kcal for each kilogram that is not fat.
        let kilocalories = round(37_000 + 216 * fat_free, 100);
        for (metric, value) in [
            (MetricId::BASAL_METABOLIC_RATE_KCAL, kilocalories),
            (MetricId::BASAL_METABOLIC_RATE_KJ, round(kilocalories * 4184, 1000)),
            (MetricId::METABOLIC_AGE, i32::from(self.age)),
            (MetricId::VISCERAL_FAT_RATING, 1 + fat / 50),
        ] {
            record.value(metric, Decimal::new(value, 0))?;
        }
        for (segment, resistance, reactance, ..) in PATHS {
            for (frequency, of_resistance, of_reactance) in FREQUENCIES {
                record.impedance(Impedance {
                    segment,
                    frequency,
                    resistance: Decimal::new(round(resistance * of_resistance * self.impedance, 10_000), 1),
                    reactance: Decimal::new(round(reactance * of_reactance * self.impedance, 10_000), 1),
                })?;
            }
        }
        Ok(())
    }

    /// What the scanner was told about the person, for a scan nobody announced.
    pub fn subject(&self) -> Subject {
        Subject {
            sex: Some(self.sex),
            age: Some(self.age),
            height: Some(Decimal::new(self.height, 1)),
            body_type: Some(BodyType::Standard),
            ..Subject::default()
        }
    }
}

/// `dividend / divisor`, rounded half away from zero.
fn round(dividend: i32, divisor: i32) -> i32 {
    (dividend + dividend.signum() * (divisor / 2)) / divisor
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, string::ToString, vec::Vec};

    use super::*;

    #[test]
    fn the_values_of_a_person_agree_with_each_other() {
        for person in PEOPLE {
            let header = RecordHeader {
                result: ResultNumber { boot: 1, number: 1 },
                scan: ScanRef::WalkUp(1),
                kind: ScanKind::BodyComposition,
                completeness: Completeness::Full,
                uptime_ms: 0,
                clock: None,
                subject: person.subject(),
            };
            let mut buffer = [0; 1536];
            let mut writer = RecordWriter::new(&mut buffer, &header).unwrap();
            person.measure(Completeness::Full, &mut writer).unwrap();
            let record = Record::parse(writer.finish()).unwrap();
            let mut value = BTreeMap::new();
            let mut at_50 = Vec::new();
            for item in record.items() {
                match item {
                    Item::Value(metric, decimal) => {
                        let number: f64 = decimal.to_string().parse().unwrap();
                        assert!(
                            value.insert(metric.name().unwrap(), number).is_none(),
                            "{metric:?} twice"
                        );
                    }
                    Item::Impedance(z) if z.frequency == Frequency::Khz50 => {
                        let number = |part: Decimal| part.to_string().parse::<f64>().unwrap();
                        at_50.push((z.segment, number(z.reactance).atan2(number(z.resistance)).to_degrees()));
                    }
                    Item::Impedance(_) => {}
                }
            }
            let close = |a: f64, b: f64, by: f64| assert!((a - b).abs() <= by + 1e-9, "{a} and {b}");
            close(value["fat_mass"] + value["fat_free_mass"], value["body_weight"], 0.0);
            close(value["muscle_mass"] + value["bone_mass"], value["fat_free_mass"], 0.0);
            let index = value["body_weight"] / (value["height"] / 100.0).powi(2);
            close(value["body_mass_index"], index, 0.15);
            for (whole, part) in [("muscle_mass", "_muscle_mass"), ("fat_mass", "_fat_mass")] {
                let segments = ["right_arm", "left_arm", "trunk", "right_leg", "left_leg"];
                let sum: f64 = segments.iter().map(|s| value[(s.to_string() + part).as_str()]).sum();
                close(sum, value[whole], 0.01);
            }
            for ((segment, angle), (expected, .., tenths)) in at_50.into_iter().zip(PATHS) {
                assert_eq!(segment, expected);
                close(angle, f64::from(tenths) / 10.0, 0.15);
            }
        }
    }
}
