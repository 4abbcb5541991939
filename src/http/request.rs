//! A request as handlers see it.

use std::sync::{Arc, OnceLock};

use warp::http::HeaderMap;

use super::body::Body;
use super::encoded::NOT_UTF8;
use super::fields::Fields;
use crate::app::App;
use crate::auth::{Actor, Caller, Origin, TokenSecret};
use crate::document::Accepted;
use crate::domain::{Fault, TwoFactorMethod, UserId};
use crate::ops::tokens;
use crate::ops::two_factor::{self, PresentedCode};

/// Maximum characters of a method's name in the log.
const CALLED_CHARACTERS: usize = 128;

/// A request whose method and endpoint are known and whose body has arrived.
pub(super) struct Request {
    pub app: App,
    pub origin: Origin,
    /// Who sends it, if somebody is logged in.
    pub caller: Option<Caller>,
    /// The second factor that came with it.
    pub code: Option<PresentedCode>,
    /// What was sent: in the query of a GET, in the body of anything else.
    pub sent: Sent,
    /// Which forms of a document the client takes.
    pub accepted: Accepted,
    /// Where a handler of method calls puts the name of the method, for the log.
    pub method_name: Called,
    /// What stands in the path in the place of a name.
    pub parameter: Option<(&'static str, String)>,
}

/// The name of the method that a request calls: set once by the handler, read by the gate for the log.
#[derive(Clone, Default)]
pub(super) struct Called(Arc<OnceLock<String>>);

impl Called {
    /// Sets the name, of which the first [`CALLED_CHARACTERS`] are kept.
    pub fn set(&self, method: &str) {
        // A request calls one method.
        let _ = self.0.set(method.chars().take(CALLED_CHARACTERS).collect());
    }

    /// Returns the name, if the request calls a method.
    pub fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// What was sent, not yet looked at: some endpoints take nothing and mind nothing.
pub(super) enum Sent {
    Query(String),
    Body(Body),
}

impl Request {
    /// The fields that were sent, with the one in the path.
    pub fn fields(&self) -> Result<Fields, Fault> {
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

/// What a handler works with, by who may call it.
pub(super) trait Context: Sized {
    /// Whether somebody has to be logged in.
    const LOGGED_IN: bool;

    /// Takes it out of a request.
    fn of(request: Request) -> Result<Self, Fault>;
}

/// A call of somebody who is logged in.
pub(super) struct Call {
    pub app: App,
    pub caller: Caller,
    pub code: Option<PresentedCode>,
    pub method_name: Called,
}

impl Call {
    /// The caller as operations know them.
    pub fn actor(&self) -> Actor {
        Actor::User(self.caller.clone())
    }

    /// Asks for the caller's second factor before an act on the account of another user. An act on the caller's own
    /// account needs none. Routes whose handlers call this are marked `confirmed_by_handler`.
    ///
    /// # Errors
    /// [`Fault::CodeRequired`], [`Fault::CodeInvalid`].
    pub async fn confirm_act_on(&self, user: &UserId) -> Result<(), Fault> {
        two_factor::require_for_other(&self.app, &self.caller, user, self.code.clone()).await
    }
}

impl Context for Call {
    const LOGGED_IN: bool = true;

    fn of(request: Request) -> Result<Self, Fault> {
        Ok(Self {
            app: request.app,
            caller: request.caller.ok_or(Fault::NotLoggedIn)?,
            code: request.code,
            method_name: request.method_name,
        })
    }
}

/// A call of anybody, logged in or not.
pub(super) struct OpenCall {
    pub app: App,
    pub origin: Origin,
    pub caller: Option<Caller>,
    pub code: Option<PresentedCode>,
    pub method_name: Called,
    pub accepted: Accepted,
}

impl Context for OpenCall {
    const LOGGED_IN: bool = false;

    fn of(request: Request) -> Result<Self, Fault> {
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

/// Who sends these headers: `X-User-Id` and `X-Auth-Token`, both needed, must name a live token of
/// that user (`api.md` §1.1).
pub(super) fn caller(app: &App, headers: &HeaderMap, origin: &Origin) -> Option<Caller> {
    let id = UserId::new(text(headers, "x-user-id")?);
    let token = TokenSecret::parse(text(headers, "x-auth-token")?)?;
    tokens::authenticate(app, &id, &token, origin)
}

/// The second factor in `x-2fa-code` and `x-2fa-method` (`api.md` §4).
pub(super) fn code(headers: &HeaderMap) -> Option<PresentedCode> {
    Some(PresentedCode {
        code: text(headers, "x-2fa-code")?.to_owned(),
        method: text(headers, "x-2fa-method").and_then(TwoFactorMethod::named),
    })
}

/// The headers whose values become text. A token that is not text names no login, and is refused as such.
const TEXT_HEADERS: [&str; 4] = ["user-agent", "content-type", "x-2fa-code", "x-2fa-method"];

/// Refuses a header that has to become text and is not UTF-8.
///
/// # Errors
/// [`Fault::InvalidParams`] that names the header.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), Fault> {
    let broken = TEXT_HEADERS
        .into_iter()
        .find(|name| headers.contains_key(*name) && text(headers, name).is_none());
    match broken {
        Some(name) => Err(Fault::invalid(NOT_UTF8, name)),
        None => Ok(()),
    }
}

/// Returns the text of a header, if there is one in UTF-8.
pub(super) fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}
