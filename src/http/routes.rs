//! The route table: every endpoint, its method and who may call it, as data.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::LazyLock;

use warp::http::Method;

use super::reply::Outcome;
use super::request::Request;
use super::v1;
use crate::auth::Actor;

type Answer = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What answers an endpoint, and with it who may call it.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Everybody, logged in or not.
    Anyone(fn(Request, Option<Actor>) -> Answer),
    /// Only who is logged in.
    LoggedIn(fn(Request, Actor) -> Answer),
}

/// An endpoint of the API.
pub struct Route {
    /// The method it takes; HEAD goes where GET does.
    pub method: Method,
    /// Its name behind `/api/v1/`.
    pub endpoint: &'static str,
    pub(super) handler: Handler,
}

impl Route {
    pub(super) fn anyone(method: Method, endpoint: &'static str, answer: fn(Request, Option<Actor>) -> Answer) -> Self {
        Self {
            method,
            endpoint,
            handler: Handler::Anyone(answer),
        }
    }

    pub(super) fn logged_in(method: Method, endpoint: &'static str, answer: fn(Request, Actor) -> Answer) -> Self {
        Self {
            method,
            endpoint,
            handler: Handler::LoggedIn(answer),
        }
    }
}

static TABLE: LazyLock<HashMap<&'static str, Vec<Route>>> = LazyLock::new(|| {
    let mut table: HashMap<_, Vec<_>> = HashMap::new();
    for route in v1::routes() {
        table.entry(route.endpoint).or_default().push(route);
    }
    table
});

/// The routes of an endpoint, one for each method it takes; none where there is no such endpoint.
#[must_use]
pub fn of(endpoint: &str) -> &'static [Route] {
    TABLE.get(endpoint).map_or(&[], Vec::as_slice)
}
