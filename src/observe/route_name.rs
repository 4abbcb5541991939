//! The name of the route that answered a request, for logs and metrics. It never has text of the client.

/// The route that answered a request. Both texts come from the tables of routes, so that their number is bounded. An
/// interface adds it to the extensions of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteName {
    /// The method of the route.
    pub method: &'static str,
    /// The endpoint of the API (`users.info`), or the path (`/people/:id`).
    pub endpoint: &'static str,
}

impl RouteName {
    /// The name for requests that no route answers.
    pub const UNKNOWN: Self = Self {
        method: "other",
        endpoint: "unknown",
    };

    /// The name for requests that are refused before a route is found.
    pub const REFUSED: Self = Self {
        method: "other",
        endpoint: "refused",
    };

    /// Returns the name of a route that answers GET and HEAD.
    #[must_use]
    pub const fn get(endpoint: &'static str) -> Self {
        Self {
            method: "GET",
            endpoint,
        }
    }
}
