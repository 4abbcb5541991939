//! The conversion of named values to an input struct, in the words of the schema checker that clients know
//! (`api.md` §1.4).

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

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
pub(super) struct Node {
    pub(super) value: Value,
    /// True if all values came as texts.
    pub(super) texts: bool,
}

/// The error for a value that does not fit the struct.
#[derive(Debug, Default)]
pub(super) struct FieldRefusal {
    pub(super) reason: String,
    pub(super) path: Vec<String>,
    /// The known fields, if the error is about an unknown one.
    pub(super) known: Option<&'static [&'static str]>,
}

impl FieldRefusal {
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

impl fmt::Display for FieldRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reason)
    }
}

impl std::error::Error for FieldRefusal {}

impl de::Error for FieldRefusal {
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

    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldRefusal> {
        let number = match &self.value {
            Value::String(text) if self.texts => text.parse::<i128>().ok(),
            Value::Number(number) => number.as_i128(),
            _ => None,
        };
        match number {
            // A larger number than any list has items means all of them.
            Some(number) if number >= 0 => visitor.visit_u64(u64::try_from(number).unwrap_or(u64::MAX)),
            Some(number) => visitor.visit_i64(i64::try_from(number).unwrap_or(i64::MIN)),
            None => Err(FieldRefusal::new("must be integer")),
        }
    }
}

macro_rules! whole_numbers {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldRefusal> {
            self.whole(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Node {
    type Error = FieldRefusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldRefusal> {
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

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldRefusal> {
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

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldRefusal> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Deserializes a list. In a query or form, a single text is also a list, as in `ids=a` and `ids=a,b`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldRefusal> {
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
    ) -> Result<V::Value, FieldRefusal> {
        match &mut self.value {
            Value::Object(entries) => entries.retain(|_, value| !value.is_null()),
            _ => return Err(FieldRefusal::new("must be object")),
        }
        let _ = name;
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldRefusal> {
        let Value::String(text) = self.value else {
            return Err(FieldRefusal::new("must be string"));
        };
        let word: StringDeserializer<FieldRefusal> = text.into_deserializer();
        let _ = (name, variants);
        visitor.visit_enum(Word(word))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldRefusal> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map identifier
        ignored_any
    }
}

/// The name of an enum variant, as text.
struct Word(StringDeserializer<FieldRefusal>);

impl<'de> EnumAccess<'de> for Word {
    type Error = FieldRefusal;
    type Variant = <StringDeserializer<FieldRefusal> as EnumAccess<'de>>::Variant;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), FieldRefusal> {
        self.0.variant_seed(seed)
    }
}

struct Items {
    items: std::iter::Enumerate<std::vec::IntoIter<Value>>,
    texts: bool,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = FieldRefusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, FieldRefusal> {
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
    type Error = FieldRefusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, FieldRefusal> {
        let Some((name, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((name.clone(), value));
        let name: StringDeserializer<FieldRefusal> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, FieldRefusal> {
        let (name, value) = self.value.take().unwrap_or_default();
        let texts = self.texts;
        seed.deserialize(Node { value, texts })
            .map_err(|refusal| refusal.at(&name))
    }
}
