//! Names of protocols.

use std::{fmt, str::FromStr};

macro_rules! protocols {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A protocol family as the configuration and the tools name it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Protocol { $($(#[$doc])* $variant,)+ }

        impl Protocol {
            /// Every protocol that this version reads.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

protocols! {
    /// Found out from the bytes, among the families that announce themselves: tagged Tanita, A&D, Toledo.
    Auto = "auto",
    /// Tanita's tagged comma-separated record: MC, DC, SC, BC, WB, BD and HD models, and card files of the BC-601.
    TanitaTagged = "tanita-tagged",
    /// Tanita's PC mode: the host tells the scanner who stands on it and starts the measurement. Experimental.
    TanitaPc = "tanita-pc",
    /// Tanita's comma-separated values without tags: TBF-310, BC-418.
    TanitaPositional = "tanita-positional",
    /// Tanita WB-100 and WB-110, which answer when asked.
    TanitaWb = "tanita-wb",
    /// The weight output of Tanita BC-418.
    TanitaWeight = "tanita-weight",
    /// The link of our own scanner firmware. A session answers the scanner, so it is never chosen unless it is named.
    ScanLink = "scan-link",
    /// Bluetooth Body Composition Measurement.
    SigBcs = "sig-bcs",
    /// Bluetooth Weight Measurement.
    SigWss = "sig-wss",
    /// Xiaomi Mi Body Composition Scale 2.
    Xiaomi = "xiaomi",
    /// A&D scales and indicators, and the many that send the same.
    And = "and",
    /// Toledo continuous output.
    Toledo = "toledo",
    /// Rice Lake 350-10 and its medical line.
    RiceLake = "rice-lake",
    /// Adam MUW and similar printing scales.
    Adam = "adam",
    /// Selvas ACCUNIQ. Experimental.
    Accuniq = "accuniq",
    /// BMH05108 measuring module. Experimental.
    Bmh05108 = "bmh05108",
    /// CAS SW-II, which answers when asked. Experimental.
    Cas = "cas",
    /// The Toledo 8217 protocol of scales at tills, which answer when asked. Experimental.
    Toledo8217 = "toledo-8217",
    /// Doran DS8030 and DS6150. Experimental.
    Doran = "doran",
    /// The RS-232 output of seca 460. Experimental.
    Seca460 = "seca-460",
    /// DBA-310 body composition analyser. Experimental.
    Dba310 = "dba310",
    /// The table that LookinBody exports from InBody devices.
    LookinbodyCsv = "lookinbody-csv",
}

/// What brings the bytes of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A serial line, to a [`Session`](crate::Session).
    Serial,
    /// Bluetooth values, to a [`Joiner`](crate::Joiner).
    Bluetooth,
    /// A file that somebody imports.
    File,
}

impl Protocol {
    /// What brings its bytes.
    pub const fn carrier(self) -> Carrier {
        match self {
            Self::SigBcs | Self::SigWss | Self::Xiaomi => Carrier::Bluetooth,
            Self::LookinbodyCsv => Carrier::File,
            _ => Carrier::Serial,
        }
    }

    /// Whether its layout is what few people saw of few devices, or a page that leaves something open: never chosen unless it is named.
    pub const fn is_experimental(self) -> bool {
        matches!(
            self,
            Self::TanitaPc
                | Self::Accuniq
                | Self::Bmh05108
                | Self::Cas
                | Self::Toledo8217
                | Self::Doran
                | Self::Seca460
                | Self::Dba310
        )
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
        let text = error.to_string();
        assert!(
            text.starts_with("`tanita` is not a protocol; use one of auto, tanita-tagged, "),
            "{text}"
        );
    }
}
