//! What a file says that is given for a Bluetooth value. Nothing in such a value vouches for it: its flags only say how long it is.

use scanner_protocol::{Carrier, Characteristic, Content, Decoded, Protocol, RejectReason, Rejected};

use super::input::Captured;

/// Attribute values of Bluetooth have at most so many bytes (Core Specification, volume 3, part F, 3.2.9).
const LONGEST_ATTRIBUTE: usize = 512;

/// The rejection of bytes that are no value of a Bluetooth protocol, whatever their flags promise: text, and what is longer than any
/// value. `None` if they may be one, or the protocol is of another kind.
///
/// No value of these protocols is text: each has a control character in its flags or in the high byte of a fat percentage, of a body mass
/// index or of a year.
pub(super) fn refuse(protocol: Protocol, bytes: &[u8]) -> Option<Decoded> {
    let (reason, detail) = match protocol.carrier() {
        Carrier::Bluetooth if bytes.len() > LONGEST_ATTRIBUTE => (
            RejectReason::LengthMismatch,
            format!(
                "a Bluetooth value has at most {LONGEST_ATTRIBUTE} bytes, and these are {}",
                bytes.len()
            ),
        ),
        Carrier::Bluetooth if is_text(bytes) => (
            RejectReason::BadFrame,
            format!("the bytes are text, and a value of {protocol} is binary; hexadecimal text needs `--hex`"),
        ),
        Carrier::Bluetooth | Carrier::Serial | Carrier::File => return None,
    };
    Some(Decoded {
        offset: 0,
        protocol,
        outcome: Err(Rejected {
            raw: bytes.to_vec(),
            reason,
            offset: 0,
            detail,
            result_id: None,
        }),
    })
}

/// What is to say of a value with bytes behind its last field, which the standard lets a reader ignore.
pub(super) fn surplus(unit: &Decoded, value: &Captured) -> Option<String> {
    let characteristic = match (unit.protocol, &unit.outcome) {
        (Protocol::SigBcs, Ok(Content::Record(_))) => Characteristic::BodyComposition,
        (Protocol::SigWss, Ok(Content::Record(_))) => Characteristic::Weight,
        _ => return None,
    };
    let (surplus, length) = (characteristic.surplus(&value.bytes)?, value.bytes.len());
    let longest = characteristic.longest();
    match surplus {
        0 => None,
        _ if length > longest => Some(format!(
            "warning: {length} bytes, and no value of {} has more than {longest}: these are probably something else; \
             bytes behind the last field, ignored: {surplus}",
            unit.protocol
        )),
        _ => Some(format!("bytes behind the last field of the value, ignored: {surplus}")),
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let is_printed = |character: char| !character.is_control() || matches!(character, '\t' | '\r' | '\n');
    !bytes.is_empty() && str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_printed))
}
