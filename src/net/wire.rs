//! The byte stream of a client's connection: TCP with or without TLS, or a Unix socket.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

/// The byte stream of a connection.
#[derive(Debug)]
pub enum Wire {
    /// A connection over TCP.
    Tcp(TcpStream),
    /// A connection over a Unix socket.
    Unix(UnixStream),
    /// A connection over TCP and TLS, after its handshake. The state of TLS is large and has an allocation of its own.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Calls a method of the stream, whichever it is.
macro_rules! of_stream {
    ($wire:expr, $stream:ident => $call:expr) => {
        match $wire {
            Wire::Tcp($stream) => $call,
            Wire::Unix($stream) => $call,
            Wire::Tls($stream) => $call,
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
            Self::Tls(_) => true,
        }
    }

    /// Sends a client some bytes, if the system accepts them at once, and closes the connection. Over TLS nothing is sent.
    pub fn reject(self, words: &[u8]) {
        // The client may have closed the connection already.
        let _ = match self {
            Self::Tcp(stream) => stream.into_std().and_then(|mut stream| stream.write(words)),
            Self::Unix(stream) => stream.into_std().and_then(|mut stream| stream.write(words)),
            Self::Tls(_) => Ok(0),
        };
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
