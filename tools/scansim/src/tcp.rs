//! A scanner behind a serial device server: the bytes of the line over TCP.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves one reader at a time.
#[derive(Debug)]
pub(crate) struct TcpLine {
    address: SocketAddr,
    /// `None` while unplugged: connections are refused then.
    listener: Option<TcpListener>,
    reader: Option<TcpStream>,
}

impl TcpLine {
    pub(crate) async fn bind(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
            reader: None,
        })
    }

    /// The address listened on, with the port the system chose if it was asked to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a reader if there is none, then writes. A reader that left takes the bytes with it, as an open cable end would.
    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.accept().await?,
        };
        if reader.write_all(bytes).await.is_ok() {
            self.reader = Some(reader);
        }
        Ok(())
    }

    /// Waits for a reader if there is none, then for what it writes.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.reader.is_none() {
                self.reader = Some(self.accept().await?);
            }
            let Some(reader) = &mut self.reader else { continue };
            match reader.read(buffer).await {
                Ok(count) if count > 0 => return Ok(count),
                // It left; the next one may come.
                _ => self.reader = None,
            }
        }
    }

    pub(crate) fn unplug(&mut self) {
        self.reader = None;
        self.listener = None;
    }

    pub(crate) async fn plug(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            self.listener = Some(TcpListener::bind(self.address).await?);
        }
        Ok(())
    }

    async fn accept(&mut self) -> io::Result<TcpStream> {
        self.plug().await?;
        let Some(listener) = &self.listener else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let (reader, _) = listener.accept().await?;
        // A serial line delivers each byte when it comes; so must its stand-in.
        reader.set_nodelay(true)?;
        Ok(reader)
    }
}
