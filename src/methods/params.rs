//! The parameters of a method: values by their places.

use serde_json::{Map, Value};

use crate::domain::Fault;

/// The words in which Meteor refuses parameters of a wrong type.
const WORDS: &str = "Match failed";

/// Parameters that are taken one after the other.
pub(super) struct Params(std::vec::IntoIter<Value>);

impl Params {
    pub fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next one; absent and null are the same.
    fn next(&mut self) -> Option<Value> {
        self.0.next().filter(|value| !value.is_null())
    }

    /// The next one, a text if it is there.
    pub fn text(&mut self) -> Result<Option<String>, Fault> {
        match self.next() {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::MatchFailed { words: WORDS }),
        }
    }

    /// The next one, a text that has to be there.
    pub fn required_text(&mut self) -> Result<String, Fault> {
        self.text()?.ok_or(Fault::MatchFailed { words: WORDS })
    }

    /// The next one, an object; an empty one where it is absent.
    pub fn object(&mut self) -> Result<Object, Fault> {
        match self.next() {
            None => Ok(Object(Map::new())),
            Some(Value::Object(fields)) => Ok(Object(fields)),
            Some(_) => Err(Fault::MatchFailed { words: WORDS }),
        }
    }
}

/// A parameter with fields.
pub(super) struct Object(pub Map<String, Value>);

impl Object {
    /// Takes a text out.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::MatchFailed { words: WORDS }),
        }
    }
}
