//! Why a socket ends.

use tungstenite::Error;
use tungstenite::error::ProtocolError;

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
    /// There are too many sockets without a login, and this one was idle for longest.
    MadeRoom,
    /// The client gave no sign of life.
    Silent,
    /// The client has gone.
    Gone,
}

impl End {
    /// The code and the words; none where nobody listens any more.
    pub const fn code(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Stopping => Some((1001, "the server stops")),
            Self::Protocol => Some((1002, "protocol error")),
            Self::BadData => Some((1007, "bad data")),
            Self::TooLarge => Some((1009, "message too large")),
            Self::TooSlow => Some((1013, "try again later")),
            Self::MadeRoom => Some((1013, "too many connections without a login")),
            Self::Silent => Some((4000, "heartbeat timeout")),
            Self::Gone => None,
        }
    }

    /// What an error of the library means.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::TooLarge,
            Error::Utf8(_) => Self::BadData,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            Error::Protocol(_) => Self::Protocol,
            _ => Self::Gone,
        }
    }
}
