//! Finds the caller of a request by its header tokens.

use warp::http::HeaderMap;
use warp::http::header::HeaderName;

use crate::app::App;
use crate::auth::{Caller, Origin, TokenSecret};
use crate::domain::UserId;
use crate::ops::{calls, tokens};

const USER: HeaderName = HeaderName::from_static("x-user-id");
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// Returns the user of the headers `X-User-Id` and `X-Auth-Token`. Both headers are necessary, and the token must be a
/// live token of that user (`api.md` §1.1).
#[must_use]
pub(crate) fn caller(app: &App, headers: &HeaderMap, origin: &Origin) -> Option<Caller> {
    let id = UserId::new(text(headers, &USER)?);
    let token = TokenSecret::parse(text(headers, &TOKEN)?)?;
    tokens::authenticate(app, &id, &token, origin)
}

/// Returns the caller as [`caller`] does, but asks the other servers of a cluster for a token that is not known here. An
/// address without a known token asks only as often as it may call.
pub(crate) async fn learned_caller(app: &App, headers: &HeaderMap, origin: &Origin) -> Option<Caller> {
    let token = TokenSecret::parse(text(headers, &TOKEN)?)?;
    calls::admit_anonymous(app, origin.address).ok()?;
    if tokens::learn(app, &token).await {
        caller(app, headers, origin)
    } else {
        None
    }
}

/// Returns the value of a header if it is UTF-8.
#[must_use]
pub(crate) fn text<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Option<&'headers str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}
