//! PC mode: the host tells the scanner who stands on it, starts the measurement and gets the tagged record back.
//!
//! The facts are from Tanita's PC-mode instructions for the MC-980, as far as they are public, and from working clients of the
//! MC-780, DC-320, DC-430 and BC-418. What neither says is marked *inferred* where it is used. All of it awaits its confirmation on
//! hardware, so no scanner is spoken to in this way unless its configuration says `tanita-pc`.
//!
//! While PC mode is on, **the scanner's own keys are dead**. The session leaves it after five idle minutes and on
//! [`Command::Release`](crate::Command::Release), and enters it again for the next scan. A scanner that does not answer is
//! listened to like one that only sends.
//!
//! From the wire up: [`lines`] tells replies from records, [`reply`] reads a reply, [`order`] writes what the host sends, in the
//! way of a [`dialect`], [`wire`] keeps the pauses between orders, [`person`] is who is measured, [`faults`] says what errors
//! mean, and [`host`] and [`course`] are the conversation, [`session`] joins it with the records. [`transcript`] is for captures.

mod course;
mod dialect;
mod faults;
mod host;
mod lines;
mod order;
mod person;
mod reply;
mod scan;
mod session;
mod step;
mod transcript;
mod weight;
mod wire;

pub use dialect::PcDialect;
pub(crate) use session::PcMode;
pub(crate) use transcript::Transcript;

use scan_model::Record;

use super::{positional::POSITIONAL, tagged};
use crate::{
    Content, Protocol, RejectReason,
    fault::Fault,
    stream::{Rest, Scan},
};

/// The record in a line that came through PC mode, whichever of its forms the model has.
///
/// # Errors
/// The line is no record, or must not become one.
pub(crate) fn decode(line: &[u8]) -> Result<Record, Fault> {
    let mut record = match line {
        [b'{', ..] => tagged::decode(line)?,
        [b'F', b'0', ..] => weight::decode(line)?,
        _ => match (POSITIONAL.scan)(line, Rest::Silence) {
            Scan::Frame(_, Content::Record(record)) => *record,
            Scan::Bad(_, fault) => return Err(fault),
            _ => {
                return Err(Fault::new(
                    RejectReason::BadFrame,
                    0,
                    "the line is in none of the forms of a record",
                ));
            }
        },
    };
    Protocol::TanitaPc.name().clone_into(&mut record.protocol);
    Ok(record)
}
