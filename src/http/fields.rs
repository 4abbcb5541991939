//! The named fields of a request, and their conversion to an endpoint's input struct.
//!
//! Errors have the words of the schema checker that clients know (`api.md` §1.4). The struct is the only description
//! of the input: the OpenAPI document is generated from it too.

use std::collections::HashMap;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

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
    pub fn new(values: Map<String, Value>) -> Self {
        Self { values, texts: false }
    }

    /// Parses a query or form. `ids=a&ids=b`, `ids[]=a&ids[]=b` and `ids[0]=a&ids[1]=b` are the same list, and so is
    /// `ids=a,b` if the struct has a list there.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] for bytes that are not UTF-8.
    pub fn of_pairs(encoded: &[u8]) -> Result<Self, RequestError> {
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
    pub fn insert(&mut self, name: &str, text: String) {
        self.values.insert(name.to_owned(), Value::String(text));
    }

    /// Returns all values, unchecked.
    pub fn into_map(self) -> Map<String, Value> {
        self.values
    }

    /// Parses fields that came as JSON in the text of the field `outer`, whose name is added to errors.
    pub fn parse_within<T: DeserializeOwned>(self, outer: &str) -> Result<T, RequestError> {
        self.parse().map_err(|error| match error {
            RequestError::InvalidParams { reason, field } => {
                let field = field.map_or_else(|| outer.to_owned(), |field| format!("{outer}.{field}"));
                RequestError::invalid(reason, &field)
            }
            other => other,
        })
    }

    /// Converts the fields to the input struct of an endpoint.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T, RequestError> {
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

/// Splits each text of a list at its commas.
fn separated(list: Vec<Value>) -> Vec<Value> {
    let parts = |item| match item {
        Value::String(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(Value::from).collect()
        }
        other => vec![other],
    };
    list.into_iter().flat_map(parts).collect()
}

/// A value while it is deserialized.
struct Node {
    value: Value,
    texts: bool,
}

/// The error for a value that does not fit the struct.
#[derive(Debug, Default)]
struct Refusal {
    reason: String,
    path: Vec<String>,
    /// The known fields, if the error is about an unknown one.
    known: Option<&'static [&'static str]>,
}

impl Refusal {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            path: Vec::new(),
            known: None,
        }
    }

    fn at(mut self, name: &str) -> Self {
        self.path.insert(0, name.to_owned());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let word = match expected.as_str() {
            "a string" => "string",
            "a boolean" => "boolean",
            "a sequence" => "array",
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "integer",
            "f64" => "number",
            "a map" => "object",
            other if other.starts_with("struct ") => "object",
            other => other,
        };
        Self::new(format!("must be {word}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match unexpected {
            Unexpected::Signed(number) if number < 0 => Self::new("must be >= 0"),
            _ => Self::invalid_type(unexpected, expected),
        }
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::new("must be equal to one of the allowed values")
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self {
            known: Some(known),
            ..Self::new("must NOT have additional properties").at(field)
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("must have required property '{field}'")).at(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("must be given once").at(field)
    }
}

impl Node {
    /// Returns the value if it came as text.
    fn text(&self) -> Option<&str> {
        self.value.as_str().filter(|_| self.texts)
    }

    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let number = match &self.value {
            Value::String(text) if self.texts => text.parse::<i128>().ok(),
            Value::Number(number) => number.as_i128(),
            _ => None,
        };
        match number {
            // A larger number than any list has items means all of them.
            Some(number) if number >= 0 => visitor.visit_u64(u64::try_from(number).unwrap_or(u64::MAX)),
            Some(number) => visitor.visit_i64(i64::try_from(number).unwrap_or(i64::MIN)),
            None => Err(Refusal::new("must be integer")),
        }
    }
}

macro_rules! whole_numbers {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            self.whole(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Node {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(set) => visitor.visit_bool(set),
            Value::Number(ref number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.into_iter().enumerate(),
                texts: self.texts,
            }),
            Value::Object(entries) => visitor.visit_map(Entries {
                entries: entries.into_iter(),
                value: None,
                texts: self.texts,
            }),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.text() {
            Some("true" | "1") => visitor.visit_bool(true),
            Some("false" | "0") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Deserializes a list. In a query or form, a single text is also a list, as in `ids=a` and `ids=a,b`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let texts = self.texts;
        let value = match self.value {
            Value::Array(items) if texts => Value::Array(separated(items)),
            Value::String(_) if texts => Value::Array(separated(vec![self.value])),
            other => other,
        };
        Self { value, texts }.deserialize_any(visitor)
    }

    /// Deserializes a struct. A null field counts as absent.
    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &mut self.value {
            Value::Object(entries) => entries.retain(|_, value| !value.is_null()),
            _ => return Err(Refusal::new("must be object")),
        }
        let _ = name;
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let Value::String(text) = self.value else {
            return Err(Refusal::new("must be string"));
        };
        let word: StringDeserializer<Refusal> = text.into_deserializer();
        let _ = (name, variants);
        visitor.visit_enum(Word(word))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map identifier
        ignored_any
    }
}

/// The name of an enum variant, as text.
struct Word(StringDeserializer<Refusal>);

impl<'de> EnumAccess<'de> for Word {
    type Error = Refusal;
    type Variant = <StringDeserializer<Refusal> as EnumAccess<'de>>::Variant;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), Refusal> {
        self.0.variant_seed(seed)
    }
}

struct Items {
    items: std::iter::Enumerate<std::vec::IntoIter<Value>>,
    texts: bool,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Refusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refusal> {
        let texts = self.texts;
        self.items
            .next()
            .map(|(place, value)| {
                let item = seed.deserialize(Node { value, texts });
                item.map_err(|refusal| refusal.at(&place.to_string()))
            })
            .transpose()
    }
}

struct Entries {
    entries: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
    texts: bool,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Refusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refusal> {
        let Some((name, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((name.clone(), value));
        let name: StringDeserializer<Refusal> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refusal> {
        let (name, value) = self.value.take().unwrap_or_default();
        let texts = self.texts;
        seed.deserialize(Node { value, texts })
            .map_err(|refusal| refusal.at(&name))
    }
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
