//! The first step of a sign-in, which the browser holds, sealed, while its user looks for the code.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use warp::http::header::HeaderValue;

use crate::auth::PasswordDigest;
use crate::domain::Timestamp;
use crate::web::cookies::Cookie;
use crate::web::visit::Visit;

/// The purpose that is sealed with a step.
const PURPOSE: &str = "sign-in step";

/// Minutes for which a step counts.
const STEP_MINUTES: u32 = 10;

/// A sign-in whose password was right. The operation checks it again with the code.
pub(super) struct Step {
    pub user: String,
    pub digest: PasswordDigest,
    pub keep: bool,
    pub next: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    user: String,
    digest: String,
    keep: bool,
    next: String,
    ends: i64,
}

impl Step {
    /// Returns the cookie that holds the step.
    pub(super) fn seal(&self, visit: &Visit) -> Option<HeaderValue> {
        let sealed = Sealed {
            user: self.user.clone(),
            digest: self.digest.expose().to_owned(),
            keep: self.keep,
            next: self.next.clone(),
            ends: visit.app.clock.now().plus_minutes(STEP_MINUTES).as_millis(),
        };
        let bytes = visit.app.key.seal_bytes(PURPOSE, &serde_json::to_vec(&sealed).ok()?);
        let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        visit.site.set(Cookie::Step, &text, Some(i64::from(STEP_MINUTES) * 60))
    }

    /// Returns the step that a browser holds, if it counts still.
    pub(super) fn open(visit: &Visit) -> Option<Self> {
        let text = visit.site.read(&visit.head.headers, Cookie::Step)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let bytes = visit.app.key.open_bytes(PURPOSE, &bytes).ok()?;
        let sealed: Sealed = serde_json::from_slice(&bytes).ok()?;
        (visit.app.clock.now() < Timestamp::from_millis(sealed.ends)).then(|| Self {
            user: sealed.user,
            digest: PasswordDigest::presented(&sealed.digest),
            keep: sealed.keep,
            next: sealed.next,
        })
    }
}
