//! Splitting a line into pairs, and its checksum.

use memchr::memchr;
use scan_model::Integrity;

use crate::{RejectReason, fault::Fault};

/// A tag and its value as sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) tag: [u8; 2],
    /// With its quotes and blanks.
    pub(super) value: &'a [u8],
    /// Position of the tag in the line.
    pub(super) at: usize,
}

const CHECKSUM: [u8; 2] = *b"CS";
const MODEL: [u8; 2] = *b"MO";
/// Models that send no checksum at all.
const WITHOUT_CHECKSUM: [&[u8]; 1] = [b"\"BD-815\""];
/// More pairs than any model sends: the MC-980 has 190 tags to choose from.
const USUAL_PAIRS: usize = 192;

/// The pairs of a line, which may end with a brace after its checksum.
///
/// # Errors
/// An illegal byte, or a line that is not made of pairs.
pub(super) fn split(line: &[u8]) -> Result<Vec<Pair<'_>>, Fault> {
    if !line
        .iter()
        .fold(true, |legal, byte| legal & (0x20..=0x7e).contains(byte))
    {
        let at = line.iter().position(|byte| !(0x20..=0x7e).contains(byte)).unwrap_or(0);
        return Err(Fault::new(
            RejectReason::IllegalByte,
            at,
            "a byte outside of 20 to 7E hex",
        ));
    }
    pairs(without_brace(line)).map_err(|fault| {
        if checksum(line).is_some() {
            fault
        } else {
            Fault::new(RejectReason::Truncated, line.len(), "the line stops within a pair")
        }
    })
}

/// Verifies the checksum: the sum of all bytes before its tag, modulo 256.
///
/// # Errors
/// The checksum is wrong, malformed, not at the end, or missing although the model sends one.
pub(super) fn verify(line: &[u8], pairs: &[Pair<'_>]) -> Result<Integrity, Fault> {
    let Some(last) = pairs.last().filter(|pair| pair.tag == CHECKSUM) else {
        return unverified(line, pairs);
    };
    let Some(sent) = hexadecimal(last.value) else {
        return Err(Fault::new(
            RejectReason::ChecksumMalformed,
            last.at,
            "the checksum is not two hexadecimal digits",
        ));
    };
    let computed = line[..last.at].iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    if sent == computed {
        Ok(Integrity::Verified)
    } else {
        Err(Fault::new(
            RejectReason::ChecksumMismatch,
            last.at,
            format!("the checksum says {sent:02X}, the bytes add up to {computed:02X}"),
        ))
    }
}

/// The two characters of the checksum at the end of a line, right or wrong. A line that has them was not cut off.
pub(super) fn checksum(line: &[u8]) -> Option<[u8; 2]> {
    match line.strip_suffix(b"}").unwrap_or(line) {
        [.., b',', b'C', b'S', b',', high, low] => Some([*high, *low]),
        _ => None,
    }
}

/// The tags of a record's raw bytes and their values exactly as sent.
pub(crate) fn raw_tags(raw: &[u8]) -> Vec<(&str, &str)> {
    let Ok(pairs) = split(raw) else {
        return Vec::new();
    };
    pairs
        .iter()
        .filter_map(|pair| {
            let tag = raw.get(pair.at..pair.at + 2)?;
            Some((str::from_utf8(tag).ok()?, str::from_utf8(pair.value).ok()?))
        })
        .collect()
}

/// Published copies of records have a closing brace behind the checksum; the device sends none.
fn without_brace(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"}") {
        Some(rest) if checksum(line).is_some() => rest,
        _ => line,
    }
}

fn pairs(line: &[u8]) -> Result<Vec<Pair<'_>>, Fault> {
    let mut pairs = Vec::with_capacity(USUAL_PAIRS);
    // A missing value shifts all tags behind it: the odd number of pieces is the better explanation, so it is looked for first.
    let mut bad_tag = None;
    let mut next = Some(0);
    while let Some(at) = next {
        let (tag, value_at) = piece(line, at)?;
        let Some(value_at) = value_at else {
            return Err(Fault::new(RejectReason::OddTokenCount, at, "a tag without a value"));
        };
        let (value, behind) = piece(line, value_at)?;
        match tag.try_into() {
            Ok(tag) => pairs.push(Pair { tag, value, at }),
            Err(_) => bad_tag = bad_tag.or(Some(at)),
        }
        next = behind;
    }
    match bad_tag {
        Some(at) => Err(Fault::new(
            RejectReason::BadTag,
            at,
            "a tag that is not two characters long",
        )),
        None => Ok(pairs),
    }
}

/// The piece of the line at `at` up to a comma outside of quotes, and where the next one begins.
fn piece(line: &[u8], at: usize) -> Result<(&[u8], Option<usize>), Fault> {
    let rest = &line[at..];
    let length = if rest.first() == Some(&b'"') {
        let unterminated = || Fault::new(RejectReason::UnterminatedQuote, at, "a quoted text without its end");
        let length = memchr(b'"', &rest[1..]).ok_or_else(unterminated)? + 2;
        if rest.get(length).is_some_and(|&byte| byte != b',') {
            return Err(unterminated());
        }
        length
    } else {
        // Most values have three to five characters: too short for a vector search to pay.
        rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len())
    };
    let behind = (length < rest.len()).then_some(at + length + 1);
    Ok((&rest[..length], behind))
}

/// A line without a checksum at its end.
fn unverified(line: &[u8], pairs: &[Pair<'_>]) -> Result<Integrity, Fault> {
    if let Some(pair) = pairs.iter().find(|pair| pair.tag == CHECKSUM) {
        return Err(Fault::new(
            RejectReason::ChecksumMalformed,
            pair.at,
            "the checksum is not at the end of the record",
        ));
    }
    let model = pairs.iter().find(|pair| pair.tag == MODEL);
    let is_continuation = !line.starts_with(b"{");
    if is_continuation || model.is_some_and(|model| WITHOUT_CHECKSUM.contains(&model.value)) {
        return Ok(Integrity::None);
    }
    // Where a value with its point would stand and the point is missing, the line was cut; otherwise it lacks the checksum alone.
    let cut = pairs.last().is_some_and(|last| {
        super::tags::lookup(last.tag).is_some_and(|tag| tag.has_decimals()) && !last.value.contains(&b'.')
    });
    Err(if cut {
        Fault::new(RejectReason::Truncated, line.len(), "the line stops within a value")
    } else {
        Fault::new(
            RejectReason::ChecksumMissing,
            line.len(),
            "this model always sends a checksum",
        )
    })
}

fn hexadecimal(value: &[u8]) -> Option<u8> {
    let &[high, low] = value else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}
