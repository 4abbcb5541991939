//! Framings: the ways to put messages into WebSocket frames, plain or SockJS.

use bytes::Bytes;
use serde_json::Value;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// The way to put messages into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Plain: one message in each frame.
    Plain,
    /// SockJS: `a["…"]` from the server, `["…"]` from the client.
    SockJs,
}

impl Framing {
    /// Returns the first frames of a connection. Some clients compare them byte by byte.
    pub(super) fn greeting(self) -> Vec<Bytes> {
        let greeting = self.frame(r#"{"server_id":"0"}"#);
        match self {
            Self::Plain => vec![greeting],
            Self::SockJs => vec![text_frame("o"), greeting],
        }
    }

    /// Returns the complete frame with this message.
    pub(super) fn frame(self, message: &str) -> Bytes {
        match self {
            Self::Plain => text_frame(message),
            Self::SockJs => text_frame(&format!("a[{}]", Value::from(message))),
        }
    }

    /// Returns the last frame before a close, if the framing has one.
    pub(super) fn farewell(self, code: u16, reason: &str) -> Option<Bytes> {
        match self {
            Self::Plain => None,
            Self::SockJs => Some(text_frame(&format!("c[{code},{}]", Value::from(reason)))),
        }
    }

    /// Returns the messages in a frame; `None` if the frame violates the framing.
    pub(super) fn unwrap(self, frame: &str) -> Option<Vec<String>> {
        match self {
            Self::Plain => Some(vec![frame.to_owned()]),
            // SockJS clients send an array of texts, and sometimes an empty frame.
            Self::SockJs if frame.is_empty() => Some(Vec::new()),
            Self::SockJs => serde_json::from_str(frame)
                .or_else(|_| serde_json::from_str(frame).map(|one: String| vec![one]))
                .ok(),
        }
    }
}

fn text_frame(text: &str) -> Bytes {
    let frame = Frame::message(Bytes::copy_from_slice(text.as_bytes()), OpCode::Data(Data::Text), true);
    let mut bytes = Vec::with_capacity(frame.len());
    // Writing to memory never fails.
    let _ = frame.format(&mut bytes);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the text of a short frame, without the frame's head.
    fn text(frame: &Bytes) -> &str {
        assert_eq!((frame[0], usize::from(frame[1])), (0x81, frame.len() - 2));
        std::str::from_utf8(&frame[2..]).expect("text")
    }

    #[test]
    fn messages_are_wrapped_as_sockjs_has_them_and_found_again() {
        let message = r#"{"msg":"ping"}"#;
        assert_eq!(text(&Framing::Plain.frame(message)), message);
        assert_eq!(text(&Framing::SockJs.frame(message)), r#"a["{\"msg\":\"ping\"}"]"#);
        let found = Framing::SockJs.unwrap(r#"["{\"msg\":\"ping\"}","x"]"#);
        assert_eq!(found, Some(vec![message.to_owned(), "x".to_owned()]));
        assert_eq!(Framing::SockJs.unwrap(r#""x""#), Some(vec!["x".to_owned()]));
        assert_eq!(Framing::SockJs.unwrap("{}"), None);
        assert_eq!(Framing::SockJs.unwrap(""), Some(Vec::new()));
    }

    #[test]
    fn the_greeting_is_compared_to_the_byte() {
        let greeting = Framing::Plain.greeting();
        assert_eq!(greeting.iter().map(text).collect::<Vec<_>>(), [r#"{"server_id":"0"}"#]);
        let greeting = Framing::SockJs.greeting();
        let greeting: Vec<_> = greeting.iter().map(text).collect();
        assert_eq!(greeting, ["o", r#"a["{\"server_id\":\"0\"}"]"#]);
    }
}
