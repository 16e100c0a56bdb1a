//! The link's numbers and the vocabulary's names are one list.

use std::collections::BTreeSet;

use firmware_protocol::MetricId;
use scan_model::{Metric, Unit};

#[test]
fn every_number_of_the_link_has_its_name_in_the_vocabulary_and_every_name_its_number() {
    let link: BTreeSet<_> = MetricId::all().iter().map(|(_, name)| *name).collect();
    let vocabulary: BTreeSet<_> = Metric::all().map(Metric::name).collect();
    assert_eq!(
        link.difference(&vocabulary).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "no such measurement"
    );
    assert_eq!(
        vocabulary.difference(&link).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "without a number"
    );
    assert_eq!(link.len(), MetricId::all().len());
}

/// Firmware sends the metric unit that SPEC.md names. The vocabulary must never mean another one by the same name.
#[test]
fn the_units_are_those_that_firmware_was_told() {
    for (_, name) in MetricId::all() {
        let metric: Metric = name.parse().unwrap();
        assert_eq!(metric.unit(), unit(name), "{name}");
    }
}

fn unit(name: &str) -> Unit {
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let begins = |begins: &[&str]| begins.iter().any(|begin| name.starts_with(begin));
    match name {
        "body_mass_index" | "skeletal_muscle_index" | "muscle_mass_per_height2" => Unit::KilogramPerSquareMetre,
        "metabolic_age" => Unit::Year,
        "body_volume" => Unit::Litre,
        "body_surface_area" => Unit::SquareMetre,
        "obesity_degree" | "extracellular_water_ratio" => Unit::Percent,
        "height" | "inseam" => Unit::Centimetre,
        "weight_gain" | "fat_mass_change" => Unit::Kilogram,
        _ if ends(&["_kj"]) => Unit::KilojoulePerDay,
        _ if ends(&["_kcal"]) => Unit::KilocaloriePerDay,
        _ if begins(&["resistance_", "reactance_", "impedance_"]) => Unit::Ohm,
        _ if begins(&["phase_angle"]) => Unit::Degree,
        _ if ends(&["_percentage"]) => Unit::Percent,
        _ if ends(&["_mass", "_weight"]) && !name.contains("_per_") => Unit::Kilogram,
        _ if name.contains("_girth") || name.contains("_length") => Unit::Centimetre,
        _ => Unit::One,
    }
}
