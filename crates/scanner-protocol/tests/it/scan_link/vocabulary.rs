//! The link's numbers and the vocabulary's names are one list.

use std::collections::BTreeSet;

use firmware_protocol::MetricId;
use scan_model::Metric;

#[test]
fn every_number_of_the_link_has_its_name_in_the_vocabulary_and_every_name_its_number() {
    let link: BTreeSet<_> = MetricId::all().iter().map(|known| known.name).collect();
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

/// Firmware sends the unit that the link's table names. The vocabulary must never mean another one by the same name.
#[test]
fn the_units_are_those_that_firmware_was_told() {
    for known in MetricId::all() {
        let metric: Metric = known.name.parse().unwrap();
        assert_eq!(metric.unit().ucum(), known.unit, "{}", known.name);
    }
}
