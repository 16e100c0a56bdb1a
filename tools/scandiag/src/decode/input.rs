//! Captured bytes from a file or standard input, plain or as hexadecimal text.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read},
    path::{Path, PathBuf},
};

use scanner_protocol::{Carrier, Protocol};

use super::lookinbody::NoColumn;
use crate::place::is_standard_input;

/// The longest file that is taken into memory: more than an hour of a full line at 115200 baud.
const LONGEST: u64 = 64 << 20;

/// Why there are no bytes to decode.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// The file is missing or unreadable.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which file; `-` for standard input.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A terminal never ends.
    #[error("`{}` is a port, not a file of captured bytes: `scandiag sniff` and `scandiag identify` listen to it", path.display())]
    Port {
        /// Which.
        path: PathBuf,
    },
    /// More than is taken into memory.
    #[error("`{}` is longer than {} MiB: `scandiag sniff` reads files of any length", path.display(), LONGEST >> 20)]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
    /// It is no table of LookinBody.
    #[error("`{}` is not a table", path.display())]
    NoTable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// Something is said of a column that the table does not have.
    #[error("`{}`: {missing}", path.display())]
    NoColumn {
        /// Which file.
        path: PathBuf,
        /// Which column, and which there are.
        missing: NoColumn,
    },
    /// Hexadecimal text was announced and something else came.
    #[error("`{}` is not hexadecimal text: {fault} (give pairs of digits, blanks between them are allowed)", path.display())]
    NotHex {
        /// Which file.
        path: PathBuf,
        /// Where.
        fault: HexFault,
    },
}

/// Where a hexadecimal text is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HexFault {
    /// Something else than a digit or a blank.
    #[error("byte {offset} is no digit")]
    NotADigit {
        /// Position in the file, or in its line where each is a value.
        offset: usize,
    },
    /// What stands before the colon of a line does not name a Bluetooth characteristic.
    #[error("a line begins with something else than the four digits of a characteristic and a colon")]
    Characteristic,
    /// Half a byte at the end.
    #[error("the last digit has no partner")]
    Odd,
}

/// Bytes that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    /// The Bluetooth characteristic they are a value of, if the file says so.
    pub(crate) characteristic: Option<u16>,
    pub(crate) bytes: Vec<u8>,
}

/// Reads all of a file or of standard input.
///
/// # Errors
/// [`InputError`], naming the file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, InputError> {
    let cannot = |source| InputError::Read {
        path: path.to_owned(),
        source,
    };
    let file: Box<dyn Read> = if is_standard_input(path) {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(cannot)?;
        if file.is_terminal() {
            return Err(InputError::Port { path: path.to_owned() });
        }
        Box::new(file)
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > LONGEST {
        return Err(InputError::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Whether `text` is what [`unhex`] takes, and not empty.
pub(crate) fn is_hex(text: &[u8], protocol: Protocol) -> bool {
    !text.trim_ascii().is_empty() && cut(text, protocol).is_ok()
}

/// The bytes of hexadecimal text: one stream or, of a Bluetooth protocol, a value a line.
///
/// # Errors
/// [`InputError::NotHex`].
pub(crate) fn unhex(path: &Path, text: &[u8], protocol: Protocol) -> Result<Vec<Captured>, InputError> {
    cut(text, protocol).map_err(|fault| InputError::NotHex {
        path: path.to_owned(),
        fault,
    })
}

impl Captured {
    /// Bytes alone.
    pub(crate) fn stream(bytes: Vec<u8>) -> Self {
        Self {
            characteristic: None,
            bytes,
        }
    }
}

fn cut(text: &[u8], protocol: Protocol) -> Result<Vec<Captured>, HexFault> {
    if protocol.carrier() != Carrier::Bluetooth {
        return Ok(vec![Captured::stream(digits(text)?)]);
    }
    let lines = text.split(|&byte| byte == b'\n');
    lines.filter(|line| !line.trim_ascii().is_empty()).map(value).collect()
}

/// A line, perhaps with the number of its Bluetooth characteristic and a colon before it.
fn value(line: &[u8]) -> Result<Captured, HexFault> {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return digits(line).map(Captured::stream);
    };
    match digits(&line[..colon]).ok().as_deref() {
        Some(&[high, low]) => Ok(Captured {
            characteristic: Some(u16::from_be_bytes([high, low])),
            bytes: digits(&line[colon + 1..])?,
        }),
        _ => Err(HexFault::Characteristic),
    }
}

fn digits(text: &[u8]) -> Result<Vec<u8>, HexFault> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut half = None;
    for (offset, &byte) in text.iter().enumerate() {
        if byte.is_ascii_whitespace() {
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return Err(HexFault::NotADigit { offset }),
        };
        half = match half {
            None => Some(digit),
            Some(high) => {
                bytes.push(high << 4 | digit);
                None
            }
        };
    }
    if half.is_some() { Err(HexFault::Odd) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_text_may_have_blanks_and_both_cases() {
        assert_eq!(digits(b"7b 30\n2C0d\n0A").unwrap(), b"{0,\r\n");
        assert_eq!(digits(b"7b3"), Err(HexFault::Odd));
        assert_eq!(digits(b"7b x"), Err(HexFault::NotADigit { offset: 3 }));
    }

    #[test]
    fn a_value_may_name_its_characteristic() {
        let read = |line: &str| value(line.as_bytes()).map(|value| (value.characteristic, value.bytes));
        assert_eq!(read("2A9f: 00 b0 36"), Ok((Some(0x2a9f), vec![0, 0xb0, 0x36])));
        assert_eq!(read("00b036"), Ok((None, vec![0, 0xb0, 0x36])));
        assert_eq!(read("weight: 00"), Err(HexFault::Characteristic));
        assert_eq!(read("2A: 00"), Err(HexFault::Characteristic));
    }
}
