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

struct Table {
    routes: Vec<Route>,
    /// Indexes of an endpoint's routes. The key of an endpoint with a parameter ends at the slash before it.
    places: HashMap<&'static str, Vec<usize>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut routes = v1::routes();
    routes.push(Route::get("openapi.json", "This document", document));
    let mut places: HashMap<_, Vec<_>> = HashMap::new();
    for (place, route) in routes.iter().enumerate() {
        let fixed = route.endpoint.split(':').next().unwrap_or_default();
        places.entry(fixed).or_default().push(place);
    }
    Table { routes, places }
});

/// Returns all routes, grouped by family.
#[must_use]
pub fn all() -> &'static [Route] {
    &TABLE.routes
}

/// Returns the routes of an endpoint, one per method, and the text of its path parameter. Empty if the endpoint does
/// not exist.
pub(super) fn of(endpoint: &str) -> (Vec<&'static Route>, Option<&str>) {
    let routes = |fixed: &str| {
        let places = TABLE.places.get(fixed).map(Vec::as_slice).unwrap_or_default();
        places.iter().map(|place| &TABLE.routes[*place]).collect::<Vec<_>>()
    };
    let exact = routes(endpoint);
    if !exact.is_empty() && !endpoint.ends_with('/') {
        return (exact, None);
    }
    match endpoint.split_once('/') {
        Some((name, text)) if !text.is_empty() => (routes(&format!("{name}/")), Some(text)),
        _ => (Vec::new(), None),
    }
}

/// The document is generated and compressed once, since both take many milliseconds.
static DOCUMENT: ByPublicPath<Document> = ByPublicPath::new(|public_path| {
    let document = openapi::document(all(), public_path).to_string();
    Document::new("application/json", document.into_bytes())
});

async fn document(call: AnyRequest, _: Ignored) -> Result<Unchanging, RequestError> {
    let public_path = call.app.settings().public_path();
    Ok(Unchanging(DOCUMENT.get(&public_path).answer(&call.accepted)))
}
