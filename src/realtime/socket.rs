//! One WebSocket: incoming frames and closing. The [`Outbox`] handles outgoing frames.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message as Frame, Utf8Bytes};

use super::close_reason::CloseReason;
use super::framing::Framing;
use super::outbox::{Duplex, Outbox};

/// The maximum size of a client's message, in bytes.
const MESSAGE_BYTES: usize = 128 * 1024;

/// The size of each socket's read buffer in bytes. It is small, because there are many sockets and messages are short.
const READ_BYTES: usize = 256;

/// The maximum time for a client to answer a close frame.
const FAREWELL: Duration = Duration::from_secs(2);

/// One WebSocket connection of a client.
pub(super) struct Socket {
    frames: WebSocket<Duplex>,
    outbox: Arc<Outbox>,
    framing: Framing,
    /// `true` while incoming bytes can still be parsed as frames.
    readable: bool,
}

impl Socket {
    /// Creates a socket after the handshake. `read` contains the bytes after the handshake that were already read.
    pub(super) fn new(outbox: Arc<Outbox>, read: &Bytes, framing: Framing) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        let duplex = Duplex(Arc::clone(&outbox));
        Self {
            frames: WebSocket::from_partially_read(duplex, read.to_vec(), Role::Server, Some(config)),
            outbox,
            framing,
            readable: true,
        }
    }

    /// Returns the messages of the next frame; empty if it contains none.
    pub(super) async fn receive(&mut self) -> Result<Vec<String>, CloseReason> {
        match self.next().await? {
            Frame::Text(text) => self.framing.unwrap(&text).ok_or(CloseReason::BadData),
            Frame::Binary(_) => Err(CloseReason::BadData),
            // The library answers pings.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => Ok(Vec::new()),
            Frame::Close(_) => Err(CloseReason::Gone),
        }
    }

    async fn next(&mut self) -> Result<Frame, CloseReason> {
        // A client that sends without a pause must not block other tasks.
        consume_budget().await;
        loop {
            match self.frames.read() {
                Ok(frame) => return Ok(frame),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.readable = false;
                    return Err(CloseReason::of(&error));
                }
            }
            self.outbox.release();
            if self.outbox.readable().await.is_err() {
                return Err(CloseReason::Gone);
            }
        }
    }

    /// Closes the socket, and sends the reason if the client is still there. A client that was too slow gets `patience`
    /// for reading it, others at most [`FAREWELL`].
    pub(super) async fn close(&mut self, end: CloseReason, patience: Duration) {
        self.outbox.shut(end);
        let patience = match end {
            CloseReason::TooSlow => patience,
            _ => patience.min(FAREWELL),
        };
        let _ = timeout(patience, self.farewell(end)).await;
    }

    async fn farewell(&mut self, end: CloseReason) {
        if let Some((code, reason)) = end.code() {
            if end == CloseReason::TooSlow {
                self.outbox.forget();
            }
            if let Some(frame) = self.framing.farewell(code, reason) {
                self.outbox.hold(frame);
            }
            let close = CloseFrame {
                code: CloseCode::from(code),
                reason: Utf8Bytes::from_static(reason),
            };
            let _ = self.frames.close(Some(close));
        }
        let outbox = Arc::clone(&self.outbox);
        tokio::join!(self.read_to_end(end), outbox.finish());
        outbox.finish().await;
        outbox.close();
    }

    /// Reads until both sides have sent a close frame (RFC 6455, §7.1.1). The library answers a client's close frame
    /// while it reads. Dropping a socket with unread bytes would reset it, and the client might not receive the reason.
    async fn read_to_end(&mut self, end: CloseReason) {
        if self.readable {
            while self.next().await.is_ok() {}
        } else if end != CloseReason::Gone {
            // The bytes can't be parsed any more: discard them.
            self.outbox.discard().await;
        }
    }
}
