//! What the vocabulary says of a measurement. The rows stand in `table`.
//!
//! Sources of the facts: names of exported metrics as public readers of account exports show them; LOINC codes from loinc.org
//! and public FHIR mappings; plausible ranges are this project's own. Left and right limbs differ in Tanita tags by letter
//! case alone, so nothing here is ever compared without regard to case except the import aliases.

use crate::{Decimal, Unit};

// One row a line, however long: a table is read by columns.
#[rustfmt::skip]
mod table;

pub(crate) use table::{ALIASES, FIRST_OF_SHAPE, VOCABULARY};

/// What the vocabulary says of one measurement.
#[derive(Debug)]
pub struct Entry {
    /// Canonical name: snake case, no unit suffix. Used in configuration, storage and output.
    pub name: &'static str,
    /// English text for people.
    pub label: &'static str,
    /// Metric unit in which the value is stored and uploaded.
    pub unit: Unit,
    /// Decimals shown when a value is computed; a sent value keeps its own.
    pub decimals: u8,
    /// Name in account exports; the REST name is the same in lower case.
    pub export: Option<&'static str>,
    /// Outside of it a value is unusual: a warning.
    pub soft: Option<Range>,
    /// Outside of it a value is impossible: it is left out.
    pub hard: Option<Range>,
    /// Ranges are meant for the absolute value: devices send phase angles with a negative sign.
    pub magnitude: bool,
    /// LOINC code of the quantity.
    pub loinc: Option<Loinc>,
}

/// An inclusive range in the metric unit.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Lowest value inside.
    pub from: Decimal,
    /// Highest value inside.
    pub to: Decimal,
}

impl Range {
    /// Whether `value` lies inside.
    pub fn contains(&self, value: Decimal) -> bool {
        self.from <= value && value <= self.to
    }
}

/// A LOINC code and how well it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loinc {
    /// The code.
    pub code: &'static str,
    /// Whether it means exactly this quantity; a near fit is emitted only on request.
    pub exact: bool,
}

const fn row(name: &'static str, unit: Unit) -> Entry {
    Entry {
        name,
        label: name,
        unit,
        decimals: 1,
        export: None,
        soft: None,
        hard: None,
        magnitude: false,
        loinc: None,
    }
}

const fn kg(name: &'static str) -> Entry {
    row(name, Unit::Kilogram)
}

const fn percent(name: &'static str) -> Entry {
    row(name, Unit::Percent)
}

const fn score(name: &'static str) -> Entry {
    row(name, Unit::One).decimals(0)
}

const fn ohm(name: &'static str) -> Entry {
    row(name, Unit::Ohm)
}

const fn degree(name: &'static str) -> Entry {
    row(name, Unit::Degree)
}

/// A girth or length of a 3D scanner.
const fn girth(name: &'static str, label: &'static str) -> Entry {
    row(name, Unit::Centimetre).label(label)
}

/// Reads a range limit of the table below; a typing error there is a compile error.
const fn limit(text: &str) -> Decimal {
    match Decimal::parse(text.as_bytes()) {
        Ok(value) => value,
        Err(_) => panic!("a range limit of the vocabulary is not a decimal number"),
    }
}

impl Entry {
    const fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    const fn export(mut self, name: &'static str) -> Self {
        self.export = Some(name);
        self
    }

    const fn decimals(mut self, decimals: u8) -> Self {
        self.decimals = decimals;
        self
    }

    const fn soft(mut self, from: &str, to: &str) -> Self {
        self.soft = Some(Range {
            from: limit(from),
            to: limit(to),
        });
        self
    }

    const fn hard(mut self, from: &str, to: &str) -> Self {
        self.hard = Some(Range {
            from: limit(from),
            to: limit(to),
        });
        self
    }

    const fn magnitude(mut self) -> Self {
        self.magnitude = true;
        self
    }

    const fn loinc(mut self, code: &'static str) -> Self {
        self.loinc = Some(Loinc { code, exact: true });
        self
    }

    const fn loinc_near(mut self, code: &'static str) -> Self {
        self.loinc = Some(Loinc { code, exact: false });
        self
    }
}
