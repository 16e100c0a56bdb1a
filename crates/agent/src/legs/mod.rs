//! Shows on the board how the ways out are: one module a leg.

pub(crate) mod broker;
pub(crate) mod clock;
pub(crate) mod cloud;
pub(crate) mod disk;
