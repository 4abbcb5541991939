//! The entry point of the API: checks and answers all requests below `/api`.

use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use futures_util::Stream;
use tracing::info;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, CACHE_CONTROL, HeaderName, HeaderValue, ORIGIN, PRAGMA, USER_AGENT,
};

use super::Limits;
use super::body::Body;
use super::cors;
use super::rate_limit;
use super::reply::{self, ApiOutcome, Response};
use super::request::{self, Called, Request, Sent};
use super::route::{Confirmation, Route};
use super::routes;
use crate::app::App;
use crate::app::rates::RateKey;
use crate::auth::{Caller, Origin};
use crate::document::Accepted;
use crate::domain::RequestError;
use crate::intake::{self, Bound, Budget, Head, Reservation, address_of, body, encoded, logged};
use crate::observe::RouteName;
use crate::ops::calls::{self, Allowance};
use crate::ops::{proof, two_factor};

const INSTANCE_ID: HeaderName = HeaderName::from_static("x-instance-id");

/// The state shared by all API requests.
#[derive(Clone)]
pub(crate) struct Gate {
    app: App,
    limits: Limits,
    budget: Budget,
    instance: HeaderValue,
}

impl Gate {
    /// Returns the state for this application, with an empty budget for bodies.
    #[must_use]
    pub(crate) fn new(app: App, limits: Limits) -> Self {
        // Sixteen hexadecimal digits are always a valid header value.
        let instance = HeaderValue::from_str(app.request_ids.instance());
        Self {
            limits,
            budget: Budget::new(limits.all_bodies_bytes, limits.caller_bodies_bytes),
            instance: instance.unwrap_or(HeaderValue::from_static("rollcall")),
            app,
        }
    }

    /// Returns the memory budget of bodies, which all HTTP interfaces share.
    #[must_use]
    pub(crate) fn budget(&self) -> Budget {
        self.budget.clone()
    }
}

/// The parts of a judged request that its answer and the log need.
#[derive(Default)]
struct Noted {
    /// The route of the request, if there is one.
    route: Option<&'static Route>,
    /// The state of the rate limit, if the call was counted.
    allowance: Option<Allowance>,
}

/// Returns the filter for all paths below `/api`.
#[must_use]
pub(crate) fn api(gate: Gate) -> BoxedFilter<(warp::reply::Response,)> {
    let gate = Arc::new(gate);
    warp::path("api")
        .and(intake::head())
        .and(warp::body::stream())
        .then(move |head: Arc<Head>, body| {
            let gate = Arc::clone(&gate);
            async move { reply::sent(gate.answer(&head, body).await) }
        })
        .boxed()
}

impl Gate {
    async fn answer<S, B>(&self, head: &Head, body: S) -> Response
    where
        S: Stream<Item = Result<B, warp::Error>> + Send + Unpin + 'static,
        B: Buf + Send,
    {
        let began = Instant::now();
        let address = address_of(head.peer, &head.headers, &self.app);
        let client = request::text(&head.headers, &USER_AGENT);
        let origin = Origin::new(address, client.unwrap_or_default());
        let mut caller = intake::caller(&self.app, &head.headers, &origin);
        if caller.is_none() && self.app.store.has_others() {
            caller = Box::pin(intake::learned_caller(&self.app, &head.headers, &origin)).await;
        }
        let user = caller.as_ref().map(|caller| caller.user.id.clone());
        let mut noted = Noted::default();
        let method_name = Called::default();
        let mut body = Some(body);
        let outcome = self
            .dispatch(head, origin, caller, &mut body, &mut noted, &method_name)
            .await;
        if let Some(rest) = body {
            body::discard(rest, &head.headers);
        }
        let method_of_route = noted.route.map_or("", |route| route.called);
        let mut response = outcome.unwrap_or_else(|error| reply::failure(&error, method_of_route));
        let name = noted.route.map_or(RouteName::UNKNOWN, Route::name);
        response.extensions_mut().insert(name);
        if let Some(allowance) = noted.allowance {
            rate_limit::add_headers(allowance, response.headers_mut());
        }
        info!(
            method = %head.method,
            path = %logged(&head.path),
            called = method_name.get().map(|name| tracing::field::display(name.escape_debug())),
            status = response.status().as_u16(),
            micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            user = user.as_ref().map(tracing::field::display),
            address = address.map(tracing::field::display),
            "request"
        );
        self.add_headers(&mut response);
        response
    }

    /// Checks a request in the order of `api.md` §1.5, then runs its handler. The body is read only after the access
    /// check, and `body` is `None` once it was read to its end.
    async fn dispatch<S, B>(
        &self,
        head: &Head,
        origin: Origin,
        caller: Option<Caller>,
        body: &mut Option<S>,
        noted: &mut Noted,
        method_name: &Called,
    ) -> ApiOutcome
    where
        S: Stream<Item = Result<B, warp::Error>> + Send + Unpin,
        B: Buf + Send,
    {
        // The routes are named without it.
        let endpoint = head.path.trim_start_matches("/api").trim_start_matches('/');
        let found = find(endpoint, &head.method);
        noted.route = found.as_ref().ok().map(|(route, _)| *route);
        if caller.is_none() {
            calls::admit_anonymous(&self.app, origin.address)?;
        }
        if head.method == Method::OPTIONS {
            return cors::answer_options(&self.app.public_address().origins, &head.headers);
        }
        // Most callers are programs, which send no origin.
        if head.headers.contains_key(ORIGIN) {
            cors::check(&self.app.public_address().origins, &head.method, &head.headers)?;
        }
        let (route, parameter) = found?;
        check_access(route, caller.as_ref())?;
        request::check_headers(&head.headers)?;
        let parameter = parameter
            .map(|(name, text)| Ok::<_, RequestError>((name, encoded::part(text, name)?)))
            .transpose()?;
        let mut reservation = self.budget.open(RateKey::of(caller.as_ref(), origin.source()));
        let sent = if matches!(head.method, Method::GET | Method::HEAD) {
            // Some clients declare JSON on a GET without a body, so a body of a GET is not read.
            Sent::Query(head.query.clone())
        } else {
            let body = self.receive(route, head, caller.as_ref(), body, &mut reservation);
            Sent::Body(Box::pin(body).await?)
        };
        let code = request::code(&head.headers);
        let answer = (route.prepare)(Request {
            app: self.app.clone(),
            origin: origin.clone(),
            caller: caller.clone(),
            code: code.clone(),
            accepted: Accepted::of(&head.headers),
            method_name: method_name.clone(),
            sent,
            parameter,
        })?;
        let endpoint = || format!("{} {}", route.method, route.endpoint);
        match calls::admit(&self.app, endpoint, route.rate, caller.as_ref(), origin.address) {
            Ok(left) => noted.allowance = left,
            Err((error, none)) => {
                noted.allowance = Some(none);
                return Err(error);
            }
        }
        if let Some(caller) = caller.as_ref() {
            match route.confirmation {
                // Few calls need one of these. In boxes, they take no room in the futures of all others.
                Confirmation::FreshProof => Box::pin(proof::require(&self.app, caller, code)).await?,
                Confirmation::SecondFactor => Box::pin(two_factor::require(&self.app, caller, code)).await?,
                Confirmation::None | Confirmation::ByHandler => {}
            }
        }
        answer.await
    }

    /// Reads the body of a request.
    async fn receive<S, B>(
        &self,
        route: &Route,
        head: &Head,
        caller: Option<&Caller>,
        body: &mut Option<S>,
        reservation: &mut Reservation,
    ) -> Result<Body, RequestError>
    where
        S: Stream<Item = Result<B, warp::Error>> + Unpin,
        B: Buf,
    {
        let bound = self.bound(route, caller);
        let read = Body::read(body, &head.headers, &bound, reservation).await;
        read.map_err(|error| match error {
            RequestError::BodyTooLarge { limit } => (route.too_large)(limit),
            other => other,
        })
    }

    /// Returns the limits for the body of a request.
    fn bound(&self, route: &Route, caller: Option<&Caller>) -> Bound {
        let bytes = match caller {
            Some(_) => route.body_bytes.unwrap_or(self.limits.body_bytes),
            None => self.limits.anonymous_body_bytes,
        };
        Bound {
            bytes,
            time: self.limits.body_time,
        }
    }

    /// Adds the headers of every API response (`api.md` §1.1 and §1.2).
    fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        }
        headers.insert(INSTANCE_ID, self.instance.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, cors::ALLOWED_HEADERS);
    }
}

/// Checks login, scopes, duties and permission before the request's body is read.
fn check_access(route: &Route, caller: Option<&Caller>) -> Result<(), RequestError> {
    let Some(caller) = caller else {
        return if route.logged_in {
            Err(RequestError::NotLoggedIn)
        } else {
            Ok(())
        };
    };
    caller.admit(route.need, route.serves)?;
    route.permission.map_or(Ok(()), |permission| caller.require(permission))
}

/// A route, and the name and encoded text of its path parameter.
type Found<'path> = (&'static Route, Option<(&'static str, &'path str)>);

/// Returns the route of a path after `/api/`. `info` is the only endpoint outside `v1`.
fn find<'path>(path: &'path str, method: &Method) -> Result<Found<'path>, RequestError> {
    let endpoint = match path.strip_prefix("v1/") {
        Some(endpoint) => endpoint,
        None if path == "info" => path,
        None => return Err(RequestError::EndpointNotFound),
    };
    let (routes, text) = routes::of(endpoint);
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    if let Some(route) = routes.iter().find(|route| route.method == *wanted) {
        return Ok((route, route.parameter().zip(text)));
    }
    if routes.is_empty() {
        return Err(RequestError::EndpointNotFound);
    }
    let mut allowed: Vec<_> = routes.iter().map(|route| route.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    Err(RequestError::MethodNotAllowed {
        allow: allowed.join(", "),
    })
}
