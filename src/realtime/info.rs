//! `/sockjs/info`: the resource that SockJS clients request before they connect.

use serde_json::json;
use warp::Reply;
use warp::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderMap, HeaderValue, VARY};

use super::socket_server::SocketServer;
use super::upgrade::{allows_page, origin_of_page};
use crate::auth::random;

/// Returns the response. Only pages that may open a socket may read it.
pub(super) fn answer(socket_server: &SocketServer, headers: &HeaderMap) -> warp::reply::Response {
    let address = socket_server.app.public_address();
    let rule = &address.origins;
    let entropy = u32::from_be_bytes(random::bytes());
    // Clients ignore this field: sockjs-node always sends "*:*".
    let origins: &[&str] = if rule.allows_any() { &["*:*"] } else { &[] };
    let info = json!({"websocket": true, "origins": origins, "cookie_needed": false, "entropy": entropy});
    let mut response = warp::reply::json(&info).into_response();
    let answered = response.headers_mut();
    answered.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if rule.allows_any() {
        answered.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return response;
    }
    answered.insert(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin_of_page(headers)
        && allows_page(rule, headers)
    {
        answered.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    response
}
