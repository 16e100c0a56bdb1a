//! Values of Bluetooth scales. They are no stream: each comes whole, with the characteristic it belongs to. A [`Joiner`] puts the
//! values of one weighing together.
//!
//! Layouts: Body Composition Service 1.0, Weight Scale Service 1.0, User Data Service 1.0 of the Bluetooth SIG; the Xiaomi layout as
//! its owners captured it.

mod cursor;
mod derived;
mod joiner;
mod sig;
pub(crate) mod user_data;
mod waiting;
pub(crate) mod xiaomi;

pub use joiner::Joiner;
pub(crate) use sig::raw_tags;

use scan_model::{Record, consistency};

use crate::{Event, Options, Tick, fault::Fault};

/// A characteristic that carries weighings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Characteristic {
    /// 2A9C, of the Body Composition Service. Xiaomi scales use it for a layout of their own.
    BodyComposition = 0x9c,
    /// 2A9D, of the Weight Scale Service.
    Weight = 0x9d,
}

impl Characteristic {
    /// The most bytes that a value has: every flag set that the standard gives a meaning.
    pub const fn longest(self) -> usize {
        match self {
            // Flags, fat percentage, time, user, nine fields of two bytes.
            Self::BodyComposition => 2 + 2 + 7 + 1 + 9 * 2,
            // Flags, weight, time, user, body mass index and height.
            Self::Weight => 1 + 2 + 7 + 1 + 2 * 2,
        }
    }

    /// How many bytes behind its last field `value` has. The standard lets a reader ignore them; `None` if the value is shorter than its
    /// flags promise.
    pub fn surplus(self, value: &[u8]) -> Option<usize> {
        let described = sig::described(self, value).ok()?;
        Some(value.len() - described)
    }
}

/// The record of one value alone.
///
/// # Errors
/// The value is shorter than its flags promise.
pub(crate) fn record(characteristic: Characteristic, value: &[u8]) -> Result<Record, Fault> {
    let decoded = sig::decode(characteristic, value)?;
    let mut record = decoded.into_record(&sig::pack(characteristic, value));
    consistency::check(&mut record);
    Ok(record)
}

/// The record that was made of these values, once more.
pub(crate) fn record_again(raw: &[u8]) -> Option<Record> {
    let mut joiner = Joiner::new(Options::default());
    for (characteristic, value) in sig::packed(raw) {
        joiner.handle_value(Tick(0), characteristic, value);
    }
    joiner.handle_disconnected(Tick(0));
    std::iter::from_fn(|| joiner.poll_event()).find_map(|event| match event {
        Event::Record(record) => Some(*record),
        _ => None,
    })
}
