//! Where the bytes come from: a port, a file, or standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use scanner_driver::{PortSelector, SerialSettings, Tap};
use tokio::sync::mpsc;

use super::SniffError;
use crate::{
    decode::InputError,
    place::{NothingThere, is_standard_input},
};

/// So many pieces of a file wait to be looked at: enough to keep the reader busy.
const AHEAD: usize = 16;
const PIECE: usize = 4096;

/// The bytes of one line.
pub(super) struct Source {
    kind: Kind,
    buffer: Vec<u8>,
    is_live: bool,
}

enum Kind {
    Port(Tap),
    /// Read on a thread of its own: neither files nor standard input can be waited for otherwise.
    Reader(mpsc::Receiver<io::Result<Vec<u8>>>),
}

impl Source {
    /// Opens a port, or a file if that is what `path` names; `-` is standard input.
    ///
    /// # Errors
    /// [`NothingThere`], or the file cannot be read.
    pub(super) async fn open(path: &Path, settings: SerialSettings) -> Result<Self, Box<dyn std::error::Error>> {
        let (kind, is_live) = if is_standard_input(path) {
            (Kind::Reader(read(io::stdin())), true)
        } else if path.is_file() {
            let file = File::open(path).map_err(|source| InputError::Read {
                path: path.to_owned(),
                source,
            })?;
            (Kind::Reader(read(file)), false)
        } else {
            let tap = Tap::open(&PortSelector::from(path), settings).await;
            (Kind::Port(tap.map_err(NothingThere::from)?), true)
        };
        Ok(Self {
            kind,
            buffer: vec![0; PIECE],
            is_live,
        })
    }

    /// Whether bytes come at the time they are sent.
    pub(super) fn is_live(&self) -> bool {
        self.is_live
    }

    pub(super) fn is_port(&self) -> bool {
        matches!(self.kind, Kind::Port(_))
    }

    /// What it means that [`next`](Self::next) failed.
    pub(super) fn lost(&self, path: &Path, source: io::Error) -> Box<dyn std::error::Error> {
        let path = path.to_owned();
        match self.kind {
            Kind::Port(_) => SniffError::Lost { path, source }.into(),
            Kind::Reader(_) => InputError::Read { path, source }.into(),
        }
    }

    /// The next bytes; `None` at the end of a file. Cancel-safe.
    ///
    /// # Errors
    /// The port is gone, or the file cannot be read further.
    pub(super) async fn next(&mut self) -> io::Result<Option<&[u8]>> {
        match &mut self.kind {
            Kind::Port(tap) => {
                let count = tap.read(&mut self.buffer).await?;
                Ok(Some(&self.buffer[..count]))
            }
            Kind::Reader(pieces) => match pieces.recv().await {
                None => Ok(None),
                Some(piece) => {
                    self.buffer = piece?;
                    Ok(Some(&self.buffer))
                }
            },
        }
    }
}

/// Reads to the end, or until nobody wants more.
fn read(mut input: impl Read + Send + 'static) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (tell, pieces) = mpsc::channel(AHEAD);
    // It ends with the input, or with the program: see `run`.
    tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; PIECE];
        loop {
            let piece = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => Ok(buffer[..count].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_last = piece.is_err();
            if tell.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    });
    pieces
}
