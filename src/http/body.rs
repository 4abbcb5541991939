//! Request bodies, parsed once.

use bytes::{Buf, Bytes};
use futures_util::Stream;
use serde_json::{Map, Value};
use warp::http::HeaderMap;
use warp::http::header::CONTENT_TYPE;

use super::fields::Fields;
use crate::domain::RequestError;
use crate::intake::{Bound, Reservation, body, text};

/// A body that has been received completely.
pub(super) struct Body {
    bytes: Bytes,
    content_type: Option<String>,
}

impl Body {
    /// Reads a body to its end. Its memory is reserved as it arrives.
    ///
    /// # Errors
    /// The errors of [`body::read`].
    pub(super) async fn read<S, B>(
        body: &mut Option<S>,
        headers: &HeaderMap,
        bound: &Bound,
        reservation: &mut Reservation,
    ) -> Result<Self, RequestError>
    where
        S: Stream<Item = Result<B, warp::Error>> + Unpin,
        B: Buf,
    {
        let bytes = body::read(body, headers, bound, reservation).await?;
        let content_type = text(headers, &CONTENT_TYPE);
        Ok(Self {
            bytes,
            content_type: content_type.map(str::to_owned),
        })
    }

    /// Returns the bytes of the body.
    pub(super) const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the content type that the client declared; `application/json` if it declared none.
    pub(super) fn content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or("application/json")
    }

    /// Returns the fields of a JSON object or a form; empty if the body is empty. A form that begins with `{` is
    /// parsed as JSON, because curl declares everything sent with `-d` as a form.
    pub(super) fn fields(&self) -> Result<Fields, RequestError> {
        if self.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Fields::default());
        }
        let essence = self.content_type().split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => object(&self.bytes).map(Fields::new),
            "application/x-www-form-urlencoded" => {
                let rest = self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.bytes);
                if rest.trim_ascii_start().first() == Some(&b'{') {
                    return object(&self.bytes).map(Fields::new);
                }
                refuse_mark(&self.bytes, "form")?;
                Fields::of_pairs(&self.bytes)
            }
            _ => Err(malformed(format!(
                "the body must be application/json or application/x-www-form-urlencoded, not {essence}"
            ))),
        }
    }
}

/// U+FEFF in UTF-8, which some editors put at the start of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Parses a body that must be a JSON object.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the position, and the field if it is known.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, RequestError> {
    refuse_mark(bytes, "JSON")?;
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(malformed("the body must be a JSON object".into())),
        Err(error) => Err(RequestError::InvalidParams {
            reason: format!("the body is not valid JSON: {}", explained(&error)),
            field: place(bytes),
        }),
    }
}

fn refuse_mark(bytes: &[u8], form: &str) -> Result<(), RequestError> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return Err(malformed(format!(
            "the body is not valid {form}: it begins with a byte order mark (U+FEFF); send UTF-8 without one"
        )));
    }
    Ok(())
}

/// Returns the parser's message, with a hint where the message alone is hard to understand.
fn explained(error: &serde_json::Error) -> String {
    let words = error.to_string();
    if words.contains("surrogate") || words.contains("hex escape") {
        format!("{words}; an escape from \\ud800 to \\udfff needs its other half behind it or before it")
    } else {
        words
    }
}

/// Returns the path of the field at which the JSON is invalid.
fn place(bytes: &[u8]) -> Option<String> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let error = serde_path_to_error::deserialize::<_, Value>(&mut json).err()?;
    let path = error.path();
    (path.iter().len() > 0).then(|| path.to_string())
}

fn malformed(reason: String) -> RequestError {
    RequestError::InvalidParams { reason, field: None }
}
