//! What to try next where bytes gave nothing, or less than is in them.

use std::path::Path;

use scanner_protocol::{Carrier, Decoded, PositionalModel, Protocol, RejectReason, identify::Unidentified};

use crate::output;

/// What came of the bytes of a port or a file.
pub(crate) struct Looked<'a> {
    pub(crate) path: &'a Path,
    pub(crate) looker: Looker,
    pub(crate) protocol: Protocol,
    pub(crate) model: Option<PositionalModel>,
    /// The file is hexadecimal text, which `scandiag identify` does not take.
    pub(crate) is_dump: bool,
    /// All that there were.
    pub(crate) bytes: u64,
    /// Units that were decoded.
    pub(crate) good: u64,
    /// Some were refused as [`needs_model`] says.
    pub(crate) needs_model: bool,
}

/// Who looks at bytes in the protocol that it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looker {
    /// `scandiag decode`, of a file.
    Decode,
    /// `scandiag sniff`, of a port.
    Sniff,
}

/// Whether `unit` was refused although it is a record of a scanner whose model is known.
pub(crate) fn needs_model(unit: &Decoded) -> bool {
    let Err(rejected) = &unit.outcome else {
        return false;
    };
    // A date, a time and a weight.
    unit.protocol == Protocol::TanitaPositional
        && rejected.reason == RejectReason::WrongFieldCount
        && rejected.raw.iter().filter(|&&byte| byte == b',').count() == 2
}

/// That a file seems to be a dump; `remedy` is what to do then.
pub(crate) fn hexadecimal(path: &Path, remedy: &str) -> String {
    format!(
        "`{}` holds nothing but hexadecimal text; if that is a dump of the bytes, {remedy}",
        path.display()
    )
}

/// Which protocols nobody recognises, and how they are tried.
pub(crate) fn by_name_alone(looker: Looker) -> String {
    let command = match looker {
        Looker::Decode => "decode",
        Looker::Sniff => "sniff",
    };
    let names: Vec<_> = Protocol::ALL
        .iter()
        .filter(|protocol| protocol.is_experimental())
        .map(|protocol| protocol.name())
        .collect();
    format!(
        "experimental families are known by their names alone: `scandiag {command} --protocol NAME`, and NAME is {}",
        names.join(", ")
    )
}

impl Looked<'_> {
    /// Says to the person what there is to say. Nothing where all is well.
    pub(crate) fn hint(&self) {
        let path = self.path.display();
        if self.bytes == 0 {
            output::note(&match self.looker {
                Looker::Decode => format!("`{path}` is empty"),
                Looker::Sniff => self.silence(),
            });
            return;
        }
        if self.needs_model && self.model.is_none() {
            output::note(
                "a line of three fields counts where the scanner is known to be a TBF-310: say `--model TBF-310`, as the agent is told by \
                 `model = \"TBF-310\"`",
            );
        } else if self.good == 0 && self.protocol.carrier() == Carrier::Serial {
            let by_name = by_name_alone(self.looker);
            output::note(&match (self.protocol, self.is_dump) {
                (Protocol::Auto, false) => {
                    format!(
                        "try `scandiag identify {path}`: it knows families that `--protocol auto` does not; {by_name}"
                    )
                }
                (Protocol::Auto, true) => by_name,
                (named, false) => {
                    format!("try `scandiag identify {path}`: the bytes may be of another family than {named}")
                }
                (named, true) => format!("try `--protocol auto`: the bytes may be of another family than {named}"),
            });
        }
    }

    fn silence(&self) -> String {
        let (path, protocol) = (self.path.display(), self.protocol);
        let asks = match protocol {
            Protocol::TanitaWb | Protocol::TanitaPc => format!("`scandiag identify --probe {path}` asks"),
            Protocol::Cas | Protocol::Toledo8217 => "the agent asks".to_owned(),
            Protocol::Dba310 => "another program has to ask".to_owned(),
            _ => {
                return format!(
                    "{path}: {}; `scandiag identify {path}` listens at other settings",
                    Unidentified::Silence
                );
            }
        };
        format!(
            "{path}: nothing was heard; a device of {protocol} speaks when it is asked, and sniff never writes: {asks}"
        )
    }
}
