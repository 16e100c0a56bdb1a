//! Captured bytes from a file or standard input, plain or as hexadecimal text.

use std::{
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

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

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Bytes,
    /// Hexadecimal text, all of it one stream.
    Hex,
    /// Hexadecimal text, each line a value of its own, perhaps with the number of its Bluetooth characteristic and a colon before it.
    HexLines,
}

/// Bytes that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    /// The Bluetooth characteristic they are a value of, if the file says so.
    pub(crate) characteristic: Option<u16>,
    pub(crate) bytes: Vec<u8>,
}

/// Reads the captured bytes: one stream, or several values.
///
/// # Errors
/// [`InputError`], naming the file.
pub(crate) fn read(path: &Path, form: Form) -> Result<Vec<Captured>, InputError> {
    let bytes = read_raw(path).map_err(|source| InputError::Read {
        path: path.to_owned(),
        source,
    })?;
    let streams = match form {
        Form::Bytes => return Ok(vec![Captured::stream(bytes)]),
        Form::Hex => unhex(&bytes).map(|stream| vec![Captured::stream(stream)]),
        Form::HexLines => bytes
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
            .map(value)
            .collect(),
    };
    streams.map_err(|fault| InputError::NotHex {
        path: path.to_owned(),
        fault,
    })
}

fn read_raw(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(path)
}

impl Captured {
    fn stream(bytes: Vec<u8>) -> Self {
        Self {
            characteristic: None,
            bytes,
        }
    }
}

fn value(line: &[u8]) -> Result<Captured, HexFault> {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return unhex(line).map(Captured::stream);
    };
    match unhex(&line[..colon]).ok().as_deref() {
        Some(&[high, low]) => Ok(Captured {
            characteristic: Some(u16::from_be_bytes([high, low])),
            bytes: unhex(&line[colon + 1..])?,
        }),
        _ => Err(HexFault::Characteristic),
    }
}

fn unhex(text: &[u8]) -> Result<Vec<u8>, HexFault> {
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
        assert_eq!(unhex(b"7b 30\n2C0d\n0A").unwrap(), b"{0,\r\n");
        assert_eq!(unhex(b"7b3"), Err(HexFault::Odd));
        assert_eq!(unhex(b"7b x"), Err(HexFault::NotADigit { offset: 3 }));
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
