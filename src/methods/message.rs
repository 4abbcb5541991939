//! The messages of a method call, in EJSON (`api.md` §9, §10.1).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{MethodAnswer, MethodError};
use crate::domain::{RequestError, Timestamp};

/// Maximum characters of a call's id.
const ID_CHARACTERS: usize = 128;

/// A call of a method.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MethodCall {
    /// The id that the client chose for the call, a text or a number. The response repeats it.
    pub id: Value,
    /// The name of the method.
    pub method: String,
    /// The positional parameters of the call.
    pub params: Vec<Value>,
}

#[derive(Deserialize)]
struct Raw {
    msg: Option<String>,
    #[serde(default)]
    id: Value,
    method: String,
    #[serde(default)]
    params: Option<Vec<Value>>,
}

impl MethodCall {
    /// Parses the text of a call.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] if the text is not a method call.
    pub(crate) fn parse(text: &str) -> Result<Self, RequestError> {
        let wrong = |words: &str| RequestError::invalid(words, "message");
        let raw: Raw = serde_json::from_str(text).map_err(|error| wrong(&format!("must be a method call: {error}")))?;
        if raw.msg.is_some_and(|msg| msg != "method") {
            return Err(wrong("must be a method call: \"msg\" must be \"method\""));
        }
        let id = match raw.id {
            Value::Null => json!(""),
            Value::String(id) if id.chars().count() <= ID_CHARACTERS => Value::String(id),
            Value::Number(id) => Value::Number(id),
            _ => return Err(wrong("must be a method call: \"id\" must be a short text or a number")),
        };
        Ok(Self {
            id,
            method: raw.method,
            params: raw.params.unwrap_or_default(),
        })
    }
}

/// Returns the response to a call.
#[must_use]
pub(crate) fn answer(id: &Value, outcome: &Result<MethodAnswer, MethodError>) -> Value {
    let mut message = Map::new();
    message.insert("msg".into(), json!("result"));
    message.insert("id".into(), id.clone());
    match outcome {
        Ok(answer) => {
            if let Some(result) = &answer.result {
                message.insert("result".into(), result.clone());
            }
        }
        Err(error) => drop(message.insert("error".into(), error.to_json())),
    }
    Value::Object(message)
}

/// Returns a moment in EJSON.
#[must_use]
pub(crate) fn date(moment: Timestamp) -> Value {
    json!({"$date": moment.as_millis()})
}
