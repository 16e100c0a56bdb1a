//! The numbers under which measurements travel.
//!
//! This table is append-only: a number, once given, means the same measurement for ever, and a number is never given twice.
//! New measurements get free numbers of their block. The names are those of the project's one vocabulary of measurements;
//! a test of the bridge compares the two. Values are always sent in the metric unit of the vocabulary (kg, cm, Ω, °, kJ, kcal, %).
//!
//! | numbers | block |
//! | --- | --- |
//! | 1 to 63 | whole body |
//! | 64 to 95 | goals, references and ratios |
//! | 96 to 127 | composition of the five segments |
//! | 128 to 143 | phase angles |
//! | 160 to 223 | girths, lengths, shape |
//! | 256 to 367 | resistance and reactance: 256 + 16 × segment + 2 × frequency, plus 1 for the reactance |

use serde::{Deserialize, Serialize};

use crate::{Frequency, Segment};

/// What was measured. May be a number this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetricId(pub u16);

impl MetricId {
    /// The metric with this canonical name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(id, _)| *id)
    }

    /// The canonical name, or `None` for a number of a newer version.
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .binary_search_by_key(&self, |(id, _)| *id)
            .ok()
            .map(|at| NAMES[at].1)
    }

    /// Every number this version knows with its canonical name, by rising number.
    pub fn all() -> &'static [(Self, &'static str)] {
        NAMES
    }

    /// The numbers of resistance and reactance of a path at a frequency; `None` if one of the codes is of a newer version, or
    /// if the vocabulary has no name for the pair.
    pub fn impedance(segment: Segment, frequency: Frequency) -> Option<[Self; 2]> {
        let first = 256 + 16 * u16::from(segment.code()) + 2 * u16::from(frequency.code());
        let [resistance, reactance] = [Self(first), Self(first + 1)];
        let known = segment.code() <= 6 && frequency.code() <= 6 && resistance.name().is_some();
        known.then_some([resistance, reactance])
    }
}

macro_rules! metrics {
    ($($number:literal $constant:ident $name:literal)+) => {
        impl MetricId {
            $(
                #[doc = concat!("`", $name, "`")]
                pub const $constant: Self = Self($number);
            )+
        }

        static NAMES: &[(MetricId, &str)] = &[$((MetricId($number), $name)),+];
    };
}

metrics! {
    1 BODY_WEIGHT "body_weight"
    2 HEIGHT "height"
    3 BODY_MASS_INDEX "body_mass_index"
    4 FAT_PERCENTAGE "fat_percentage"
    5 FAT_MASS "fat_mass"
    6 FAT_FREE_MASS "fat_free_mass"
    7 MUSCLE_MASS "muscle_mass"
    8 MUSCLE_PERCENTAGE "muscle_percentage"
    9 SKELETAL_MUSCLE_MASS "skeletal_muscle_mass"
    10 APPENDICULAR_MUSCLE_MASS "appendicular_muscle_mass"
    11 SKELETAL_MUSCLE_INDEX "skeletal_muscle_index"
    12 BONE_MASS "bone_mass"
    13 BONE_PERCENTAGE "bone_percentage"
    14 WATER_MASS "water_mass"
    15 WATER_PERCENTAGE "water_percentage"
    16 INTRACELLULAR_WATER_MASS "intracellular_water_mass"
    17 EXTRACELLULAR_WATER_MASS "extracellular_water_mass"
    18 EXTRACELLULAR_WATER_RATIO "extracellular_water_ratio"
    19 PROTEIN_PERCENTAGE "protein_percentage"
    20 VISCERAL_FAT_RATING "visceral_fat_rating"
    21 METABOLIC_AGE "metabolic_age"
    22 BASAL_METABOLIC_RATE_KJ "basal_metabolic_rate_kj"
    23 BASAL_METABOLIC_RATE_KCAL "basal_metabolic_rate_kcal"
    24 BASAL_METABOLIC_RATE_SCORE "basal_metabolic_rate_score"
    25 PHYSIQUE_RATING "physique_rating"
    26 MUSCLE_SCORE "muscle_score"
    27 LEG_MUSCLE_SCORE "leg_muscle_score"
    28 BODY_SCORE "body_score"
    29 IDEAL_WEIGHT "ideal_weight"
    30 OBESITY_DEGREE "obesity_degree"
    31 IMPEDANCE_50KHZ "impedance_50khz"
    32 PHASE_ANGLE "phase_angle"
    33 ATHLETE_INDEX "athlete_index"
    34 HAND_BALANCE "hand_balance"
    35 LEG_BALANCE "leg_balance"
    36 WAIST_TO_HIP_RATIO "waist_to_hip_ratio"
    37 WAIST_TO_HEIGHT_RATIO "waist_to_height_ratio"
    64 STANDARD_FAT_PERCENTAGE "standard_fat_percentage"
    65 STANDARD_MUSCLE_MASS "standard_muscle_mass"
    66 TARGET_FAT_PERCENTAGE "target_fat_percentage"
    67 PREDICTED_WEIGHT "predicted_weight"
    68 PREDICTED_FAT_MASS "predicted_fat_mass"
    69 FAT_MASS_CHANGE "fat_mass_change"
    70 DAILY_ENERGY_INTAKE_KCAL "daily_energy_intake_kcal"
    71 ROHRER_INDEX "rohrer_index"
    72 MUSCLE_MASS_PER_HEIGHT2 "muscle_mass_per_height2"
    73 MUSCLE_MASS_PER_WEIGHT "muscle_mass_per_weight"
    74 APPENDICULAR_MUSCLE_PER_WEIGHT "appendicular_muscle_per_weight"
    75 WEIGHT_GAIN "weight_gain"
    76 MEMORISED_WEIGHT "memorised_weight"
    77 SOFT_LEAN_MASS "soft_lean_mass"
    96 RIGHT_ARM_MUSCLE_MASS "right_arm_muscle_mass"
    97 RIGHT_ARM_FAT_MASS "right_arm_fat_mass"
    98 RIGHT_ARM_FAT_FREE_MASS "right_arm_fat_free_mass"
    99 RIGHT_ARM_FAT_PERCENTAGE "right_arm_fat_percentage"
    100 RIGHT_ARM_MUSCLE_SCORE "right_arm_muscle_score"
    101 RIGHT_ARM_FAT_SCORE "right_arm_fat_score"
    102 LEFT_ARM_MUSCLE_MASS "left_arm_muscle_mass"
    103 LEFT_ARM_FAT_MASS "left_arm_fat_mass"
    104 LEFT_ARM_FAT_FREE_MASS "left_arm_fat_free_mass"
    105 LEFT_ARM_FAT_PERCENTAGE "left_arm_fat_percentage"
    106 LEFT_ARM_MUSCLE_SCORE "left_arm_muscle_score"
    107 LEFT_ARM_FAT_SCORE "left_arm_fat_score"
    108 TRUNK_MUSCLE_MASS "trunk_muscle_mass"
    109 TRUNK_FAT_MASS "trunk_fat_mass"
    110 TRUNK_FAT_FREE_MASS "trunk_fat_free_mass"
    111 TRUNK_FAT_PERCENTAGE "trunk_fat_percentage"
    112 TRUNK_MUSCLE_SCORE "trunk_muscle_score"
    113 TRUNK_FAT_SCORE "trunk_fat_score"
    114 RIGHT_LEG_MUSCLE_MASS "right_leg_muscle_mass"
    115 RIGHT_LEG_FAT_MASS "right_leg_fat_mass"
    116 RIGHT_LEG_FAT_FREE_MASS "right_leg_fat_free_mass"
    117 RIGHT_LEG_FAT_PERCENTAGE "right_leg_fat_percentage"
    118 RIGHT_LEG_MUSCLE_SCORE "right_leg_muscle_score"
    119 RIGHT_LEG_FAT_SCORE "right_leg_fat_score"
    120 LEFT_LEG_MUSCLE_MASS "left_leg_muscle_mass"
    121 LEFT_LEG_FAT_MASS "left_leg_fat_mass"
    122 LEFT_LEG_FAT_FREE_MASS "left_leg_fat_free_mass"
    123 LEFT_LEG_FAT_PERCENTAGE "left_leg_fat_percentage"
    124 LEFT_LEG_MUSCLE_SCORE "left_leg_muscle_score"
    125 LEFT_LEG_FAT_SCORE "left_leg_fat_score"
    128 PHASE_ANGLE_LEFT_ARM "phase_angle_left_arm"
    129 PHASE_ANGLE_RIGHT_ARM "phase_angle_right_arm"
    130 PHASE_ANGLE_LEFT_LEG "phase_angle_left_leg"
    131 PHASE_ANGLE_RIGHT_LEG "phase_angle_right_leg"
    132 PHASE_ANGLE_LEFT_SIDE "phase_angle_left_side"
    133 PHASE_ANGLE_BOTH_LEGS "phase_angle_both_legs"
    160 NECK_GIRTH "neck_girth"
    161 SHOULDER_GIRTH "shoulder_girth"
    162 CHEST_GIRTH "chest_girth"
    163 UPPER_CHEST_GIRTH "upper_chest_girth"
    164 UNDERBUST_GIRTH "underbust_girth"
    165 WAIST_GIRTH "waist_girth"
    166 ABDOMEN_GIRTH "abdomen_girth"
    167 HIP_GIRTH "hip_girth"
    168 SEAT_GIRTH "seat_girth"
    169 UPPER_ARM_GIRTH_LEFT "upper_arm_girth_left"
    170 UPPER_ARM_GIRTH_RIGHT "upper_arm_girth_right"
    171 FOREARM_GIRTH_LEFT "forearm_girth_left"
    172 FOREARM_GIRTH_RIGHT "forearm_girth_right"
    173 WRIST_GIRTH_LEFT "wrist_girth_left"
    174 WRIST_GIRTH_RIGHT "wrist_girth_right"
    175 THIGH_GIRTH_LEFT "thigh_girth_left"
    176 THIGH_GIRTH_RIGHT "thigh_girth_right"
    177 KNEE_GIRTH_LEFT "knee_girth_left"
    178 KNEE_GIRTH_RIGHT "knee_girth_right"
    179 CALF_GIRTH_LEFT "calf_girth_left"
    180 CALF_GIRTH_RIGHT "calf_girth_right"
    181 ANKLE_GIRTH_LEFT "ankle_girth_left"
    182 ANKLE_GIRTH_RIGHT "ankle_girth_right"
    183 ARM_LENGTH_LEFT "arm_length_left"
    184 ARM_LENGTH_RIGHT "arm_length_right"
    185 INSEAM "inseam"
    186 TORSO_LENGTH "torso_length"
    187 BODY_VOLUME "body_volume"
    188 BODY_SURFACE_AREA "body_surface_area"
    256 RESISTANCE_LEFT_SIDE_1KHZ "resistance_left_side_1khz"
    257 REACTANCE_LEFT_SIDE_1KHZ "reactance_left_side_1khz"
    258 RESISTANCE_LEFT_SIDE_5KHZ "resistance_left_side_5khz"
    259 REACTANCE_LEFT_SIDE_5KHZ "reactance_left_side_5khz"
    260 RESISTANCE_LEFT_SIDE_50KHZ "resistance_left_side_50khz"
    261 REACTANCE_LEFT_SIDE_50KHZ "reactance_left_side_50khz"
    262 RESISTANCE_LEFT_SIDE_250KHZ "resistance_left_side_250khz"
    263 REACTANCE_LEFT_SIDE_250KHZ "reactance_left_side_250khz"
    264 RESISTANCE_LEFT_SIDE_500KHZ "resistance_left_side_500khz"
    265 REACTANCE_LEFT_SIDE_500KHZ "reactance_left_side_500khz"
    266 RESISTANCE_LEFT_SIDE_1000KHZ "resistance_left_side_1000khz"
    267 REACTANCE_LEFT_SIDE_1000KHZ "reactance_left_side_1000khz"
    272 RESISTANCE_RIGHT_LEG_1KHZ "resistance_right_leg_1khz"
    273 REACTANCE_RIGHT_LEG_1KHZ "reactance_right_leg_1khz"
    274 RESISTANCE_RIGHT_LEG_5KHZ "resistance_right_leg_5khz"
    275 REACTANCE_RIGHT_LEG_5KHZ "reactance_right_leg_5khz"
    276 RESISTANCE_RIGHT_LEG_50KHZ "resistance_right_leg_50khz"
    277 REACTANCE_RIGHT_LEG_50KHZ "reactance_right_leg_50khz"
    278 RESISTANCE_RIGHT_LEG_250KHZ "resistance_right_leg_250khz"
    279 REACTANCE_RIGHT_LEG_250KHZ "reactance_right_leg_250khz"
    280 RESISTANCE_RIGHT_LEG_500KHZ "resistance_right_leg_500khz"
    281 REACTANCE_RIGHT_LEG_500KHZ "reactance_right_leg_500khz"
    282 RESISTANCE_RIGHT_LEG_1000KHZ "resistance_right_leg_1000khz"
    283 REACTANCE_RIGHT_LEG_1000KHZ "reactance_right_leg_1000khz"
    288 RESISTANCE_LEFT_LEG_1KHZ "resistance_left_leg_1khz"
    289 REACTANCE_LEFT_LEG_1KHZ "reactance_left_leg_1khz"
    290 RESISTANCE_LEFT_LEG_5KHZ "resistance_left_leg_5khz"
    291 REACTANCE_LEFT_LEG_5KHZ "reactance_left_leg_5khz"
    292 RESISTANCE_LEFT_LEG_50KHZ "resistance_left_leg_50khz"
    293 REACTANCE_LEFT_LEG_50KHZ "reactance_left_leg_50khz"
    294 RESISTANCE_LEFT_LEG_250KHZ "resistance_left_leg_250khz"
    295 REACTANCE_LEFT_LEG_250KHZ "reactance_left_leg_250khz"
    296 RESISTANCE_LEFT_LEG_500KHZ "resistance_left_leg_500khz"
    297 REACTANCE_LEFT_LEG_500KHZ "reactance_left_leg_500khz"
    298 RESISTANCE_LEFT_LEG_1000KHZ "resistance_left_leg_1000khz"
    299 REACTANCE_LEFT_LEG_1000KHZ "reactance_left_leg_1000khz"
    304 RESISTANCE_RIGHT_ARM_1KHZ "resistance_right_arm_1khz"
    305 REACTANCE_RIGHT_ARM_1KHZ "reactance_right_arm_1khz"
    306 RESISTANCE_RIGHT_ARM_5KHZ "resistance_right_arm_5khz"
    307 REACTANCE_RIGHT_ARM_5KHZ "reactance_right_arm_5khz"
    308 RESISTANCE_RIGHT_ARM_50KHZ "resistance_right_arm_50khz"
    309 REACTANCE_RIGHT_ARM_50KHZ "reactance_right_arm_50khz"
    310 RESISTANCE_RIGHT_ARM_250KHZ "resistance_right_arm_250khz"
    311 REACTANCE_RIGHT_ARM_250KHZ "reactance_right_arm_250khz"
    312 RESISTANCE_RIGHT_ARM_500KHZ "resistance_right_arm_500khz"
    313 REACTANCE_RIGHT_ARM_500KHZ "reactance_right_arm_500khz"
    314 RESISTANCE_RIGHT_ARM_1000KHZ "resistance_right_arm_1000khz"
    315 REACTANCE_RIGHT_ARM_1000KHZ "reactance_right_arm_1000khz"
    320 RESISTANCE_LEFT_ARM_1KHZ "resistance_left_arm_1khz"
    321 REACTANCE_LEFT_ARM_1KHZ "reactance_left_arm_1khz"
    322 RESISTANCE_LEFT_ARM_5KHZ "resistance_left_arm_5khz"
    323 REACTANCE_LEFT_ARM_5KHZ "reactance_left_arm_5khz"
    324 RESISTANCE_LEFT_ARM_50KHZ "resistance_left_arm_50khz"
    325 REACTANCE_LEFT_ARM_50KHZ "reactance_left_arm_50khz"
    326 RESISTANCE_LEFT_ARM_250KHZ "resistance_left_arm_250khz"
    327 REACTANCE_LEFT_ARM_250KHZ "reactance_left_arm_250khz"
    328 RESISTANCE_LEFT_ARM_500KHZ "resistance_left_arm_500khz"
    329 REACTANCE_LEFT_ARM_500KHZ "reactance_left_arm_500khz"
    330 RESISTANCE_LEFT_ARM_1000KHZ "resistance_left_arm_1000khz"
    331 REACTANCE_LEFT_ARM_1000KHZ "reactance_left_arm_1000khz"
    336 RESISTANCE_BOTH_LEGS_1KHZ "resistance_both_legs_1khz"
    337 REACTANCE_BOTH_LEGS_1KHZ "reactance_both_legs_1khz"
    338 RESISTANCE_BOTH_LEGS_5KHZ "resistance_both_legs_5khz"
    339 REACTANCE_BOTH_LEGS_5KHZ "reactance_both_legs_5khz"
    340 RESISTANCE_BOTH_LEGS_50KHZ "resistance_both_legs_50khz"
    341 REACTANCE_BOTH_LEGS_50KHZ "reactance_both_legs_50khz"
    342 RESISTANCE_BOTH_LEGS_250KHZ "resistance_both_legs_250khz"
    343 REACTANCE_BOTH_LEGS_250KHZ "reactance_both_legs_250khz"
    344 RESISTANCE_BOTH_LEGS_500KHZ "resistance_both_legs_500khz"
    345 REACTANCE_BOTH_LEGS_500KHZ "reactance_both_legs_500khz"
    346 RESISTANCE_BOTH_LEGS_1000KHZ "resistance_both_legs_1000khz"
    347 REACTANCE_BOTH_LEGS_1000KHZ "reactance_both_legs_1000khz"
    348 RESISTANCE_BOTH_LEGS_LOW "resistance_both_legs_low"
    349 REACTANCE_BOTH_LEGS_LOW "reactance_both_legs_low"
    352 RESISTANCE_WHOLE_BODY_1KHZ "resistance_whole_body_1khz"
    353 REACTANCE_WHOLE_BODY_1KHZ "reactance_whole_body_1khz"
    354 RESISTANCE_WHOLE_BODY_5KHZ "resistance_whole_body_5khz"
    355 REACTANCE_WHOLE_BODY_5KHZ "reactance_whole_body_5khz"
    356 RESISTANCE_WHOLE_BODY_50KHZ "resistance_whole_body_50khz"
    357 REACTANCE_WHOLE_BODY_50KHZ "reactance_whole_body_50khz"
    358 RESISTANCE_WHOLE_BODY_250KHZ "resistance_whole_body_250khz"
    359 REACTANCE_WHOLE_BODY_250KHZ "reactance_whole_body_250khz"
    360 RESISTANCE_WHOLE_BODY_500KHZ "resistance_whole_body_500khz"
    361 REACTANCE_WHOLE_BODY_500KHZ "reactance_whole_body_500khz"
    362 RESISTANCE_WHOLE_BODY_1000KHZ "resistance_whole_body_1000khz"
    363 REACTANCE_WHOLE_BODY_1000KHZ "reactance_whole_body_1000khz"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_so_that_none_is_given_twice_and_the_search_finds_them() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn every_name_leads_back_to_its_number() {
        for (id, name) in MetricId::all() {
            assert_eq!((id.name(), MetricId::from_name(name)), (Some(*name), Some(*id)));
        }
    }

    #[test]
    fn impedances_have_the_numbers_of_the_rule() {
        for segment in Segment::KNOWN {
            for frequency in Frequency::KNOWN {
                let low_elsewhere = *frequency == Frequency::Low && *segment != Segment::BothLegs;
                let found = MetricId::impedance(*segment, *frequency);
                assert_eq!(found.is_none(), low_elsewhere, "{segment:?} {frequency:?}");
                for (id, part) in found.iter().flatten().zip(["resistance", "reactance"]) {
                    let name = std::format!("{part}_{}_{}", segment.word(), frequency.word());
                    assert_eq!(id.name(), Some(name.as_str()));
                }
            }
        }
        assert_eq!(MetricId::impedance(Segment::Other(200), Frequency::Khz50), None);
        assert_eq!(MetricId::impedance(Segment::LeftSide, Frequency::Other(9)), None);
    }
}
