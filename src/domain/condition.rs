//! Conditions on the items of a list: the subset of `MongoDB`'s query language that the parameter `query` and the
//! conditions of a selector may use (`api.md` §15). Everything else is refused, because an ignored condition would
//! return too many items.

use serde_json::{Map, Value};

use super::RequestError;
use super::text::quoted;

/// The maximum length of a condition as JSON, in bytes.
pub(crate) const MAX_CONDITION_BYTES: usize = 4_096;

/// The maximum number of field tests in one condition.
pub(crate) const MAX_TESTS: usize = 10;

/// The maximum number of values that one test compares with.
pub(crate) const MAX_VALUES: usize = 100;

/// The maximum depth of nested conditions.
const MAX_DEPTH: usize = 4;

/// The operators, for error messages.
const OPERATORS: &str = "equality, $eq, $ne, $in, $nin, $exists, $and, $or and $nor";

/// A field that conditions may test.
pub(crate) trait QueryField: Sized {
    /// The names of all fields, for error messages.
    const KNOWN: &'static str;

    /// Returns the field with this name.
    fn named(name: &str) -> Option<Self>;

    /// Returns a text in the form in which the list stores the texts of this field.
    fn normalized(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// An item whose fields a condition tests.
pub(crate) trait Queried<Field> {
    /// Returns whether the test holds for one of the values of the field. A field that is absent has no values.
    fn any(&self, field: &Field, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool;
}

/// One value of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FieldValue<'item> {
    /// A value that is a text.
    Text(&'item str),
    /// A value that is a boolean.
    Flag(bool),
    /// A JSON value that a client stored.
    Json(&'item Value),
}

/// A condition that an item fulfils or not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition<Field> {
    /// All of these conditions hold.
    All(Vec<Self>),
    /// At least one of these conditions holds.
    Any(Vec<Self>),
    /// This condition does not hold.
    Not(Box<Self>),
    /// The field has one of these values.
    In(Field, Values),
    /// The field has a value.
    Exists(Field),
}

/// The values that a test compares with.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Values {
    /// The texts, sorted for binary search, so that many of them cost little more than one.
    texts: Vec<String>,
    flags: Vec<bool>,
    numbers: Vec<f64>,
    /// `true` if null is one of the values. An absent field equals null.
    absent: bool,
}

impl<Field: QueryField> Condition<Field> {
    /// Parses a condition from JSON. An empty object matches every item.
    ///
    /// # Errors
    /// [`RequestError::InvalidQuery`] for malformed conditions, unknown fields or operators, and exceeded limits.
    pub(crate) fn parse(raw: &str) -> Result<Self, RequestError> {
        let refused = |reason: String| RequestError::InvalidQuery {
            raw: raw.to_owned(),
            reason,
        };
        if raw.len() > MAX_CONDITION_BYTES {
            return Err(refused(format!("a query has at most {MAX_CONDITION_BYTES} bytes")));
        }
        let object = serde_json::from_str(raw).map_err(|_| refused("a query is a JSON object".into()))?;
        Self::of(&object).map_err(refused)
    }

    /// Parses a condition from a JSON object.
    ///
    /// # Errors
    /// The errors of [`Self::parse`].
    pub(crate) fn parse_object(object: &Map<String, Value>) -> Result<Self, RequestError> {
        Self::parse(&serde_json::to_string(object).unwrap_or_default())
    }

    fn of(object: &Map<String, Value>) -> Result<Self, String> {
        let mut tests = 0;
        let condition = all(object, MAX_DEPTH, &mut tests)?;
        if tests > MAX_TESTS {
            return Err(format!("a query has at most {MAX_TESTS} tests"));
        }
        Ok(condition)
    }

    /// Returns the condition that a field equals a text.
    pub(crate) fn equals(field: Field, text: &str) -> Self {
        let values = Values {
            texts: vec![field.normalized(text)],
            ..Values::default()
        };
        Self::In(field, values)
    }

    /// Returns whether the condition tests a field for which `is` returns true.
    pub(crate) fn mentions(&self, is: &impl Fn(&Field) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.mentions(is)),
            Self::Not(part) => part.mentions(is),
            Self::In(field, _) | Self::Exists(field) => is(field),
        }
    }

    /// Returns whether the condition holds for an item.
    pub(crate) fn holds(&self, item: &impl Queried<Field>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(item)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(item)),
            Self::Not(part) => !part.holds(item),
            Self::In(field, values) => {
                let mut is_absent = true;
                let found = item.any(field, &mut |value| {
                    is_absent = false;
                    values.has(value)
                });
                found || (is_absent && values.absent)
            }
            Self::Exists(field) => item.any(field, &mut |_| true),
        }
    }
}

impl<Field> Default for Condition<Field> {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

fn all<Field: QueryField>(
    object: &Map<String, Value>,
    depth: usize,
    tests: &mut usize,
) -> Result<Condition<Field>, String> {
    let parts = object.iter().map(|(name, value)| part(name, value, depth, tests));
    parts.collect::<Result<_, _>>().map(Condition::All)
}

fn part<Field: QueryField>(
    name: &str,
    value: &Value,
    depth: usize,
    tests: &mut usize,
) -> Result<Condition<Field>, String> {
    let mut list = || -> Result<Vec<Condition<Field>>, String> {
        let shape = || format!("{name} takes a list of 1 to {MAX_TESTS} conditions");
        let items = value
            .as_array()
            .filter(|items| (1..=MAX_TESTS).contains(&items.len()))
            .ok_or_else(shape)?;
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| format!("a query is at most {MAX_DEPTH} conditions deep"))?;
        let item = |item: &Value| all(item.as_object().ok_or_else(shape)?, depth, tests);
        items.iter().map(item).collect()
    };
    match name {
        "$and" => Ok(Condition::All(list()?)),
        "$or" => Ok(Condition::Any(list()?)),
        "$nor" => Ok(Condition::Not(Box::new(Condition::Any(list()?)))),
        name => {
            let unknown = || {
                format!(
                    "\"{}\" is not a field of this query: use {}",
                    quoted(name),
                    Field::KNOWN
                )
            };
            Field::named(name).ok_or_else(unknown)?;
            match value {
                Value::Object(operators) if operators.is_empty() => Err(format!("use {OPERATORS}")),
                Value::Object(operators) => {
                    let tested = operators
                        .iter()
                        .map(|(operator, value)| test(name, operator, value, tests));
                    tested.collect::<Result<_, _>>().map(Condition::All)
                }
                value => test(name, "$eq", value, tests),
            }
        }
    }
}

fn test<Field: QueryField>(
    name: &str,
    operator: &str,
    value: &Value,
    tests: &mut usize,
) -> Result<Condition<Field>, String> {
    *tests += 1;
    let field = Field::named(name).ok_or_else(|| format!("use {}", Field::KNOWN))?;
    let one = |field: &Field| Values::of(field, std::slice::from_ref(value));
    let many = |field: &Field| match value {
        Value::Array(items) if items.len() <= MAX_VALUES => Values::of(field, items),
        _ => Err(format!("{operator} takes a list of at most {MAX_VALUES} values")),
    };
    let not = |condition| Condition::Not(Box::new(condition));
    match operator {
        "$eq" => one(&field).map(|values| Condition::In(field, values)),
        "$ne" => one(&field).map(|values| not(Condition::In(field, values))),
        "$in" => many(&field).map(|values| Condition::In(field, values)),
        "$nin" => many(&field).map(|values| not(Condition::In(field, values))),
        "$exists" => match value {
            Value::Bool(true) => Ok(Condition::Exists(field)),
            Value::Bool(false) => Ok(not(Condition::Exists(field))),
            _ => Err("$exists takes true or false".into()),
        },
        other => Err(format!(
            "\"{}\" is not an operator here: use {OPERATORS}",
            quoted(other)
        )),
    }
}

impl Values {
    /// Collects texts, numbers, booleans and null; refuses lists and objects.
    fn of(field: &impl QueryField, values: &[Value]) -> Result<Self, String> {
        let mut found = Self::default();
        for value in values {
            match value {
                Value::String(text) => found.texts.push(field.normalized(text)),
                Value::Bool(flag) => found.flags.push(*flag),
                Value::Number(number) => found.numbers.extend(number.as_f64()),
                Value::Null => found.absent = true,
                Value::Array(_) | Value::Object(_) => {
                    return Err("a value is a text, a number, a flag or null".into());
                }
            }
        }
        found.texts.sort_unstable();
        Ok(found)
    }

    fn has(&self, value: FieldValue<'_>) -> bool {
        match value {
            FieldValue::Text(text) => self.texts.binary_search_by(|known| known.as_str().cmp(text)).is_ok(),
            FieldValue::Flag(flag) => self.flags.contains(&flag),
            FieldValue::Json(Value::String(text)) => self.has(FieldValue::Text(text)),
            FieldValue::Json(Value::Bool(flag)) => self.flags.contains(flag),
            FieldValue::Json(Value::Number(number)) => {
                number.as_f64().is_some_and(|number| self.numbers.contains(&number))
            }
            FieldValue::Json(Value::Array(items)) => items.iter().any(|item| self.has(FieldValue::Json(item))),
            FieldValue::Json(Value::Null) => self.absent,
            FieldValue::Json(Value::Object(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Key(String);

    impl QueryField for Key {
        const KNOWN: &'static str = "a, b";

        fn named(name: &str) -> Option<Self> {
            matches!(name, "a" | "b").then(|| Self(name.to_owned()))
        }
    }

    impl Queried<Key> for Value {
        fn any(&self, field: &Key, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
            self.get(&field.0).is_some_and(|value| test(FieldValue::Json(value)))
        }
    }

    #[test]
    fn a_condition_holds_as_in_mongodb() {
        let item = json!({"a": "x", "b": [1, true]});
        for (condition, holds) in [
            (json!({}), true),
            (json!({"a": "x"}), true),
            (json!({"a": "y"}), false),
            (json!({"a": {"$eq": "x"}, "b": 1}), true),
            (json!({"a": {"$ne": "x"}}), false),
            (json!({"a": {"$in": ["y", "x"]}}), true),
            (json!({"a": {"$nin": ["y", "x"]}}), false),
            (json!({"b": true}), true),
            (json!({"b": {"$in": [2, false]}}), false),
            (json!({"b": {"$exists": true, "$ne": 2}}), true),
            (json!({"b": {"$exists": false}}), false),
            (json!({"$or": [{"a": "y"}, {"b": 1}]}), true),
            (json!({"$and": [{"a": "x"}, {"b": 2}]}), false),
            (json!({"$nor": [{"a": "y"}, {"b": 2}]}), true),
        ] {
            let parsed = Condition::<Key>::parse(&condition.to_string()).expect("a condition");
            assert_eq!(parsed.holds(&item), holds, "{condition}");
        }
        let absent = Condition::<Key>::parse(r#"{"a": null}"#).expect("a condition");
        assert!(absent.holds(&json!({})) && absent.holds(&json!({"a": null})) && !absent.holds(&item));
    }

    #[test]
    fn all_else_is_refused() {
        let deep = (0..=MAX_DEPTH).fold(json!({"a": 1}), |inner, _| json!({"$and": [inner]}));
        let many = json!({"$or": vec![json!({"a": {"$ne": 1, "$eq": 2}}); MAX_TESTS]});
        let long = json!({"a": "x".repeat(MAX_CONDITION_BYTES)});
        for condition in [
            json!([]),
            json!({"c": 1}),
            json!({"a": {}}),
            json!({"a": {"$regex": "x"}}),
            json!({"a": {"b": 1}}),
            json!({"a": [1]}),
            json!({"a": {"$in": "x"}}),
            json!({"a": {"$in": vec!["x"; MAX_VALUES + 1]}}),
            json!({"a": {"$exists": 1}}),
            json!({"$and": []}),
            json!({"$or": {"a": 1}}),
            json!({"$or": [1]}),
            json!({"$where": "true"}),
            deep,
            many,
            long,
        ] {
            let parsed = Condition::<Key>::parse(&condition.to_string());
            assert!(
                matches!(parsed, Err(RequestError::InvalidQuery { .. })),
                "{condition}: {parsed:?}"
            );
        }
        assert!(Condition::<Key>::parse("{").is_err());
    }
}
