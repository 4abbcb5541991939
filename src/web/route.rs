//! The paths of the pages, as data.

use std::borrow::Cow;
use std::pin::Pin;

use super::pages;
use super::reply::Outcome;
use super::visit::Visit;

/// The future of an answer.
pub(super) type Answer = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The method of a route. A HEAD request has the route of GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

impl Verb {
    /// Returns the name of the method.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A path of the pages with its handler.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a condition of its own")]
pub(super) struct Route {
    pub verb: Verb,
    /// The path. A part that begins with `:` matches any text; a path has at most one such part.
    pub path: &'static str,
    /// `true` if the visitor has to be signed in.
    pub signed_in: bool,
    /// `true` if a user with a duty (`domain::Duty`) may use it.
    pub serves_duties: bool,
    /// `true` if the form of the route contains a file.
    pub takes_file: bool,
    /// `true` if the last part of the path is a secret, which the log must not contain.
    pub has_secret: bool,
    /// `true` if the route neither reads nor sets cookies.
    pub without_cookies: bool,
    pub answer: fn(Visit) -> Answer,
}

impl Route {
    /// A page that every visitor may open.
    pub const fn open(path: &'static str, answer: fn(Visit) -> Answer) -> Self {
        Self {
            verb: Verb::Get,
            path,
            signed_in: false,
            serves_duties: true,
            takes_file: false,
            has_secret: false,
            without_cookies: false,
            answer,
        }
    }

    /// A form that every visitor may send.
    pub const fn open_form(path: &'static str, answer: fn(Visit) -> Answer) -> Self {
        Self {
            verb: Verb::Post,
            ..Self::open(path, answer)
        }
    }

    /// A page for users.
    pub const fn get(path: &'static str, answer: fn(Visit) -> Answer) -> Self {
        Self {
            signed_in: true,
            serves_duties: false,
            ..Self::open(path, answer)
        }
    }

    /// A form for users.
    pub const fn post(path: &'static str, answer: fn(Visit) -> Answer) -> Self {
        Self {
            verb: Verb::Post,
            ..Self::get(path, answer)
        }
    }

    /// Allows a file in the form of the route.
    pub const fn taking_file(self) -> Self {
        Self {
            takes_file: true,
            ..self
        }
    }

    /// Marks the last part of the path as a secret, which the log must not contain.
    pub const fn with_secret(self) -> Self {
        Self {
            has_secret: true,
            ..self
        }
    }

    /// Makes the route neither read nor set cookies.
    pub const fn without_cookies(self) -> Self {
        Self {
            without_cookies: true,
            ..self
        }
    }

    /// Also lets users with a duty use it.
    pub const fn serving_duties(self) -> Self {
        Self {
            serves_duties: true,
            ..self
        }
    }
}

/// Returns the routes that match a path, each with the text of the open part.
pub(super) fn of(path: &str) -> impl Iterator<Item = (&'static Route, &str)> {
    pages::ROUTES
        .iter()
        .copied()
        .flatten()
        .filter_map(move |route| Some((route, parameter(route.path, path)?)))
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
