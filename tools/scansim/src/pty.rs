//! A serial port made of a pseudo-terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::OptionalActions;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::LineError;

/// The scanner's end of a pseudo-terminal whose other end looks like a serial port under a stable path.
///
/// Bytes written here wait in the kernel (4 KiB and more) until somebody reads the port, also while nobody has it open;
/// a full buffer makes the writer wait. A real scanner's bytes would be lost then. Dropping the value is pulling the
/// cable: readers get an end of file, and the link goes away.
#[derive(Debug)]
pub struct Pty {
    master: AsyncFd<OwnedFd>,
    /// Held open so that the terminal survives a reader that closes and opens it again.
    slave: OwnedFd,
    device: PathBuf,
    link: PathBuf,
}

impl Pty {
    /// Makes a pseudo-terminal, raw and without echo, and a symbolic link at `link` to its port. A symbolic link that
    /// is there already is replaced, anything else is left alone.
    ///
    /// # Errors
    /// The system has no pseudo-terminal left, or the link cannot be made.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn open(link: impl Into<PathBuf>) -> Result<Self, LineError> {
        let link = link.into();
        let (master, slave, device) = open_raw().map_err(|source| LineError::Pty { source })?;
        #[allow(
            deprecated,
            reason = "its successor is unsafe for the sake of borrowed descriptors; this one is owned"
        )]
        let master = AsyncFd::new(master).map_err(|source| LineError::Pty { source })?;
        make_link(&device, &link).map_err(|source| LineError::Link {
            link: link.clone(),
            source,
        })?;
        Ok(Self {
            master,
            slave,
            device,
            link,
        })
    }

    /// The port itself, such as `/dev/pts/4`. Another one after the cable was pulled.
    pub fn device(&self) -> &Path {
        &self.device
    }

    /// The stable path that readers open.
    pub fn link(&self) -> &Path {
        &self.link
    }

    /// Takes off the exclusive mark of a reader that was killed. Real hardware forgets it with the last close, but here
    /// the terminal stays open on our side, and an unprivileged reader could never open it again.
    /// [`Player`](crate::Player) does so before each record.
    pub fn forget_dead_owner(&self) {
        // Without it the next reader finds the port held, and says so.
        let _ = rustix::termios::ioctl_tiocnxcl(&self.slave);
    }
}

impl AsyncRead for Pty {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.master.poll_read_ready(cx))?;
            let unfilled = buf.initialize_unfilled();
            match guard.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut *unfilled)?)) {
                Ok(read) => return Poll::Ready(read.map(|n| buf.advance(n))),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Pty {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.master.poll_write_ready(cx))?;
            match guard.try_io(|fd| Ok(rustix::io::write(fd.get_ref(), bytes)?)) {
                Ok(written) => return Poll::Ready(written),
                Err(_would_block) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // A successor may have taken the link over.
        if std::fs::read_link(&self.link).is_ok_and(|target| target == self.device) {
            let _ = std::fs::remove_file(&self.link);
        }
    }
}

fn open_raw() -> io::Result<(OwnedFd, OwnedFd, PathBuf)> {
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let name = rustix::pty::ptsname(&master, Vec::new())?;
    let slave = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    // Before anybody else opens it, so that not one byte is echoed or translated.
    let mut termios = rustix::termios::tcgetattr(&slave)?;
    termios.make_raw();
    rustix::termios::tcsetattr(&slave, OptionalActions::Now, &termios)?;
    rustix::io::ioctl_fionbio(&master, true)?;
    let device = PathBuf::from(name.to_string_lossy().into_owned());
    Ok((master, slave, device))
}

pub(crate) fn make_link(device: &Path, link: &Path) -> io::Result<()> {
    if std::fs::symlink_metadata(link).is_ok_and(|found| found.is_symlink()) {
        std::fs::remove_file(link)?;
    }
    std::os::unix::fs::symlink(device, link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dropping_the_pty_removes_the_link_but_not_a_successors() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let link = folder.path().join("scanner");
        let first = Pty::open(&link).expect("pty");
        let second = Pty::open(&link).expect("pty replaces the link");
        drop(first);
        assert_eq!(std::fs::read_link(&link).expect("link"), second.device());
        drop(second);
        assert!(std::fs::symlink_metadata(&link).is_err());
    }

    #[tokio::test]
    async fn a_plain_file_is_never_replaced_by_the_link() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        let error = Pty::open(file.path()).expect_err("not ours to replace");
        assert!(matches!(error, LineError::Link { .. }), "{error}");
        assert!(file.path().is_file());
    }
}
