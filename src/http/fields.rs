//! The named fields of a request, and their conversion to an endpoint's input struct.
//!
//! Errors have the words of the schema checker that clients know (`api.md` §1.4). The struct is the only description
//! of the input: the OpenAPI document is generated from it too.

mod node;

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use node::Node;

use crate::domain::RequestError;
use crate::intake::encoded;

/// Named values sent by a client.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Fields {
    values: Map<String, Value>,
    /// True if all values came as texts, so that `5` may be a number and `true` a boolean.
    texts: bool,
}

impl Fields {
    pub(super) fn new(values: Map<String, Value>) -> Self {
        Self { values, texts: false }
    }

    /// Parses a query or form. `ids=a&ids=b`, `ids[]=a&ids[]=b` and `ids[0]=a&ids[1]=b` are the same list, and so is
    /// `ids=a,b` if the struct has a list there.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] for bytes that are not UTF-8.
    pub(super) fn of_pairs(encoded: &[u8]) -> Result<Self, RequestError> {
        let mut values = Map::new();
        // The index of each item of a list, in the order in which the items arrived.
        let mut indexes: HashMap<String, Vec<usize>> = HashMap::new();
        for (name, text) in encoded::pairs(encoded)? {
            let value = Value::String(text);
            if let Some((object, member)) = member_of_object(&name) {
                if let Value::Object(members) = values.entry(object).or_insert_with(|| Value::Object(Map::new())) {
                    members.insert(member.to_owned(), value);
                    continue;
                }
                return Err(RequestError::invalid("must be given once", object));
            }
            let (name, index) = match item_of_list(&name) {
                Some((list, index)) => (list.to_owned(), Some(index)),
                None => (name, None),
            };
            let listed = indexes.contains_key(&name);
            match values.get_mut(&name) {
                None if index.is_none() => drop(values.insert(name, value)),
                None => {
                    values.insert(name.clone(), Value::Array(vec![value]));
                    indexes.insert(name, vec![index.flatten().unwrap_or_default()]);
                }
                Some(Value::Array(items)) if listed => {
                    let known = indexes.entry(name).or_default();
                    known.push(index.flatten().unwrap_or(known.len()));
                    items.push(value);
                }
                Some(first) => {
                    *first = Value::Array(vec![first.take(), value]);
                    indexes.insert(name, vec![0, index.flatten().unwrap_or(1)]);
                }
            }
        }
        for (name, indexes) in indexes {
            if let Some(Value::Array(items)) = values.get_mut(&name) {
                let mut ordered: Vec<_> = indexes.into_iter().zip(items.drain(..)).collect();
                ordered.sort_by_key(|(index, _)| *index);
                items.extend(ordered.into_iter().map(|(_, item)| item));
            }
        }
        Ok(Self { values, texts: true })
    }

    /// Adds the path parameter.
    pub(super) fn insert(&mut self, name: &str, text: String) {
        self.values.insert(name.to_owned(), Value::String(text));
    }

    /// Returns all values, unchecked.
    pub(super) fn into_map(self) -> Map<String, Value> {
        self.values
    }

    /// Parses fields that came as JSON in the text of the field `outer`, whose name is added to errors.
    pub(super) fn parse_within<T: DeserializeOwned>(self, outer: &str) -> Result<T, RequestError> {
        self.parse().map_err(|error| match error {
            RequestError::InvalidParams { reason, field } => {
                let field = field.map_or_else(|| outer.to_owned(), |field| format!("{outer}.{field}"));
                RequestError::invalid(reason, &field)
            }
            other => other,
        })
    }

    /// Converts the fields to the input struct of an endpoint.
    pub(super) fn parse<T: DeserializeOwned>(self) -> Result<T, RequestError> {
        let node = Node {
            value: Value::Object(self.values),
            texts: self.texts,
        };
        T::deserialize(node).map_err(|refusal| {
            let field = refusal.path.join(".");
            match refusal.known {
                Some(known) => RequestError::UnknownField {
                    nearest: nearest(&field, known),
                    field,
                },
                None => RequestError::InvalidParams {
                    reason: refusal.reason,
                    field: Some(field).filter(|field| !field.is_empty()),
                },
            }
        })
    }
}

/// Minimum similarity of two names, from 0 to 1, at which one is suggested for the other.
const LIKENESS: f64 = 0.75;

/// Returns the known field that is most similar to an unknown one, if any is similar enough.
fn nearest(field: &str, known: &'static [&'static str]) -> Option<&'static str> {
    let last = field.rsplit('.').next().unwrap_or(field).to_lowercase();
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(&last, &known.to_lowercase());
    let likely = known
        .iter()
        .map(|known| (likeness(known), *known))
        .filter(|(likeness, _)| *likeness >= LIKENESS);
    likely.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// Maximum digits of an index in the name of a list's item.
const INDEX_DIGITS: usize = 6;

/// Parses `list[]` and `list[0]` into the list's name and the index, if there is one.
fn item_of_list(name: &str) -> Option<(&str, Option<usize>)> {
    let (list, index) = name.strip_suffix(']')?.rsplit_once('[')?;
    let is_index = index.len() <= INDEX_DIGITS && index.bytes().all(|byte| byte.is_ascii_digit());
    (is_index && !list.is_empty()).then(|| (list, index.parse().ok()))
}

/// Parses `object[member]` and `object.member` into the two names.
fn member_of_object(name: &str) -> Option<(&str, &str)> {
    let (object, member) = match name.strip_suffix(']') {
        Some(name) => name.split_once('[')?,
        None => name.split_once('.')?,
    };
    let is_index = member.bytes().all(|byte| byte.is_ascii_digit());
    (!is_index && !object.is_empty()).then_some((object, member))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Input {
        name: String,
        flag: Option<bool>,
        page_count: Option<usize>,
        roles: Option<Vec<String>>,
        colour: Option<Colour>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        text: Option<String>,
        rest: Option<Map<String, Value>>,
    }

    fn json_input(value: &Value) -> Result<Input, RequestError> {
        Fields::new(value.as_object().cloned().unwrap_or_default()).parse()
    }

    #[test]
    fn a_refusal_is_in_the_words_of_the_schema_checker_and_names_the_field() {
        for (value, reason, field) in [
            (json!({}), "must have required property 'name'", "name"),
            (json!({"name": null}), "must have required property 'name'", "name"),
            (json!({"name": 5}), "must be string", "name"),
            (json!({"name": "a", "flag": "true"}), "must be boolean", "flag"),
            (json!({"name": "a", "pageCount": "5"}), "must be integer", "pageCount"),
            (json!({"name": "a", "pageCount": 1.5}), "must be integer", "pageCount"),
            (json!({"name": "a", "pageCount": -1}), "must be >= 0", "pageCount"),
            (json!({"name": "a", "roles": "admin"}), "must be array", "roles"),
            (json!({"name": "a", "roles": [1]}), "must be string", "roles.0"),
            (
                json!({"name": "a", "colour": "blue"}),
                "must be equal to one of the allowed values",
                "colour",
            ),
            (json!({"name": "a", "colour": 1}), "must be string", "colour"),
            (json!({"name": "a", "inner": []}), "must be object", "inner"),
            (
                json!({"name": "a", "inner": {"text": {}}}),
                "must be string",
                "inner.text",
            ),
        ] {
            assert_eq!(json_input(&value), Err(RequestError::invalid(reason, field)), "{value}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_with_the_nearest_known_one() {
        for (value, field, nearest) in [
            (json!({"name": "a", "x": 1}), "x", None),
            (json!({"name": "a", "pagecount": 1}), "pagecount", Some("pageCount")),
            (json!({"name": "a", "inner": {"tetx": 1}}), "inner.tetx", Some("text")),
        ] {
            let field = field.to_owned();
            assert_eq!(
                json_input(&value),
                Err(RequestError::UnknownField { field, nearest }),
                "{value}"
            );
        }
    }

    #[test]
    fn members_of_an_object_may_be_parameters_of_their_own() {
        for encoded in [
            "name=a&inner.text=b",
            "name=a&inner[text]=b",
            "name=a&inner%5Btext%5D=b",
        ] {
            let input: Input = Fields::of_pairs(encoded.as_bytes())
                .expect("pairs")
                .parse()
                .expect("an input");
            assert_eq!(
                input.inner.and_then(|inner| inner.text).as_deref(),
                Some("b"),
                "{encoded}"
            );
        }
        assert!(Fields::of_pairs(b"inner=a&inner.text=b").is_err());
    }

    #[test]
    fn null_is_absence_in_a_struct_and_a_value_in_a_map() {
        let input = json_input(&json!({"name": "a", "flag": null, "inner": {"rest": {"x": null}}}));
        let input = input.expect("an input");
        assert_eq!(input.flag, None);
        let rest = input.inner.and_then(|inner| inner.rest).expect("a map");
        assert_eq!(Value::Object(rest), json!({"x": null}));
    }

    #[test]
    fn texts_become_what_the_field_is() {
        let input = of(b"name=5&flag=true&pageCount=99999999999999999999999&roles[]=a&roles[]=b&colour=red");
        let input = input.expect("an input");
        assert_eq!(
            (input.name.as_str(), input.flag, input.page_count),
            ("5", Some(true), Some(usize::MAX))
        );
        assert_eq!(input.roles, Some(vec!["a".into(), "b".into()]));
        assert_eq!(input.colour, Some(Colour::Red));
        let one = of(b"name=a&roles=b").expect("an input");
        assert_eq!(one.roles, Some(vec!["b".into()]));
        let twice = of(b"name=a&name=b");
        assert_eq!(twice, Err(RequestError::invalid("must be string", "name")));
    }

    fn of(encoded: &[u8]) -> Result<Input, RequestError> {
        Fields::of_pairs(encoded)?.parse()
    }

    #[test]
    fn a_list_is_the_same_in_each_of_its_spellings() {
        for encoded in [
            "roles=a&roles=b",
            "roles[]=a&roles[]=b",
            "roles[0]=a&roles[1]=b",
            "roles[1]=b&roles[0]=a",
            "roles=a,b",
            "roles[]=a,b",
            "roles=a&roles[]=b",
            "roles%5B%5D=a&roles%5B%5D=%20b",
            "roles=a,,b,",
        ] {
            let input = of(format!("name=x&{encoded}").as_bytes()).expect("an input");
            assert_eq!(input.roles, Some(vec!["a".into(), "b".into()]), "{encoded}");
        }
        let input = json_input(&json!({"name": "a,b", "roles": ["a,b", "c"]})).expect("an input");
        assert_eq!(input.roles, Some(vec!["a,b".into(), "c".into()]));
        for encoded in ["roles[x]=a", "roles[1234567]=a", "[]=a"] {
            assert!(of(format!("name=x&{encoded}").as_bytes()).is_err(), "{encoded}");
        }
    }
}
