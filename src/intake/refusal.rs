//! The status and the headers of a response that refuses a request, whatever its body is.

use warp::http::StatusCode;
use warp::http::header::{ALLOW, HeaderMap, HeaderValue, RETRY_AFTER};

use crate::domain::RequestError;
use crate::domain::error::ErrorKind;

/// Seconds after which a client may try again if the disk has no room.
const DISK_RETRY_SECONDS: u32 = 60;

/// The time in seconds after which a server that has lost the cluster is asked again.
const CLUSTER_RETRY_SECONDS: u32 = 2;

/// Returns the status of an error.
#[must_use]
pub(crate) const fn status(error: &RequestError) -> StatusCode {
    match error.kind() {
        ErrorKind::Unauthenticated | ErrorKind::LoginRefused => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Timeout => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Adds the headers that say what a client may do instead: `Allow` and `Retry-After`.
pub(crate) fn add_headers(error: &RequestError, headers: &mut HeaderMap) {
    match error {
        RequestError::MethodNotAllowed { allow } => {
            if let Ok(allow) = HeaderValue::from_str(allow) {
                headers.insert(ALLOW, allow);
            }
        }
        RequestError::StoreFull | RequestError::StoreReadOnly => {
            headers.insert(RETRY_AFTER, DISK_RETRY_SECONDS.into());
        }
        RequestError::ClusterLost => {
            headers.insert(RETRY_AFTER, CLUSTER_RETRY_SECONDS.into());
        }
        RequestError::Overloaded { retry_after } => {
            headers.insert(RETRY_AFTER, (*retry_after).into());
        }
        RequestError::TooManyRequests { seconds } | RequestError::TooManyLogins { seconds } => {
            headers.insert(RETRY_AFTER, (*seconds).into());
        }
        _ => {}
    }
}
