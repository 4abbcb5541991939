//! One request of a browser, as the pages see it.

use std::sync::Arc;

use super::cookies::Site;
use super::events::Streams;
use super::form::FormFields;
use super::moments::Reader;
use super::session::Visitor;
use super::words::Words;
use crate::app::App;
use crate::auth::{Actor, Caller, Origin};
use crate::domain::RequestError;
use crate::intake::Head;
use crate::ops::calls::{self, CallRate};

/// One request of a browser, as the pages see it.
#[derive(Clone)]
pub(super) struct Visit {
    pub app: App,
    pub streams: Streams,
    pub origin: Origin,
    pub site: Site,
    pub visitor: Visitor,
    pub words: Words,
    pub head: Arc<Head>,
    /// The public path of the server, before every link.
    pub base: String,
    /// The path and query of the request, without the public path.
    pub target: String,
    /// The text that matched the open part of the route's path.
    pub parameter: String,
    pub query: FormFields,
    /// The fields of the form that was sent; empty for a GET.
    pub form: FormFields,
}

impl Visit {
    /// Returns the caller.
    ///
    /// # Errors
    /// [`RequestError::NotLoggedIn`].
    pub(super) fn caller(&self) -> Result<&Caller, RequestError> {
        self.visitor.caller.as_ref().ok_or(RequestError::NotLoggedIn)
    }

    /// Returns the caller as operations know them.
    ///
    /// # Errors
    /// [`RequestError::NotLoggedIn`].
    pub(super) fn actor(&self) -> Result<Actor, RequestError> {
        self.caller().cloned().map(Actor::User)
    }

    /// Counts a call of the endpoint of the API that does the same.
    ///
    /// # Errors
    /// [`RequestError::TooManyRequests`].
    pub(super) fn count(&self, endpoint: &str, rate: CallRate) -> Result<(), RequestError> {
        let caller = self.visitor.caller.as_ref();
        let counted = calls::admit(&self.app, || endpoint.to_owned(), rate, caller, self.origin.address);
        counted.map(drop).map_err(|(error, _)| error)
    }

    /// Returns how the reader has moments written.
    pub(super) fn reader(&self) -> Reader {
        let user = self.visitor.caller.as_ref().map(|caller| &*caller.user);
        Reader::of(self.words, user, &self.head.headers, self.app.clock.now())
    }
}
