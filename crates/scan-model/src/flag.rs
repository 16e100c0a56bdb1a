//! Doubts about a record that travel with the reading.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Metric;

/// A doubt about a record. Printed and serialised as the word the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Fat mass and fat-free mass do not add up to the weight.
    FatSumMismatch,
    /// Muscle and bone do not add up to the fat-free mass.
    MuscleSumMismatch,
    /// The segments' muscle does not add up to the whole.
    SegmentMuscleMismatch,
    /// The segments' fat does not add up to the whole.
    SegmentFatMismatch,
    /// Water inside and outside the cells does not add up to the whole.
    WaterSumMismatch,
    /// The water percentage does not fit the water mass.
    WaterPercentMismatch,
    /// The fat percentage does not fit the fat mass.
    FatPercentMismatch,
    /// The body mass index does not fit weight and height.
    BmiMismatch,
    /// The ideal weight does not fit the height.
    IdealWeightMismatch,
    /// The obesity degree does not fit weight and ideal weight.
    ObesityMismatch,
    /// The two basal metabolic rates do not agree.
    BmrMismatch,
    /// A phase angle does not fit resistance and reactance.
    PhaseAngleMismatch,
    /// The device reported a segmental error; its segments are left out.
    SegmentalError,
    /// A value outside of its hard range was left out.
    Implausible(Metric),
    /// The device's clock showed a time that does not exist.
    DeviceTimeInvalid,
    /// The host's clock was not synchronised when the reading arrived, or it is not certain how long the device had kept it.
    TimeUncertain,
    /// The same values came again from a device without a clock: perhaps a repeat, perhaps another person.
    PossibleDuplicate,
    /// The result does not fit the person who was announced; it went up unassigned.
    SubjectMismatch,
}

const WORDS: [(Flag, &str); 17] = [
    (Flag::FatSumMismatch, "fat_sum_mismatch"),
    (Flag::MuscleSumMismatch, "muscle_sum_mismatch"),
    (Flag::SegmentMuscleMismatch, "segment_muscle_mismatch"),
    (Flag::SegmentFatMismatch, "segment_fat_mismatch"),
    (Flag::WaterSumMismatch, "water_sum_mismatch"),
    (Flag::WaterPercentMismatch, "water_percent_mismatch"),
    (Flag::FatPercentMismatch, "fat_percent_mismatch"),
    (Flag::BmiMismatch, "bmi_mismatch"),
    (Flag::IdealWeightMismatch, "ideal_weight_mismatch"),
    (Flag::ObesityMismatch, "obesity_mismatch"),
    (Flag::BmrMismatch, "bmr_mismatch"),
    (Flag::PhaseAngleMismatch, "phase_angle_mismatch"),
    (Flag::SegmentalError, "segmental_error"),
    (Flag::DeviceTimeInvalid, "device_time_invalid"),
    (Flag::TimeUncertain, "time_uncertain"),
    (Flag::PossibleDuplicate, "possible_duplicate"),
    (Flag::SubjectMismatch, "subject_mismatch"),
];

const IMPLAUSIBLE: &str = "implausible:";

impl Flag {
    /// Whether `quality.ok` is false with this doubt.
    pub const fn spoils_quality(self) -> bool {
        !matches!(
            self,
            Self::DeviceTimeInvalid | Self::TimeUncertain | Self::PossibleDuplicate
        )
    }

    /// Whether values contradict each other or themselves. Whose they are is another question: they may all be true.
    pub const fn is_contradiction(self) -> bool {
        self.spoils_quality() && !matches!(self, Self::SubjectMismatch)
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Implausible(metric) => write!(f, "{IMPLAUSIBLE}{metric}"),
            flag => {
                let word = WORDS
                    .iter()
                    .find(|(known, _)| known == flag)
                    .map_or("", |(_, word)| word);
                f.write_str(word)
            }
        }
    }
}

/// A text that is no flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a quality flag")]
pub struct UnknownFlag;

impl FromStr for Flag {
    type Err = UnknownFlag;

    fn from_str(text: &str) -> Result<Self, UnknownFlag> {
        if let Some(metric) = text.strip_prefix(IMPLAUSIBLE) {
            return metric.parse().map(Self::Implausible).map_err(|_| UnknownFlag);
        }
        WORDS
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(flag, _)| *flag)
            .ok_or(UnknownFlag)
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_survives_its_word() {
        for (flag, word) in WORDS {
            assert_eq!(flag.to_string(), word);
            assert_eq!(word.parse(), Ok(flag));
        }
        assert_eq!("implausible:height".parse(), Ok(Flag::Implausible(Metric::HEIGHT)));
    }
}
