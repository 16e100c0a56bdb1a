//! Names of protocols.

use std::{fmt, str::FromStr};

/// A protocol family as the configuration and the tools name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Found out from the bytes. The tagged Tanita format announces itself by its first three bytes, so it is what is looked for.
    Auto,
    /// Tanita's tagged comma-separated record: MC, DC, SC, BC, WB, BD and HD models, and card files of the BC-601.
    TanitaTagged,
}

impl Protocol {
    /// Every protocol that this version reads.
    pub const ALL: &[Self] = &[Self::Auto, Self::TanitaTagged];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::TanitaTagged => "tanita-tagged",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no protocol of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a protocol; use one of {}", known())]
pub struct UnknownProtocol {
    name: String,
}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL
            .iter()
            .copied()
            .find(|protocol| protocol.name() == name)
            .ok_or_else(|| UnknownProtocol { name: name.to_owned() })
    }
}

fn known() -> String {
    let names: Vec<_> = Protocol::ALL.iter().map(|protocol| protocol.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_is_found_by_its_name() {
        for &protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "tanita".parse::<Protocol>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`tanita` is not a protocol; use one of auto, tanita-tagged"
        );
    }
}
