//! One WebSocket: frames in and out, and its end.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame, Utf8Bytes};

use super::framing::Framing;

/// Most bytes of a message of a client.
const MESSAGE_BYTES: usize = 128 * 1024;

/// Bytes that each socket keeps for reading. Small: there are many of them, and messages are short.
const READ_BYTES: usize = 1024;

/// Bytes that are sent together, so that much that is said at once takes few calls of the system.
const TOGETHER_BYTES: usize = 4 * 1024;

/// How long a client may take to answer a farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a socket is closed, with the code that its client is told (`api.md` §10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The server stops.
    Stopping,
    /// The client said something out of place.
    Protocol,
    /// What came is no text, or not in the framing.
    BadData,
    /// A message is too large.
    TooLarge,
    /// The client reads too slowly: it missed what it was to be told.
    TooSlow,
    /// The client gave no sign of life.
    Silent,
    /// The client has gone.
    Gone,
}

impl End {
    const fn code(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Stopping => Some((1001, "the server stops")),
            Self::Protocol => Some((1002, "protocol error")),
            Self::BadData => Some((1007, "bad data")),
            Self::TooLarge => Some((1009, "message too large")),
            Self::TooSlow => Some((1013, "try again later")),
            Self::Silent => Some((4000, "heartbeat timeout")),
            Self::Gone => None,
        }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::TooLarge,
            Error::Utf8(_) => Self::BadData,
            Error::Protocol(_) => Self::Protocol,
            _ => Self::Gone,
        }
    }
}

/// One WebSocket. What is said to it is sent when nothing more is at hand to be said or heard.
pub(super) struct Socket<S> {
    stream: WebSocketStream<S>,
    framing: Framing,
    patience: Duration,
    /// Whether something waits to be sent.
    unsent: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// One over a stream on which the handshake is done. For at most `patience` one message may take to be
    /// sent.
    pub async fn new(stream: S, framing: Framing, patience: Duration) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(TOGETHER_BYTES)
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        Self {
            stream: WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await,
            framing,
            patience,
            unsent: false,
        }
    }

    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// The messages of the next frame; none where it has none. While it waits, what was said is sent.
    pub async fn receive(&mut self) -> Result<Vec<String>, End> {
        match poll_fn(|context| self.poll_frame(context)).await? {
            Frame::Text(text) => self.framing.unwrap(&text).ok_or(End::BadData),
            Frame::Binary(_) => Err(End::BadData),
            // The library answers pings.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => Ok(Vec::new()),
            Frame::Close(_) => Err(End::Gone),
        }
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, End>> {
        if let Poll::Ready(frame) = self.stream.poll_next_unpin(context) {
            return Poll::Ready(match frame {
                Some(Ok(frame)) => Ok(frame),
                Some(Err(error)) => Err(End::of(&error)),
                None => Err(End::Gone),
            });
        }
        if self.unsent
            && let Poll::Ready(sent) = self.stream.poll_flush_unpin(context)
        {
            self.unsent = false;
            if sent.is_err() {
                return Poll::Ready(Err(End::Gone));
            }
        }
        Poll::Pending
    }

    /// Says a message.
    pub async fn say(&mut self, message: &Value) -> Result<(), End> {
        let text = Utf8Bytes::from(message.to_string());
        self.send(self.framing.wrap(&text)).await
    }

    /// Takes a frame to send. This waits only while the client is behind by more than the frames that
    /// are kept for it.
    pub async fn send(&mut self, frame: Utf8Bytes) -> Result<(), End> {
        self.unsent = true;
        match timeout(self.patience, self.stream.feed(Frame::Text(frame))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::TooSlow),
        }
    }

    /// Ends the socket, and tells the client why, if it still listens. One that was too slow has as long
    /// for that as for any message.
    pub async fn close(&mut self, end: End) {
        let patience = match end {
            End::TooSlow => self.patience,
            _ => self.patience.min(FAREWELL),
        };
        let _ = timeout(patience, self.farewell(end)).await;
    }

    async fn farewell(&mut self, end: End) {
        if let Some((code, reason)) = end.code() {
            if let Some(frame) = self.framing.farewell(code, reason) {
                let _ = self.stream.feed(Frame::Text(frame)).await;
            }
            let close = CloseFrame {
                code: CloseCode::from(code),
                reason: Utf8Bytes::from_static(reason),
            };
            let _ = self.stream.close(Some(close)).await;
        }
        // Until both have said that they close (RFC 6455, §7.1.1): the library answers a client's close while
        // it reads, and who drops a socket with unread frames resets it, so that the client might never see
        // why.
        while let Some(Ok(_)) = self.stream.next().await {}
    }
}
