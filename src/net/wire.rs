//! The byte stream of a client's connection: TCP, or a Unix socket.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// The byte stream of a connection.
#[derive(Debug)]
pub enum Wire {
    /// A connection over TCP.
    Tcp(TcpStream),
    /// A connection over a Unix socket.
    Unix(UnixStream),
}

/// Calls a method of the stream, whichever it is.
macro_rules! of_stream {
    ($wire:expr, $stream:ident => $call:expr) => {
        match $wire {
            Wire::Tcp($stream) => $call,
            Wire::Unix($stream) => $call,
        }
    };
}

impl Wire {
    /// Waits until the client has sent its first byte, without reading it. Returns false if the client has closed the
    /// connection.
    pub async fn is_begun(&self) -> bool {
        match self {
            Self::Tcp(stream) => matches!(stream.peek(&mut [0]).await, Ok(1)),
            // A Unix socket has no peek in tokio. If the client has closed it, the first read finds the end.
            Self::Unix(stream) => stream.readable().await.is_ok(),
        }
    }

    /// Sends a client some bytes, if the system accepts them at once, and closes the connection.
    pub fn reject(self, words: &[u8]) {
        // The client may have closed the connection already.
        let _ = match self {
            Self::Tcp(stream) => stream.into_std().and_then(|mut stream| stream.write(words)),
            Self::Unix(stream) => stream.into_std().and_then(|mut stream| stream.write(words)),
        };
    }

    /// Reads without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if the client has sent nothing more; else the error of the connection.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        of_stream!(self, stream => stream.try_read(buffer))
    }

    /// Writes without waiting, and returns the number of bytes that the system accepted.
    ///
    /// # Errors
    /// `WouldBlock` if the system accepts none; else the error of the connection.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        of_stream!(self, stream => stream.try_write(bytes))
    }

    /// Writes several buffers without waiting, as [`Self::try_write`] does.
    ///
    /// # Errors
    /// As [`Self::try_write`].
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        of_stream!(self, stream => stream.try_write_vectored(slices))
    }

    /// Waits until the connection may be readable.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn readable(&self) -> io::Result<()> {
        of_stream!(self, stream => stream.readable().await)
    }

    /// Waits until the connection may be writable.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn writable(&self) -> io::Result<()> {
        of_stream!(self, stream => stream.writable().await)
    }
}

impl From<TcpStream> for Wire {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        of_stream!(self.get_mut(), stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        of_stream!(self.get_mut(), stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        of_stream!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        of_stream!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_stream!(self.get_mut(), stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_stream!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(context))
    }
}
