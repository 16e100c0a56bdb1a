//! What a scan means: measurements and their units, the record a device sent, the reading the cloud gets, the progress of
//! a scan and the state of the agent as others may see it.
//!
//! Everything here is a value or a pure function. There is no I/O, no clock and no task: the time is always an argument.
//! Raw bytes become records in `scanner-protocol`; readings become HTTP bodies in `uploader`.

#![forbid(unsafe_code)]

pub mod age;
pub mod board;
pub mod consistency;
pub mod decimal;
pub mod flag;
pub mod id;
pub mod metric;
pub mod parcel;
pub mod progress;
pub mod reading;
pub mod record;
pub mod subject;
pub mod unit;
mod vocabulary;

pub use age::Age;
pub use decimal::Decimal;
pub use flag::Flag;
pub use id::{Name, ScanId};
pub use metric::Metric;
pub use parcel::Parcel;
pub use reading::Reading;
pub use record::{DeviceTime, Integrity, Record};
pub use unit::Unit;
