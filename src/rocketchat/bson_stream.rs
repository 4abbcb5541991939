//! Files of BSON documents, one after the other.

use std::io::{self, Read};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bson::raw::{RawBsonRef, RawDocument};
use serde_json::{Map, Number, Value, json};

use super::document::{SourceDocument, read_exactly};

/// The maximum length of a document, in bytes: MongoDB's limit, with room for the fields that it adds itself.
const MAX_DOCUMENT_BYTES: u32 = 16 * 1024 * 1024 + 16 * 1024;

/// The length of the shortest document, in bytes.
const MIN_DOCUMENT_BYTES: u32 = 5;

/// The maximum depth of documents in documents.
const MAX_DEPTH: usize = 64;

/// The largest whole number that a double holds exactly.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads the rest of a document after its length.
///
/// # Errors
/// The reason why no further document can be read.
pub(super) fn rest(input: &mut impl Read, length: [u8; 4]) -> Result<Vec<u8>, String> {
    let count = u32::from_le_bytes(length);
    if !(MIN_DOCUMENT_BYTES..=MAX_DOCUMENT_BYTES).contains(&count) {
        return Err(format!(
            "a document claims {count} bytes, of at most {MAX_DOCUMENT_BYTES}: the rest of the file is not read"
        ));
    }
    let mut bytes = length.to_vec();
    let read = read_exactly(input, u64::from(count) - 4, &mut bytes);
    read.map_err(|cause| format!("the file is cut short or damaged: {cause}"))?;
    Ok(bytes)
}

/// Returns the documents of a file.
pub(super) fn documents(mut input: impl Read, name: String) -> impl Iterator<Item = SourceDocument> {
    let (mut number, mut is_ended) = (0_u64, false);
    std::iter::from_fn(move || {
        if is_ended {
            return None;
        }
        number += 1;
        let value = match read_length(&mut input) {
            Ok(None) => return None,
            Ok(Some(length)) => rest(&mut input, length),
            Err(cause) => Err(format!("the file is cut short or damaged: {cause}")),
        };
        is_ended = value.is_err();
        Some(SourceDocument {
            place: format!("{name}, document {number}"),
            value: value.and_then(|bytes| parse(&bytes)),
        })
    })
}

/// Reads the length of the next document; `None` at the end of the file.
///
/// # Errors
/// `UnexpectedEof` for fewer than four bytes; the error of the input.
pub(super) fn read_length(input: &mut impl Read) -> io::Result<Option<[u8; 4]>> {
    let mut length = Vec::with_capacity(4);
    match read_exactly(input, 4, &mut length) {
        Err(_) if length.is_empty() => Ok(None),
        Err(error) => Err(error),
        Ok(()) => Ok(length.first_chunk().copied()),
    }
}

/// Converts a document to extended JSON.
///
/// # Errors
/// The reason why it is not valid.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let document = RawDocument::from_bytes(bytes).map_err(|error| format!("it is not valid BSON: {error}"))?;
    object(document, 0)
}

fn object(document: &RawDocument, depth: usize) -> Result<Value, String> {
    if depth == MAX_DEPTH {
        return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
    }
    let mut map = Map::new();
    for element in document {
        let (key, value) = element.map_err(|error| format!("it is not valid BSON: {error}"))?;
        map.insert(key.as_str().to_owned(), converted(value, depth)?);
    }
    Ok(Value::Object(map))
}

/// Converts a value. A type that no field of an import has becomes null.
fn converted(value: RawBsonRef<'_>, depth: usize) -> Result<Value, String> {
    Ok(match value {
        RawBsonRef::Double(number) => double(number),
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => Value::from(text),
        RawBsonRef::Boolean(set) => Value::from(set),
        RawBsonRef::Int32(number) => Value::from(number),
        RawBsonRef::Int64(number) => Value::from(number),
        RawBsonRef::DateTime(moment) => json!({"$date": {"$numberLong": moment.timestamp_millis().to_string()}}),
        RawBsonRef::ObjectId(id) => json!({"$oid": id.to_hex()}),
        RawBsonRef::Binary(binary) => json!({"$binary": {"base64": BASE64_STANDARD.encode(binary.bytes)}}),
        RawBsonRef::Document(document) => object(document, depth + 1)?,
        RawBsonRef::Array(array) => {
            if depth + 1 == MAX_DEPTH {
                return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
            }
            let mut items = Vec::new();
            for item in array {
                let item = item.map_err(|error| format!("it is not valid BSON: {error}"))?;
                items.push(converted(item, depth + 1)?);
            }
            Value::Array(items)
        }
        _ => Value::Null,
    })
}

/// Returns a double as a whole number if it is one: the shell of MongoDB stores all numbers as doubles.
pub(super) fn double(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < MAX_EXACT {
        #[allow(clippy::cast_possible_truncation)] // It is a whole number within the bounds.
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
