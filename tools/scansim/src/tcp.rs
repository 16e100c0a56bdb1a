//! A scanner behind a serial device server: the bytes of the line over TCP.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves one reader at a time.
#[derive(Debug)]
pub(crate) struct TcpLine {
    address: SocketAddr,
    listener: TcpListener,
    reader: Option<TcpStream>,
    is_plugged: bool,
}

impl TcpLine {
    pub(crate) async fn bind(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            reader: None,
            is_plugged: true,
        })
    }

    /// The address listened on, with the port the system chose if it was asked to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a reader if there is none, then writes. Without a cable the bytes are lost; a reader that left takes
    /// them with it.
    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_plugged {
            return Ok(());
        }
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

    /// Ends the reader's connection. The device server itself stays: it accepts connections, and nothing comes.
    pub(crate) fn unplug(&mut self) {
        self.reader = None;
        self.is_plugged = false;
    }

    pub(crate) fn plug(&mut self) {
        self.is_plugged = true;
    }

    async fn accept(&mut self) -> io::Result<TcpStream> {
        let (reader, _) = self.listener.accept().await?;
        // A serial line delivers each byte when it comes; so must its stand-in.
        reader.set_nodelay(true)?;
        Ok(reader)
    }
}
