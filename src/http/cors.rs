//! Cross-origin requests (`api.md` §1.2, §15).

use warp::http::Method;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};

use super::reply;
use super::reply::Response;
use crate::app::AllowedOrigins;
use crate::domain::RequestError;

/// The headers that a page of another origin may send.
pub(super) const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, Authorization, \
     x-2fa-code, x-2fa-method",
);

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, HEAD, PATCH");

/// Refuses a request that may change something and comes from a page of an origin that is not allowed. A browser sends
/// such a request without a preflight if it looks like a form's.
///
/// # Errors
/// [`RequestError::OriginRefused`].
pub(super) fn check(origins: &AllowedOrigins, method: &Method, headers: &HeaderMap) -> Result<(), RequestError> {
    let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || allows(origins, headers) {
        return Ok(());
    }
    Err(RequestError::OriginRefused)
}

/// Answers an OPTIONS request. The caller adds the origin with [`add_headers`].
///
/// # Errors
/// [`RequestError::CorsDisabled`] or [`RequestError::OriginRefused`] if the page's origin is not allowed.
pub(super) fn answer_options(origins: &AllowedOrigins, headers: &HeaderMap) -> Result<Response, RequestError> {
    let mut answer = reply::text("OK");
    if !headers.contains_key(ORIGIN) && !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return Ok(answer);
    }
    if !allows(origins, headers) && !origins.allows_any() {
        return Err(if origins.allows_others() {
            RequestError::OriginRefused
        } else {
            RequestError::CorsDisabled
        });
    }
    answer
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    Ok(answer)
}

/// Adds the header that says which origin may read the response: `*` if every origin may, else the request's own origin
/// if it is allowed.
pub(super) fn add_headers(origins: &AllowedOrigins, request: &HeaderMap, answer: &mut HeaderMap) {
    answer.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    if origins.allows_any() {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return;
    }
    answer.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = request.get(ORIGIN).filter(|_| allows(origins, request)) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

/// Returns whether the origin of a request is allowed. A request with two origins is not.
fn allows(origins: &AllowedOrigins, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let mut sent = headers.get_all(ORIGIN).iter();
    let first = sent.next().and_then(|origin| origin.to_str().ok());
    first.is_some_and(|origin| origins.allows(origin, host)) && sent.next().is_none()
}
