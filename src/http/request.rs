//! A request as handlers see it.

use warp::http::HeaderMap;

use super::body::Body;
use super::query::Query;
use crate::app::App;
use crate::auth::{Actor, TokenSecret};
use crate::domain::UserId;
use crate::ops::tokens;

/// A request whose method and endpoint are known and whose body has arrived.
pub(super) struct Request {
    /// What to work with.
    pub app: App,
    /// What stands behind the `?`.
    pub query: Query,
    /// What was sent.
    pub body: Body,
}

/// Who sends these headers: `X-User-Id` and `X-Auth-Token`, both needed, must name a live token of
/// that user (`api.md` §1.1).
pub(super) fn actor(app: &App, headers: &HeaderMap) -> Option<Actor> {
    let text = |name| headers.get(name)?.to_str().ok();
    let id = UserId::new(text("x-user-id")?);
    let token = TokenSecret::presented(text("x-auth-token")?);
    tokens::authenticate(app, &id, &token)
}
