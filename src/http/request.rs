//! A request as handlers receive it.

use std::sync::{Arc, OnceLock};

use warp::http::HeaderMap;
use warp::http::header::{CONTENT_TYPE, HeaderName, USER_AGENT};

use super::body::Body;
use super::fields::Fields;
use crate::app::App;
use crate::auth::{Actor, Caller, Origin};
use crate::document::Accepted;
use crate::domain::{RequestError, TwoFactorMethod, UserId};
use crate::intake::encoded::NOT_UTF8;
pub(super) use crate::intake::text;
use crate::ops::two_factor::{self, PresentedCode};

/// Maximum characters of a method's name in the log.
const CALLED_CHARACTERS: usize = 128;

const CODE: HeaderName = HeaderName::from_static("x-2fa-code");
const CODE_METHOD: HeaderName = HeaderName::from_static("x-2fa-method");

/// A request with a known route, whose body has been received.
pub(super) struct Request {
    pub app: App,
    pub origin: Origin,
    /// The logged-in user, if there is one.
    pub caller: Option<Caller>,
    /// The second factor in the request's headers.
    pub code: Option<PresentedCode>,
    /// The query of a GET, or the body of any other request.
    pub sent: Sent,
    /// The encodings of a document that the client accepts.
    pub accepted: Accepted,
    /// Set by the handler of method calls to the method's name, for the log.
    pub method_name: Called,
    /// The name and the text of the endpoint's path parameter.
    pub parameter: Option<(&'static str, String)>,
}

/// The name of the method that a request calls. The handler sets it once, and the gate logs it.
#[derive(Clone, Default)]
pub(super) struct Called(Arc<OnceLock<String>>);

impl Called {
    /// Sets the name, cut to [`CALLED_CHARACTERS`].
    pub(super) fn set(&self, method: &str) {
        // Setting it twice cannot happen: a request calls one method.
        let _ = self.0.set(method.chars().take(CALLED_CHARACTERS).collect());
    }

    /// Returns the name if the request calls a method.
    pub(super) fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// The input of a request, not parsed yet: some endpoints ignore it.
pub(super) enum Sent {
    Query(String),
    Body(Body),
}

impl Request {
    /// Parses the fields of the query or the body, and adds the path parameter.
    pub(super) fn fields(&self) -> Result<Fields, RequestError> {
        let mut fields = match &self.sent {
            Sent::Query(query) => Fields::of_pairs(query.as_bytes())?,
            Sent::Body(body) => body.fields()?,
        };
        if let Some((name, value)) = &self.parameter {
            fields.insert(name, value.clone());
        }
        Ok(fields)
    }
}

/// The handler's view of a request, which depends on whether the endpoint needs a login.
pub(super) trait RequestContext: Sized {
    /// True if the endpoint needs a logged-in user.
    const LOGGED_IN: bool;

    /// Builds the view from a request.
    fn of(request: Request) -> Result<Self, RequestError>;
}

/// A call by a logged-in user.
pub(super) struct UserRequest {
    pub app: App,
    pub caller: Caller,
    pub code: Option<PresentedCode>,
    pub method_name: Called,
}

impl UserRequest {
    /// Returns the caller in the form that operations expect.
    pub(super) fn actor(&self) -> Actor {
        Actor::User(self.caller.clone())
    }

    /// Checks the caller's second factor before a change of another user's account. A change of the caller's own
    /// account needs none. Routes whose handlers call this are marked `confirmed_by_handler`.
    ///
    /// # Errors
    /// [`RequestError::CodeRequired`], [`RequestError::CodeInvalid`].
    pub(super) async fn confirm_act_on(&self, user: &UserId) -> Result<(), RequestError> {
        two_factor::require_for_other(&self.app, &self.caller, user, self.code.clone()).await
    }
}

impl RequestContext for UserRequest {
    const LOGGED_IN: bool = true;

    fn of(request: Request) -> Result<Self, RequestError> {
        Ok(Self {
            app: request.app,
            caller: request.caller.ok_or(RequestError::NotLoggedIn)?,
            code: request.code,
            method_name: request.method_name,
        })
    }
}

/// A call with or without a login.
pub(super) struct AnyRequest {
    pub app: App,
    pub origin: Origin,
    pub caller: Option<Caller>,
    pub code: Option<PresentedCode>,
    pub method_name: Called,
    pub accepted: Accepted,
}

impl RequestContext for AnyRequest {
    const LOGGED_IN: bool = false;

    fn of(request: Request) -> Result<Self, RequestError> {
        Ok(Self {
            app: request.app,
            origin: request.origin,
            caller: request.caller,
            code: request.code,
            method_name: request.method_name,
            accepted: request.accepted,
        })
    }
}

/// Returns the second factor in `x-2fa-code` and `x-2fa-method` (`api.md` §4).
pub(super) fn code(headers: &HeaderMap) -> Option<PresentedCode> {
    Some(PresentedCode {
        code: text(headers, &CODE)?.to_owned(),
        method: text(headers, &CODE_METHOD).and_then(TwoFactorMethod::named),
    })
}

/// Headers whose values must be UTF-8. A token that is not UTF-8 is treated as no login.
const TEXT_HEADERS: [HeaderName; 4] = [USER_AGENT, CONTENT_TYPE, CODE, CODE_METHOD];

/// Refuses a request in which one of these headers is not UTF-8.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the name of the header.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), RequestError> {
    let broken = TEXT_HEADERS
        .into_iter()
        .find(|name| headers.contains_key(name) && text(headers, name).is_none());
    match broken {
        Some(name) => Err(RequestError::invalid(NOT_UTF8, name.as_str())),
        None => Ok(()),
    }
}
