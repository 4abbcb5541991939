//! The status and the headers of a response that refuses a request, whatever its body is.

use warp::http::StatusCode;
use warp::http::header::{ALLOW, HeaderMap, HeaderValue, RETRY_AFTER};

use crate::domain::Fault;
use crate::domain::fault::FaultKind;

/// Returns the status of an error.
#[must_use]
pub const fn status(fault: &Fault) -> StatusCode {
    match fault.kind() {
        FaultKind::Unauthenticated | FaultKind::LoginRefused => StatusCode::UNAUTHORIZED,
        FaultKind::Forbidden => StatusCode::FORBIDDEN,
        FaultKind::Invalid => StatusCode::BAD_REQUEST,
        FaultKind::NotFound => StatusCode::NOT_FOUND,
        FaultKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        FaultKind::Timeout => StatusCode::REQUEST_TIMEOUT,
        FaultKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FaultKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Adds the headers that say what a client may do instead: `Allow` and `Retry-After`.
pub fn add_headers(fault: &Fault, headers: &mut HeaderMap) {
    match fault {
        Fault::MethodNotAllowed { allow } => {
            if let Ok(allow) = HeaderValue::from_str(allow) {
                headers.insert(ALLOW, allow);
            }
        }
        Fault::Overloaded { retry_after } => {
            headers.insert(RETRY_AFTER, (*retry_after).into());
        }
        Fault::TooManyRequests { seconds } | Fault::TooManyLogins { seconds } => {
            headers.insert(RETRY_AFTER, (*seconds).into());
        }
        _ => {}
    }
}
