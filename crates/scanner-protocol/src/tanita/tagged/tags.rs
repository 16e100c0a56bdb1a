//! What each of the 190 tags means.
//!
//! A tag is two ASCII characters and case counts: `St` is the status, `ST` a score of the trunk. Segment and impedance tags are
//! composed: the first character selects the quantity, the second the segment.

use scan_model::{Metric, Unit};

/// A tag of the format.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) code: [u8; 2],
    pub(super) meaning: Meaning,
}

/// Where the value of a tag goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// Reserved for the maker.
    Control,
    /// Selects the unit set, together with [`Self::UnitSet`].
    UnitSetCompanion,
    UnitSet,
    Model,
    Serial,
    SubjectNumber,
    /// Kept in the raw bytes alone.
    Card,
    Status,
    Date,
    /// Kept in the raw bytes alone.
    BirthDate,
    Time,
    BodyType,
    Gender,
    Age,
    ActivityLevel,
    /// Kilograms, or pounds in the imperial unit set.
    ClothesWeight,
    HeightFeetInches,
    WeightStonePounds,
    Checksum,
    Value(Value),
}

/// A measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) metric: Metric,
    /// In the metric unit set.
    pub(super) unit: Unit,
    /// The manual gives it decimals.
    decimals: bool,
    /// Worth nothing if the device reports a segmental error.
    segmental: bool,
    /// Resistance and reactance are partners: a frequency that was not measured is sent as zero for both.
    pub(super) partner: Option<[u8; 2]>,
}

impl Tag {
    /// Whether a value is sent with a point: then one without is cut off. Kilograms and the like; never scores, and not those that
    /// some models send without.
    pub(super) fn has_decimals(self) -> bool {
        match self.meaning {
            Meaning::Value(value) => value.decimals,
            Meaning::ClothesWeight => true,
            _ => false,
        }
    }
}

/// What is known of a tag; `None` for a tag that nobody has documented.
pub(super) fn lookup(code: [u8; 2]) -> Option<Tag> {
    let slot = SLOTS[slot(code)?];
    (slot != UNKNOWN).then(|| TAGS[usize::from(slot)])
}

/// Whether a measurement is of a body segment or made of such values, so that a segmental error makes it worthless.
pub(super) fn is_segmental(metric: Metric) -> bool {
    TAGS.iter()
        .any(|tag| matches!(tag.meaning, Meaning::Value(value) if value.segmental && value.metric == metric))
}

/// Number of possible tags: two printable characters.
pub(super) const CODES: usize = PRINTABLE * PRINTABLE;

/// The number of a tag among all possible ones, below [`CODES`]. `None` if it is not made of printable characters.
pub(super) const fn slot(code: [u8; 2]) -> Option<usize> {
    let [first, second] = code;
    if first < FIRST || first > LAST || second < FIRST || second > LAST {
        return None;
    }
    Some((first - FIRST) as usize * PRINTABLE + (second - FIRST) as usize)
}

const FIRST: u8 = b' ';
const LAST: u8 = b'~';
const PRINTABLE: usize = (LAST - FIRST) as usize + 1;

const fn tag(code: &[u8; 2], meaning: Meaning) -> Tag {
    Tag { code: *code, meaning }
}

const fn value(code: &[u8; 2], metric: &str, unit: Unit, decimals: bool) -> Tag {
    let value = Value {
        metric: Metric::named(metric),
        unit,
        decimals,
        segmental: false,
        partner: None,
    };
    tag(code, Meaning::Value(value))
}

/// A value with decimals.
const fn decimal(code: &[u8; 2], metric: &str, unit: Unit) -> Tag {
    value(code, metric, unit, true)
}

/// A value that some or all models send without decimals.
const fn whole(code: &[u8; 2], metric: &str, unit: Unit) -> Tag {
    value(code, metric, unit, false)
}

const fn score(code: &[u8; 2], metric: &str) -> Tag {
    whole(code, metric, Unit::One)
}

impl Tag {
    const fn segmental(self) -> Self {
        let Meaning::Value(mut value) = self.meaning else {
            panic!("only measurements belong to a segment")
        };
        value.segmental = true;
        Self {
            code: self.code,
            meaning: Meaning::Value(value),
        }
    }

    const fn with_partner(self, code: &[u8; 2]) -> Self {
        let Meaning::Value(mut value) = self.meaning else {
            panic!("only resistance and reactance have partners")
        };
        value.partner = Some(*code);
        Self {
            code: self.code,
            meaning: Meaning::Value(value),
        }
    }
}

const GENERAL: &[Tag] = &[
    tag(b"{0", Meaning::Control),
    tag(b"~0", Meaning::UnitSetCompanion),
    tag(b"~1", Meaning::UnitSet),
    tag(b"~2", Meaning::Control),
    tag(b"~3", Meaning::Control),
    tag(b"MO", Meaning::Model),
    tag(b"SN", Meaning::Serial),
    tag(b"ID", Meaning::SubjectNumber),
    tag(b"CC", Meaning::Card),
    tag(b"St", Meaning::Status),
    tag(b"Da", Meaning::Date),
    tag(b"DA", Meaning::Date),
    tag(b"DT", Meaning::Date),
    tag(b"DB", Meaning::BirthDate),
    tag(b"TI", Meaning::Time),
    tag(b"Ti", Meaning::Time),
    tag(b"Bt", Meaning::BodyType),
    tag(b"GE", Meaning::Gender),
    tag(b"AG", Meaning::Age),
    tag(b"AL", Meaning::ActivityLevel),
    whole(b"Hm", "height", Unit::Centimetre),
    tag(b"Hf", Meaning::HeightFeetInches),
    tag(b"Pt", Meaning::ClothesWeight),
    decimal(b"Wk", "body_weight", Unit::Kilogram),
    decimal(b"Wp", "body_weight", Unit::Pound),
    tag(b"Ws", Meaning::WeightStonePounds),
    whole(b"Wg", "body_weight", Unit::Gram),
    whole(b"Gg", "weight_gain", Unit::Gram),
    whole(b"Rg", "memorised_weight", Unit::Gram),
    decimal(b"FW", "fat_percentage", Unit::Percent),
    decimal(b"fW", "fat_mass", Unit::Kilogram),
    decimal(b"MW", "fat_free_mass", Unit::Kilogram),
    decimal(b"mW", "muscle_mass", Unit::Kilogram),
    score(b"sW", "muscle_score"),
    decimal(b"bW", "bone_mass", Unit::Kilogram),
    decimal(b"wW", "water_mass", Unit::Kilogram),
    decimal(b"ww", "water_percentage", Unit::Percent),
    decimal(b"wI", "intracellular_water_mass", Unit::Kilogram),
    decimal(b"wO", "extracellular_water_mass", Unit::Kilogram),
    decimal(b"wo", "extracellular_water_ratio", Unit::Percent),
    decimal(b"MI", "body_mass_index", Unit::KilogramPerSquareMetre),
    decimal(b"Sw", "ideal_weight", Unit::Kilogram),
    decimal(b"OV", "obesity_degree", Unit::Percent),
    decimal(b"Sf", "standard_fat_percentage", Unit::Percent),
    decimal(b"SM", "standard_muscle_mass", Unit::Kilogram),
    score(b"IF", "visceral_fat_rating"),
    score(b"LP", "leg_muscle_score").segmental(),
    whole(b"rB", "basal_metabolic_rate_kcal", Unit::KilocaloriePerDay),
    whole(b"rb", "basal_metabolic_rate_kj", Unit::KilojoulePerDay),
    score(b"rJ", "basal_metabolic_rate_score"),
    whole(b"rA", "metabolic_age", Unit::Year),
    whole(b"rD", "daily_energy_intake_kcal", Unit::KilocaloriePerDay),
    decimal(b"RO", "rohrer_index", Unit::One),
    score(b"BA", "hand_balance").segmental(),
    score(b"BF", "leg_balance").segmental(),
    score(b"Ap", "athlete_index"),
    whole(b"gF", "target_fat_percentage", Unit::Percent),
    decimal(b"gW", "predicted_weight", Unit::Kilogram),
    decimal(b"gf", "predicted_fat_mass", Unit::Kilogram),
    decimal(b"gt", "fat_mass_change", Unit::Kilogram),
    decimal(b"mh", "muscle_mass_per_height2", Unit::KilogramPerSquareMetre),
    decimal(b"mb", "muscle_mass_per_weight", Unit::One),
    decimal(b"ah", "skeletal_muscle_index", Unit::KilogramPerSquareMetre).segmental(),
    decimal(b"ab", "appendicular_muscle_per_weight", Unit::One).segmental(),
    decimal(b"AS", "appendicular_muscle_mass", Unit::Kilogram).segmental(),
    decimal(b"ZF", "impedance_50khz", Unit::Ohm),
    decimal(b"UF", "resistance_both_legs_low", Unit::Ohm).with_partner(b"VF"),
    decimal(b"VF", "reactance_both_legs_low", Unit::Ohm).with_partner(b"UF"),
    tag(b"CS", Meaning::Checksum),
];

/// The six values of a body segment; `$letter` is the second character of their tags.
macro_rules! composition {
    ($letter:literal, $segment:literal) => {
        [
            decimal(&[b'F', $letter], concat!($segment, "_fat_percentage"), Unit::Percent).segmental(),
            decimal(&[b'f', $letter], concat!($segment, "_fat_mass"), Unit::Kilogram).segmental(),
            decimal(&[b'M', $letter], concat!($segment, "_fat_free_mass"), Unit::Kilogram).segmental(),
            decimal(&[b'm', $letter], concat!($segment, "_muscle_mass"), Unit::Kilogram).segmental(),
            score(&[b'S', $letter], concat!($segment, "_fat_score")).segmental(),
            score(&[b's', $letter], concat!($segment, "_muscle_score")).segmental(),
        ]
    };
}

/// Resistance and reactance of a path through the body at each frequency, as pairs of (resistance, reactance) letters.
macro_rules! impedance {
    ($letter:literal, $segment:literal) => {
        impedance!($letter, $segment, b'a' b'c' "1khz", b'G' b'H' "5khz", b'R' b'X' "50khz", b'J' b'K' "250khz",
                   b'L' b'Q' "500khz", b'i' b'j' "1000khz")
    };
    ($letter:literal, $segment:literal, $($r:literal $x:literal $frequency:literal),+) => {
        [$(
            decimal(&[$r, $letter], concat!("resistance_", $segment, "_", $frequency), Unit::Ohm)
                .with_partner(&[$x, $letter]),
            decimal(&[$x, $letter], concat!("reactance_", $segment, "_", $frequency), Unit::Ohm)
                .with_partner(&[$r, $letter]),
        )+]
    };
}

const fn segmental<const N: usize>(mut tags: [Tag; N]) -> [Tag; N] {
    let mut at = 0;
    while at < N {
        tags[at] = tags[at].segmental();
        at += 1;
    }
    tags
}

const COMPOSITION: [[Tag; 6]; 5] = [
    composition!(b'R', "right_leg"),
    composition!(b'L', "left_leg"),
    composition!(b'r', "right_arm"),
    composition!(b'l', "left_arm"),
    composition!(b'T', "trunk"),
];

const SEGMENT_IMPEDANCE: [[Tag; 12]; 6] = [
    segmental(impedance!(b'H', "left_side")),
    segmental(impedance!(b'R', "right_leg")),
    segmental(impedance!(b'L', "left_leg")),
    segmental(impedance!(b'r', "right_arm")),
    segmental(impedance!(b'l', "left_arm")),
    segmental(impedance!(b'F', "both_legs")),
];

const WHOLE_BODY_IMPEDANCE: [Tag; 12] = impedance!(b'M', "whole_body");

const PHASE_ANGLES: [Tag; 7] = [
    decimal(b"pH", "phase_angle_left_side", Unit::Degree).segmental(),
    decimal(b"pR", "phase_angle_right_leg", Unit::Degree).segmental(),
    decimal(b"pL", "phase_angle_left_leg", Unit::Degree).segmental(),
    decimal(b"pr", "phase_angle_right_arm", Unit::Degree).segmental(),
    decimal(b"pl", "phase_angle_left_arm", Unit::Degree).segmental(),
    decimal(b"pF", "phase_angle_both_legs", Unit::Degree).segmental(),
    decimal(b"pM", "phase_angle", Unit::Degree),
];

const GROUPS: &[&[Tag]] = &[
    GENERAL,
    COMPOSITION.as_flattened(),
    SEGMENT_IMPEDANCE.as_flattened(),
    &WHOLE_BODY_IMPEDANCE,
    &PHASE_ANGLES,
];

const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

static TAGS: [Tag; COUNT] = {
    let mut tags = [GENERAL[0]; COUNT];
    let (mut at, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut tag = 0;
        while tag < GROUPS[group].len() {
            tags[at] = GROUPS[group][tag];
            at += 1;
            tag += 1;
        }
        group += 1;
    }
    tags
};

const UNKNOWN: u8 = u8::MAX;

/// For every possible tag its place in [`TAGS`]. A tag that stands there twice is a compile error.
static SLOTS: [u8; CODES] = {
    assert!(COUNT < UNKNOWN as usize, "a place in the table must fit a byte");
    let mut slots = [UNKNOWN; CODES];
    let mut at = 0;
    while at < COUNT {
        let Some(slot) = slot(TAGS[at].code) else {
            panic!("a tag is made of printable characters")
        };
        assert!(slots[slot] == UNKNOWN, "a tag has one meaning");
        slots[slot] = at as u8;
        at += 1;
    }
    slots
};

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    /// Name, kind and unit as the published list has them. Scores are integers there; so are whole numbers of a few units.
    fn described(tag: Tag) -> Json {
        let (name, kind, unit) = match tag.meaning {
            Meaning::Control | Meaning::UnitSetCompanion | Meaning::UnitSet => {
                let name = match &tag.code {
                    b"{0" => "control_0",
                    b"~0" => "control_1",
                    b"~1" => "control_2",
                    b"~2" => "control_3",
                    _ => "control_4",
                };
                (name, "control", None)
            }
            Meaning::Model => ("device_model", "string", None),
            Meaning::Serial => ("device_serial", "string", None),
            Meaning::SubjectNumber => ("subject_number", "string", None),
            Meaning::Card => ("card_id", "string", None),
            Meaning::Status => ("device_status", "enum", None),
            Meaning::Date => ("device_date", "date", None),
            Meaning::BirthDate => ("date_of_birth", "date", None),
            Meaning::Time => ("device_time", "time", None),
            Meaning::BodyType => ("body_type", "enum", None),
            Meaning::Gender => ("gender", "enum", None),
            Meaning::Age => ("age", "integer", Some("a")),
            Meaning::ActivityLevel => ("activity_level", "integer", None),
            Meaning::ClothesWeight => ("clothes_weight", "decimal", Some("kg")),
            Meaning::HeightFeetInches => ("height", "string", Some("ft-in")),
            Meaning::WeightStonePounds => ("body_weight", "string", Some("st-lb")),
            Meaning::Checksum => ("checksum", "checksum", None),
            Meaning::Value(value) => {
                let sent_whole = [b"Hm", b"Wg", b"Gg", b"Rg", b"gF"].contains(&&tag.code);
                let kind = if value.decimals || sent_whole {
                    "decimal"
                } else {
                    "integer"
                };
                let unit = match value.unit {
                    Unit::One => None,
                    Unit::Pound => Some("lb"),
                    unit => Some(unit.ucum()),
                };
                (value.metric.name(), kind, unit)
            }
        };
        let mut described = json!({ "name": name, "kind": kind });
        if let Some(unit) = unit {
            described["unit"] = unit.into();
        }
        described
    }

    #[test]
    fn the_table_is_the_published_list() {
        let published: serde_json::Map<String, Json> =
            serde_json::from_str(include_str!("../../../tests/data/tanita-tags.json")).unwrap();
        assert_eq!(published.len(), 190);
        assert_eq!(TAGS.len(), 190);
        for tag in TAGS {
            let code = str::from_utf8(&tag.code).unwrap();
            assert_eq!(published.get(code), Some(&described(tag)), "{code}");
        }
    }

    #[test]
    fn tags_are_found_by_their_exact_case() {
        for code in [b"Hf", b"HF", b"St", b"ST", b"FR", b"Fr", b"fR", b"fr"] {
            assert_eq!(lookup(*code).unwrap().code, *code);
        }
        assert!(lookup(*b"XY").is_none());
        assert!(lookup([0, 0xff]).is_none());
    }

    #[test]
    fn every_possible_tag_has_a_number_of_its_own_and_nothing_else_has_one() {
        let printable = b' '..=b'~';
        let mut numbers = Vec::new();
        for code in (0..=u16::MAX).map(u16::to_be_bytes) {
            match slot(code) {
                Some(number) => numbers.push(number),
                None => assert!(code.iter().any(|byte| !printable.contains(byte)), "{code:?}"),
            }
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..95 * 95).collect::<Vec<_>>());
        assert_eq!(CODES, 95 * 95);
    }

    #[test]
    fn values_of_the_manuals_with_decimals_are_told_from_those_that_may_come_without() {
        let has_decimals = |code: &[u8; 2]| lookup(*code).unwrap().has_decimals();
        for code in [b"Wk", b"Wp", b"Pt", b"FW", b"MI", b"RH", b"pM"] {
            assert!(has_decimals(code), "{}", code.escape_ascii());
        }
        for code in [
            b"Hm", b"Wg", b"sW", b"IF", b"rB", b"AG", b"GE", b"MO", b"Da", b"St", b"~1", b"CS",
        ] {
            assert!(!has_decimals(code), "{}", code.escape_ascii());
        }
    }

    #[test]
    fn partners_name_each_other() {
        for tag in TAGS {
            let Meaning::Value(Value {
                partner: Some(partner), ..
            }) = tag.meaning
            else {
                continue;
            };
            let Meaning::Value(other) = lookup(partner).unwrap().meaning else {
                panic!("a partner is a measurement")
            };
            assert_eq!(other.partner, Some(tag.code));
        }
    }
}
