//! A TLS connection that several tasks read and write without waiting, as a WebSocket does.

use std::io::{self, IoSlice, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::ServerConnection;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A TLS connection after its handshake.
#[derive(Debug)]
pub struct TlsSession {
    stream: TcpStream,
    state: Mutex<ServerConnection>,
}

/// The stream below TLS, which never waits.
struct Below<'stream>(&'stream TcpStream);

impl TlsSession {
    /// Takes over the stream of a finished handshake.
    #[must_use]
    pub fn of(stream: TlsStream<TcpStream>) -> Self {
        let (stream, state) = stream.into_inner();
        Self {
            stream,
            state: Mutex::new(state),
        }
    }

    /// Returns the TCP connection below.
    #[must_use]
    pub const fn tcp(&self) -> &TcpStream {
        &self.stream
    }

    fn state(&self) -> MutexGuard<'_, ServerConnection> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and decrypts without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if the client has sent nothing more, `InvalidData` if it violates the protocol; else the error of the
    /// connection.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        loop {
            match state.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            state.read_tls(&mut Below(&self.stream))?;
            if let Err(error) = state.process_new_packets() {
                // The alert says why the connection ends. The client may be gone.
                let _ = flush(&mut state, &self.stream);
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }

    /// Encrypts and writes without waiting, and returns the number of accepted bytes. What the system does not accept of
    /// them is kept, at most a buffer of the library, and nothing more is accepted until it is sent.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is accepted; else the error of the connection.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.state();
        flush(&mut state, &self.stream)?;
        let accepted = state.writer().write_vectored(slices)?;
        match flush(&mut state, &self.stream) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(accepted),
        }
    }

    /// Writes what is kept, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if a part is still kept; else the error of the connection.
    pub fn try_flush(&self) -> io::Result<()> {
        flush(&mut self.state(), &self.stream)
    }

    /// Returns whether accepted bytes are not sent yet.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        self.state().wants_write()
    }

    /// Says that nothing more follows.
    pub fn close(&self) {
        let mut state = self.state();
        state.send_close_notify();
        // The client may be gone.
        let _ = flush(&mut state, &self.stream);
    }
}

fn flush(state: &mut ServerConnection, stream: &TcpStream) -> io::Result<()> {
    while state.wants_write() {
        match state.write_tls(&mut Below(stream)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Read for Below<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Below<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
