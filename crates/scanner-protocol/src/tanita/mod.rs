//! Tanita. Three generations share the brand and little else; each has its own module.

pub(crate) mod tagged;
