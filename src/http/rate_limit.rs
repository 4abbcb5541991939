//! The response headers with the state of a rate limit (`api.md` §1.7, §15).

use warp::http::HeaderMap;

use crate::ops::calls::Allowance;

/// Adds the state of a rate limit to a response.
pub(super) fn add_headers(allowance: Allowance, headers: &mut HeaderMap) {
    headers.insert("x-ratelimit-limit", allowance.limit.into());
    headers.insert("x-ratelimit-remaining", allowance.left.remaining.into());
    headers.insert("x-ratelimit-reset", allowance.left.reset.into());
}
