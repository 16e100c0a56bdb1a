//! The one table of measurements: every name, unit and range the project knows.

use super::{Entry, degree, girth, kg, ohm, percent, row, score};
use crate::Unit;

/// The six values of one body segment: `$name` as in canonical names, `$export` as in exports, `$label` for people.
macro_rules! segment {
    ($name:literal, $export:literal, $label:literal,
     muscle $muscle_soft:expr, $muscle_hard:expr, fat $fat_soft:expr, $fat_hard:expr) => {
        [
            kg(concat!($name, "_muscle_mass")).label(concat!($label, " muscle")).export(concat!($export, "MuscleMass"))
                .soft($muscle_soft.0, $muscle_soft.1).hard($muscle_hard.0, $muscle_hard.1),
            kg(concat!($name, "_fat_mass")).label(concat!($label, " fat")).export(concat!($export, "FatMass"))
                .soft($fat_soft.0, $fat_soft.1).hard($fat_hard.0, $fat_hard.1),
            kg(concat!($name, "_fat_free_mass")).label(concat!($label, " fat-free mass")).export(concat!($export, "FatFreeMass"))
                .soft($muscle_soft.0, $muscle_soft.1).hard($muscle_hard.0, $muscle_hard.1),
            percent(concat!($name, "_fat_percentage")).label(concat!($label, " fat percentage")).export(concat!($export, "FatPercentage"))
                .soft("3", "60").hard("0", "80"),
            score(concat!($name, "_muscle_score")).label(concat!($label, " muscle score")).export(concat!($export, "MuscleScore"))
                .soft("-4", "4").hard("-20", "20"),
            score(concat!($name, "_fat_score")).label(concat!($label, " fat score")).export(concat!($export, "FatScore"))
                .soft("-4", "4").hard("-20", "20"),
        ]
    };
}

/// Resistance and reactance of one path through the body at all six frequencies.
macro_rules! impedance {
    ($segment:literal, $label:literal) => {
        impedance!($segment, $label, "1khz" "1 kHz", "5khz" "5 kHz", "50khz" "50 kHz", "250khz" "250 kHz", "500khz" "500 kHz",
                   "1000khz" "1000 kHz")
    };
    ($segment:literal, $label:literal, $($frequency:literal $words:literal),+) => {
        [$(
            ohm(concat!("resistance_", $segment, "_", $frequency)).label(concat!("Resistance, ", $label, ", ", $words)).hard("-1000", "2500"),
            ohm(concat!("reactance_", $segment, "_", $frequency)).label(concat!("Reactance, ", $label, ", ", $words)).hard("-1000", "2500"),
        )+]
    };
}

const WHOLE_BODY: &[Entry] = &[
    kg("body_weight").label("Weight").export("BodyWeight").soft("25", "250").hard("0.2", "500").loinc("29463-7"),
    row("height", Unit::Centimetre).label("Height").export("Height").soft("120", "210").hard("50", "250").loinc("8302-2"),
    row("body_mass_index", Unit::KilogramPerSquareMetre).label("BMI").export("BodyMassIndex")
        .soft("14", "50").hard("5", "120").loinc("39156-5"),
    percent("fat_percentage").label("Body fat").export("FatPercentage").soft("3", "55").hard("1", "75").loinc("41982-0"),
    kg("fat_mass").label("Fat mass").export("FatMass").soft("1", "120").hard("0", "200").loinc("73708-0"),
    kg("fat_free_mass").label("Fat-free mass").export("FatFreeMass").soft("20", "120").hard("5", "250").loinc_near("91557-9"),
    kg("muscle_mass").label("Muscle mass").export("MuscleMass").soft("18", "115").hard("5", "200").loinc("73964-9"),
    percent("muscle_percentage").label("Muscle percentage").export("MusclePercentage").soft("40", "92").hard("15", "98").loinc("73965-6"),
    kg("skeletal_muscle_mass").label("Skeletal muscle").export("SkeletalMuscleMass").soft("8", "60").hard("2", "120"),
    kg("appendicular_muscle_mass").label("Limb muscle mass").export("AppendicularMuscleMass").soft("8", "45").hard("1", "90"),
    row("skeletal_muscle_index", Unit::KilogramPerSquareMetre).label("Muscle index").export("SarcopeniaSMI")
        .soft("4", "14").hard("1", "30"),
    kg("bone_mass").label("Bone mass").export("BoneMass").soft("1.2", "5.5").hard("0.3", "15").loinc("101685-6"),
    percent("bone_percentage").label("Bone percentage").export("BonePercentage").soft("2.5", "6.5").hard("1", "15").loinc("101686-4"),
    kg("water_mass").label("Body water").export("WaterMass").soft("18", "75").hard("5", "150").loinc("101683-1"),
    percent("water_percentage").label("Body water percentage").export("WaterPercentage")
        .soft("35", "75").hard("20", "85").loinc("101684-9"),
    kg("intracellular_water_mass").label("Intracellular water").export("IntraCellularWaterMass")
        .soft("10", "45").hard("3", "90").loinc_near("73705-6"),
    kg("extracellular_water_mass").label("Extracellular water").export("ExtraCellularWaterMass")
        .soft("7", "32").hard("2", "70").loinc_near("73706-4"),
    percent("extracellular_water_ratio").label("ECW/TBW").export("ExtraCellularWaterRatio").soft("34", "46").hard("20", "70"),
    percent("protein_percentage").label("Protein").export("ProteinPercentage").soft("12", "22").hard("5", "40"),
    score("visceral_fat_rating").label("Visceral fat").export("VisceralFatRating").soft("1", "30").hard("1", "60"),
    row("metabolic_age", Unit::Year).label("Metabolic age").export("MetabolicAge").decimals(0).soft("12", "90").hard("5", "120"),
    row("basal_metabolic_rate_kj", Unit::KilojoulePerDay).label("Basal metabolic rate (kJ)").export("BasalMetabolicRatekJ").decimals(0)
        .soft("3500", "13000").hard("2000", "21000"),
    row("basal_metabolic_rate_kcal", Unit::KilocaloriePerDay).label("Basal metabolic rate").export("BasalMetabolicRate").decimals(0)
        .soft("850", "3100").hard("500", "5000"),
    score("basal_metabolic_rate_score").label("Basal metabolic rate score").export("BmrScore").soft("1", "16").hard("0", "30"),
    score("physique_rating").label("Physique").export("PhysiqueScore").soft("1", "9").hard("1", "9"),
    score("muscle_score").label("Muscle score").export("MuscleScore").soft("-4", "24").hard("-20", "30"),
    score("leg_muscle_score").label("Leg muscle score").export("LegMuscleScore").soft("50", "130").hard("0", "200"),
    score("body_score").label("Score").export("BoditraxScore").soft("300", "1000").hard("0", "1000"),
    kg("ideal_weight").label("Ideal weight").export("IdealWeight").soft("35", "110").hard("20", "160"),
    percent("obesity_degree").label("Obesity degree").export("ObesityDegree").soft("-35", "120").hard("-60", "300"),
    ohm("impedance_50khz").label("Impedance").export("Impedance").soft("250", "900").hard("80", "1500"),
    degree("phase_angle").label("Phase angle").export("PhaseAngle").soft("3", "10").hard("0", "20").magnitude().loinc_near("107160-4"),
    score("athlete_index").label("Athlete index").export("AthleteIndex").soft("0", "100").hard("0", "200"),
    score("hand_balance").label("Arm balance").export("HandBalance").soft("-2", "2").hard("-2", "2"),
    score("leg_balance").label("Leg balance").export("LegBalance").soft("-2", "2").hard("-2", "2"),
    score("waist_to_hip_ratio").label("Waist to hip").export("WaistHipRatio").decimals(2).soft("0.6", "1.2").hard("0.4", "2"),
    score("waist_to_height_ratio").label("Waist to height").export("WaistHeightRatio").decimals(2).soft("0.35", "0.8").hard("0.2", "1.5"),
];

/// Goals, reference values and ratios that devices send beside the measurements. They have no export name.
const CONTEXT: &[Entry] = &[
    percent("standard_fat_percentage").label("Standard body fat"),
    kg("standard_muscle_mass").label("Standard muscle mass"),
    percent("target_fat_percentage").label("Target body fat"),
    kg("predicted_weight").label("Predicted weight at the target"),
    kg("predicted_fat_mass").label("Predicted fat mass at the target"),
    kg("fat_mass_change").label("Fat to lose or gain"),
    row("daily_energy_intake_kcal", Unit::KilocaloriePerDay).label("Daily energy intake").decimals(0),
    row("rohrer_index", Unit::One).label("Rohrer index"),
    row("muscle_mass_per_height2", Unit::KilogramPerSquareMetre).label("Muscle by height squared"),
    row("muscle_mass_per_weight", Unit::One).label("Muscle by weight"),
    row("appendicular_muscle_per_weight", Unit::One).label("Limb muscle by weight"),
    kg("weight_gain").label("Weight gain").decimals(3),
    kg("memorised_weight").label("Memorised weight").decimals(3),
    kg("soft_lean_mass").label("Soft lean mass").hard("5", "250"),
];

const RIGHT_ARM: [Entry; 6] = segment!(
    "right_arm",
    "RightArm",
    "Right arm",
    muscle("0.5", "8"),
    ("0.1", "15"),
    fat("0.1", "8"),
    ("0", "25")
);
const LEFT_ARM: [Entry; 6] = segment!(
    "left_arm",
    "LeftArm",
    "Left arm",
    muscle("0.5", "8"),
    ("0.1", "15"),
    fat("0.1", "8"),
    ("0", "25")
);
const TRUNK: [Entry; 6] = segment!(
    "trunk",
    "Trunk",
    "Trunk",
    muscle("10", "60"),
    ("2", "110"),
    fat("0.3", "60"),
    ("0", "110")
);
const RIGHT_LEG: [Entry; 6] = segment!(
    "right_leg",
    "RightLeg",
    "Right leg",
    muscle("3", "20"),
    ("0.5", "40"),
    fat("0.5", "25"),
    ("0", "50")
);
const LEFT_LEG: [Entry; 6] = segment!(
    "left_leg",
    "LeftLeg",
    "Left leg",
    muscle("3", "20"),
    ("0.5", "40"),
    fat("0.5", "25"),
    ("0", "50")
);

const PHASE_ANGLES: &[Entry] = &[
    degree("phase_angle_left_arm").label("Phase angle, left arm").export("PhaseAngleLeftArm").soft("3", "12").hard("0", "30").magnitude(),
    degree("phase_angle_right_arm").label("Phase angle, right arm").export("PhaseAngleRightArm")
        .soft("3", "12").hard("0", "30").magnitude(),
    degree("phase_angle_left_leg").label("Phase angle, left leg").export("PhaseAngleLeftLeg").soft("3", "12").hard("0", "30").magnitude(),
    degree("phase_angle_right_leg").label("Phase angle, right leg").export("PhaseAngleRightLeg")
        .soft("3", "12").hard("0", "30").magnitude(),
    degree("phase_angle_left_side").label("Phase angle, left side").export("PhaseAngleLeftLegLeftArm")
        .soft("3", "12").hard("0", "30").magnitude(),
    degree("phase_angle_both_legs").label("Phase angle, both legs").export("PhaseAngleRightLegLeftLeg")
        .soft("3", "12").hard("0", "30").magnitude(),
];

/// The lower frequency of the dual-frequency DC series, 6.25 kHz as far as is known.
const LOW_FREQUENCY: &[Entry] = &[
    ohm("resistance_both_legs_low").label("Resistance, both legs, low frequency").hard("-1000", "2500"),
    ohm("reactance_both_legs_low").label("Reactance, both legs, low frequency").hard("-1000", "2500"),
];

const LEFT_SIDE_OHMS: [Entry; 12] = impedance!("left_side", "left side");
const RIGHT_LEG_OHMS: [Entry; 12] = impedance!("right_leg", "right leg");
const LEFT_LEG_OHMS: [Entry; 12] = impedance!("left_leg", "left leg");
const RIGHT_ARM_OHMS: [Entry; 12] = impedance!("right_arm", "right arm");
const LEFT_ARM_OHMS: [Entry; 12] = impedance!("left_arm", "left arm");
const BOTH_LEGS_OHMS: [Entry; 12] = impedance!("both_legs", "both legs");
const WHOLE_BODY_OHMS: [Entry; 12] = impedance!("whole_body", "whole body");

/// Girths, lengths and shape from optical body scanners.
const SHAPE: &[Entry] = &[
    girth("neck_girth", "Neck").soft("28", "55").hard("15", "90"),
    girth("shoulder_girth", "Shoulders").soft("85", "150").hard("50", "220"),
    girth("chest_girth", "Chest").soft("70", "140").hard("40", "220"),
    girth("upper_chest_girth", "Upper chest").soft("70", "140").hard("40", "220"),
    girth("underbust_girth", "Under bust").soft("60", "130").hard("40", "200"),
    girth("waist_girth", "Waist").soft("55", "140").hard("35", "250").loinc_near("8280-0"),
    girth("abdomen_girth", "Abdomen").soft("60", "150").hard("35", "260"),
    girth("hip_girth", "Hips").soft("75", "150").hard("45", "250"),
    girth("seat_girth", "Seat").soft("75", "150").hard("45", "250"),
    girth("upper_arm_girth_left", "Left upper arm").soft("20", "50").hard("10", "90"),
    girth("upper_arm_girth_right", "Right upper arm").soft("20", "50").hard("10", "90"),
    girth("forearm_girth_left", "Left forearm").soft("18", "40").hard("10", "70"),
    girth("forearm_girth_right", "Right forearm").soft("18", "40").hard("10", "70"),
    girth("wrist_girth_left", "Left wrist").soft("12", "23").hard("8", "40"),
    girth("wrist_girth_right", "Right wrist").soft("12", "23").hard("8", "40"),
    girth("thigh_girth_left", "Left thigh").soft("40", "85").hard("20", "130"),
    girth("thigh_girth_right", "Right thigh").soft("40", "85").hard("20", "130"),
    girth("knee_girth_left", "Left knee").soft("30", "55").hard("18", "90"),
    girth("knee_girth_right", "Right knee").soft("30", "55").hard("18", "90"),
    girth("calf_girth_left", "Left calf").soft("28", "55").hard("15", "90"),
    girth("calf_girth_right", "Right calf").soft("28", "55").hard("15", "90"),
    girth("ankle_girth_left", "Left ankle").soft("18", "32").hard("10", "60"),
    girth("ankle_girth_right", "Right ankle").soft("18", "32").hard("10", "60"),
    girth("arm_length_left", "Left arm length").soft("45", "85").hard("25", "110"),
    girth("arm_length_right", "Right arm length").soft("45", "85").hard("25", "110"),
    girth("inseam", "Inseam").soft("55", "100").hard("25", "130"),
    girth("torso_length", "Torso length").soft("35", "75").hard("20", "100"),
    row("body_volume", Unit::Litre).label("Body volume").soft("35", "200").hard("10", "350"),
    row("body_surface_area", Unit::SquareMetre).label("Surface area").decimals(2).soft("1.2", "3.0").hard("0.3", "5").loinc("8277-6"),
];

const GROUPS: &[&[Entry]] = &[
    WHOLE_BODY,
    CONTEXT,
    &RIGHT_ARM,
    &LEFT_ARM,
    &TRUNK,
    &RIGHT_LEG,
    &LEFT_LEG,
    PHASE_ANGLES,
    LOW_FREQUENCY,
    &LEFT_SIDE_OHMS,
    &RIGHT_LEG_OHMS,
    &LEFT_LEG_OHMS,
    &RIGHT_ARM_OHMS,
    &LEFT_ARM_OHMS,
    &BOTH_LEGS_OHMS,
    &WHOLE_BODY_OHMS,
    // Stays the last one: `FIRST_OF_SHAPE`.
    SHAPE,
];

const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

/// Place of the first entry of [`SHAPE`], the last group.
pub(crate) const FIRST_OF_SHAPE: usize = COUNT - SHAPE.len();

/// Every entry, in the order of the groups above. A position in it is a [`crate::Metric`].
pub(crate) static VOCABULARY: [&Entry; COUNT] = {
    let mut all = [&WHOLE_BODY[0]; COUNT];
    let (mut at, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut entry = 0;
        while entry < GROUPS[group].len() {
            all[at] = &GROUPS[group][entry];
            at += 1;
            entry += 1;
        }
        group += 1;
    }
    all
};

/// Further names under which other programs send a measurement, compared without case, blanks, `_` and `-`.
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("weight", "body_weight"),
    ("bmi", "body_mass_index"),
    ("bodyfat", "fat_percentage"),
    ("bodyfatpercent", "fat_percentage"),
    ("fatpercent", "fat_percentage"),
    ("fatfree", "fat_free_mass"),
    ("ffm", "fat_free_mass"),
    ("leanmass", "fat_free_mass"),
    ("muscle", "muscle_mass"),
    ("fat", "fat_mass"),
    ("bone", "bone_mass"),
    ("water", "water_mass"),
    ("tbw", "water_mass"),
    ("icw", "intracellular_water_mass"),
    ("ecw", "extracellular_water_mass"),
    ("visceralfat", "visceral_fat_rating"),
    ("bmr", "basal_metabolic_rate_kcal"),
    ("bmrkcal", "basal_metabolic_rate_kcal"),
    ("bmrkj", "basal_metabolic_rate_kj"),
    ("smi", "skeletal_muscle_index"),
    ("cellularintegrity", "phase_angle"),
];
