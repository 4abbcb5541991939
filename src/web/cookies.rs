//! The cookies of the pages.

use std::sync::Arc;

use warp::http::HeaderMap;
use warp::http::header::{COOKIE, HeaderValue, SET_COOKIE};

use crate::app::PublicAddress;

/// Maximum bytes of the value of a cookie that is read.
const VALUE_BYTES: usize = 1024;

/// A cookie of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The token of a session.
    Session,
    /// The seed of the form tokens of a visitor without a session.
    Form,
    /// The first step of a sign-in that waits for its code, sealed.
    Step,
    /// The user who signed in with this browser last, sealed.
    Device,
}

/// Where browsers reach the server, as far as cookies depend on it.
#[derive(Debug, Clone)]
pub(super) struct Site(Arc<PublicAddress>);

impl Site {
    /// Returns the site at this address.
    pub(super) const fn new(address: Arc<PublicAddress>) -> Self {
        Self(address)
    }

    /// Returns the name of a cookie. Browsers take a name with `__Host-` only over TLS and for the whole host; below a
    /// path of a larger site, the cookie must not go to the rest of it.
    fn name(&self, cookie: Cookie) -> &'static str {
        match (cookie, self.0.is_https(), self.0.path.is_empty()) {
            (Cookie::Session, true, true) => "__Host-rollcall",
            (Cookie::Session, true, false) => "__Secure-rollcall",
            (Cookie::Session, false, _) => "rollcall",
            (Cookie::Form, true, true) => "__Host-rollcall-form",
            (Cookie::Form, true, false) => "__Secure-rollcall-form",
            (Cookie::Form, false, _) => "rollcall-form",
            (Cookie::Step, true, true) => "__Host-rollcall-step",
            (Cookie::Step, true, false) => "__Secure-rollcall-step",
            (Cookie::Step, false, _) => "rollcall-step",
            (Cookie::Device, true, true) => "__Host-rollcall-device",
            (Cookie::Device, true, false) => "__Secure-rollcall-device",
            (Cookie::Device, false, _) => "rollcall-device",
        }
    }

    /// Returns the value of a cookie that came with a request.
    pub(super) fn read<'headers>(&self, headers: &'headers HeaderMap, cookie: Cookie) -> Option<&'headers str> {
        value(headers, self.name(cookie))
    }

    /// Returns the header that sets a cookie. Without `seconds` the browser drops it when it ends.
    pub(super) fn set(&self, cookie: Cookie, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
        let path = if self.0.path.is_empty() { "/" } else { &self.0.path };
        let secure = if self.0.is_https() { "; Secure" } else { "" };
        let age = seconds
            .map(|seconds| format!("; Max-Age={seconds}"))
            .unwrap_or_default();
        let name = self.name(cookie);
        HeaderValue::try_from(format!(
            "{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{age}"
        ))
        .ok()
    }

    /// Adds to an answer that a cookie ends.
    pub(super) fn end(&self, cookie: Cookie, answer: &mut HeaderMap) {
        if let Some(ended) = self.set(cookie, "", Some(0)) {
            answer.append(SET_COOKIE, ended);
        }
    }
}

/// Returns the value of the cookie with this name.
pub(super) fn value<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    values.find(|value| !value.is_empty() && value.len() <= VALUE_BYTES)
}
