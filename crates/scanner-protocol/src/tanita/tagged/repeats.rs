//! Which records came lately.

use std::{collections::VecDeque, time::Duration};

use jiff::civil::DateTime;
use scan_model::{DeviceTime, Record};

use crate::Tick;

/// A record that comes again within this time is a repeat.
const WINDOW: Duration = Duration::from_secs(600);
/// A measurement takes a person half a minute: within the window this is more than a scanner can make.
const MOST: usize = 64;

/// The records of the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    recent: VecDeque<(Tick, Identity)>,
}

/// How a record compares with earlier ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    New,
    /// The same measurement again: its time, its device and its checksum are equal.
    Repeat,
    /// The same bytes from a device without a clock: a repeat, or two people who weigh the same.
    PerhapsRepeat,
}

#[derive(PartialEq, Eq)]
enum Identity {
    Timed {
        model: Option<String>,
        serial: Option<String>,
        number: Option<String>,
        time: DateTime,
        checksum: Option<[u8; 2]>,
    },
    Untimed(Vec<u8>),
}

/// Prints nothing: it holds a person's number and values.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Repeats {
    /// Compares `record` with those of the last ten minutes and remembers it.
    pub(super) fn compare(&mut self, now: Tick, record: &Record) -> Novelty {
        while self.recent.front().is_some_and(|(at, _)| now.since(*at) > WINDOW) {
            self.recent.pop_front();
        }
        let identity = Identity::of(record);
        let earlier = self.recent.iter().position(|(_, earlier)| *earlier == identity);
        let novelty = match (earlier, &identity) {
            (None, _) => Novelty::New,
            (Some(_), Identity::Timed { .. }) => Novelty::Repeat,
            (Some(_), Identity::Untimed(_)) => Novelty::PerhapsRepeat,
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

impl Identity {
    fn of(record: &Record) -> Self {
        match record.device_time {
            DeviceTime::Reported(time) => Self::Timed {
                model: record.device.model.clone(),
                serial: record.device.serial.clone(),
                number: record.subject.number.clone(),
                time,
                checksum: super::pairs::checksum(&record.raw),
            },
            DeviceTime::Absent | DeviceTime::Invalid => Self::Untimed(record.raw.clone()),
        }
    }
}
