//! Checks and headers for every request and response, whichever filter answers.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tracing::warn;
use warp::filters::BoxedFilter;
use warp::http::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{Request, Uri, Version};

use super::{cors, redirect, reply};
use crate::app::{App, PublicAddress};
use crate::domain::RequestError;
use crate::intake::{Head, address_of};
use crate::net::Protocol;
use crate::observe::{RequestId, RouteName};
use crate::ops::calls;

/// The default content security policy: no scripts or other content, and no page may frame the response.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// The header with the number of seconds after which a browser loads the page again.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Paths that monitoring polls. They are cheap and not rate-limited.
const NEVER_REFUSED: [&str; 3] = ["/livez", "/readyz", "/health"];

/// The path of the metrics, which are most wanted when something fails.
const METRICS: &str = "/metrics";

/// The header with the addresses that a proxy forwards.
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header with the id of the request, in requests of proxies and in all answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Seconds for which a browser uses only TLS: two years.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// All filters of the server, with the checks that apply to every request.
#[derive(Clone)]
pub(crate) struct Front {
    app: App,
    filter: BoxedFilter<(warp::reply::Response,)>,
}

impl Front {
    /// Creates the front of a filter that answers all requests.
    #[must_use]
    pub(crate) const fn new(app: App, filter: BoxedFilter<(warp::reply::Response,)>) -> Self {
        Self { app, filter }
    }

    /// Checks a request, has the filter answer it, and adds the common headers.
    pub(crate) async fn answer(&self, mut request: Request<Incoming>) -> warp::reply::Response {
        if request.extensions().get::<Protocol>() == Some(&Protocol::Redirect) {
            return redirect::to_https(&self.app, &request);
        }
        let began = Instant::now();
        let address = self.app.public_address();
        if let Some(own) = own_target(request.uri(), &address.path) {
            *request.uri_mut() = own;
        }
        let head = Head::take(&mut request);
        let id = self.id_of(&head);
        identified(id, self.answer_within(request, &head, &address, began)).await
    }

    /// Returns the id that a trusted proxy sent, or else a new one.
    fn id_of(&self, head: &Head) -> RequestId {
        let is_trusted = || head.peer.is_some_and(|peer| self.app.fixed.trusts(peer.0.ip()));
        if head.headers.contains_key(FORWARDED) {
            self.app.metrics.count_forwarded(is_trusted());
        }
        let sent = head.headers.get(REQUEST_ID).filter(|_| is_trusted());
        let parse = |sent: &HeaderValue| RequestId::parse(sent.to_str().ok()?);
        sent.and_then(parse).unwrap_or_else(|| self.app.request_ids.make())
    }

    async fn answer_within(
        &self,
        request: Request<Incoming>,
        head: &Head,
        address: &PublicAddress,
        began: Instant,
    ) -> warp::reply::Response {
        let mut response = match self.admit(&request, head) {
            Ok(()) => self.ask(request).await,
            Err(error) => {
                let mut refused = reply::sent(reply::failure(&error, ""));
                load_again(&error, head.headers.get(ACCEPT), refused.headers_mut());
                refused.extensions_mut().insert(RouteName::REFUSED);
                refused
            }
        };
        add_headers(address, &head.headers, response.headers_mut());
        self.observe(&response, began.elapsed());
        response
    }

    /// Counts the request, and logs it if it was slow.
    fn observe(&self, response: &warp::reply::Response, time: Duration) {
        let route = response.extensions().get().copied().unwrap_or(RouteName::UNKNOWN);
        self.app
            .metrics
            .requests
            .observe(route, response.status().as_u16(), time);
        let slow = self.app.fixed.slow_request;
        if !slow.is_zero() && time >= slow {
            warn!(
                method = route.method,
                endpoint = route.endpoint,
                status = response.status().as_u16(),
                millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
                "slow request"
            );
        }
    }

    /// Runs the filter. A panic in it is a bug: the panic hook logs it, and the response is 500.
    async fn ask(&self, request: Request<Incoming>) -> warp::reply::Response {
        let filter = warp::service(self.filter.clone());
        let work = AssertUnwindSafe(async { TowerToHyperService::new(filter).call(request).await }).catch_unwind();
        if let Ok(answer) = work.await {
            return answer.unwrap_or_else(|infallible: Infallible| match infallible {});
        }
        let incident = RequestId::current().map_or_else(String::new, |id| id.to_string());
        reply::sent(reply::failure(&RequestError::Internal { incident }, ""))
    }

    /// Refuses invalid requests and those over the rate limit before a filter runs.
    fn admit(&self, request: &Request<Incoming>, head: &Head) -> Result<(), RequestError> {
        // A target in authority form (`CONNECT host:1`, `GET host`) has no path for the filters.
        let Some(target) = request.uri().path_and_query() else {
            return Err(RequestError::TargetWithoutPath);
        };
        let hosts = head.headers.get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && request.version() >= Version::HTTP_11) {
            return Err(RequestError::HostHeaderInvalid);
        }
        let path = target.path();
        if NEVER_REFUSED.contains(&path) {
            return Ok(());
        }
        if !self.app.store.is_current() && path != METRICS {
            return Err(RequestError::ClusterLost);
        }
        // The API's own gate counts its calls, because it knows the user. Sockets have a limit on connections
        // instead.
        let counted_elsewhere = path == "/api" || path.starts_with("/api/") || head.headers.contains_key(UPGRADE);
        if counted_elsewhere {
            return Ok(());
        }
        calls::admit_anonymous(&self.app, address_of(head.peer, &head.headers, &self.app))
    }
}

/// Adds the headers that every response has.
fn add_headers(address: &PublicAddress, request: &HeaderMap, answer: &mut HeaderMap) {
    cors::add_headers(&address.origins, request, answer);
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let mut add = |name: HeaderName, value| {
        answer.entry(name).or_insert(value);
    };
    add(CONTENT_SECURITY_POLICY, POLICY);
    add(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if address.is_https() {
        add(STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
}

/// Runs the work of a request under its id, and adds the id to the answer.
pub(super) fn identified(
    id: RequestId,
    work: impl Future<Output = warp::reply::Response>,
) -> impl Future<Output = warp::reply::Response> {
    // An async function would have room for the work twice.
    id.scope(work).map(move |mut response| {
        // Every id is a valid value of a header.
        if let Ok(header) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, header);
        }
        response
    })
}

/// Makes the browser load a page again that was refused for some seconds only. A display on a wall has no person who does
/// this.
fn load_again(error: &RequestError, accepted: Option<&HeaderValue>, answer: &mut HeaderMap) {
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    let takes_pages = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    let is_for_seconds = matches!(error, RequestError::TooManyRequests { .. } | RequestError::ClusterLost);
    if is_for_seconds
        && takes_pages
        && let Some(seconds) = answer.get(RETRY_AFTER).cloned()
    {
        answer.insert(REFRESH, seconds);
    }
}

/// Returns the target without the server's public path, repeated slashes and a trailing slash; `None` if it has none
/// of these. A proxy may already have removed the public path.
fn own_target(target: &Uri, public_path: &str) -> Option<Uri> {
    let path = target.path();
    let rest = path.strip_prefix(public_path).filter(|_| !public_path.is_empty());
    let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_plain = path.len() <= 1 || !(path.contains("//") || path.ends_with('/'));
    if !path.starts_with('/') || (is_plain && rest.is_none()) {
        return None;
    }
    let mut own = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        own.push('/');
        own.push_str(part);
    }
    // The public path may have been hidden by repeated slashes.
    if let Some(rest) = own.strip_prefix(public_path)
        && (rest.is_empty() || rest.starts_with('/'))
    {
        own.drain(..public_path.len());
    }
    if own.is_empty() {
        own.push('/');
    }
    if let Some(query) = target.query() {
        own.push('?');
        own.push_str(query);
    }
    let mut parts = target.clone().into_parts();
    parts.path_and_query = own.parse().ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::{BodyExt, Empty};
    use hyper::client::conn::http1 as client;
    use hyper::server::conn::http1 as server;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use warp::{Filter, Reply};

    use super::*;
    use crate::app::{Clock, Overrides};
    use crate::auth::password::Passwords;
    use crate::ops::incident;
    use crate::store::Store;

    #[test]
    fn a_target_loses_the_public_path_and_slashes_that_say_nothing() {
        for (target, public_path, own) in [
            ("/api/v1/me", "", None),
            ("/", "", None),
            ("/", "/rollcall", None),
            ("//", "", Some("/")),
            ("//api//v1/me/?a=//", "", Some("/api/v1/me?a=//")),
            ("/rollcall", "/rollcall", Some("/")),
            ("/rollcall/", "/rollcall", Some("/")),
            ("/rollcall/api/v1/me?a=1", "/rollcall", Some("/api/v1/me?a=1")),
            ("//rollcall//api/", "/rollcall", Some("/api")),
            ("/rollcalls/api", "/rollcall", None),
            ("/api/v1/me", "/rollcall", None),
            ("/avatar/a%2F%2Fb", "", None),
            ("http://h/rollcall/livez", "/rollcall", Some("http://h/livez")),
        ] {
            let uri: Uri = target.parse().expect("a target");
            let found = own_target(&uri, public_path).map(|own| own.to_string());
            assert_eq!(found.as_deref(), own, "{target} below {public_path:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_in_a_filter_is_answered_with_500_and_the_id_and_the_connection_goes_on() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(home.path()).expect("a store");
        let app = App::new(store, Clock::system(), Passwords::default(), Overrides::default());
        let defect = warp::path("defect").map(|| -> warp::reply::Response { panic!("the secret of the defect") });
        let failed = || reply::sent(reply::failure(&incident::internal("a cause"), ""));
        let failed = warp::path("failed").map(failed);
        let sound = warp::path("sound").map(|| "sound".into_response());
        let filter = defect.or(failed).unify().or(sound).unify();
        let front = Front::new(app, filter.map(Reply::into_response).boxed());
        let (near, far) = tokio::io::duplex(64 * 1024);
        let service = service_fn(move |request| {
            let front = front.clone();
            async move { Ok::<_, Infallible>(front.answer(request).await) }
        });
        tokio::spawn(server::Builder::new().serve_connection(TokioIo::new(near), service));
        let (mut sender, connection) = client::handshake(TokioIo::new(far)).await.expect("a connection");
        tokio::spawn(connection);
        for (path, status) in [("/defect", 500), ("/sound", 200), ("/failed", 500), ("/defect", 500)] {
            let request = Request::get(path).header(HOST, "test").body(Empty::<Bytes>::new());
            let answer = sender
                .send_request(request.expect("a request"))
                .await
                .expect("an answer");
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(
                answer.headers().get(X_CONTENT_TYPE_OPTIONS).map(HeaderValue::as_bytes),
                Some(&b"nosniff"[..])
            );
            let id = answer.headers()[REQUEST_ID].to_str().expect("a text").to_owned();
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            let body = String::from_utf8_lossy(&body);
            assert!(!body.contains("secret"), "{body:?}");
            assert_eq!(body.contains(&format!("incident {id}")), status == 500, "{id}: {body}");
        }
    }
}
