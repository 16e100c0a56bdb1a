//! Names of measurements.

use std::{borrow::Cow, collections::HashMap, fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use crate::vocabulary::{Entry, Loinc, Range};
use crate::{
    Decimal, Unit,
    vocabulary::{ALIASES, FIRST_OF_SHAPE, VOCABULARY},
};

/// One measurement of the vocabulary. Printed and serialised as its canonical name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metric(u8);

/// A name that the vocabulary does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name of the measurement vocabulary")]
pub struct UnknownMetric;

impl Metric {
    /// Weight, with the weight of clothes already deducted.
    pub const BODY_WEIGHT: Self = Self::named("body_weight");
    /// Height.
    pub const HEIGHT: Self = Self::named("height");

    /// The metric with this canonical name, for constants: a wrong name is a compile error there.
    ///
    /// # Panics
    /// If the vocabulary does not have the name.
    pub const fn named(name: &str) -> Self {
        let mut at = 0;
        while at < VOCABULARY.len() {
            if same(VOCABULARY[at].name.as_bytes(), name.as_bytes()) {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a test keeps the vocabulary below 256 entries"
                )]
                return Self(at as u8);
            }
            at += 1;
        }
        panic!("not a name of the measurement vocabulary")
    }

    /// Every metric, in the order of the vocabulary.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(VOCABULARY.len()).map(Self)
    }

    /// The metric that an outside program means by `name`: canonical, REST and export names and the import aliases, compared
    /// without case, blanks, `_` and `-`.
    pub fn from_alias(name: &str) -> Option<Self> {
        static NAMES: LazyLock<HashMap<String, Metric>> = LazyLock::new(|| {
            let mut names = HashMap::new();
            for metric in Metric::all() {
                names.insert(folded(metric.name()), metric);
                if let Some(export) = metric.entry().export {
                    names.insert(folded(export), metric);
                }
            }
            for (alias, name) in ALIASES {
                names.insert((*alias).to_owned(), Metric::named(name));
            }
            names
        });
        NAMES.get(&folded(name)).copied()
    }

    /// Its place in the vocabulary, below 256.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// What the vocabulary says of it.
    pub fn entry(self) -> &'static Entry {
        VOCABULARY[usize::from(self.0)]
    }

    /// Canonical name.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The unit in which it is stored and uploaded.
    pub fn unit(self) -> Unit {
        self.entry().unit
    }

    /// Whether it is a girth, a length or else of a body's shape, as optical scanners measure it, with a weight or without.
    pub fn is_shape(self) -> bool {
        self.index() >= FIRST_OF_SHAPE
    }

    /// Name on the REST wire: the export name in lower case, else the canonical name without underscores.
    pub fn rest_name(self) -> String {
        match self.entry().export {
            Some(export) => export.to_ascii_lowercase(),
            None => self.name().replace('_', ""),
        }
    }

    /// Whether `value`, in the metric unit, can be true at all. A value that cannot is left out and flagged.
    pub fn is_plausible(self, value: Decimal) -> bool {
        self.entry().hard.is_none_or(|range| range.contains(self.ranged(value)))
    }

    /// Whether `value`, in the metric unit, is an everyday one. Outside, a server warns.
    pub fn is_usual(self, value: Decimal) -> bool {
        self.entry().soft.is_none_or(|range| range.contains(self.ranged(value)))
    }

    fn ranged(self, value: Decimal) -> Decimal {
        if self.entry().magnitude { value.abs() } else { value }
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        Self::all().find(|metric| metric.name() == name).ok_or(UnknownMetric)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_one_metric_and_every_metric_fits_a_byte() {
        let names: HashSet<_> = Metric::all().map(Metric::name).collect();
        assert_eq!(names.len(), VOCABULARY.len());
        assert!(VOCABULARY.len() < 256);
        let rest: HashSet<_> = Metric::all().map(Metric::rest_name).collect();
        assert_eq!(rest.len(), VOCABULARY.len());
        for metric in Metric::all() {
            assert_eq!(metric.name().parse(), Ok(metric));
            assert_eq!(Metric::from_alias(&metric.rest_name()), Some(metric), "{metric}");
        }
    }

    #[test]
    fn outside_names_are_understood_without_case_blanks_and_dashes() {
        for name in ["Right_Leg Muscle-Mass", "RightLegMuscleMass", "rightlegmusclemass"] {
            assert_eq!(Metric::from_alias(name), Some(Metric::named("right_leg_muscle_mass")));
        }
        assert_eq!(Metric::from_alias("BMI"), Some(Metric::named("body_mass_index")));
        assert_eq!(Metric::from_alias("shoe size"), None);
    }

    #[test]
    fn girths_are_of_the_shape_and_heights_are_not() {
        for (name, is_shape) in [
            ("neck_girth", true),
            ("body_surface_area", true),
            ("height", false),
            ("body_weight", false),
        ] {
            assert_eq!(Metric::named(name).is_shape(), is_shape, "{name}");
        }
    }

    #[test]
    fn a_phase_angle_is_plausible_by_its_magnitude() {
        let phase = Metric::named("phase_angle_left_side");
        assert!(phase.is_plausible("-7.8".parse().unwrap()));
        assert!(!phase.is_plausible("-31".parse().unwrap()));
        assert!(!Metric::BODY_WEIGHT.is_plausible("0.1".parse().unwrap()));
    }
}
