//! How a line of the listener looks, as text and as JSON.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use super::{link_frames::LinkFrame, tally::Tally};
use crate::decode::report::Report;

/// Bytes of a dump in one line of text.
pub(super) const WIDTH: usize = 16;

/// One thing that was heard, and when.
pub(super) struct Line<'a> {
    /// Since listening began; `None` where the bytes came from a file.
    pub(super) after: Option<Duration>,
    pub(super) what: &'a What<'a>,
}

/// What was heard.
pub(super) enum What<'a> {
    /// Bytes as they came.
    Bytes(&'a [u8]),
    /// A frame of scan-link.
    Frame(LinkFrame),
    /// A unit, decoded or rejected.
    Unit(Report<'a>),
    /// So many bytes that nobody understood.
    Skipped(u64),
    /// The end.
    Summary(&'a Tally),
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = match self.after {
            Some(after) => {
                write!(f, "{:>10.3}  ", after.as_secs_f64())?;
                12
            }
            None => 0,
        };
        match self.what {
            What::Bytes(bytes) => dump(f, bytes, indent),
            What::Frame(frame) => write!(f, "frame   {frame}"),
            What::Unit(report) => write!(f, "{report}"),
            What::Skipped(count) => write!(f, "skipped {count} bytes that nobody understands"),
            What::Summary(tally) => write!(f, "heard {tally}"),
        }
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.what {
            What::Bytes(bytes) => {
                let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                self.timed(Some("bytes"), &Dump { hex }).serialize(serializer)
            }
            What::Frame(frame) => self.timed(Some("frame"), frame).serialize(serializer),
            // What was decoded says by itself what it is.
            What::Unit(report) => {
                let kind = (!report.is_ok()).then_some("rejected");
                self.timed(kind, report).serialize(serializer)
            }
            What::Skipped(bytes) => self
                .timed(Some("skipped"), &Skipped { bytes: *bytes })
                .serialize(serializer),
            What::Summary(tally) => self.timed(Some("summary"), *tally).serialize(serializer),
        }
    }
}

/// The fields of what was heard behind those that all lines have.
#[derive(Serialize)]
struct Timed<'a, T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(flatten)]
    what: &'a T,
}

#[derive(Serialize)]
struct Dump {
    hex: String,
}

#[derive(Serialize)]
struct Skipped {
    bytes: u64,
}

impl Line<'_> {
    fn timed<'a, T: Serialize>(&self, kind: Option<&'static str>, what: &'a T) -> Timed<'a, T> {
        // To the microsecond: a double has digits enough for years of them.
        let seconds = self.after.map(|after| after.as_micros() as f64 / 1e6);
        Timed { seconds, kind, what }
    }
}

/// Hexadecimal digits and, beside them, what can be printed of the bytes. Further rows stand below the first.
fn dump(f: &mut fmt::Formatter<'_>, bytes: &[u8], indent: usize) -> fmt::Result {
    for (place, row) in bytes.chunks(WIDTH).enumerate() {
        if place > 0 {
            write!(f, "\n{:indent$}", "")?;
        }
        let digits: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let printable = |&byte: &u8| {
            if byte.is_ascii_graphic() || byte == b' ' {
                char::from(byte)
            } else {
                '.'
            }
        };
        let text: String = row.iter().map(printable).collect();
        write!(f, "bytes   {:<47}  |{text}|", digits.join(" "))?;
    }
    Ok(())
}
