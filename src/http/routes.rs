//! The route table, and the document that describes it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::input::Ignored;
use super::openapi;
use super::reply::Unchanging;
use super::request::AnyRequest;
use super::route::Route;
use super::v1;
use crate::document::{ByPublicPath, Document};
use crate::domain::RequestError;

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let mut routes = v1::routes();
    routes.push(Route::get("openapi.json", "This document", document));
    routes
});

/// The routes of each endpoint. The key of an endpoint with a parameter ends at the slash before it.
static BY_ENDPOINT: LazyLock<HashMap<&'static str, Vec<&'static Route>>> = LazyLock::new(|| {
    let mut routes: HashMap<_, Vec<_>> = HashMap::new();
    for route in &*ROUTES {
        let fixed = route.endpoint.split(':').next().unwrap_or_default();
        routes.entry(fixed).or_default().push(route);
    }
    routes
});

/// Returns all routes, grouped by family.
#[must_use]
pub fn all() -> &'static [Route] {
    &ROUTES
}

/// Returns the routes of an endpoint, one per method, and the text of its path parameter. Empty if the endpoint does
/// not exist.
pub(super) fn of(endpoint: &str) -> (&'static [&'static Route], Option<&str>) {
    let routes = |fixed: &str| BY_ENDPOINT.get(fixed).map(Vec::as_slice).unwrap_or_default();
    let exact = routes(endpoint);
    if !exact.is_empty() && !endpoint.ends_with('/') {
        return (exact, None);
    }
    match endpoint.find('/').map(|slash| endpoint.split_at(slash + 1)) {
        Some((name, text)) if !text.is_empty() => (routes(name), Some(text)),
        _ => (&[], None),
    }
}

/// The document is generated and compressed once, since both take many milliseconds.
static DOCUMENT: ByPublicPath<Document> = ByPublicPath::new(|public_path| {
    let document = openapi::document(all(), public_path).to_string();
    Document::new("application/json", document.into_bytes())
});

async fn document(call: AnyRequest, _: Ignored) -> Result<Unchanging, RequestError> {
    let address = call.app.public_address();
    Ok(Unchanging(DOCUMENT.get(&address.path).answer(&call.accepted)))
}
