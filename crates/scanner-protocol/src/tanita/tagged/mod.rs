//! The tagged record: one line of `tag,value` pairs that begins with `{0,` and usually ends with a checksum.
//!
//! Facts of the format are from Tanita's manuals and from records that their owners published; `tests/captures/README.md`
//! names them. The layers, from the wire up: [`frame`] finds lines, [`pairs`] splits one and verifies its checksum, [`tags`]
//! says what each tag means, [`record`] makes a record of it.

mod frame;
mod pairs;
mod record;
mod session;
mod tags;
pub(super) mod value;

pub(crate) use pairs::raw_tags;
pub(crate) use record::decode;
pub(crate) use session::Tagged;
