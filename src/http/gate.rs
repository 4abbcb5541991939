//! The gate: everything below `/api` comes in here and is answered here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Buf;
use futures_util::Stream;
use tracing::info;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderName, HeaderValue, PRAGMA,
};
use warp::http::{HeaderMap, Method};

use super::body::Body;
use super::query::Query;
use super::reply::{Outcome, Response};
use super::request::{self, Request};
use super::routes::{self, Handler, Route};
use super::{Cors, Limits, cors, reply};
use crate::app::App;
use crate::auth::{Actor, random};
use crate::domain::Fault;

const INSTANCE_ID: HeaderName = HeaderName::from_static("x-instance-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The other end of a connection, as the server puts it into each request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What the gate needs beside the request.
#[derive(Clone)]
pub struct Gate {
    app: App,
    cors: Cors,
    limits: Limits,
    instance: HeaderValue,
    requests: Arc<AtomicU64>,
}

impl Gate {
    /// A gate before this application.
    #[must_use]
    pub fn new(app: App, cors: Cors, limits: Limits) -> Self {
        let instance = format!("{:016x}", u64::from_be_bytes(random::bytes()));
        Self {
            app,
            cors,
            limits,
            // Hexadecimal digits always make a header value.
            instance: HeaderValue::from_str(&instance).unwrap_or(HeaderValue::from_static("rollcall")),
            requests: Arc::default(),
        }
    }
}

/// The filter for everything below `/api`.
#[must_use]
pub fn api(gate: Gate) -> BoxedFilter<(warp::reply::Response,)> {
    let gate = Arc::new(gate);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path("api")
        .and(warp::path::tail())
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::ext::optional::<Peer>())
        .and(warp::body::stream())
        .then(move |tail: warp::path::Tail, method, headers, query, peer, body| {
            let gate = Arc::clone(&gate);
            let head = Head {
                path: tail.as_str().to_owned(),
                method,
                headers,
                query,
                peer,
            };
            async move { warp::Reply::into_response(gate.answer(head, body).await) }
        })
        .boxed()
}

struct Head {
    /// What stands behind `/api/`.
    path: String,
    method: Method,
    headers: HeaderMap,
    query: String,
    peer: Option<Peer>,
}

impl Gate {
    async fn answer<S, B>(&self, head: Head, body: S) -> Response
    where
        S: Stream<Item = Result<B, warp::Error>> + Send,
        B: Buf + Send,
    {
        let began = Instant::now();
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", self.instance.to_str().unwrap_or_default());
        let actor = request::actor(&self.app, &head.headers);
        let user = match &actor {
            Some(Actor::User { user, .. }) => Some(user.id.clone()),
            _ => None,
        };
        let (path, method, peer) = (head.path.clone(), head.method.clone(), head.peer);
        let outcome = self.dispatch(head, actor, body).await;
        let mut response = outcome.unwrap_or_else(|fault| reply::failure(&fault));
        info!(
            id,
            %method,
            path = format_args!("/api/{path}"),
            status = response.status().as_u16(),
            micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            user = user.as_ref().map(tracing::field::display),
            peer = peer.map(|Peer(address)| tracing::field::display(address)),
            "request"
        );
        self.add_headers(&mut response, &id);
        response
    }

    async fn dispatch<S, B>(&self, head: Head, actor: Option<Actor>, body: S) -> Outcome
    where
        S: Stream<Item = Result<B, warp::Error>> + Send,
        B: Buf + Send,
    {
        // Read before anything is judged: a client that sends first and listens after would else find
        // its connection broken in the place of an answer.
        let body = match head.method {
            // Clients announce JSON on requests without a body; what came is not looked at.
            Method::GET | Method::HEAD => Ok(Body::none()),
            _ => Body::read(body, &head.headers, &self.limits).await,
        };
        if head.method == Method::OPTIONS {
            return self.cors.answer_options(&head.headers);
        }
        let route = find(&head.path, &head.method)?;
        let request = |body| Request {
            app: self.app.clone(),
            query: Query::new(head.query),
            body,
        };
        match (route.handler, actor) {
            (Handler::Anyone(handle), actor) => handle(request(body?), actor).await,
            (Handler::LoggedIn(handle), Some(actor)) => handle(request(body?), actor).await,
            (Handler::LoggedIn(_), None) => Err(Fault::NotLoggedIn),
        }
    }

    /// What every answer of the API carries (`api.md` §1.1 and §1.2).
    fn add_headers(&self, response: &mut Response, id: &str) {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(INSTANCE_ID, self.instance.clone());
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(REQUEST_ID, id);
        }
        headers
            .entry(ACCESS_CONTROL_ALLOW_ORIGIN)
            .or_insert(HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, cors::ALLOWED_HEADERS);
    }
}

/// The route for a path behind `/api/`. `info` is the one endpoint outside `v1`.
fn find(path: &str, method: &Method) -> Result<&'static Route, Fault> {
    let endpoint = match path.strip_prefix("v1/") {
        Some(endpoint) => endpoint,
        None if path == "info" => path,
        None => return Err(Fault::EndpointNotFound),
    };
    let routes = routes::of(endpoint.strip_suffix('/').unwrap_or(endpoint));
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    if let Some(route) = routes.iter().find(|route| route.method == *wanted) {
        return Ok(route);
    }
    if routes.is_empty() {
        return Err(Fault::EndpointNotFound);
    }
    let mut allowed: Vec<_> = routes.iter().map(|route| route.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    Err(Fault::MethodNotAllowed {
        allow: allowed.join(", "),
    })
}
