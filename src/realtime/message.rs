//! The messages of DDP in both directions (`api.md` §10).

use serde_json::{Map, Value, json};

use crate::domain::BoundedText;
use crate::domain::text::{QUOTED_CHARACTERS, quoted};

/// The id that a client gives to a method call, subscription or ping.
pub(super) type Id = BoundedText<128>;

/// The name of a method or publication.
pub(super) type Name = BoundedText<128>;

/// A version of DDP.
pub(super) type Version = BoundedText<128>;

/// A message from a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// The first message, with the version of DDP.
    Connect { version: Version },
    /// A request for a pong, with an optional id.
    Ping { id: Option<Value> },
    /// The answer to a ping of the server.
    Pong,
    /// A call of a method.
    Method { id: Id, name: Name, params: Vec<Value> },
    /// The start of a subscription.
    Sub { id: Id, name: Name, params: Vec<Value> },
    /// The end of a subscription.
    Unsub { id: Id },
}

/// The error for a text that is not a valid message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BadMessage {
    reason: &'static str,
    offending: Value,
}

impl Message {
    /// Parses a message. Returns `None` for an object without `msg`: clients send such objects as greetings, and they
    /// get no answer.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, BadMessage> {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
            return Err(BadMessage::of("Bad request", text));
        };
        let Some(msg) = fields.get("msg").and_then(Value::as_str).map(str::to_owned) else {
            return Ok(None);
        };
        let message = match msg.as_str() {
            "connect" => text_of(&mut fields, "version").map(|version| Self::Connect { version }),
            "ping" => match fields.remove("id") {
                Some(Value::String(id)) => Id::new(id).map(|id| Self::Ping { id: Some(json!(*id)) }),
                id => Some(Self::Ping {
                    id: id.filter(Value::is_number),
                }),
            },
            "pong" => Some(Self::Pong),
            "method" => call(&mut fields, "method").map(|(id, name, params)| Self::Method { id, name, params }),
            "sub" => call(&mut fields, "name").map(|(id, name, params)| Self::Sub { id, name, params }),
            "unsub" => text_of(&mut fields, "id").map(|id| Self::Unsub { id }),
            _ => None,
        };
        let reason = match msg.as_str() {
            "method" => "Malformed method invocation",
            "sub" => "Malformed subscription",
            _ => "Bad request",
        };
        match message {
            Some(message) => Ok(Some(message)),
            None => Err(BadMessage::of(reason, text)),
        }
    }
}

fn text_of<const MAX: usize>(fields: &mut Map<String, Value>, name: &str) -> Option<BoundedText<MAX>> {
    match fields.remove(name) {
        Some(Value::String(text)) => BoundedText::new(text),
        _ => None,
    }
}

fn call(fields: &mut Map<String, Value>, name: &str) -> Option<(Id, Name, Vec<Value>)> {
    let params = match fields.remove("params") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(params)) => params,
        Some(_) => return None,
    };
    Some((text_of(fields, "id")?, text_of(fields, name)?, params))
}

impl BadMessage {
    /// Creates the error with this reason. It quotes the message; a long one is cut.
    pub(super) fn of(reason: &'static str, text: &str) -> Self {
        let short = text.len() <= QUOTED_CHARACTERS;
        let message = short.then(|| serde_json::from_str(text).ok()).flatten();
        Self {
            reason,
            offending: message.unwrap_or_else(|| Value::from(quoted(text))),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({"msg": "error", "reason": self.reason, "offendingMessage": self.offending})
    }
}

pub(super) fn connected(session: &str) -> Value {
    json!({"msg": "connected", "session": session})
}

/// Returns the refusal of a version, with the supported one.
pub(super) fn failed() -> Value {
    json!({"msg": "failed", "version": "1"})
}

pub(super) fn ping() -> Value {
    json!({"msg": "ping"})
}

pub(super) fn pong(id: Option<Value>) -> Value {
    match id {
        Some(id) => json!({"msg": "pong", "id": id}),
        None => json!({"msg": "pong"}),
    }
}

/// Returns the message that the writes of a method are visible, which is always true when its result is sent.
pub(super) fn updated(id: &str) -> Value {
    json!({"msg": "updated", "methods": [id]})
}

pub(super) fn ready(id: &str) -> Value {
    json!({"msg": "ready", "subs": [id]})
}

pub(super) fn nosub(id: &str, error: Option<Value>) -> Value {
    match error {
        Some(error) => json!({"msg": "nosub", "id": id, "error": error}),
        None => json!({"msg": "nosub", "id": id}),
    }
}

/// Returns the message about a new document of a collection.
pub(super) fn added(collection: &str, id: &str, fields: &Value) -> Value {
    json!({"msg": "added", "collection": collection, "id": id, "fields": fields})
}

/// Returns the message about a changed document, or about an event of a stream.
pub(super) fn changed(collection: &str, id: &str, fields: &Value) -> Value {
    json!({"msg": "changed", "collection": collection, "id": id, "fields": fields})
}

/// Returns the message about a removed document.
pub(super) fn removed(collection: &str, id: &str) -> Value {
    json!({"msg": "removed", "collection": collection, "id": id})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded<const MAX: usize>(text: &str) -> BoundedText<MAX> {
        text.parse().expect("a short text")
    }

    #[test]
    fn messages_of_clients_are_read() {
        let parsed = |text: &str| Message::parse(text).expect("a message").expect("one with msg");
        assert_eq!(
            parsed(r#"{"msg":"connect","version":"pre2","support":["pre2"],"session":"x"}"#),
            Message::Connect {
                version: bounded("pre2")
            }
        );
        assert_eq!(
            parsed(r#"{"msg":"ping","id":"0"}"#),
            Message::Ping { id: Some(json!("0")) }
        );
        let sub = parsed(r#"{"msg":"sub","id":"0","name":"s","params":["e",false]}"#);
        let expected = Message::Sub {
            id: bounded("0"),
            name: bounded("s"),
            params: vec![json!("e"), json!(false)],
        };
        assert_eq!(sub, expected);
        assert_eq!(Message::parse(r#"{"server_id":"0"}"#), Ok(None));
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        for (text, reason) in [
            ("", "Bad request"),
            ("[]", "Bad request"),
            (r#"{"msg":"fly"}"#, "Bad request"),
            (r#"{"msg":"connect"}"#, "Bad request"),
            (r#"{"msg":"method","id":1,"method":"x"}"#, "Malformed method invocation"),
            (
                r#"{"msg":"method","id":"1","method":"x","params":{}}"#,
                "Malformed method invocation",
            ),
            (r#"{"msg":"sub","id":"1"}"#, "Malformed subscription"),
        ] {
            let bad = Message::parse(text).expect_err(text);
            assert_eq!(bad.reason, reason, "{text}");
        }
    }
}
