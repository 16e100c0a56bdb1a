//! What blocks of labelled lines have in common: nothing but a silence or the next block tells where one ends.

use scan_model::Record;

use crate::{
    RejectReason,
    fault::Fault,
    stream::{Content, Front, Rest, frame, is_line_end, line},
};

/// The whole lines of `bytes` with their places, without the empty ones between CR and LF.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(|&byte| is_line_end(byte)) {
            at += 1;
        }
        let line = line(&bytes[at..])?;
        let start = at;
        at += line.len();
        Some((start, line))
    })
}

/// A block whose lines end at `end`, and nothing behind them is of it.
pub(crate) fn finished(bytes: &[u8], end: usize, decode: fn(&[u8]) -> Result<Record, Fault>) -> Front {
    if end == 0 {
        return Front::No;
    }
    frame(
        end,
        decode(&bytes[..end]).map(|record| Content::Record(Box::new(record))),
    )
}

/// A block whose whole lines end at `end` and that may go on. `is_named` says that what stands behind them has its label already.
pub(crate) fn unfinished(
    bytes: &[u8],
    end: usize,
    is_named: bool,
    rest: Rest,
    decode: fn(&[u8]) -> Result<Record, Fault>,
) -> Front {
    match rest {
        Rest::Open => Front::More,
        Rest::Silence if end == 0 && !is_named => Front::No,
        // A value that may have lost its last digits makes the block worthless.
        Rest::Silence if !bytes[end..].trim_ascii().is_empty() => Front::Bad(
            bytes.len(),
            Fault::new(RejectReason::Truncated, bytes.len(), "the last line has no end"),
        ),
        Rest::Silence => finished(bytes, end, decode),
    }
}
