//! Answers: success as JSON, and the one place where a fault becomes JSON.

use serde::Serialize;
use serde_json::{Value, json};
use warp::http::StatusCode;
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};

use crate::domain::Fault;
use crate::domain::fault::Kind;
use crate::ops::incident;

/// An answer, before warp takes it over.
pub(super) type Response = warp::http::Response<Vec<u8>>;

/// Exactly this, without a charset: clients compare it (`api.md` §1.1).
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a handler answers.
pub(super) type Outcome = Result<Response, Fault>;

/// An answer with `"success": true` behind the fields of `body`.
pub(super) fn success(body: impl Serialize) -> Outcome {
    #[derive(Serialize)]
    struct Success<T> {
        #[serde(flatten)]
        body: T,
        success: bool,
    }
    json_reply(&Success { body, success: true })
}

/// An answer that is this JSON and nothing else.
pub(super) fn json_reply(body: &impl Serialize) -> Outcome {
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
    let mut response = Response::new(body);
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
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn body(fault: &Fault) -> Value {
    match fault.kind() {
        Kind::Unauthenticated => json!({"status": "error", "message": fault.to_string()}),
        Kind::LoginRefused => json!({
            "success": false,
            "status": "error",
            "error": fault.code(),
            "message": fault.to_string(),
        }),
        _ => {
            let mut body = json!({"success": false, "error": fault.message()});
            if let Some(code) = fault.code() {
                body["errorType"] = code.into();
            }
            if let Some(details) = fault.details() {
                body["details"] = details;
            }
            body
        }
    }
}
