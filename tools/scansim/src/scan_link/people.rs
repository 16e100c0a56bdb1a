//! The people who step on: those whose results were published.

use firmware_protocol::{
    BodyType, Completeness, Decimal, Frequency, Impedance, MetricId, RecordFull, RecordWriter, Segment, Sex, Subject,
};
use serde_json::{Map, Value};

/// The records with their decoded values: no parser of this project is asked what they mean.
const PUBLISHED: &str = include_str!("../../../../tests/captures/tanita-tagged.json");

/// Who comes, in turn: a full result with impedances, two without, and somebody who was weighed alone. All in metric units.
const WHO: [&str; 4] = [
    "mc780-2019-adult-male",
    "sc330-2014-adult-male",
    "bc601-2025-male",
    "mc780a-2026-weight-only",
];

/// Somebody, and what a scanner finds out about them.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id of the published record.
    pub id: &'static str,
    /// What the scanner is told.
    pub subject: Subject,
    /// Whether everything was measured.
    pub completeness: Completeness,
    /// The values, with the published digits.
    pub values: Vec<(MetricId, Decimal)>,
    /// The raw impedances.
    pub impedances: Vec<Impedance>,
}

/// Everybody who comes, in turn.
pub fn published() -> Vec<Person> {
    let file: Value = serde_json::from_str(PUBLISHED).unwrap_or_default();
    let cases = file["cases"].as_array();
    let fields_of = |id: &str| {
        let case = cases?.iter().find(|case| case["id"] == id)?;
        case["expect"]["fields"].as_object()
    };
    WHO.iter()
        .filter_map(|id| Some(Person::new(id, fields_of(id)?)))
        .collect()
}

impl Person {
    fn new(id: &'static str, fields: &Map<String, Value>) -> Self {
        let values: Vec<_> = fields
            .iter()
            .filter_map(|(name, field)| Some((MetricId::from_name(name)?, decimal(field)?)))
            .filter(|(metric, _)| !is_impedance(*metric))
            .collect();
        let is_weight_alone = !values.iter().any(|(metric, _)| *metric == MetricId::FAT_PERCENTAGE);
        Self {
            id,
            subject: subject(fields),
            completeness: if is_weight_alone {
                Completeness::WeightOnly
            } else {
                Completeness::Full
            },
            values,
            impedances: paths().filter_map(|path| impedance(fields, path)).collect(),
        }
    }

    /// Writes what a scanner finds out; of somebody who has no good contact, the weight.
    ///
    /// # Errors
    /// [`RecordFull`] if the buffer is too small.
    pub(super) fn measure(&self, completeness: Completeness, record: &mut RecordWriter<'_>) -> Result<(), RecordFull> {
        let weight_alone = completeness == Completeness::WeightOnly;
        for &(metric, value) in &self.values {
            if !weight_alone || metric == MetricId::BODY_WEIGHT {
                record.value(metric, value)?;
            }
        }
        let impedances = self.impedances.iter().filter(|_| !weight_alone);
        impedances
            .copied()
            .try_for_each(|impedance| record.impedance(impedance))
    }
}

fn subject(fields: &Map<String, Value>) -> Subject {
    let code = |name: &str| fields.get(name)?["code"].as_str();
    let value = |name: &str| decimal(fields.get(name)?);
    Subject {
        sex: code("gender").map(|code| if code == "1" { Sex::Male } else { Sex::Female }),
        age: value("age").and_then(|age| u8::try_from(age.mantissa()).ok()),
        height: value("height"),
        body_type: code("body_type").map(|code| {
            if code == "0" {
                BodyType::Standard
            } else {
                BodyType::Athlete
            }
        }),
        clothes_weight: value("clothes_weight"),
        activity_level: value("activity_level").and_then(|level| u8::try_from(level.mantissa()).ok()),
        ..Subject::default()
    }
}

fn paths() -> impl Iterator<Item = (Segment, Frequency)> {
    let of_segment = |&segment: &Segment| Frequency::KNOWN.iter().map(move |&frequency| (segment, frequency));
    Segment::KNOWN.iter().flat_map(of_segment)
}

fn impedance(fields: &Map<String, Value>, (segment, frequency): (Segment, Frequency)) -> Option<Impedance> {
    let [resistance, reactance] = MetricId::impedance(segment, frequency)?;
    let value = |metric: MetricId| decimal(fields.get(metric.name()?)?);
    Some(Impedance {
        segment,
        frequency,
        resistance: value(resistance)?,
        reactance: value(reactance)?,
    })
}

fn is_impedance(metric: MetricId) -> bool {
    paths()
        .filter_map(|(segment, frequency)| MetricId::impedance(segment, frequency))
        .any(|pair| pair.contains(&metric))
}

/// The published digits, of a code too.
fn decimal(field: &Value) -> Option<Decimal> {
    let text = field["value"].as_str().or(field["code"].as_str())?;
    let scale = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let mantissa = text.replace('.', "").parse().ok()?;
    Decimal::try_new(mantissa, u8::try_from(scale).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_brings_the_published_digits_and_nothing_else() {
        let people = published();
        assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), WHO);
        let sizes: Vec<_> = people
            .iter()
            .map(|person| (person.values.len(), person.impedances.len()))
            .collect();
        // Counted in the file: everything but what is told of device and person.
        assert_eq!(sizes, [(66, 18), (19, 0), (20, 0), (1, 0)]);
        let first = &people[0];
        let weight = first
            .values
            .iter()
            .find(|(metric, _)| *metric == MetricId::BODY_WEIGHT)
            .expect("weighed");
        assert_eq!(weight.1.to_string(), "87.3");
        let arm = first
            .impedances
            .iter()
            .find(|path| (path.segment, path.frequency) == (Segment::RightArm, Frequency::Khz50))
            .expect("measured");
        assert_eq!(
            (arm.resistance.to_string(), arm.reactance.to_string()),
            ("287.1".into(), "-37.2".into())
        );
        assert_eq!((first.subject.sex, first.subject.age), (Some(Sex::Male), Some(28)));
        assert_eq!(people[3].completeness, Completeness::WeightOnly);
    }
}
