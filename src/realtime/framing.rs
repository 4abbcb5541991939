//! How messages lie in frames: plain, one in each; or as SockJS wraps them.

use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How messages lie in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// One message in a frame.
    Plain,
    /// From the server `a["…"]`, from the client `["…"]`.
    SockJs,
}

impl Framing {
    /// What a client is greeted with. Some compare it to the byte.
    pub fn greeting(self) -> Vec<Utf8Bytes> {
        let greeting = Utf8Bytes::from_static(r#"{"server_id":"0"}"#);
        match self {
            Self::Plain => vec![greeting],
            Self::SockJs => vec![Utf8Bytes::from_static("o"), self.wrap(&greeting)],
        }
    }

    /// The frame with this message.
    pub fn wrap(self, message: &Utf8Bytes) -> Utf8Bytes {
        match self {
            Self::Plain => message.clone(),
            Self::SockJs => format!("a[{}]", Value::from(message.as_str())).into(),
        }
    }

    /// The last frame before a close, if there is one.
    pub fn farewell(self, code: u16, reason: &str) -> Option<Utf8Bytes> {
        match self {
            Self::Plain => None,
            Self::SockJs => Some(format!("c[{code},{}]", Value::from(reason)).into()),
        }
    }

    /// The messages in a frame; none when it is not what the framing has.
    pub fn unwrap(self, frame: &str) -> Option<Vec<String>> {
        match self {
            Self::Plain => Some(vec![frame.to_owned()]),
            // SockJS's clients send an array of texts, and nothing at all now and then.
            Self::SockJs if frame.is_empty() => Some(Vec::new()),
            Self::SockJs => serde_json::from_str(frame)
                .or_else(|_| serde_json::from_str(frame).map(|one: String| vec![one]))
                .ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_wrapped_as_sockjs_has_them_and_found_again() {
        let message = Utf8Bytes::from_static(r#"{"msg":"ping"}"#);
        assert_eq!(Framing::Plain.wrap(&message), message);
        assert_eq!(Framing::SockJs.wrap(&message).as_str(), r#"a["{\"msg\":\"ping\"}"]"#);
        let found = Framing::SockJs.unwrap(r#"["{\"msg\":\"ping\"}","x"]"#);
        assert_eq!(found, Some(vec![r#"{"msg":"ping"}"#.to_owned(), "x".to_owned()]));
        assert_eq!(Framing::SockJs.unwrap(r#""x""#), Some(vec!["x".to_owned()]));
        assert_eq!(Framing::SockJs.unwrap("{}"), None);
        assert_eq!(Framing::SockJs.unwrap(""), Some(Vec::new()));
    }

    #[test]
    fn the_greeting_is_compared_to_the_byte() {
        assert_eq!(Framing::Plain.greeting(), [r#"{"server_id":"0"}"#]);
        assert_eq!(Framing::SockJs.greeting(), ["o", r#"a["{\"server_id\":\"0\"}"]"#]);
    }
}
