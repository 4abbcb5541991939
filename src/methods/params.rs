//! The positional parameters of a method call.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::domain::{RequestError, Timestamp, TwoFactorMethod};
use crate::ops::two_factor::PresentedCode;

/// Parameters that are read in order.
pub(super) struct Params {
    values: VecDeque<Value>,
    /// The number of parameters that were read.
    taken: usize,
}

fn failed(place: &str, expected: &'static str) -> RequestError {
    RequestError::MatchFailed {
        place: place.to_owned(),
        expected,
    }
}

impl Params {
    pub(super) fn new(values: Vec<Value>) -> Self {
        Self {
            values: values.into(),
            taken: 0,
        }
    }

    /// Removes and returns the code of a second factor, which clients send as an extra last parameter.
    pub(super) fn take_code(&mut self) -> Option<PresentedCode> {
        let last = self.values.back()?.as_object()?;
        let text = |name: &str| last.get(name).and_then(Value::as_str);
        let (code, method) = (text("twoFactorCode")?.to_owned(), text("twoFactorMethod")?);
        let method = TwoFactorMethod::named(method);
        self.values.pop_back();
        Some(PresentedCode { code, method })
    }

    /// Returns the next parameter and its place. Null counts as absent.
    fn next(&mut self) -> (Option<Value>, String) {
        let place = format!("params.{}", self.taken);
        self.taken += 1;
        (self.values.pop_front().filter(|value| !value.is_null()), place)
    }

    /// Returns the next parameter, an optional text.
    pub(super) fn text(&mut self) -> Result<Option<String>, RequestError> {
        match self.next() {
            (None, _) => Ok(None),
            (Some(Value::String(text)), _) => Ok(Some(text)),
            (Some(_), place) => Err(failed(&place, "string")),
        }
    }

    /// Returns the next parameter, a required text.
    pub(super) fn required_text(&mut self) -> Result<String, RequestError> {
        match self.next() {
            (Some(Value::String(text)), _) => Ok(text),
            (_, place) => Err(failed(&place, "string")),
        }
    }

    /// Returns the next parameter, a required boolean.
    pub(super) fn required_flag(&mut self) -> Result<bool, RequestError> {
        match self.next() {
            (Some(Value::Bool(flag)), _) => Ok(flag),
            (_, place) => Err(failed(&place, "boolean")),
        }
    }

    /// Returns the next parameter, an optional moment in EJSON.
    pub(super) fn date(&mut self) -> Result<Option<Timestamp>, RequestError> {
        let (value, place) = self.next();
        let moment = |value: Value| value.get("$date").and_then(Value::as_i64).map(Timestamp::from_millis);
        value
            .map(|value| moment(value).ok_or_else(|| failed(&place, "date")))
            .transpose()
    }

    /// Returns the next parameter, a required value of any type.
    pub(super) fn required(&mut self) -> Result<Value, RequestError> {
        let (value, place) = self.next();
        value.ok_or_else(|| failed(&place, "value"))
    }

    /// Returns the next parameter, an object; empty if absent.
    pub(super) fn object(&mut self) -> Result<Object, RequestError> {
        match self.next() {
            (None, place) => Ok(Object(Map::new(), place)),
            (Some(Value::Object(fields)), place) => Ok(Object(fields, place)),
            (Some(_), place) => Err(failed(&place, "object")),
        }
    }
}

/// A parameter that is an object, and its place.
pub(super) struct Object(pub Map<String, Value>, String);

impl Object {
    fn refuse(&self, name: &str, expected: &'static str) -> RequestError {
        failed(&format!("{}.{name}", self.1), expected)
    }

    /// Removes and returns a boolean field; false if absent.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, RequestError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.refuse(name, "boolean")),
        }
    }

    /// Removes and returns an object field; empty if absent.
    pub(super) fn object(&mut self, name: &str) -> Result<Map<String, Value>, RequestError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(fields)) => Ok(fields),
            Some(_) => Err(self.refuse(name, "object")),
        }
    }

    /// Removes and returns a required text field.
    pub(super) fn required_text(&mut self, name: &str) -> Result<String, RequestError> {
        self.text(name)?.ok_or_else(|| self.refuse(name, "string"))
    }

    /// Removes and returns an optional text field.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, RequestError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.refuse(name, "string")),
        }
    }
}
