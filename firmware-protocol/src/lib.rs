#![no_std]
#![doc = include_str!("../README.md")]

#[cfg(test)]
extern crate std;

mod codes;
mod decimal;
mod endpoint;
pub mod frame;
mod listener;
mod message;
mod metric;
mod record;
mod store;
mod time;
mod wire;

pub use codes::{BodyType, Completeness, Fault, Frequency, LogLevel, Refusal, ScanKind, Segment, Sex, Stage};
pub use decimal::{Decimal, TooManyDecimals};
pub use endpoint::{CloseReason, Counters, Device, DeviceEvent, Host, HostEvent, LineConfig, NotSent, Received};
pub use frame::Side;
pub use listener::{Heard, Listener};
pub use message::{
    Capabilities, Clock, DeviceId, DeviceMessage, Ending, HostMessage, Identity, MAX_LOG, MAX_MESSAGE, MessageError,
    Progress, ResultHead, ResultKey, ResultNumber, ScanRef, Start, Subject, VERSIONS, VersionRange, text,
};
pub use metric::{KnownMetric, MetricId};
pub use record::{Impedance, Item, Items, MAX_RECORD, Record, RecordError, RecordFull, RecordHeader, RecordWriter};
pub use store::{RamStore, ResultStore, StoreFull, Waiting};
pub use time::Instant;
