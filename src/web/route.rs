//! A path of the pages with its handler, as data.

use std::pin::Pin;

use super::reply::PageOutcome;
use super::visit::Visit;
use crate::observe::RouteName;

/// The future of an answer.
pub(super) type PageAnswer = Pin<Box<dyn Future<Output = PageOutcome> + Send>>;

/// The method of a route. A HEAD request has the route of GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

impl Verb {
    /// Returns the name of the method.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A path of the pages with its handler.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a condition of its own")]
pub(super) struct PageRoute {
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
    pub answer: fn(Visit) -> PageAnswer,
}

impl PageRoute {
    /// A page that every visitor may open.
    pub(super) const fn open(path: &'static str, answer: fn(Visit) -> PageAnswer) -> Self {
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
    pub(super) const fn open_form(path: &'static str, answer: fn(Visit) -> PageAnswer) -> Self {
        Self {
            verb: Verb::Post,
            ..Self::open(path, answer)
        }
    }

    /// A page for users.
    pub(super) const fn get(path: &'static str, answer: fn(Visit) -> PageAnswer) -> Self {
        Self {
            signed_in: true,
            serves_duties: false,
            ..Self::open(path, answer)
        }
    }

    /// A form for users.
    pub(super) const fn post(path: &'static str, answer: fn(Visit) -> PageAnswer) -> Self {
        Self {
            verb: Verb::Post,
            ..Self::get(path, answer)
        }
    }

    /// Returns the name of the route for logs and metrics.
    pub(super) const fn name(&self) -> RouteName {
        RouteName {
            method: self.verb.name(),
            endpoint: self.path,
        }
    }

    /// Allows a file in the form of the route.
    pub(super) const fn taking_file(self) -> Self {
        Self {
            takes_file: true,
            ..self
        }
    }

    /// Marks the last part of the path as a secret, which the log must not contain.
    pub(super) const fn with_secret(self) -> Self {
        Self {
            has_secret: true,
            ..self
        }
    }

    /// Makes the route neither read nor set cookies.
    pub(super) const fn without_cookies(self) -> Self {
        Self {
            without_cookies: true,
            ..self
        }
    }

    /// Also lets users with a duty use it.
    pub(super) const fn serving_duties(self) -> Self {
        Self {
            serves_duties: true,
            ..self
        }
    }
}
