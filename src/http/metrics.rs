//! `/metrics`: the figures of the server in Prometheus's text format, on an address of its own or on the main one.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use warp::filters::BoxedFilter;
use warp::http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use warp::http::{Method, Request, StatusCode};
use warp::reply::Response;
use warp::{Filter, Reply};

use super::front::identified;
use super::reply;
use crate::app::App;
use crate::auth::{Origin, Peer};
use crate::domain::RequestError;
use crate::intake::{self, Head, address_of};
use crate::observe::{RouteName, TEXT_FORMAT};
use crate::ops::{calls, metrics};

/// The path of the metrics.
const PATH: &str = "/metrics";

/// The words before the token in the header `Authorization` (RFC 6750, §2.1).
const BEARER: &str = "Bearer ";

/// Returns the filter of `/metrics` for the main address: the caller has `view-statistics`, or the token of
/// `metrics_token`.
#[must_use]
pub(crate) fn metrics(app: App) -> BoxedFilter<(Response,)> {
    let method = warp::get().or(warp::head()).unify();
    warp::path!("metrics")
        .and(method)
        .and(intake::head())
        .then(move |head: Arc<Head>| {
            let app = app.clone();
            async move {
                let mut response = match admit(&app, &head) {
                    Ok(()) => text(&app).await,
                    Err(error) => reply::sent(reply::failure(&error, "")),
                };
                response.extensions_mut().insert(RouteName::get(PATH));
                response
            }
        })
        .boxed()
}

fn admit(app: &App, head: &Head) -> Result<(), RequestError> {
    if let Some(token) = bearer(&head.headers) {
        return metrics::admit_token(app, token);
    }
    let origin = Origin::new(address_of(head.peer, &head.headers, app), "");
    metrics::admit_caller(intake::caller(app, &head.headers, &origin).as_ref())
}

/// Returns the token in the header `Authorization`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let scheme = value.get(..BEARER.len())?;
    scheme
        .eq_ignore_ascii_case(BEARER)
        .then(|| value[BEARER.len()..].trim())
}

/// Answers a request on the address of the metrics, which needs no login. The address has no other path.
pub(crate) async fn answer_alone(app: &App, request: Request<Incoming>) -> Response {
    identified(app.request_ids.make(), answer(app, request)).await
}

async fn answer(app: &App, request: Request<Incoming>) -> Response {
    let peer = request
        .extensions()
        .get::<Peer>()
        .map(|peer| peer.0.ip().to_canonical());
    if let Err(error) = calls::admit_anonymous(app, peer) {
        return reply::sent(reply::failure(&error, ""));
    }
    if request.uri().path() != PATH {
        return plain(StatusCode::NOT_FOUND, "this address has only /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "ask with GET\n");
        refused
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    text(app).await
}

fn plain(status: StatusCode, words: &'static str) -> Response {
    warp::reply::with_status(words, status).into_response()
}

async fn text(app: &App) -> Response {
    let mut response = warp::http::Response::new(Bytes::from(metrics::text(app).await)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TEXT_FORMAT));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
