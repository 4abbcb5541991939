//! Projections: the parameter `fields`, with which a caller selects fields of a record, as in `MongoDB`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value};

use super::RequestError;

/// The maximum number of fields in a projection.
const MAX_FIELDS: usize = 50;

/// The maximum number of parts in a field's path, such as `customFields.team`.
const MAX_PARTS: usize = 4;

/// The selection of a record's fields for a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    /// `true` if the response has only these fields; `false` if it has all other fields.
    only: bool,
    fields: Tree,
}

/// Fields by name, each with its selected subfields. A field without subfields is selected as a whole.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Tree(BTreeMap<String, Tree>);

impl Projection {
    /// Parses a JSON object whose keys are fields of the record and whose values are all 1, or all 0. `_id` may be 0
    /// beside values of 1. Returns `None` for an empty text or object, which selects the whole record.
    ///
    /// # Errors
    /// [`RequestError::InvalidFields`] for malformed or mixed values, and for a field that the record does not have.
    pub(crate) fn parse(raw: &str, known: &[&str]) -> Result<Option<Self>, RequestError> {
        let refuse = |reason: &str| RequestError::InvalidFields {
            raw: raw.into(),
            reason: reason.into(),
        };
        if raw.is_empty() {
            return Ok(None);
        }
        let object = serde_json::from_str::<Map<String, Value>>(raw);
        let object = object.map_err(|_| refuse("must be a JSON object, as {\"name\":1}"))?;
        if object.len() > MAX_FIELDS {
            return Err(refuse(&format!("must NOT have more than {MAX_FIELDS} fields")));
        }
        let (mut only, mut fields, mut id) = (None, Tree::default(), None);
        for (field, value) in &object {
            let wanted = match value {
                Value::Bool(wanted) => *wanted,
                Value::Number(number) if number.as_f64() == Some(1.0) => true,
                Value::Number(number) if number.as_f64() == Some(0.0) => false,
                _ => return Err(refuse("each value must be 1 or 0")),
            };
            let parts: Vec<_> = field.split('.').collect();
            if !known.contains(&parts[0]) || parts.len() > MAX_PARTS || parts.contains(&"") {
                return Err(refuse(&format!("{field} is not a field of this list")));
            }
            if field == "_id" {
                id = Some(wanted);
                continue;
            }
            if only.is_some_and(|only| only != wanted) {
                return Err(refuse("values must be all 1 or all 0, that of _id apart"));
            }
            only = Some(wanted);
            fields.insert(&parts);
        }
        let only = match (only, id) {
            (None, None) => return Ok(None),
            (Some(only), _) | (None, Some(only)) => only,
        };
        // Without a value for `_id`, the response has it.
        if only == (id != Some(false)) {
            fields.insert(&["_id"]);
        }
        Ok(Some(Self { only, fields }))
    }

    /// Returns whether the projection names the fields of the response, and this field among them.
    #[must_use]
    pub(crate) fn asks_for(&self, field: &str) -> bool {
        self.only && self.fields.0.contains_key(field)
    }

    /// Returns the record with only the selected fields.
    #[must_use]
    pub(crate) fn apply(&self, record: Value) -> Value {
        if self.only {
            self.fields.only(record).unwrap_or(Value::Null)
        } else {
            self.fields.without(record)
        }
    }
}

impl Tree {
    fn insert(&mut self, parts: &[&str]) {
        let mut place = self;
        for part in parts {
            place = match place.0.entry((*part).to_owned()) {
                Entry::Vacant(vacant) => vacant.insert(Self::default()),
                // The whole field is selected already.
                Entry::Occupied(whole) if whole.get().0.is_empty() => return,
                Entry::Occupied(part) => part.into_mut(),
            };
        }
        // The whole value is selected, so its subfields need no entries.
        place.0.clear();
    }

    fn only(&self, value: Value) -> Option<Value> {
        match value {
            Value::Object(fields) => {
                let kept = fields.into_iter().filter_map(|(name, value)| {
                    let within = self.0.get(&name)?;
                    let value = if within.0.is_empty() {
                        Some(value)
                    } else {
                        within.only(value)
                    };
                    Some((name, value?))
                });
                Some(Value::Object(kept.collect()))
            }
            Value::Array(items) => Some(items.into_iter().filter_map(|item| self.only(item)).collect()),
            _ => None,
        }
    }

    fn without(&self, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let kept = fields.into_iter().filter_map(|(name, value)| match self.0.get(&name) {
                    None => Some((name, value)),
                    Some(within) if within.0.is_empty() => None,
                    Some(within) => Some((name, within.without(value))),
                });
                Value::Object(kept.collect())
            }
            Value::Array(items) => items.into_iter().map(|item| self.without(item)).collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KNOWN: &[&str] = &["_id", "name", "emails", "customFields"];

    fn projected(raw: &str) -> Value {
        let record = json!({
            "_id": "1", "name": "Ada", "emails": [{"address": "a@example.com", "verified": true}],
            "customFields": {"team": "north", "desk": {"floor": 2}},
        });
        match Projection::parse(raw, KNOWN).expect("a projection") {
            Some(projection) => projection.apply(record),
            None => record,
        }
    }

    #[test]
    fn fields_are_kept_or_left_out_as_in_mongodb() {
        let (id, name) = (json!("1"), json!("Ada"));
        for (raw, expected) in [
            (r#"{"name":1}"#, json!({"_id": id, "name": name})),
            (r#"{"name":true,"_id":0}"#, json!({"name": name})),
            (r#"{"_id":1}"#, json!({"_id": id})),
            (r#"{"emails":0,"customFields":0}"#, json!({"_id": id, "name": name})),
            (r#"{"emails":0,"customFields":0,"_id":0}"#, json!({"name": name})),
            (
                r#"{"emails.address":1}"#,
                json!({"_id": id, "emails": [{"address": "a@example.com"}]}),
            ),
            (
                r#"{"emails":1,"emails.address":1}"#,
                json!({"_id": id, "emails": [{"address": "a@example.com", "verified": true}]}),
            ),
            (
                r#"{"emails.address":1,"emails":1}"#,
                json!({"_id": id, "emails": [{"address": "a@example.com", "verified": true}]}),
            ),
            (
                r#"{"customFields.team":0,"emails":false,"name":0}"#,
                json!({"_id": id, "customFields": {"desk": {"floor": 2}}}),
            ),
            (
                r#"{"customFields.desk.floor":1.0,"name.first":1}"#,
                json!({"_id": id, "customFields": {"desk": {"floor": 2}}}),
            ),
        ] {
            assert_eq!(projected(raw), expected, "{raw}");
        }
        assert_eq!(projected(""), projected("{}"));
        assert_eq!(projected(r#"{"_id":0}"#).get("_id"), None);
        assert_eq!(projected(r#"{"_id":0}"#)["name"], "Ada");
    }

    #[test]
    fn what_is_no_projection_is_refused() {
        let many = json!(
            (0..51)
                .map(|number| (format!("name.{number}"), json!(1)))
                .collect::<Map<_, _>>()
        )
        .to_string();
        for raw in [
            "[]",
            "name",
            r#"{"name":2}"#,
            r#"{"name":"1"}"#,
            r#"{"name":1,"emails":0}"#,
            r#"{"password":1}"#,
            r#"{"name.":1}"#,
            r#"{"customFields.a.b.c.d":1}"#,
            &many,
        ] {
            let refused = Projection::parse(raw, KNOWN);
            assert!(
                matches!(refused, Err(RequestError::InvalidFields { .. })),
                "{raw}: {refused:?}"
            );
        }
    }
}
