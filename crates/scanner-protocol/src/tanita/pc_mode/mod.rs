//! PC mode: the host tells the scanner who stands on it, starts the measurement and gets the tagged record back.
//!
//! The facts are from Tanita's PC-mode instructions for the MC-980, as far as they are public, and from working clients of the
//! MC-780, DC-320, DC-430 and BC-418. What neither says is marked *inferred* where it is used. All of it awaits its confirmation on
//! hardware, so no scanner is spoken to in this way unless its configuration says `tanita-pc`.
//!
//! While PC mode is on, **the scanner's own keys are dead**. The session enters it for a scan, and leaves it after five idle minutes and
//! on [`Command::Release`](crate::Command::Release). When the port is opened it enters it to get out what an earlier scan may have left in
//! the device, and leaves it at once. A scanner that does not answer is listened to like one that only sends.
//!
//! From the wire up: [`lines`] tells replies from records, [`reply`] reads a reply, [`order`] writes what the host sends, in the
//! way of a [`dialect`], [`wire`] keeps the pauses between orders, [`ask`] is one order with its answer, [`host`] says when orders
//! leave and deadlines are over, [`session`] joins it with the records.
//!
//! From the scan down: [`person`] is who is measured, [`wanted`] the scan, [`telling`] what is told of it, [`faults`] what errors
//! mean. [`course`] is the conversation: what the device says, all transitions from [`state`] to state, the next [`step`] from what is
//! [`known`] of the device. [`transcript`] is for captures.

mod ask;
mod course;
mod dialect;
mod faults;
mod host;
mod known;
mod lines;
mod order;
mod person;
mod reply;
mod session;
mod state;
mod step;
mod telling;
mod transcript;
mod wanted;
mod weight;
mod wire;

pub use dialect::PcDialect;
pub(crate) use session::PcMode;
pub(crate) use transcript::Transcript;

use scan_model::Record;

use super::{positional::BC_418, tagged};
use crate::{
    Content, Protocol, RejectReason,
    fault::Fault,
    stream::{Front, Rest},
};

/// The record in a line that came through PC mode, whichever of its forms the model has.
///
/// # Errors
/// The line is no record, or must not become one.
pub(crate) fn decode(line: &[u8]) -> Result<Record, Fault> {
    let mut record = match line {
        [b'{', ..] => tagged::decode(line)?,
        [b'F', b'0', ..] => weight::decode(line)?,
        _ => positional(line).unwrap_or_else(|| {
            let detail = "the line is in none of the forms of a record";
            Err(Fault::new(RejectReason::BadFrame, 0, detail))
        })?,
    };
    Protocol::TanitaPc.name().clone_into(&mut record.protocol);
    Ok(record)
}

/// The record in a line with its end that is in the form of the BC-418's; `None` for any other line.
fn positional(line: &[u8]) -> Option<Result<Record, Fault>> {
    match (BC_418.scan)(line, Rest::Silence) {
        Front::Frame(_, Content::Record(record)) => Some(Ok(*record)),
        Front::Bad(_, fault) => Some(Err(fault)),
        _ => None,
    }
}
