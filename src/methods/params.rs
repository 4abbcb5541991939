//! The parameters of a method: values by their places.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::domain::{Fault, TwoFactorMethod};
use crate::ops::two_factor::PresentedCode;

/// The words in which Meteor refuses parameters of a wrong type.
const WORDS: &str = "Match failed";

/// Parameters that are taken one after the other.
pub(super) struct Params(VecDeque<Value>);

impl Params {
    pub fn new(values: Vec<Value>) -> Self {
        Self(values.into())
    }

    /// Takes the code of a second factor out, which clients send as one more parameter behind all others.
    pub fn take_code(&mut self) -> Option<PresentedCode> {
        let last = self.0.back()?.as_object()?;
        let text = |name: &str| last.get(name).and_then(Value::as_str);
        let (code, method) = (text("twoFactorCode")?.to_owned(), text("twoFactorMethod")?);
        let method = TwoFactorMethod::named(method);
        self.0.pop_back();
        Some(PresentedCode { code, method })
    }

    /// The next one; absent and null are the same.
    fn next(&mut self) -> Option<Value> {
        self.0.pop_front().filter(|value| !value.is_null())
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

    /// The next one, yes or no, that has to be there.
    pub fn required_flag(&mut self) -> Result<bool, Fault> {
        match self.next() {
            Some(Value::Bool(flag)) => Ok(flag),
            _ => Err(Fault::MatchFailed { words: WORDS }),
        }
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
    /// Takes a yes or no out; no where it is absent.
    pub fn flag(&mut self, name: &str) -> Result<bool, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(Fault::MatchFailed { words: WORDS }),
        }
    }

    /// Takes a text out that has to be there.
    pub fn required_text(&mut self, name: &str) -> Result<String, Fault> {
        self.text(name)?.ok_or(Fault::MatchFailed { words: WORDS })
    }

    /// Takes a text out.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::MatchFailed { words: WORDS }),
        }
    }
}
