//! The byte stream of a connection that several tasks read and write without waiting, as a WebSocket does.

use std::io::{self, IoSlice};

use tokio::net::{TcpStream, UnixStream};

use super::tls::TlsSession;
use super::wire::Wire;

/// The byte stream of a connection that several tasks share.
#[derive(Debug)]
pub enum SharedWire {
    /// A connection over TCP.
    Tcp(TcpStream),
    /// A connection over a Unix socket.
    Unix(UnixStream),
    /// A connection over TCP and TLS.
    Tls(Box<TlsSession>),
}

impl SharedWire {
    /// Reads without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if the client has sent nothing more; else the error of the connection.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Unix(stream) => stream.try_read(buffer),
            Self::Tls(session) => session.try_read(buffer),
        }
    }

    /// Writes without waiting, and returns the number of accepted bytes.
    ///
    /// # Errors
    /// `WouldBlock` if none are accepted; else the error of the connection.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
            Self::Tls(session) => session.try_write_vectored(&[IoSlice::new(bytes)]),
        }
    }

    /// Writes several buffers without waiting, as [`Self::try_write`] does.
    ///
    /// # Errors
    /// As [`Self::try_write`].
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(slices),
            Self::Unix(stream) => stream.try_write_vectored(slices),
            Self::Tls(session) => session.try_write_vectored(slices),
        }
    }

    /// Writes accepted bytes that TLS still keeps, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if a part is still kept; else the error of the connection.
    pub fn try_flush(&self) -> io::Result<()> {
        match self {
            Self::Tcp(_) | Self::Unix(_) => Ok(()),
            Self::Tls(session) => session.try_flush(),
        }
    }

    /// Returns whether TLS keeps accepted bytes that are not sent yet.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Unix(_) => false,
            Self::Tls(session) => session.has_pending(),
        }
    }

    /// Says that nothing more follows, if the connection has a message for it.
    pub fn close(&self) {
        if let Self::Tls(session) = self {
            session.close();
        }
    }

    /// Waits until the connection may be readable.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Unix(stream) => stream.readable().await,
            Self::Tls(session) => session.tcp().readable().await,
        }
    }

    /// Waits until the connection may be writable.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Unix(stream) => stream.writable().await,
            Self::Tls(session) => session.tcp().writable().await,
        }
    }
}

impl From<TcpStream> for SharedWire {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl From<Wire> for SharedWire {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Tcp(stream) => Self::Tcp(stream),
            Wire::Unix(stream) => Self::Unix(stream),
            Wire::Tls(stream) => Self::Tls(Box::new(TlsSession::of(*stream))),
        }
    }
}
