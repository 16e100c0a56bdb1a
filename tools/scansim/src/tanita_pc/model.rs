//! Which scanner it is.

use std::fmt;
use std::str::FromStr;

/// A model that has a PC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PcModel {
    /// MC-780: starts with `G`.
    Mc780,
    /// MC-980: the same.
    Mc980,
    /// DC-320: starts with `G0`, weighs alone with `F0`, tells how far it is, and answers `F2` when the person has stepped off.
    Dc320,
    /// DC-430: starts with `G0`.
    Dc430,
    /// BC-418: reset with the byte 1F, starts with `G1`, sends values without tags.
    Bc418,
}

/// A name that is no model's.
#[derive(Debug, thiserror::Error)]
#[error("unknown model `{name}`: one of {}", PcModel::ALL.map(PcModel::name).join(", "))]
pub struct UnknownModel {
    name: String,
}

impl PcModel {
    /// Every model.
    pub const ALL: [Self; 5] = [Self::Mc780, Self::Mc980, Self::Dc320, Self::Dc430, Self::Bc418];

    /// The name as it is printed on the scanner.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mc780 => "MC-780",
            Self::Mc980 => "MC-980",
            Self::Dc320 => "DC-320",
            Self::Dc430 => "DC-430",
            Self::Bc418 => "BC-418",
        }
    }

    /// The order that starts a whole measurement, and the answer to it.
    pub(super) fn start(self) -> (&'static str, &'static str) {
        match self {
            Self::Mc780 | Self::Mc980 => ("G", "G"),
            Self::Dc320 | Self::Dc430 => ("G0", "@"),
            Self::Bc418 => ("G1", "G1"),
        }
    }
}

impl fmt::Display for PcModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PcModel {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<Self, UnknownModel> {
        Self::ALL
            .into_iter()
            .find(|model| model.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownModel { name: name.to_owned() })
    }
}
