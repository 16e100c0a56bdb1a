//! What was counted while listening.

use std::{collections::BTreeMap, fmt};

use scanner_protocol::{Content, Decoded};
use serde::Serialize;

use super::link_frames::LinkFrame;

/// The counters of the summary.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    /// Everything that came.
    pub(super) bytes: u64,
    /// Bytes outside of any unit.
    pub(super) skipped: u64,
    records: u64,
    weights: u64,
    messages: u64,
    /// By reason.
    rejected: BTreeMap<&'static str, u64>,
    /// Of scan-link, by kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    frames: BTreeMap<&'static str, u64>,
    /// Hexadecimal digits, and what is neither such a digit nor a blank.
    #[serde(skip)]
    has_digits: bool,
    #[serde(skip)]
    has_others: bool,
}

impl Tally {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.has_digits |= bytes.iter().any(u8::is_ascii_hexdigit);
        self.has_others |= bytes
            .iter()
            .any(|byte| !byte.is_ascii_hexdigit() && !byte.is_ascii_whitespace());
    }

    /// Whether all that came is hexadecimal text.
    pub(super) const fn is_hexadecimal(&self) -> bool {
        self.has_digits && !self.has_others
    }

    /// Everything that was understood.
    pub(super) fn good(&self) -> u64 {
        self.records + self.weights + self.messages + self.frames.values().sum::<u64>()
    }

    pub(super) fn unit(&mut self, unit: &Decoded) {
        match &unit.outcome {
            Ok(Content::Record(_)) => self.records += 1,
            Ok(Content::Weight(_)) => self.weights += 1,
            Ok(Content::Message(_)) => self.messages += 1,
            Err(rejected) => *self.rejected.entry(rejected.reason.name()).or_default() += 1,
        }
    }

    pub(super) fn frame(&mut self, frame: &LinkFrame) {
        *self.frames.entry(frame.kind()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, skipped {}", self.bytes, self.skipped)?;
        let rejected = self.rejected.values().sum::<u64>();
        // Line ends between units are neither skipped nor of a unit.
        match self.bytes.saturating_sub(self.skipped) {
            rest if rest == 0 || self.skipped == 0 => {}
            rest if self.good() + rejected == 0 => write!(f, ", line ends {rest}")?,
            rest => write!(f, ", units and line ends {rest}")?,
        }
        let units = [
            ("records", self.records),
            ("weights", self.weights),
            ("messages", self.messages),
        ];
        for (name, count) in units.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, ", {name} {count}")?;
        }
        write!(f, ", rejected {rejected}")?;
        list(f, &self.rejected)?;
        if !self.frames.is_empty() {
            write!(f, ", frames {}", self.frames.values().sum::<u64>())?;
            list(f, &self.frames)?;
        }
        Ok(())
    }
}

fn list(f: &mut fmt::Formatter<'_>, counts: &BTreeMap<&str, u64>) -> fmt::Result {
    for (place, (name, count)) in counts.iter().enumerate() {
        let before = if place == 0 { " (" } else { ", " };
        write!(f, "{before}{name} {count}")?;
    }
    f.write_str(if counts.is_empty() { "" } else { ")" })
}
