//! Sessions of browsers: a cookie holds an ordinary login token. Behind this module the caller is the same as
//! with the header tokens of the API.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use warp::http::HeaderMap;
use warp::http::header::{HOST, HeaderName, HeaderValue, ORIGIN};

use super::cookies::{Cookie, Site};
use crate::app::App;
use crate::auth::{Caller, Origin, TokenSecret, random};
use crate::domain::{RequestError, TokenHash};
use crate::ops::{calls, tokens};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The prefix of the digest in a form's token, so that the digest has no other use.
const FORM_CONTEXT: &[u8] = b"rollcall form\0";

/// The length of the random part of a form's token, in bytes. With it each page has another token, so that the size of
/// a compressed page reveals nothing about the token (BREACH).
const NONCE_BYTES: usize = 12;

/// The cookies of a visitor that forms and sessions depend on.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    /// The caller, if the session is alive.
    pub caller: Option<Caller>,
    /// `true` if the session of the session cookie has ended.
    pub ended: bool,
    /// The text to which forms are bound: the session's token, else a random text in a cookie.
    seed: String,
    /// `true` if the browser does not have the seed yet.
    pub is_new: bool,
}

impl Visitor {
    /// Reads the cookies of a request.
    pub(super) fn of(app: &App, site: &Site, headers: &HeaderMap, origin: &Origin) -> Self {
        let token = site.read(headers, Cookie::Session).and_then(TokenSecret::parse);
        if let Some(token) = &token
            && let Some(caller) = caller(app, token, origin)
        {
            return Self {
                caller: Some(caller),
                ended: false,
                seed: token.expose().to_owned(),
                is_new: false,
            };
        }
        let known = site.read(headers, Cookie::Form).map(str::to_owned);
        Self {
            caller: None,
            ended: token.is_some(),
            is_new: known.is_none(),
            seed: known.unwrap_or_else(|| TokenSecret::generate().expose().to_owned()),
        }
    }

    /// Returns the value of the form cookie for a new browser.
    pub(super) fn seed(&self) -> &str {
        &self.seed
    }

    /// Returns the token for a form of this visitor.
    pub(super) fn form_token(&self) -> String {
        self.token_with(&random::bytes::<NONCE_BYTES>())
    }

    fn token_with(&self, nonce: &[u8]) -> String {
        let digest = Sha256::new()
            .chain_update(FORM_CONTEXT)
            .chain_update(nonce)
            .chain_update(&self.seed)
            .finalize();
        BASE64_URL_SAFE_NO_PAD.encode([nonce, digest.as_slice()].concat())
    }

    /// Returns whether a form of this visitor came with its token.
    pub(super) fn accepts(&self, presented: &str) -> bool {
        let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(presented) else {
            return false;
        };
        let Some((nonce, _)) = bytes.split_at_checked(NONCE_BYTES) else {
            return false;
        };
        !self.is_new && TokenSecret::presented(&self.token_with(nonce)).is(presented)
    }
}

fn caller(app: &App, token: &TokenSecret, origin: &Origin) -> Option<Caller> {
    let stored = tokens::find(app, &token.hash())?;
    // A token that is not a session was given to a program.
    stored.session()?;
    tokens::authenticate(app, &stored.user, token, origin)
}

/// Waits until this server knows the session of a visitor that another server of a cluster has begun a moment ago. Returns
/// false if there is none.
pub(super) async fn learn(app: &App, site: &Site, headers: &HeaderMap, origin: &Origin) -> bool {
    let token = site.read(headers, Cookie::Session).and_then(TokenSecret::parse);
    match token {
        Some(token) if app.store.has_others() && calls::admit_anonymous(app, origin.address).is_ok() => {
            tokens::learn(app, &token).await
        }
        _ => false,
    }
}

/// Returns whether a token is alive.
pub(super) fn is_alive(app: &App, token: &TokenHash) -> bool {
    tokens::find(app, token).is_some()
}

/// Refuses a request that a page of another site sends. Browsers send the origin with each POST.
///
/// # Errors
/// [`RequestError::OriginRefused`], also for a request without an origin.
pub(super) fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), RequestError> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST);
    let fetch_site = text(FETCH_SITE);
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = origins.next();
    let address = app.public_address();
    let own = match (origin, fetch_site) {
        (Some(origin), site) => {
            let origin = origin.to_str().is_ok_and(|origin| address.origins.is_own(origin, host));
            origin && site.is_none_or(|site| site == "same-origin")
        }
        (None, Some(site)) => site == "same-origin",
        (None, None) => false,
    };
    if own && origins.next().is_none() {
        Ok(())
    } else {
        Err(RequestError::OriginRefused)
    }
}

/// Refuses a request that a page of another site sends automatically, for example for a picture or a stream. A request
/// without the header comes from a program.
///
/// # Errors
/// [`RequestError::OriginRefused`].
pub(super) fn check_fetch_site(headers: &HeaderMap) -> Result<(), RequestError> {
    match headers.get(FETCH_SITE).map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(RequestError::OriginRefused),
    }
}
