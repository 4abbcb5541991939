//! Cross-origin requests (`api.md` §1.2, §15).

use warp::http::Method;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};

use super::reply;
use super::reply::Response;
use crate::app::{AllowedOrigins, Settings};
use crate::domain::Fault;

/// Headers that pages of another origin may send.
pub(super) const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, Authorization, \
     x-2fa-code, x-2fa-method",
);

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, HEAD, PATCH");

/// The pages that may call this server from a browser, as HTTP headers.
pub(super) struct Cors(AllowedOrigins);

impl Cors {
    /// Returns the rule that the settings make.
    pub fn of(settings: &Settings) -> Self {
        Self(AllowedOrigins::of(settings))
    }

    /// Refuses a request of a page that may not call, if it may change something. A browser sends
    /// such a request without asking first if it looks like that of a form.
    ///
    /// # Errors
    /// [`Fault::OriginRefused`].
    pub fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Fault> {
        let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if safe || self.allows(headers) {
            return Ok(());
        }
        Err(Fault::OriginRefused)
    }

    /// Answers an OPTIONS request. [`Self::add_headers`] adds the origin.
    ///
    /// # Errors
    /// [`Fault::CorsDisabled`] or [`Fault::OriginRefused`] for a page that may not call.
    pub fn answer_options(&self, headers: &HeaderMap) -> Result<Response, Fault> {
        let mut answer = reply::text("OK");
        if !headers.contains_key(ORIGIN) && !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return Ok(answer);
        }
        if !self.allows(headers) && !self.0.allows_any() {
            return Err(if self.0.allows_others() {
                Fault::OriginRefused
            } else {
                Fault::CorsDisabled
            });
        }
        answer
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        Ok(answer)
    }

    /// Adds to an answer which origin may read it: `*` if every origin may, else the origin of the request if
    /// that one may.
    pub fn add_headers(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        answer.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        if self.0.allows_any() {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        }
        answer.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = request.get(ORIGIN).filter(|_| self.allows(request)) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }

    /// Whether the page that sends a request may call. One with two origins may not.
    fn allows(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let mut origins = headers.get_all(ORIGIN).iter();
        let first = origins.next().and_then(|origin| origin.to_str().ok());
        first.is_some_and(|origin| self.0.allows(origin, host)) && origins.next().is_none()
    }
}
