//! A Tanita in PC mode: takes orders, is stepped on, measures, and makes the mistakes that people and scanners make.
//!
//! Written from Tanita's instructions for the MC-980 and from what working clients of the other models expect; nothing of
//! it is shared with the code that it tests. The device itself is without ports and clocks: [`TanitaPc`] takes bytes and
//! the time and says what it sends when. [`PcScanner`] puts it on a [`Line`](crate::Line).

mod device;
mod measurement;
mod model;
mod record;
mod scanner;

pub use device::{Quirks, TanitaPc, Violation};
pub use measurement::{Act, Tempo, UnknownAct};
pub use model::{PcModel, UnknownModel};
pub use scanner::{PcScanner, Said};
