//! The numbers under which measurements travel.
//!
//! This table is append-only: a number, once given, means the same measurement for ever, and a number is never given twice.
//! New measurements get free numbers of their block. The names and units are those of the project's one vocabulary of measurements;
//! a test of the bridge compares the two. A value is always sent in the unit that stands here. `METRICS.md` and the header for C are
//! made of this table.
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

/// A row of the table of measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownMetric {
    /// The number on the wire.
    pub id: MetricId,
    /// The canonical name.
    pub name: &'static str,
    /// The unit in which it is sent, as a UCUM code; `1` for a plain number.
    pub unit: &'static str,
    /// What else firmware has to know to send it right; empty if nothing.
    pub remark: &'static str,
}

impl MetricId {
    /// The metric with this canonical name.
    pub fn from_name(name: &str) -> Option<Self> {
        KNOWN.iter().find(|known| known.name == name).map(|known| known.id)
    }

    /// The canonical name, or `None` for a number of a newer version.
    pub fn name(self) -> Option<&'static str> {
        let found = KNOWN.binary_search_by_key(&self, |known| known.id);
        found.ok().map(|at| KNOWN[at].name)
    }

    /// Every measurement this version knows, by rising number.
    pub fn all() -> &'static [KnownMetric] {
        KNOWN
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
    ($($number:literal $constant:ident $name:literal $unit:literal $(($remark:literal))?)+) => {
        impl MetricId {
            $(
                #[doc = concat!("`", $name, "`, ", $unit $(, ": ", $remark)?)]
                pub const $constant: Self = Self($number);
            )+
        }

        static KNOWN: &[KnownMetric] = &[$(
            KnownMetric {
                id: MetricId($number),
                name: $name,
                unit: $unit,
                remark: concat!("" $(, $remark)?),
            },
        )+];
    };
}

metrics! {
    1 BODY_WEIGHT "body_weight" "kg" ("net: the weight of clothes is deducted")
    2 HEIGHT "height" "cm"
    3 BODY_MASS_INDEX "body_mass_index" "kg/m2"
    4 FAT_PERCENTAGE "fat_percentage" "%" ("of the body weight")
    5 FAT_MASS "fat_mass" "kg"
    6 FAT_FREE_MASS "fat_free_mass" "kg"
    7 MUSCLE_MASS "muscle_mass" "kg"
    8 MUSCLE_PERCENTAGE "muscle_percentage" "%" ("of the body weight")
    9 SKELETAL_MUSCLE_MASS "skeletal_muscle_mass" "kg"
    10 APPENDICULAR_MUSCLE_MASS "appendicular_muscle_mass" "kg"
    11 SKELETAL_MUSCLE_INDEX "skeletal_muscle_index" "kg/m2" ("appendicular muscle mass by height squared")
    12 BONE_MASS "bone_mass" "kg"
    13 BONE_PERCENTAGE "bone_percentage" "%" ("of the body weight")
    14 WATER_MASS "water_mass" "kg"
    15 WATER_PERCENTAGE "water_percentage" "%" ("of the body weight")
    16 INTRACELLULAR_WATER_MASS "intracellular_water_mass" "kg"
    17 EXTRACELLULAR_WATER_MASS "extracellular_water_mass" "kg"
    18 EXTRACELLULAR_WATER_RATIO "extracellular_water_ratio" "%" ("of the body's water")
    19 PROTEIN_PERCENTAGE "protein_percentage" "%" ("of the body weight")
    20 VISCERAL_FAT_RATING "visceral_fat_rating" "1"
    21 METABOLIC_AGE "metabolic_age" "a"
    22 BASAL_METABOLIC_RATE_KJ "basal_metabolic_rate_kj" "kJ/d"
    23 BASAL_METABOLIC_RATE_KCAL "basal_metabolic_rate_kcal" "kcal/d"
    24 BASAL_METABOLIC_RATE_SCORE "basal_metabolic_rate_score" "1"
    25 PHYSIQUE_RATING "physique_rating" "1" ("1, hidden fat, over 5, standard, to 9, very muscular")
    26 MUSCLE_SCORE "muscle_score" "1" ("may be negative")
    27 LEG_MUSCLE_SCORE "leg_muscle_score" "1"
    28 BODY_SCORE "body_score" "1"
    29 IDEAL_WEIGHT "ideal_weight" "kg" ("22 kg/m2 at this height")
    30 OBESITY_DEGREE "obesity_degree" "%" ("by how much the weight is above the ideal weight; negative below it")
    31 IMPEDANCE_50KHZ "impedance_50khz" "Ohm" ("magnitude")
    32 PHASE_ANGLE "phase_angle" "deg" ("negative where the path is capacitive, as bodies are")
    33 ATHLETE_INDEX "athlete_index" "1"
    34 HAND_BALANCE "hand_balance" "1" ("-2 left much, -1 left, 0 even, 1 right, 2 right much")
    35 LEG_BALANCE "leg_balance" "1" ("-2 left much, -1 left, 0 even, 1 right, 2 right much")
    36 WAIST_TO_HIP_RATIO "waist_to_hip_ratio" "1" ("waist girth by hip girth, no per cent")
    37 WAIST_TO_HEIGHT_RATIO "waist_to_height_ratio" "1" ("waist girth by height, no per cent")
    64 STANDARD_FAT_PERCENTAGE "standard_fat_percentage" "%"
    65 STANDARD_MUSCLE_MASS "standard_muscle_mass" "kg"
    66 TARGET_FAT_PERCENTAGE "target_fat_percentage" "%"
    67 PREDICTED_WEIGHT "predicted_weight" "kg" ("at the target")
    68 PREDICTED_FAT_MASS "predicted_fat_mass" "kg" ("at the target")
    69 FAT_MASS_CHANGE "fat_mass_change" "kg" ("to reach the target; negative if fat is to be lost")
    70 DAILY_ENERGY_INTAKE_KCAL "daily_energy_intake_kcal" "kcal/d"
    71 ROHRER_INDEX "rohrer_index" "1" ("10,000,000 times kg by cm cubed")
    72 MUSCLE_MASS_PER_HEIGHT2 "muscle_mass_per_height2" "kg/m2" ("muscle mass by height squared")
    73 MUSCLE_MASS_PER_WEIGHT "muscle_mass_per_weight" "1" ("kg of muscle in each kg of body weight, no per cent")
    74 APPENDICULAR_MUSCLE_PER_WEIGHT "appendicular_muscle_per_weight" "1" ("kg of appendicular muscle in each kg of body weight, no per cent")
    75 WEIGHT_GAIN "weight_gain" "kg" ("negative for a loss")
    76 MEMORISED_WEIGHT "memorised_weight" "kg"
    77 SOFT_LEAN_MASS "soft_lean_mass" "kg"
    96 RIGHT_ARM_MUSCLE_MASS "right_arm_muscle_mass" "kg"
    97 RIGHT_ARM_FAT_MASS "right_arm_fat_mass" "kg"
    98 RIGHT_ARM_FAT_FREE_MASS "right_arm_fat_free_mass" "kg"
    99 RIGHT_ARM_FAT_PERCENTAGE "right_arm_fat_percentage" "%" ("of the segment's mass")
    100 RIGHT_ARM_MUSCLE_SCORE "right_arm_muscle_score" "1" ("may be negative")
    101 RIGHT_ARM_FAT_SCORE "right_arm_fat_score" "1" ("may be negative")
    102 LEFT_ARM_MUSCLE_MASS "left_arm_muscle_mass" "kg"
    103 LEFT_ARM_FAT_MASS "left_arm_fat_mass" "kg"
    104 LEFT_ARM_FAT_FREE_MASS "left_arm_fat_free_mass" "kg"
    105 LEFT_ARM_FAT_PERCENTAGE "left_arm_fat_percentage" "%" ("of the segment's mass")
    106 LEFT_ARM_MUSCLE_SCORE "left_arm_muscle_score" "1" ("may be negative")
    107 LEFT_ARM_FAT_SCORE "left_arm_fat_score" "1" ("may be negative")
    108 TRUNK_MUSCLE_MASS "trunk_muscle_mass" "kg"
    109 TRUNK_FAT_MASS "trunk_fat_mass" "kg"
    110 TRUNK_FAT_FREE_MASS "trunk_fat_free_mass" "kg"
    111 TRUNK_FAT_PERCENTAGE "trunk_fat_percentage" "%" ("of the segment's mass")
    112 TRUNK_MUSCLE_SCORE "trunk_muscle_score" "1" ("may be negative")
    113 TRUNK_FAT_SCORE "trunk_fat_score" "1" ("may be negative")
    114 RIGHT_LEG_MUSCLE_MASS "right_leg_muscle_mass" "kg"
    115 RIGHT_LEG_FAT_MASS "right_leg_fat_mass" "kg"
    116 RIGHT_LEG_FAT_FREE_MASS "right_leg_fat_free_mass" "kg"
    117 RIGHT_LEG_FAT_PERCENTAGE "right_leg_fat_percentage" "%" ("of the segment's mass")
    118 RIGHT_LEG_MUSCLE_SCORE "right_leg_muscle_score" "1" ("may be negative")
    119 RIGHT_LEG_FAT_SCORE "right_leg_fat_score" "1" ("may be negative")
    120 LEFT_LEG_MUSCLE_MASS "left_leg_muscle_mass" "kg"
    121 LEFT_LEG_FAT_MASS "left_leg_fat_mass" "kg"
    122 LEFT_LEG_FAT_FREE_MASS "left_leg_fat_free_mass" "kg"
    123 LEFT_LEG_FAT_PERCENTAGE "left_leg_fat_percentage" "%" ("of the segment's mass")
    124 LEFT_LEG_MUSCLE_SCORE "left_leg_muscle_score" "1" ("may be negative")
    125 LEFT_LEG_FAT_SCORE "left_leg_fat_score" "1" ("may be negative")
    128 PHASE_ANGLE_LEFT_ARM "phase_angle_left_arm" "deg" ("negative where the path is capacitive, as bodies are")
    129 PHASE_ANGLE_RIGHT_ARM "phase_angle_right_arm" "deg" ("negative where the path is capacitive, as bodies are")
    130 PHASE_ANGLE_LEFT_LEG "phase_angle_left_leg" "deg" ("negative where the path is capacitive, as bodies are")
    131 PHASE_ANGLE_RIGHT_LEG "phase_angle_right_leg" "deg" ("negative where the path is capacitive, as bodies are")
    132 PHASE_ANGLE_LEFT_SIDE "phase_angle_left_side" "deg" ("negative where the path is capacitive, as bodies are")
    133 PHASE_ANGLE_BOTH_LEGS "phase_angle_both_legs" "deg" ("negative where the path is capacitive, as bodies are")
    160 NECK_GIRTH "neck_girth" "cm"
    161 SHOULDER_GIRTH "shoulder_girth" "cm"
    162 CHEST_GIRTH "chest_girth" "cm"
    163 UPPER_CHEST_GIRTH "upper_chest_girth" "cm"
    164 UNDERBUST_GIRTH "underbust_girth" "cm"
    165 WAIST_GIRTH "waist_girth" "cm"
    166 ABDOMEN_GIRTH "abdomen_girth" "cm"
    167 HIP_GIRTH "hip_girth" "cm"
    168 SEAT_GIRTH "seat_girth" "cm"
    169 UPPER_ARM_GIRTH_LEFT "upper_arm_girth_left" "cm"
    170 UPPER_ARM_GIRTH_RIGHT "upper_arm_girth_right" "cm"
    171 FOREARM_GIRTH_LEFT "forearm_girth_left" "cm"
    172 FOREARM_GIRTH_RIGHT "forearm_girth_right" "cm"
    173 WRIST_GIRTH_LEFT "wrist_girth_left" "cm"
    174 WRIST_GIRTH_RIGHT "wrist_girth_right" "cm"
    175 THIGH_GIRTH_LEFT "thigh_girth_left" "cm"
    176 THIGH_GIRTH_RIGHT "thigh_girth_right" "cm"
    177 KNEE_GIRTH_LEFT "knee_girth_left" "cm"
    178 KNEE_GIRTH_RIGHT "knee_girth_right" "cm"
    179 CALF_GIRTH_LEFT "calf_girth_left" "cm"
    180 CALF_GIRTH_RIGHT "calf_girth_right" "cm"
    181 ANKLE_GIRTH_LEFT "ankle_girth_left" "cm"
    182 ANKLE_GIRTH_RIGHT "ankle_girth_right" "cm"
    183 ARM_LENGTH_LEFT "arm_length_left" "cm"
    184 ARM_LENGTH_RIGHT "arm_length_right" "cm"
    185 INSEAM "inseam" "cm"
    186 TORSO_LENGTH "torso_length" "cm"
    187 BODY_VOLUME "body_volume" "L"
    188 BODY_SURFACE_AREA "body_surface_area" "m2"
    256 RESISTANCE_LEFT_SIDE_1KHZ "resistance_left_side_1khz" "Ohm"
    257 REACTANCE_LEFT_SIDE_1KHZ "reactance_left_side_1khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    258 RESISTANCE_LEFT_SIDE_5KHZ "resistance_left_side_5khz" "Ohm"
    259 REACTANCE_LEFT_SIDE_5KHZ "reactance_left_side_5khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    260 RESISTANCE_LEFT_SIDE_50KHZ "resistance_left_side_50khz" "Ohm"
    261 REACTANCE_LEFT_SIDE_50KHZ "reactance_left_side_50khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    262 RESISTANCE_LEFT_SIDE_250KHZ "resistance_left_side_250khz" "Ohm"
    263 REACTANCE_LEFT_SIDE_250KHZ "reactance_left_side_250khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    264 RESISTANCE_LEFT_SIDE_500KHZ "resistance_left_side_500khz" "Ohm"
    265 REACTANCE_LEFT_SIDE_500KHZ "reactance_left_side_500khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    266 RESISTANCE_LEFT_SIDE_1000KHZ "resistance_left_side_1000khz" "Ohm"
    267 REACTANCE_LEFT_SIDE_1000KHZ "reactance_left_side_1000khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    272 RESISTANCE_RIGHT_LEG_1KHZ "resistance_right_leg_1khz" "Ohm"
    273 REACTANCE_RIGHT_LEG_1KHZ "reactance_right_leg_1khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    274 RESISTANCE_RIGHT_LEG_5KHZ "resistance_right_leg_5khz" "Ohm"
    275 REACTANCE_RIGHT_LEG_5KHZ "reactance_right_leg_5khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    276 RESISTANCE_RIGHT_LEG_50KHZ "resistance_right_leg_50khz" "Ohm"
    277 REACTANCE_RIGHT_LEG_50KHZ "reactance_right_leg_50khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    278 RESISTANCE_RIGHT_LEG_250KHZ "resistance_right_leg_250khz" "Ohm"
    279 REACTANCE_RIGHT_LEG_250KHZ "reactance_right_leg_250khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    280 RESISTANCE_RIGHT_LEG_500KHZ "resistance_right_leg_500khz" "Ohm"
    281 REACTANCE_RIGHT_LEG_500KHZ "reactance_right_leg_500khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    282 RESISTANCE_RIGHT_LEG_1000KHZ "resistance_right_leg_1000khz" "Ohm"
    283 REACTANCE_RIGHT_LEG_1000KHZ "reactance_right_leg_1000khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    288 RESISTANCE_LEFT_LEG_1KHZ "resistance_left_leg_1khz" "Ohm"
    289 REACTANCE_LEFT_LEG_1KHZ "reactance_left_leg_1khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    290 RESISTANCE_LEFT_LEG_5KHZ "resistance_left_leg_5khz" "Ohm"
    291 REACTANCE_LEFT_LEG_5KHZ "reactance_left_leg_5khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    292 RESISTANCE_LEFT_LEG_50KHZ "resistance_left_leg_50khz" "Ohm"
    293 REACTANCE_LEFT_LEG_50KHZ "reactance_left_leg_50khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    294 RESISTANCE_LEFT_LEG_250KHZ "resistance_left_leg_250khz" "Ohm"
    295 REACTANCE_LEFT_LEG_250KHZ "reactance_left_leg_250khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    296 RESISTANCE_LEFT_LEG_500KHZ "resistance_left_leg_500khz" "Ohm"
    297 REACTANCE_LEFT_LEG_500KHZ "reactance_left_leg_500khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    298 RESISTANCE_LEFT_LEG_1000KHZ "resistance_left_leg_1000khz" "Ohm"
    299 REACTANCE_LEFT_LEG_1000KHZ "reactance_left_leg_1000khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    304 RESISTANCE_RIGHT_ARM_1KHZ "resistance_right_arm_1khz" "Ohm"
    305 REACTANCE_RIGHT_ARM_1KHZ "reactance_right_arm_1khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    306 RESISTANCE_RIGHT_ARM_5KHZ "resistance_right_arm_5khz" "Ohm"
    307 REACTANCE_RIGHT_ARM_5KHZ "reactance_right_arm_5khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    308 RESISTANCE_RIGHT_ARM_50KHZ "resistance_right_arm_50khz" "Ohm"
    309 REACTANCE_RIGHT_ARM_50KHZ "reactance_right_arm_50khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    310 RESISTANCE_RIGHT_ARM_250KHZ "resistance_right_arm_250khz" "Ohm"
    311 REACTANCE_RIGHT_ARM_250KHZ "reactance_right_arm_250khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    312 RESISTANCE_RIGHT_ARM_500KHZ "resistance_right_arm_500khz" "Ohm"
    313 REACTANCE_RIGHT_ARM_500KHZ "reactance_right_arm_500khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    314 RESISTANCE_RIGHT_ARM_1000KHZ "resistance_right_arm_1000khz" "Ohm"
    315 REACTANCE_RIGHT_ARM_1000KHZ "reactance_right_arm_1000khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    320 RESISTANCE_LEFT_ARM_1KHZ "resistance_left_arm_1khz" "Ohm"
    321 REACTANCE_LEFT_ARM_1KHZ "reactance_left_arm_1khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    322 RESISTANCE_LEFT_ARM_5KHZ "resistance_left_arm_5khz" "Ohm"
    323 REACTANCE_LEFT_ARM_5KHZ "reactance_left_arm_5khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    324 RESISTANCE_LEFT_ARM_50KHZ "resistance_left_arm_50khz" "Ohm"
    325 REACTANCE_LEFT_ARM_50KHZ "reactance_left_arm_50khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    326 RESISTANCE_LEFT_ARM_250KHZ "resistance_left_arm_250khz" "Ohm"
    327 REACTANCE_LEFT_ARM_250KHZ "reactance_left_arm_250khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    328 RESISTANCE_LEFT_ARM_500KHZ "resistance_left_arm_500khz" "Ohm"
    329 REACTANCE_LEFT_ARM_500KHZ "reactance_left_arm_500khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    330 RESISTANCE_LEFT_ARM_1000KHZ "resistance_left_arm_1000khz" "Ohm"
    331 REACTANCE_LEFT_ARM_1000KHZ "reactance_left_arm_1000khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    336 RESISTANCE_BOTH_LEGS_1KHZ "resistance_both_legs_1khz" "Ohm"
    337 REACTANCE_BOTH_LEGS_1KHZ "reactance_both_legs_1khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    338 RESISTANCE_BOTH_LEGS_5KHZ "resistance_both_legs_5khz" "Ohm"
    339 REACTANCE_BOTH_LEGS_5KHZ "reactance_both_legs_5khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    340 RESISTANCE_BOTH_LEGS_50KHZ "resistance_both_legs_50khz" "Ohm"
    341 REACTANCE_BOTH_LEGS_50KHZ "reactance_both_legs_50khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    342 RESISTANCE_BOTH_LEGS_250KHZ "resistance_both_legs_250khz" "Ohm"
    343 REACTANCE_BOTH_LEGS_250KHZ "reactance_both_legs_250khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    344 RESISTANCE_BOTH_LEGS_500KHZ "resistance_both_legs_500khz" "Ohm"
    345 REACTANCE_BOTH_LEGS_500KHZ "reactance_both_legs_500khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    346 RESISTANCE_BOTH_LEGS_1000KHZ "resistance_both_legs_1000khz" "Ohm"
    347 REACTANCE_BOTH_LEGS_1000KHZ "reactance_both_legs_1000khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    348 RESISTANCE_BOTH_LEGS_LOW "resistance_both_legs_low" "Ohm"
    349 REACTANCE_BOTH_LEGS_LOW "reactance_both_legs_low" "Ohm" ("negative where the path is capacitive, as bodies are")
    352 RESISTANCE_WHOLE_BODY_1KHZ "resistance_whole_body_1khz" "Ohm"
    353 REACTANCE_WHOLE_BODY_1KHZ "reactance_whole_body_1khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    354 RESISTANCE_WHOLE_BODY_5KHZ "resistance_whole_body_5khz" "Ohm"
    355 REACTANCE_WHOLE_BODY_5KHZ "reactance_whole_body_5khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    356 RESISTANCE_WHOLE_BODY_50KHZ "resistance_whole_body_50khz" "Ohm"
    357 REACTANCE_WHOLE_BODY_50KHZ "reactance_whole_body_50khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    358 RESISTANCE_WHOLE_BODY_250KHZ "resistance_whole_body_250khz" "Ohm"
    359 REACTANCE_WHOLE_BODY_250KHZ "reactance_whole_body_250khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    360 RESISTANCE_WHOLE_BODY_500KHZ "resistance_whole_body_500khz" "Ohm"
    361 REACTANCE_WHOLE_BODY_500KHZ "reactance_whole_body_500khz" "Ohm" ("negative where the path is capacitive, as bodies are")
    362 RESISTANCE_WHOLE_BODY_1000KHZ "resistance_whole_body_1000khz" "Ohm"
    363 REACTANCE_WHOLE_BODY_1000KHZ "reactance_whole_body_1000khz" "Ohm" ("negative where the path is capacitive, as bodies are")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_so_that_none_is_given_twice_and_the_search_finds_them() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].id < pair[1].id));
    }

    #[test]
    fn every_name_leads_back_to_its_number() {
        for known in MetricId::all() {
            assert_eq!(
                (known.id.name(), MetricId::from_name(known.name)),
                (Some(known.name), Some(known.id))
            );
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
