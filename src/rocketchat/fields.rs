//! Fields of documents in extended JSON, canonical or relaxed.

use serde_json::{Map, Value};

use super::bson_stream::double;
use crate::domain::Timestamp;

/// Returns the text of a field. Empty texts count as absent.
pub(super) fn text(document: &Value, name: &str) -> Option<String> {
    let found = document.get(name)?.as_str()?;
    (!found.is_empty()).then(|| found.to_owned())
}

/// Returns an id: a text, or the digits of an `ObjectId`.
pub(super) fn id(document: &Value, name: &str) -> Option<String> {
    let found = document.get(name)?;
    let digits = found.get("$oid").unwrap_or(found);
    digits.as_str().map(str::to_owned)
}

/// Returns the boolean of a field.
pub(super) fn flag(document: &Value, name: &str) -> Option<bool> {
    document.get(name)?.as_bool()
}

/// Returns the whole number of a field.
pub(super) fn number(document: &Value, name: &str) -> Option<u64> {
    value(document, name)?.as_u64()
}

/// Returns the value of a field in plain JSON.
pub(super) fn value(document: &Value, name: &str) -> Option<Value> {
    document.get(name).cloned().map(plain)
}

/// Returns the moment of a field in ISO 8601.
pub(super) fn moment(document: &Value, name: &str) -> Option<String> {
    date(document.get(name)?)
}

fn date(value: &Value) -> Option<String> {
    let inner = value.get("$date").unwrap_or(value);
    match inner {
        // Relaxed JSON leaves out zeros at the end of a fraction.
        Value::String(text) => Some(Timestamp::parse(text).map_or_else(|| text.clone(), |moment| moment.to_string())),
        other => {
            let millis = plain(other.clone()).as_i64()?;
            Some(Timestamp::from_millis(millis).to_string())
        }
    }
}

/// Returns the items of a field.
pub(super) fn items<'document>(document: &'document Value, name: &str) -> &'document [Value] {
    document.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the texts in a field.
pub(super) fn texts(document: &Value, name: &str) -> Vec<String> {
    let texts = items(document, name).iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// Returns the map of a field in plain JSON.
pub(super) fn map(document: &Value, name: &str) -> Option<Map<String, Value>> {
    match value(document, name)? {
        Value::Object(map) if !map.is_empty() => Some(map),
        _ => None,
    }
}

/// Converts extended JSON to plain JSON: numbers, ids and dates lose their type, and what JSON does not have is null.
/// The depth is bounded by the readers.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(map) => match typed(&map) {
            Some(value) => value,
            None => map.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        },
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => double(float),
            _ => Value::Number(number),
        },
        other => other,
    }
}

/// Returns the value of an object that stands for a type of BSON; `None` for an ordinary object.
fn typed(map: &Map<String, Value>) -> Option<Value> {
    let (name, value) = map.iter().next().filter(|(name, _)| name.starts_with('$'))?;
    let text = value.as_str().unwrap_or_default();
    Some(match name.as_str() {
        "$numberInt" | "$numberLong" => text.parse::<i64>().map_or(Value::Null, Value::from),
        "$numberDouble" | "$numberDecimal" => text.parse().map_or(Value::Null, double),
        "$date" => date(&Value::Object(map.clone())).map_or(Value::Null, Value::from),
        "$oid" | "$symbol" => Value::from(text),
        _ => Value::Null,
    })
}
