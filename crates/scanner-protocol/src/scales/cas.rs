//! CAS SW-II, which answers when asked: SOH, STX, `S` or `U`, a sign, six columns of weight, `KG` or `LB`, a check byte, ETX, EOT.
//! Experimental: read from one page of a manual.
//!
//! The page calls the check byte an exclusive or and does not say of what. From the state to the unit is taken for it; should that be
//! wrong, every answer is refused, and nothing false comes out. Nor does the page show a point: six columns without one leave open how
//! many of the digits are decimals, and are shown to technicians alone.

use std::time::Duration;

use scan_model::Integrity;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    message::Message,
    scales::{signed, unsigned},
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of, between, frame},
    weight::Weight,
};

pub(crate) static CAS: Grammar = Grammar {
    protocol: Protocol::Cas,
    maker: Some("CAS"),
    head: COLUMNS,
    line_start_only: false,
    longest: 15,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Stream(2),
    // DC1.
    request: Some(b"\x11"),
};

const SHOWN: ByteSet = any_of(b" .0123456789");

#[rustfmt::skip]
const COLUMNS: Head = Head::new(&[
    any_of(b"\x01"), any_of(b"\x02"), any_of(b"SU"), any_of(b" -"),
    SHOWN, SHOWN, SHOWN, SHOWN, SHOWN, SHOWN,
    any_of(b"KL"), any_of(b"GB"), between(0, u8::MAX), any_of(b"\x03"), any_of(b"\x04"),
]);

fn scan(bytes: &[u8], rest: Rest) -> Front {
    if let Some(scan) = CAS.incomplete(bytes, rest) {
        return scan;
    }
    let unit = match &bytes[10..12] {
        b"KG" => "kg",
        b"LB" => "[lb_av]",
        _ => return Front::No,
    };
    frame(
        CAS.longest,
        verified(&bytes[2..12], bytes[12]).and_then(|()| decode(bytes[2], bytes[3], &bytes[4..10], unit)),
    )
}

fn verified(bytes: &[u8], sent: u8) -> Result<(), Fault> {
    if bytes.iter().fold(sent, |rest, &byte| rest ^ byte) == 0 {
        return Ok(());
    }
    let detail = "the check byte is not the exclusive or of the bytes from the state to the unit";
    Err(Fault::new(RejectReason::ChecksumMismatch, 12, detail))
}

fn decode(state: u8, sign: u8, shown: &[u8], unit: &'static str) -> Result<Content, Fault> {
    let is_stable = state == b'S';
    let number = unsigned(shown).ok_or_else(|| Fault::new(RejectReason::BadNumber, 4, "the weight is no number"))?;
    let number = signed(sign == b'-', number);
    if number.scale() == 0 {
        return Ok(Content::Message(Message {
            fields: vec![
                ("state", if is_stable { "stable" } else { "moving" }.to_owned()),
                ("digits", number.to_string()),
                ("unit", unit.to_owned()),
            ],
        }));
    }
    Ok(Content::Weight(Weight {
        integrity: Integrity::Verified,
        ..Weight::shown(is_stable, Some(number), unit)
    }))
}
