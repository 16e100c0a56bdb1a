//! Which records came lately.

use std::{collections::VecDeque, time::Duration};

use scan_model::{DeviceTime, Record};

use crate::{Options, Protocol, Tick};

/// A record that comes again within this time is a repeat.
const WINDOW: Duration = Duration::from_secs(600);
/// A measurement takes a person half a minute: within the window this is more than a scanner can make.
const MOST: usize = 64;

/// Names a result by the whole of its bytes, for a device that says its last result again and again without a name or a time: also
/// after a restart of the host it is then known for the same. FNV-1a, 64 bits.
pub(crate) fn fingerprint(protocol: Protocol, result: &[u8]) -> String {
    let hash = result.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{protocol}/{hash:016x}")
}

/// The records of the last ten minutes.
#[derive(Debug)]
pub(crate) struct Repeats {
    /// Whether it matters that a record came before.
    drop_repeats: bool,
    recent: VecDeque<(Tick, Identity)>,
}

/// How a record compares with earlier ones.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    New,
    /// The same measurement again: the device's time and all else is equal, or the result's name is.
    Repeat,
    /// The same bytes from a device without a clock: a repeat, or two people who weigh the same.
    PerhapsRepeat,
}

#[derive(PartialEq, Eq)]
enum Identity {
    /// The device, or the whole of its bytes, names the result.
    Named(String),
    /// All bytes: a checksum of two digits and a clock that shows minutes alone do not tell two people apart.
    Bytes(Vec<u8>),
}

/// Prints nothing: it holds a person's number and values.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Repeats {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            drop_repeats: options.drop_repeats,
            recent: VecDeque::new(),
        }
    }

    /// Compares `record` with those of the last ten minutes and remembers it. Every record is new where the options say so.
    pub(crate) fn compare(&mut self, now: Tick, record: &Record) -> Novelty {
        if !self.drop_repeats {
            return Novelty::New;
        }
        while self.recent.front().is_some_and(|(at, _)| now.since(*at) > WINDOW) {
            self.recent.pop_front();
        }
        let identity = match &record.result_id {
            Some(id) => Identity::Named(id.clone()),
            // Copies of Tanita records may end in a brace, which the device does not send.
            None => Identity::Bytes(record.raw.strip_suffix(b"}").unwrap_or(&record.raw).to_vec()),
        };
        let earlier = self.recent.iter().position(|(_, earlier)| *earlier == identity);
        let novelty = match (earlier, &identity, record.device_time) {
            (None, ..) => Novelty::New,
            (Some(_), Identity::Named(_), _) | (Some(_), Identity::Bytes(_), DeviceTime::Reported(_)) => {
                Novelty::Repeat
            }
            (Some(_), Identity::Bytes(_), DeviceTime::Absent | DeviceTime::Invalid) => Novelty::PerhapsRepeat,
        };
        // A device that repeats itself for an hour is compared with its last repetition, not with its first.
        if let Some(at) = earlier {
            self.recent.remove(at);
        }
        if self.recent.len() == MOST {
            self.recent.pop_front();
        }
        self.recent.push_back((now, identity));
        novelty
    }
}
