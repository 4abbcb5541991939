//! The input of endpoints.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::request::{Request, Sent};
use crate::domain::RequestError;

/// The input of an endpoint: read from a request, and described in the OpenAPI document.
pub(super) trait Input: Sized {
    /// The media types that a body may have.
    const MEDIA_TYPES: &'static [&'static str] = &["application/json", "application/x-www-form-urlencoded"];

    /// Reads the input from a request.
    fn read(request: &Request) -> Result<Self, RequestError>;

    /// Returns the JSON schema of the input.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

impl<T: DeserializeOwned + JsonSchema> Input for T {
    fn read(request: &Request) -> Result<Self, RequestError> {
        request.fields()?.parse()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// An input without fields. Any field is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// An input that is not read: the client may send anything.
pub(super) struct Ignored;

impl Input for Ignored {
    fn read(_: &Request) -> Result<Self, RequestError> {
        Ok(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object"})
    }
}

/// A file, sent in a form or inside JSON.
pub(super) struct Upload {
    pub bytes: bytes::Bytes,
    pub content_type: String,
}

impl Input for Upload {
    const MEDIA_TYPES: &'static [&'static str] = &["multipart/form-data", "application/json"];

    fn read(request: &Request) -> Result<Self, RequestError> {
        match &request.sent {
            Sent::Query(_) => Err(RequestError::AvatarInvalid),
            Sent::Body(body) => Ok(Self {
                bytes: body.bytes().clone(),
                content_type: body.content_type().to_owned(),
            }),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "image": {"type": "string", "format": "binary", "description": "a PNG, JPEG or WebP file"},
                "avatarUrl": {"type": "string", "description": "in JSON: the file as a data: URL"},
                "userId": {"type": "string"},
                "username": {"type": "string"},
                "user": {"type": "string"}
            }
        })
    }
}
