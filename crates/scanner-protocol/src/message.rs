//! Frames that are no result.

use std::fmt;

/// A whole frame that is no result: a state, a request, counts of a converter. Only tools look at them. `Debug` prints the names of
/// its fields alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// What it says, by name, in the order sent.
    pub fields: Vec<(&'static str, String)>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.fields.iter().map(|(name, _)| name))
            .finish()
    }
}
