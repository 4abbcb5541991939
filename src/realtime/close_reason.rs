//! The reasons for closing a socket.

use tungstenite::Error;
use tungstenite::error::ProtocolError;

/// The reason for closing a socket, with the close code for its client (`api.md` §10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The server shuts down.
    Stopping,
    /// The server has lost the cluster with its store.
    Elsewhere,
    /// The client violated the protocol.
    Protocol,
    /// The client sent data that is not text, or not in the framing.
    BadData,
    /// The client sent a message that is too large.
    TooLarge,
    /// The client reads too slowly, so that messages were lost.
    TooSlow,
    /// There are too many sockets without a login, and this one was idle longest.
    MadeRoom,
    /// The client gave no sign of life in time.
    Silent,
    /// The client has disconnected.
    Gone,
}

impl CloseReason {
    /// Returns the close code and the reason; `None` if the client is gone.
    pub(super) const fn code(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Stopping => Some((1001, "the server stops")),
            Self::Elsewhere => Some((1012, "use another server")),
            Self::Protocol => Some((1002, "protocol error")),
            Self::BadData => Some((1007, "bad data")),
            Self::TooLarge => Some((1009, "message too large")),
            Self::TooSlow => Some((1013, "try again later")),
            Self::MadeRoom => Some((1013, "too many connections without a login")),
            Self::Silent => Some((4000, "heartbeat timeout")),
            Self::Gone => None,
        }
    }

    /// Converts an error of the WebSocket library.
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::TooLarge,
            Error::Utf8(_) => Self::BadData,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            Error::Protocol(_) => Self::Protocol,
            _ => Self::Gone,
        }
    }
}
