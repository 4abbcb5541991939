//! One WebSocket: frames in, and its end. What goes out is its [`Outbox`]'s.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message as Frame, Utf8Bytes};

use super::end::End;
use super::framing::Framing;
use super::outbox::{Duplex, Outbox};

/// Most bytes of a message of a client.
const MESSAGE_BYTES: usize = 128 * 1024;

/// Bytes that each socket keeps for reading. Small: there are many of them, and messages are short.
const READ_BYTES: usize = 256;

/// How long a client may take to answer a farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// One WebSocket.
pub(super) struct Socket {
    frames: WebSocket<Duplex>,
    outbox: Arc<Outbox>,
    framing: Framing,
    /// Whether what comes can still be told apart into frames.
    readable: bool,
}

impl Socket {
    /// One on which the handshake is done. Of what the client sent behind it, `read` was read already.
    pub fn new(outbox: Arc<Outbox>, read: &Bytes, framing: Framing) -> Self {
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

    /// The messages of the next frame; none where it has none.
    pub async fn receive(&mut self) -> Result<Vec<String>, End> {
        match self.next().await? {
            Frame::Text(text) => self.framing.unwrap(&text).ok_or(End::BadData),
            Frame::Binary(_) => Err(End::BadData),
            // The library answers pings.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => Ok(Vec::new()),
            Frame::Close(_) => Err(End::Gone),
        }
    }

    async fn next(&mut self) -> Result<Frame, End> {
        // A client that sends without end must not keep others waiting.
        consume_budget().await;
        loop {
            match self.frames.read() {
                Ok(frame) => return Ok(frame),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.readable = false;
                    return Err(End::of(&error));
                }
            }
            self.outbox.release();
            if self.outbox.readable().await.is_err() {
                return Err(End::Gone);
            }
        }
    }

    /// Ends the socket, and tells the client why, if it still listens. One that was too slow has as long
    /// for that as for any message.
    pub async fn close(&mut self, end: End, patience: Duration) {
        self.outbox.shut(end);
        let patience = match end {
            End::TooSlow => patience,
            _ => patience.min(FAREWELL),
        };
        let _ = timeout(patience, self.farewell(end)).await;
    }

    async fn farewell(&mut self, end: End) {
        if let Some((code, reason)) = end.code() {
            if end == End::TooSlow {
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
    }

    /// Reads until both have said that they close (RFC 6455, §7.1.1): the library answers a client's close
    /// while it reads, and who drops a socket with unread bytes resets it, so that the client might never see
    /// why.
    async fn read_to_end(&mut self, end: End) {
        if self.readable {
            while self.next().await.is_ok() {}
        } else if end != End::Gone {
            // Frames can't be told apart any more: what comes goes nowhere.
            self.outbox.discard().await;
        }
    }
}
