//! The fields of a body or query, taken out one by one; what is left over is refused.

use serde_json::{Map, Value};

use crate::domain::Fault;

/// Named values that a client sent.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Texts under their names; of two under one name the later one.
    pub fn of_pairs(encoded: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(encoded);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect(),
        )
    }

    /// Whether there is a field of this name that is not null.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether all fields are among these.
    pub fn only(&self, names: &[&str]) -> bool {
        self.0.keys().all(|name| names.contains(&name.as_str()))
    }

    /// Takes a value out; absent and null are the same.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a text out.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid("must be string", name)),
        }
    }

    /// Takes a text out that has to be there.
    pub fn required_text(&mut self, name: &str) -> Result<String, Fault> {
        let missing = || invalid(format!("must have required property '{name}'"), name);
        self.text(name)?.ok_or_else(missing)
    }

    /// Takes a whole number from 0 up out of a text, as queries have them.
    pub fn number(&mut self, name: &str) -> Result<Option<usize>, Fault> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.parse::<i128>() {
            Ok(number) if number < 0 => Err(invalid("must be >= 0", name)),
            // More than any list has is as good as all of it.
            Ok(number) => Ok(Some(usize::try_from(number).unwrap_or(usize::MAX))),
            Err(_) => Err(invalid("must be integer", name)),
        }
    }

    /// Refuses what nobody took.
    pub fn end(self) -> Result<(), Fault> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(invalid("must NOT have additional properties", name)),
        }
    }
}

/// The fault of a field, in the words of the schema checker that clients know (`api.md` §1.4).
pub(super) fn invalid(reason: impl Into<String>, field: &str) -> Fault {
    Fault::InvalidParams {
        reason: reason.into(),
        field: Some(field.to_owned()),
    }
}
