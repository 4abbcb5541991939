//! The device cookie: proof that a user signed in with this browser before, on "keep me signed in".
//!
//! It opens nothing. It only exempts the browser from the block of that user, which strangers may cause with wrong
//! passwords. The block of the address still holds (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use warp::http::HeaderMap;
use warp::http::header::HeaderValue;

use super::cookies::{Cookie, Site};
use super::visit::Visit;
use crate::app::App;
use crate::domain::{Timestamp, UserId};

/// The purpose that is sealed with the cookie.
const PURPOSE: &str = "device";

/// Days for which a browser is known after the last sign-in.
const DEVICE_DAYS: u32 = 365;

#[derive(Serialize, Deserialize)]
struct Sealed {
    user: String,
    ends: i64,
}

/// Returns the cookie for a browser in which a user signed in.
pub(super) fn cookie(visit: &Visit, user: &UserId) -> Option<HeaderValue> {
    let sealed = Sealed {
        user: user.to_string(),
        ends: visit.app.clock.now().plus_days(DEVICE_DAYS).as_millis(),
    };
    let bytes = visit.app.key.seal_bytes(PURPOSE, &serde_json::to_vec(&sealed).ok()?);
    let seconds = i64::from(DEVICE_DAYS) * 24 * 60 * 60;
    visit
        .site
        .set(Cookie::Device, &BASE64_URL_SAFE_NO_PAD.encode(bytes), Some(seconds))
}

/// Returns the user who signed in with this browser last.
pub(super) fn user_of(app: &App, site: &Site, headers: &HeaderMap) -> Option<UserId> {
    let text = site.read(headers, Cookie::Device)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let bytes = app.key.open_bytes(PURPOSE, &bytes).ok()?;
    let sealed: Sealed = serde_json::from_slice(&bytes).ok()?;
    (app.clock.now() < Timestamp::from_millis(sealed.ends)).then(|| UserId::new(&sealed.user))
}
