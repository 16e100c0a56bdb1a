//! An open port with its receive buffer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// An open port with its receive buffer, which outlives dropped reads.
pub(crate) struct Link<P> {
    port: P,
    buffer: Box<[u8; CHUNK]>,
}

/// What went over the port.
pub(crate) enum Moved {
    /// So many bytes were read: [`Link::received`].
    Received(usize),
    /// So many of the bytes to write were written.
    Written(usize),
}

/// What a Linux terminal hands out at most in one read.
const CHUNK: usize = 4096;

impl<P> Link<P> {
    pub(crate) fn new(port: P) -> Self {
        Self {
            port,
            buffer: Box::new([0; CHUNK]),
        }
    }

    /// The first `count` bytes of the buffer.
    pub(crate) fn received(&self, count: usize) -> &[u8] {
        self.buffer.get(..count).unwrap_or_default()
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin> Link<P> {
    /// Writes some of `unwritten`, or reads some bytes. Cancel-safe: it either moves bytes and says so, or neither.
    ///
    /// # Errors
    /// The port has gone, which some systems tell by an end of file and some by an error, or has failed.
    pub(crate) async fn exchange(&mut self, unwritten: &[u8]) -> io::Result<Moved> {
        let Self { port, buffer } = self;
        poll_fn(|cx| {
            if !unwritten.is_empty()
                && let Poll::Ready(written) = Pin::new(&mut *port).poll_write(cx, unwritten)
            {
                return Poll::Ready(match written {
                    Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                    written => written.map(Moved::Written),
                });
            }
            let mut chunk = ReadBuf::new(&mut buffer[..]);
            ready!(Pin::new(&mut *port).poll_read(cx, &mut chunk))?;
            Poll::Ready(match chunk.filled().len() {
                // An unplugged port is at its end for ever: asking again would be a busy loop.
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                count => Ok(Moved::Received(count)),
            })
        })
        .await
    }
}
