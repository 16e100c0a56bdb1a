//! The table of measurements for firmware authors.

use std::fmt::Write as _;

use firmware_protocol::*;

use super::compare;

const ABOUT: &str = "\
# Measurements of scan-link

What stands in section 1 of a record (`SPEC.md`, section 5.3): the number of each measurement, its name, and the unit in which its value is
sent. Generated from `src/metric.rs`; a test compares, and another one compares with the vocabulary of the bridge. The table is append-only.

Units are UCUM codes: `1` is a plain number, `a` years, `deg` degrees, `Ohm` ohms, `L` litres, `/d` by day. A value is a decimal with as many
digits as the scanner measures; what is not measured is left out. Where nothing is said of a sign, values are not negative.

| number | name | unit | |
| --- | --- | --- | --- |
";

#[test]
fn the_table_of_measurements_is_that_of_the_crate() {
    let mut text = ABOUT.to_owned();
    for KnownMetric { id, name, unit, remark } in MetricId::all() {
        writeln!(text, "| {} | {name} | {unit} | {remark} |", id.0).unwrap();
    }
    compare("METRICS.md", &text);
}
