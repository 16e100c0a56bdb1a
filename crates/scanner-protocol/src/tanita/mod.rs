//! Tanita. Three generations share the brand and little else; each has its own module.

pub(crate) mod pc_mode;
pub(crate) mod positional;
pub(crate) mod tagged;
pub(crate) mod weighing;
