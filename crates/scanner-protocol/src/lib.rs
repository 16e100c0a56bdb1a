//! From a scanner's bytes to records: one sans-IO session per protocol family.
//!
//! A [`Session`] owns no port, no clock and no task. Bytes and the time go in, events, bytes to write and the next deadline come
//! out. So a capture from the field is a unit test, the technician's tool replays it through the code that runs at the kiosk, and
//! ten seconds of silence are tested in a microsecond.
//!
//! ```
//! use scanner_protocol::{Event, Options, Protocol, Session, Tick};
//!
//! let mut session = Session::new(Protocol::TanitaTagged, Options::default());
//! session.handle_bytes(Tick(0), b"{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n");
//! while let Some(event) = session.poll_event() {
//!     if let Event::Record(record) = event {
//!         assert_eq!(record.measurements[0].value.to_string(), "165.4");
//!     }
//! }
//! ```

#![forbid(unsafe_code)]

mod accuniq;
mod auto;
mod bluetooth;
mod bmh05108;
mod command;
mod counters;
mod dba310;
mod decode;
mod event;
mod fault;
pub mod identify;
mod message;
mod onlooker;
mod output;
mod protocol;
mod repeats;
mod scales;
mod scan_link;
mod session;
mod stream;
mod tanita;
mod time;
mod trouble;
mod weight;

pub use bluetooth::{Characteristic, Joiner, user_data::consent};
pub use command::{Command, RecordId, Refused, StartScan, Ticket, Transmit};
pub use counters::Counters;
pub use decode::{Decoded, Decoding, decode_again, decode_all, decode_capture, decode_value, raw_tags};
pub use event::{DeviceError, Event, RejectReason, Rejected};
pub use message::Message;
pub use onlooker::Onlooker;
pub use protocol::{Carrier, Protocol, UnknownProtocol};
pub use session::{Capabilities, LineEvent, Options, Session};
pub use stream::Content;
pub use tanita::{pc_mode::PcDialect, positional::PositionalModel};
pub use time::Tick;
pub use weight::{Weight, WeightMode};
