//! Toledo 8217, a protocol of scales at tills: asked with `W`, they answer STX, the weight with its point and CR, or, as long as it is
//! moving, STX, `?`, a status byte and CR. Experimental: read from general descriptions and one public client.
//!
//! The unit is a setting of the scale and is not sent, so nothing becomes a measurement: the answers are shown to technicians.

use std::time::Duration;

use scan_model::Decimal;

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    message::Message,
    stream::{ByteSet, Content, Front, Grammar, Head, Rest, Weighing, any_of, between, frame},
};

pub(crate) static TOLEDO_8217: Grammar = Grammar {
    protocol: Protocol::Toledo8217,
    // Scales of many makers speak it.
    maker: None,
    head: Head::new(&[any_of(&[STX]), any_of(b" ?.0123456789"), SECOND]),
    line_start_only: false,
    longest: 12,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Nothing,
    request: Some(b"W"),
};

const STX: u8 = 0x02;
const CR: u8 = b'\r';

/// What can follow the first character of an answer: a status byte is any that seven data bits can be but STX, which would say over
/// capacity and yet within the range of zero. So STX and anything over and over is noise at once.
const SECOND: ByteSet = {
    let mut set = between(0, 0x7f);
    set[STX as usize] = false;
    set
};

/// The bits of the status byte, from the lowest; what the others mean is not described.
const STATUS: [&str; 6] = [
    "motion",
    "over_capacity",
    "under_zero",
    "outside_zero_range",
    "centre_of_zero",
    "net",
];

fn scan(bytes: &[u8], _: Rest) -> Front {
    let answer = bytes.get(1..).unwrap_or_default();
    let blanks = answer.iter().take_while(|&&byte| byte == b' ').count();
    let answer = &answer[blanks..];
    let begin = 1 + blanks;
    match answer {
        [] | [b'?'] => Front::More,
        [b'?', byte, ..] if !SECOND[usize::from(*byte)] => Front::No,
        [b'?', _] => Front::More,
        [b'?', byte, CR, ..] => Front::Frame(begin + 3, Content::Message(status(*byte))),
        _ => {
            let is_shown = |byte: &&u8| matches!(**byte, b'0'..=b'9' | b'.');
            let (shown, end) = answer.split_at(answer.iter().take_while(is_shown).count());
            let (length, is_net) = match end {
                _ if shown.is_empty() => return Front::No,
                [] | [b'N'] => return Front::More,
                [CR, ..] => (begin + shown.len() + 1, false),
                [b'N', CR, ..] => (begin + shown.len() + 2, true),
                _ => return Front::No,
            };
            frame(length, weight(begin, shown, is_net).map(Content::Message))
        }
    }
}

fn status(byte: u8) -> Message {
    let bits = STATUS.iter().enumerate();
    Message {
        fields: bits
            .map(|(bit, &name)| (name, (byte >> bit & 1 == 1).to_string()))
            .collect(),
    }
}

fn weight(at: usize, shown: &[u8], is_net: bool) -> Result<Message, Fault> {
    let number =
        Decimal::parse(shown).map_err(|_| Fault::new(RejectReason::BadNumber, at, "the weight is no number"))?;
    let mode = is_net.then(|| ("net", true.to_string()));
    Ok(Message {
        fields: [("weight", number.to_string())].into_iter().chain(mode).collect(),
    })
}
