//! The simulated cable: a pseudo-terminal or a TCP port, plugged in or not.

use std::io;
use std::path::PathBuf;

#[cfg(unix)]
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[cfg(unix)]
use crate::pty::Pty;
use crate::tcp::TcpLine;

/// The scanner's end of a simulated cable. Dropping it pulls the cable for good.
#[derive(Debug)]
pub struct Line {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    #[cfg(unix)]
    Pty {
        link: PathBuf,
        /// `None` while unplugged.
        pty: Option<Pty>,
    },
    Tcp(TcpLine),
}

/// Why a line could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The system gives no pseudo-terminal.
    #[error("cannot make a pseudo-terminal")]
    Pty {
        /// What the system said.
        source: io::Error,
    },
    /// The stable path of the port cannot be made.
    #[error("cannot make the port link `{}`", link.display())]
    Link {
        /// The path asked for.
        link: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The TCP address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address asked for.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes could not be received.
    #[error("cannot read from `{line}`")]
    Read {
        /// Port link or address.
        line: String,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes could not be sent.
    #[error("cannot write to `{line}`")]
    Write {
        /// Port link or address.
        line: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Line {
    /// A pseudo-terminal whose port appears at `link`; see `Pty::open`.
    ///
    /// # Errors
    /// The system has no pseudo-terminal left, or the link cannot be made.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[cfg(unix)]
    pub fn pty(link: impl Into<PathBuf>) -> Result<Self, LineError> {
        Pty::open(link).map(Self::from)
    }

    /// A TCP port that serves one reader at a time. Each record waits until there is a reader.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn tcp(address: &str) -> Result<Self, LineError> {
        let line = TcpLine::bind(address).await.map_err(|source| LineError::Listen {
            address: address.to_owned(),
            source,
        })?;
        Ok(Self { kind: Kind::Tcp(line) })
    }

    /// What readers open: the port link, or the address with the port the system chose.
    pub fn name(&self) -> String {
        match &self.kind {
            #[cfg(unix)]
            Kind::Pty { link, .. } => link.display().to_string(),
            Kind::Tcp(line) => line.address().to_string(),
        }
    }

    /// Pulls the cable: readers see the end of the port, unread bytes are lost. Nothing happens if it is out already.
    pub fn unplug(&mut self) {
        match &mut self.kind {
            #[cfg(unix)]
            Kind::Pty { pty, .. } => *pty = None,
            Kind::Tcp(line) => line.unplug(),
        }
    }

    /// Puts the cable back under the same name. Nothing happens if it is in already.
    ///
    /// # Errors
    /// As for making the line.
    pub fn plug(&mut self) -> Result<(), LineError> {
        match &mut self.kind {
            #[cfg(unix)]
            Kind::Pty { link, pty } => {
                if pty.is_none() {
                    *pty = Some(Pty::open(&*link)?);
                }
            }
            Kind::Tcp(line) => line.plug(),
        }
        Ok(())
    }

    /// Waits for bytes from the host and takes some. With the cable out none ever come. Cancel-safe.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, LineError> {
        let read = match &mut self.kind {
            #[cfg(unix)]
            Kind::Pty { pty: Some(pty), .. } => pty.read(buffer).await,
            #[cfg(unix)]
            Kind::Pty { pty: None, .. } => std::future::pending().await,
            Kind::Tcp(line) => line.read(buffer).await,
        };
        read.map_err(|source| LineError::Read {
            line: self.name(),
            source,
        })
    }

    /// Lets the port be opened again after its reader was killed; see `Pty::forget_dead_owner`.
    pub fn forget_dead_owner(&self) {
        match &self.kind {
            #[cfg(unix)]
            Kind::Pty { pty: Some(pty), .. } => pty.forget_dead_owner(),
            #[cfg(unix)]
            Kind::Pty { pty: None, .. } => {}
            // The system closes a dead reader's connection.
            Kind::Tcp(_) => {}
        }
    }

    /// Sends bytes; with the cable out they are lost, as a scanner's are.
    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        let written = match &mut self.kind {
            #[cfg(unix)]
            Kind::Pty { pty: Some(pty), .. } => pty.write_all(bytes).await,
            #[cfg(unix)]
            Kind::Pty { pty: None, .. } => Ok(()),
            Kind::Tcp(line) => line.write_all(bytes).await,
        };
        written.map_err(|source| LineError::Write {
            line: self.name(),
            source,
        })
    }
}

#[cfg(unix)]
impl From<Pty> for Line {
    fn from(pty: Pty) -> Self {
        Self {
            kind: Kind::Pty {
                link: pty.link().to_owned(),
                pty: Some(pty),
            },
        }
    }
}
