//! An endpoint: its method, access rules, input and output.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;

use schemars::{Schema, SchemaGenerator};
use warp::http::Method;

use super::input::Input;
use super::reply::{ApiOutcome, Output};
use super::request::{Request, RequestContext};
use crate::domain::scope::RequiredScope;
use crate::domain::{Duty, Permission, RequestError, Scope};
use crate::observe::RouteName;
pub(crate) use crate::ops::calls::CallRate;

/// A handler's future response.
pub(super) type ApiAnswer = Pin<Box<dyn Future<Output = ApiOutcome> + Send>>;

type Prepare = Box<dyn Fn(Request) -> Result<ApiAnswer, RequestError> + Send + Sync>;

/// An endpoint of the API.
pub struct Route {
    /// The HTTP method. HEAD requests use the route of GET.
    pub method: Method,
    /// The path after `/api/v1/`. A part that begins with `:` matches any text.
    pub endpoint: &'static str,
    /// The method to name in the details of errors: this endpoint, or the method that Rocket.Chat calls behind it.
    pub called: &'static str,
    /// The summary, one sentence without a full stop.
    pub about: Cow<'static, str>,
    /// True if the endpoint needs a logged-in user.
    pub logged_in: bool,
    /// The name of the response with status 401 in the OpenAPI document, if the endpoint has one.
    pub unauthorized: Option<&'static str>,
    /// The permission that the caller must have.
    pub permission: Option<Permission>,
    /// The scope that a token with scopes must have.
    pub need: RequiredScope,
    /// The confirmation that the call needs in addition to the token.
    pub confirmation: Confirmation,
    /// The duties during which the user may still call this endpoint.
    pub serves: &'static [Duty],
    /// The rate limit of the endpoint.
    pub rate: CallRate,
    /// Maximum bytes of the body, if higher than the general limit.
    pub body_bytes: Option<usize>,
    /// Returns the error for a body over the limit.
    pub(super) too_large: fn(usize) -> RequestError,
    /// The status of a successful response.
    pub status: u16,
    /// The media type of a successful response.
    pub media_type: &'static str,
    pub(super) media_types: &'static [&'static str],
    pub(super) input: fn(&mut SchemaGenerator) -> Schema,
    pub(super) output: fn(&mut SchemaGenerator) -> Schema,
    /// Parses the input and returns the future that computes the response.
    pub(super) prepare: Prepare,
}

impl fmt::Debug for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.method, self.endpoint)
    }
}

/// The confirmation that a call needs in addition to the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// No confirmation is needed.
    None,
    /// The second factor. It is not asked for again within the time that the settings allow.
    SecondFactor,
    /// A new proof of the caller's identity for each call, without exceptions.
    FreshProof,
    /// The second factor or a fresh proof. The handler checks it, since it depends on the affected user.
    ByHandler,
}

impl Route {
    fn new<C, I, O, F, Work>(
        method: Method,
        endpoint: &'static str,
        about: impl Into<Cow<'static, str>>,
        handle: F,
    ) -> Self
    where
        C: RequestContext,
        I: Input + Send,
        O: Output,
        F: Fn(C, I) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<O, RequestError>> + Send + 'static,
    {
        Self {
            method,
            endpoint,
            called: endpoint,
            about: about.into(),
            logged_in: C::LOGGED_IN,
            unauthorized: if C::LOGGED_IN { Some("NotLoggedIn") } else { None },
            permission: None,
            need: if C::LOGGED_IN {
                RequiredScope::Full
            } else {
                RequiredScope::Any
            },
            confirmation: Confirmation::None,
            // Without a login, no duty restricts the call.
            serves: if C::LOGGED_IN { &[] } else { Duty::ALL },
            rate: CallRate::Default,
            body_bytes: None,
            too_large: |limit| RequestError::BodyTooLarge { limit },
            status: O::STATUS,
            media_type: O::MEDIA_TYPE,
            media_types: I::MEDIA_TYPES,
            input: I::schema,
            output: O::schema,
            prepare: Box::new(move |request| {
                let input = I::read(&request)?;
                let work = handle(C::of(request)?, input);
                Ok(Box::pin(async move { work.await?.reply() }))
            }),
        }
    }

    /// Creates an endpoint that reads its fields from the query.
    pub(super) fn get<C, I, O, F, Work>(endpoint: &'static str, about: impl Into<Cow<'static, str>>, handle: F) -> Self
    where
        C: RequestContext,
        I: Input + Send,
        O: Output,
        F: Fn(C, I) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<O, RequestError>> + Send + 'static,
    {
        Self::new(Method::GET, endpoint, about, handle)
    }

    /// Creates an endpoint that reads its fields from the body.
    pub(super) fn post<C, I, O, F, Work>(endpoint: &'static str, about: impl Into<Cow<'static, str>>, handle: F) -> Self
    where
        C: RequestContext,
        I: Input + Send,
        O: Output,
        F: Fn(C, I) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<O, RequestError>> + Send + 'static,
    {
        Self::new(Method::POST, endpoint, about, handle)
    }

    /// Sets the method of Rocket.Chat to name in the details of errors.
    pub(super) const fn called(mut self, method: &'static str) -> Self {
        self.called = method;
        self
    }

    /// Documents that the endpoint may answer with status 401 although it needs no login, with this response of the
    /// OpenAPI document.
    pub(super) const fn unauthorized(mut self, response: &'static str) -> Self {
        self.unauthorized = Some(response);
        self
    }

    /// Requires this permission of the caller.
    pub(super) const fn permission(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Accepts tokens with this scope too.
    pub(super) const fn scope(mut self, scope: Scope) -> Self {
        self.need = RequiredScope::Scope(scope);
        self
    }

    /// Accepts every live token, whatever its scopes.
    pub(super) const fn any_token(mut self) -> Self {
        self.need = RequiredScope::Any;
        self
    }

    /// Requires the second factor.
    pub(super) const fn two_factor(mut self) -> Self {
        self.confirmation = Confirmation::SecondFactor;
        self
    }

    /// Requires a fresh proof of the caller's identity.
    pub(super) const fn fresh_proof(mut self) -> Self {
        self.confirmation = Confirmation::FreshProof;
        self
    }

    /// Leaves the confirmation to the handler, since it depends on the affected user.
    pub(super) const fn confirmed_by_handler(mut self) -> Self {
        self.confirmation = Confirmation::ByHandler;
        self
    }

    /// Allows the call while the caller has one of these duties.
    pub(super) const fn serves(mut self, duties: &'static [Duty]) -> Self {
        self.serves = duties;
        self
    }

    /// Sets the rate limit of the endpoint.
    pub(super) const fn rate(mut self, rate: CallRate) -> Self {
        self.rate = rate;
        self
    }

    /// Sets the maximum bytes of the body of a logged-in user's call, and the error for a larger one.
    pub(super) const fn body_bytes(mut self, bytes: usize, too_large: fn(usize) -> RequestError) -> Self {
        self.body_bytes = Some(bytes);
        self.too_large = too_large;
        self
    }

    /// Returns the name of the route for logs and metrics.
    pub(super) fn name(&self) -> RouteName {
        RouteName {
            method: if self.method == Method::POST { "POST" } else { "GET" },
            endpoint: self.endpoint,
        }
    }

    /// Returns the name of the path parameter, without its colon.
    pub(super) fn parameter(&self) -> Option<&'static str> {
        self.endpoint.split_once("/:").map(|(_, name)| name)
    }
}
