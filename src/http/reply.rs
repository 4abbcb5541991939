//! Responses: results as JSON, and errors as JSON.

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value, json};
use warp::Reply;
use warp::http::StatusCode;
use warp::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue, LOCATION};

use crate::domain::RequestError;
use crate::domain::error::ErrorKind;
use crate::intake::refusal;
use crate::ops::backups::BackupStream;
use crate::ops::incident;

/// A response of this module, which [`sent`] converts to warp's type.
pub(super) type Response = warp::http::Response<Content>;

/// The body of a response.
pub(super) enum Content {
    /// The bytes of the whole body.
    Whole(Bytes),
    /// Bytes that are made while they are sent.
    Streamed(BackupStream),
}

impl<B: Into<Bytes>> From<B> for Content {
    fn from(bytes: B) -> Self {
        Self::Whole(bytes.into())
    }
}

/// Converts a response to warp's type.
pub(super) fn sent(response: Response) -> warp::reply::Response {
    let (head, content) = response.into_parts();
    match content {
        Content::Whole(bytes) => warp::http::Response::from_parts(head, bytes).into_response(),
        Content::Streamed(stream) => {
            let mut response = warp::reply::stream(stream).into_response();
            *response.status_mut() = head.status;
            *response.headers_mut() = head.headers;
            *response.extensions_mut() = head.extensions;
            response
        }
    }
}

/// The usual number of headers of a response. The server reserves memory for them at once.
const HEADERS: usize = 12;

/// The bytes of a body that has room without more memory. Most bodies are shorter.
const BODY_BYTES: usize = 1024;

/// The content type of JSON. It has no charset, since clients compare the whole value (`api.md` §1.1).
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The result of a handler, as a response.
pub(super) type ApiOutcome = Result<Response, RequestError>;

/// The result of an endpoint: converted to a response, and described in the OpenAPI document.
pub(super) trait Output {
    /// The status of the response.
    const STATUS: u16 = 200;

    /// The media type of the response.
    const MEDIA_TYPE: &'static str = "application/json";

    /// Converts the result to a response.
    fn reply(self) -> ApiOutcome;

    /// Returns the JSON schema of the response.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// A struct is sent as a JSON object with `"success": true` added.
impl<T: Serialize + JsonSchema> Output for T {
    fn reply(self) -> ApiOutcome {
        #[derive(Serialize)]
        struct Success<T> {
            #[serde(flatten)]
            body: T,
            success: bool,
        }
        json_reply(&Success {
            body: self,
            success: true,
        })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        let object = schema.ensure_object();
        if let Value::Object(properties) = object.entry("properties").or_insert_with(|| json!({})) {
            properties.insert("success".into(), json!({"const": true}));
        }
        if let Value::Array(required) = object.entry("required").or_insert_with(|| json!([])) {
            required.push("success".into());
        }
        schema
    }
}

/// A response with only `"success": true`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Done {}

/// A response with only this JSON, without `success`.
pub(super) struct Bare<T>(pub T);

impl<T: Serialize + JsonSchema> Output for Bare<T> {
    fn reply(self) -> ApiOutcome {
        json_reply(&self.0)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A redirect to this URL.
pub(super) struct Elsewhere(pub String);

impl Output for Elsewhere {
    const STATUS: u16 = 307;

    fn reply(self) -> ApiOutcome {
        let location = HeaderValue::from_str(&self.0).map_err(incident::internal)?;
        let mut response = with_body(StatusCode::TEMPORARY_REDIRECT, JSON, b"{}".to_vec());
        response.headers_mut().insert(LOCATION, location);
        Ok(response)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object"})
    }
}

/// A response with an SVG image.
pub(super) struct Svg(pub String);

impl Output for Svg {
    const MEDIA_TYPE: &'static str = "image/svg+xml";

    fn reply(self) -> ApiOutcome {
        let media_type = HeaderValue::from_static("image/svg+xml;charset=utf-8");
        Ok(with_body(StatusCode::OK, media_type, self.0.into()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

/// The response for a document that never changes, in an encoding that the client accepts.
pub(super) struct Unchanging(pub warp::http::Response<Bytes>);

impl Output for Unchanging {
    fn reply(self) -> ApiOutcome {
        Ok(self.0.map(Content::Whole))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        // The document's own standard (OpenAPI) describes its format.
        json_schema!(true)
    }
}

/// A file that is made while it is sent.
pub(super) struct Download {
    /// The name under which a browser saves the file. It must need no escaping.
    pub name: String,
    pub stream: BackupStream,
}

impl Output for Download {
    const MEDIA_TYPE: &'static str = "application/octet-stream";

    fn reply(self) -> ApiOutcome {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        let disposition = HeaderValue::try_from(disposition).map_err(incident::internal)?;
        let mut response = Response::new(Content::Streamed(self.stream));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Self::MEDIA_TYPE));
        headers.insert(CONTENT_DISPOSITION, disposition);
        Ok(response)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "contentMediaType": "application/octet-stream"})
    }
}

/// Returns a response with this JSON as its body.
fn json_reply(body: &impl Serialize) -> ApiOutcome {
    let mut bytes = Vec::with_capacity(BODY_BYTES);
    serde_json::to_writer(&mut bytes, body).map_err(incident::internal)?;
    Ok(with_body(StatusCode::OK, JSON, bytes))
}

/// Returns a response with plain text.
pub(super) fn text(words: &str) -> Response {
    with_body(
        StatusCode::OK,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        words.into(),
    )
}

fn with_body(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Returns the response for an error. `called` is the method to name in the details.
pub(super) fn failure(error: &RequestError, called: &str) -> Response {
    let mut response = with_body(refusal::status(error), JSON, body(error, called).to_string().into());
    refusal::add_headers(error, response.headers_mut());
    response
}

/// Returns the text of an error, with advice for a client of this API.
fn message(error: &RequestError) -> String {
    match error {
        RequestError::TokenNotFound { .. } => error.message_with(": sessions/list has the labels"),
        RequestError::CorsDisabled => error.message_with(": the setting API_Enable_CORS is off"),
        other => other.message(),
    }
}

fn body(error: &RequestError, called: &str) -> Value {
    if let RequestError::MethodFailed { message } = error {
        return json!({"message": message, "success": false});
    }
    match error.kind() {
        ErrorKind::Unauthenticated => json!({"status": "error", "message": error.to_string()}),
        ErrorKind::LoginRefused => {
            let mut body = json!({
                "success": false,
                "status": "error",
                "error": error.code(),
                "message": error.to_string(),
            });
            if let Some(details) = error.details(called) {
                body["details"] = details;
            }
            body
        }
        // For a missing setting, Rocket.Chat sends no error text.
        _ if matches!(error, RequestError::SettingNotFound) => json!({"success": false}),
        kind => {
            let mut body = json!({"success": false, "error": message(error)});
            // If a permission is missing, Rocket.Chat sends the code only inside the text.
            let told = kind != ErrorKind::Forbidden || !matches!(error, RequestError::PermissionRequired);
            if let Some(code) = error.code().filter(|_| told) {
                body["errorType"] = code.into();
            }
            if let Some(details) = error.details(called) {
                body["details"] = details;
            }
            body
        }
    }
}
