//! The route table: every endpoint, its method, who may call it, what it takes and answers, as data.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::LazyLock;

use schemars::{Schema, SchemaGenerator};
use warp::http::Method;

use super::input::Input;
use super::reply::{Outcome, Output};
use super::request::{Context, Request};
use super::v1;
use crate::domain::scope::Need;
use crate::domain::{Duty, Fault, Permission, Scope};

/// An answer that is being made.
pub(super) type Answer = Pin<Box<dyn Future<Output = Outcome> + Send>>;

type Prepare = Box<dyn Fn(Request) -> Result<Answer, Fault> + Send + Sync>;

/// An endpoint of the API.
pub struct Route {
    /// The method it takes; HEAD goes where GET does.
    pub method: Method,
    /// Its name behind `/api/v1/`. A part that begins with `:` stands for any text.
    pub endpoint: &'static str,
    /// What it does, a sentence without its full stop.
    pub about: &'static str,
    /// Whether somebody has to be logged in.
    pub logged_in: bool,
    /// A permission without which it answers nobody.
    pub permission: Option<Permission>,
    /// What it needs of a token with scopes.
    pub need: Need,
    /// The confirmation that the call needs beside the token.
    pub confirmation: Confirmation,
    /// The duties that it serves, so that it passes while one of them is due.
    pub serves: &'static [Duty],
    /// How often it may be called.
    pub rate: Rate,
    /// Maximum bytes of its body, where it takes more than the limit for all.
    pub body_bytes: Option<usize>,
    /// What a body over the limit is refused with.
    pub(super) too_large: fn(usize) -> Fault,
    /// The status of what it answers when all is well.
    pub status: u16,
    pub(super) media_types: &'static [&'static str],
    pub(super) input: fn(&mut SchemaGenerator) -> Schema,
    pub(super) output: fn(&mut SchemaGenerator) -> Schema,
    /// Reads what was sent, and only then begins to answer.
    pub(super) prepare: Prepare,
}

impl fmt::Debug for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.method, self.endpoint)
    }
}

/// The confirmation that a call needs beside the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// Nothing.
    None,
    /// The second factor, with its excuses.
    SecondFactor,
    /// A fresh proof of who the caller is, which nothing excuses.
    FreshProof,
    /// The second factor or a fresh proof, for which the handler asks: it depends on whom the call is about.
    ByHandler,
}

/// How often an endpoint may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// As the settings say for all.
    Default,
    /// As they say for registrations.
    Register,
    /// As often as one likes: something else bounds it.
    Unbounded,
}

impl Route {
    fn new<C, I, O, F, Work>(method: Method, endpoint: &'static str, about: &'static str, handle: F) -> Self
    where
        C: Context,
        I: Input + Send,
        O: Output,
        F: Fn(C, I) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<O, Fault>> + Send + 'static,
    {
        Self {
            method,
            endpoint,
            about,
            logged_in: C::LOGGED_IN,
            permission: None,
            need: if C::LOGGED_IN { Need::Full } else { Need::Any },
            confirmation: Confirmation::None,
            // A call without a login is open whatever its caller has to do.
            serves: if C::LOGGED_IN { &[] } else { Duty::ALL },
            rate: Rate::Default,
            body_bytes: None,
            too_large: |limit| Fault::BodyTooLarge { limit },
            status: O::STATUS,
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

    /// An endpoint that takes its fields from the query.
    pub(super) fn get<C, I, O, F, Work>(endpoint: &'static str, about: &'static str, handle: F) -> Self
    where
        C: Context,
        I: Input + Send,
        O: Output,
        F: Fn(C, I) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<O, Fault>> + Send + 'static,
    {
        Self::new(Method::GET, endpoint, about, handle)
    }

    /// An endpoint that takes its fields from the body.
    pub(super) fn post<C, I, O, F, Work>(endpoint: &'static str, about: &'static str, handle: F) -> Self
    where
        C: Context,
        I: Input + Send,
        O: Output,
        F: Fn(C, I) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<O, Fault>> + Send + 'static,
    {
        Self::new(Method::POST, endpoint, about, handle)
    }

    /// Answers nobody without this permission.
    pub(super) const fn permission(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Takes tokens with this scope too.
    pub(super) const fn scope(mut self, scope: Scope) -> Self {
        self.need = Need::Scope(scope);
        self
    }

    /// Takes every live token, whatever its scopes.
    pub(super) const fn any_token(mut self) -> Self {
        self.need = Need::Any;
        self
    }

    /// Needs the second factor.
    pub(super) const fn two_factor(mut self) -> Self {
        self.confirmation = Confirmation::SecondFactor;
        self
    }

    /// Needs a fresh proof of who the caller is.
    pub(super) const fn fresh_proof(mut self) -> Self {
        self.confirmation = Confirmation::FreshProof;
        self
    }

    /// Needs the second factor, or a fresh proof, for which the handler asks: it depends on whom the call is
    /// about.
    pub(super) const fn confirmed_by_handler(mut self) -> Self {
        self.confirmation = Confirmation::ByHandler;
        self
    }

    /// Passes while one of these duties is due.
    pub(super) const fn serves(mut self, duties: &'static [Duty]) -> Self {
        self.serves = duties;
        self
    }

    /// May be called so often.
    pub(super) const fn rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// Takes a body of so many bytes from a user who may call it, and refuses a larger one with this.
    pub(super) const fn body_bytes(mut self, bytes: usize, too_large: fn(usize) -> Fault) -> Self {
        self.body_bytes = Some(bytes);
        self.too_large = too_large;
        self
    }

    /// The part of the endpoint that stands for any text, without its colon.
    pub(super) fn parameter(&self) -> Option<&'static str> {
        self.endpoint.split_once("/:").map(|(_, name)| name)
    }
}

struct Table {
    routes: Vec<Route>,
    /// Places of the routes of an endpoint; an endpoint with a parameter stands without it, its slash
    /// at the end.
    places: HashMap<&'static str, Vec<usize>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let routes: Vec<_> = v1::routes();
    let mut places: HashMap<_, Vec<_>> = HashMap::new();
    for (place, route) in routes.iter().enumerate() {
        let fixed = route.endpoint.split(':').next().unwrap_or_default();
        places.entry(fixed).or_default().push(place);
    }
    Table { routes, places }
});

/// Every route, in the order of the families.
#[must_use]
pub fn all() -> &'static [Route] {
    &TABLE.routes
}

/// The routes of an endpoint, one for each method it takes, and the text that its parameter stands
/// for; none where there is no such endpoint.
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
