//! The routes of all pages, by their paths.

use std::borrow::Cow;

use super::pages;
use super::route::{PageRoute, Verb};

/// Returns the routes that match a path, each with the text of the open part.
pub(super) fn of(path: &str) -> impl Iterator<Item = (&'static PageRoute, &str)> {
    pages::ROUTES
        .iter()
        .copied()
        .flatten()
        .filter_map(move |route| Some((route, parameter(route.path, path)?)))
}

/// Returns whether a path is the path of a page.
pub(super) fn is_page(path: &str) -> bool {
    of(path).any(|(route, _)| route.verb == Verb::Get)
}

/// Returns the path for the log. If it begins like a link with a secret, returns the path of the route instead, even if
/// more text follows the secret.
pub(super) fn logged(path: &str) -> Cow<'_, str> {
    let mut routes = pages::ROUTES.iter().copied().flatten();
    let secret = routes.find(|route| {
        let fixed = route.path.split(':').next().unwrap_or_default();
        route.has_secret && path.starts_with(fixed)
    });
    secret.map_or_else(|| crate::intake::logged(path), |route| route.path.into())
}

/// Returns the text that the open part of a route matched, empty for a route without such a part; `None` if the route
/// does not match the path.
fn parameter<'path>(route: &str, path: &'path str) -> Option<&'path str> {
    let Some((before, open)) = route.split_once(':') else {
        return (route == path).then_some("");
    };
    let after = open.find('/').map_or("", |end| &open[end..]);
    path.strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after))
        .filter(|part| !part.is_empty() && !part.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::public_url::OWN_PATHS;

    #[test]
    fn a_part_of_a_route_may_be_any_text() {
        assert_eq!(parameter("/people/:id", "/people/a"), Some("a"));
        for other in ["/people/", "/people", "/people/a/b"] {
            assert_eq!(parameter("/people/:id", other), None, "{other}");
        }
        let inner = "/admin/users/:id/delete";
        assert_eq!(parameter(inner, "/admin/users/a/delete"), Some("a"));
        for other in [
            "/admin/users/delete",
            "/admin/users//delete",
            "/admin/users/a/b/delete",
            "/admin/users/a",
        ] {
            assert_eq!(parameter(inner, other), None, "{other}");
        }
        assert_eq!((parameter("/a", "/a"), parameter("/a", "/b")), (Some(""), None));
    }

    #[test]
    fn no_log_has_the_secret_of_a_link() {
        assert_eq!(logged("/join/abc"), "/join/:secret");
        assert_eq!(logged("/join/abc/def"), "/join/:secret");
        assert_eq!(logged("/people/abc"), "/people/abc");
    }

    #[test]
    fn no_public_path_hides_a_page() {
        for route in pages::ROUTES.iter().copied().flatten() {
            let first = route.path.split('/').nth(1).unwrap_or_default();
            assert!(first.is_empty() || OWN_PATHS.contains(&first), "{}", route.path);
        }
    }
}
