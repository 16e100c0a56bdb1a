//! Captured bytes, cut into records.

use std::io;
use std::path::{Path, PathBuf};

/// Records as a scanner sent them, in order.
#[derive(Debug, Clone)]
pub struct Capture {
    records: Vec<Vec<u8>>,
}

/// Why a capture cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file could not be read.
    #[error("cannot read capture `{}`", path.display())]
    Read {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing in the file to play.
    #[error("capture `{}` holds no record", path.display())]
    Empty {
        /// The file that was asked for.
        path: PathBuf,
    },
}

impl Capture {
    /// Reads a file of raw bytes; see [`Capture::from_bytes`] for how it is cut.
    ///
    /// # Errors
    /// The file cannot be read, or holds no record.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CaptureError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| CaptureError::Read {
            path: path.to_owned(),
            source,
        })?;
        let capture = Self::from_bytes(&bytes);
        if capture.records.is_empty() {
            return Err(CaptureError::Empty { path: path.to_owned() });
        }
        Ok(capture)
    }

    /// Cuts `bytes` into records. A record ends with its line feed, which belongs to it; bytes after the last line feed
    /// are a record too. Blank lines are dropped. No byte is added or changed.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let records = bytes
            .split_inclusive(|&byte| byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        Self { records }
    }

    /// The records, each with its line end, in the order of the capture.
    pub fn records(&self) -> &[Vec<u8>] {
        &self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_line_ends_and_blank_lines_are_dropped() {
        let capture = Capture::from_bytes(b"{0,1\r\n\r\n\n{0,2\n{0,3");
        assert_eq!(
            capture.records(),
            [b"{0,1\r\n".to_vec(), b"{0,2\n".to_vec(), b"{0,3".to_vec()]
        );
    }

    #[test]
    fn an_empty_capture_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        let error = Capture::load(file.path()).expect_err("nothing to play");
        assert!(
            error.to_string().contains(&file.path().display().to_string()),
            "{error}"
        );
    }
}
