//! Answers: success as JSON, and the one place where a fault becomes JSON.

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value, json};
use warp::http::StatusCode;
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};

use crate::domain::Fault;
use crate::domain::fault::Kind;
use crate::ops::incident;

/// An answer, before warp takes it over.
pub(super) type Response = warp::http::Response<Bytes>;

/// Exactly this, without a charset: clients compare it (`api.md` §1.1).
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a handler answers.
pub(super) type Outcome = Result<Response, Fault>;

/// Something an endpoint answers: made into a response, and described for the OpenAPI document.
pub(super) trait Output {
    /// The status of the response.
    const STATUS: u16 = 200;

    /// Makes it a response.
    fn reply(self) -> Outcome;

    /// Describes it.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// Fields are answered with `"success": true` behind them.
impl<T: Serialize + JsonSchema> Output for T {
    fn reply(self) -> Outcome {
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

/// No field but `"success": true`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Done {}

/// An answer that is this JSON and nothing else.
pub(super) struct Bare<T>(pub T);

impl<T: Serialize + JsonSchema> Output for Bare<T> {
    fn reply(self) -> Outcome {
        json_reply(&self.0)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// An answer that sends the client elsewhere.
pub(super) struct Elsewhere(pub String);

impl Output for Elsewhere {
    const STATUS: u16 = 307;

    fn reply(self) -> Outcome {
        let location = HeaderValue::from_str(&self.0).map_err(incident::internal)?;
        let mut response = with_body(StatusCode::TEMPORARY_REDIRECT, JSON, b"{}".to_vec());
        response.headers_mut().insert(LOCATION, location);
        Ok(response)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object"})
    }
}

/// A document that does not change, in the form that the client takes.
pub(super) struct Unchanging(pub Response);

impl Output for Unchanging {
    fn reply(self) -> Outcome {
        Ok(self.0)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        // The document describes itself by the standard it names.
        json_schema!(true)
    }
}

/// An answer that is this JSON and nothing else.
fn json_reply(body: &impl Serialize) -> Outcome {
    let bytes = serde_json::to_vec(body).map_err(incident::internal)?;
    Ok(with_body(StatusCode::OK, JSON, bytes))
}

/// An answer in words.
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
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// The answer that tells of a fault.
pub(super) fn failure(fault: &Fault) -> Response {
    let mut response = with_body(status(fault.kind()), JSON, body(fault).to_string().into());
    match fault {
        Fault::MethodNotAllowed { allow } => {
            if let Ok(allow) = HeaderValue::from_str(allow) {
                response.headers_mut().insert(ALLOW, allow);
            }
        }
        Fault::Overloaded { retry_after } => {
            response.headers_mut().insert(RETRY_AFTER, (*retry_after).into());
        }
        Fault::TooManyRequests { seconds } | Fault::TooManyLogins { seconds } => {
            response.headers_mut().insert(RETRY_AFTER, (*seconds).into());
        }
        _ => {}
    }
    response
}

const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Unauthenticated | Kind::LoginRefused => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Timeout => StatusCode::REQUEST_TIMEOUT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn body(fault: &Fault) -> Value {
    if let Fault::MethodFailed { message } = fault {
        return json!({"message": message, "success": false});
    }
    match fault.kind() {
        Kind::Unauthenticated => json!({"status": "error", "message": fault.to_string()}),
        Kind::LoginRefused => {
            let mut body = json!({
                "success": false,
                "status": "error",
                "error": fault.code(),
                "message": fault.to_string(),
            });
            if let Some(details) = fault.details() {
                body["details"] = details;
            }
            body
        }
        // Rocket.Chat says nothing of a setting that is not there.
        _ if matches!(fault, Fault::SettingNotFound) => json!({"success": false}),
        kind => {
            let mut body = json!({"success": false, "error": fault.message()});
            // Its refusals for want of a permission have the code in the words alone.
            let told = kind != Kind::Forbidden || !matches!(fault, Fault::PermissionRequired);
            if let Some(code) = fault.code().filter(|_| told) {
                body["errorType"] = code.into();
            }
            if let Some(details) = fault.details() {
                body["details"] = details;
            }
            body
        }
    }
}
