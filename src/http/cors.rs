//! Cross-origin requests (`api.md` §1.2).

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};

use super::reply;
use super::reply::Response;
use crate::app::Settings;
use crate::domain::{Fault, SettingId};

/// Headers that pages of another origin may send.
pub(super) const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, Authorization",
);

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, HEAD, PATCH");

/// Whose pages may call this server.
pub(super) enum Cors {
    /// Those of this server alone: a browser's question is refused.
    Off,
    /// Those of every origin.
    Any,
    /// Those of these origins, in lower case.
    Origins(Vec<String>),
}

impl Cors {
    /// What the settings say.
    pub fn of(settings: &Settings) -> Self {
        if !settings.flag(SettingId::EnableCors) {
            return Self::Off;
        }
        match settings.text(SettingId::CorsOrigin).trim() {
            "*" => Self::Any,
            list => Self::Origins(list.split(',').map(|origin| origin.trim().to_lowercase()).collect()),
        }
    }

    /// Answers an OPTIONS request.
    pub fn answer_options(&self, headers: &HeaderMap) -> Result<Response, Fault> {
        let origin = headers.get(ORIGIN);
        if origin.is_none() && !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return Ok(reply::text("OK"));
        }
        let mut answer = reply::text("OK");
        let allowed = match self {
            Self::Off => return Err(Fault::CorsDisabled),
            Self::Any => HeaderValue::from_static("*"),
            Self::Origins(origins) => {
                let named = |origin: &&HeaderValue| {
                    let origin = origin.to_str().unwrap_or_default().to_lowercase();
                    origins.contains(&origin)
                };
                answer.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
                origin.filter(named).cloned().ok_or(Fault::OriginRefused)?
            }
        };
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        answer
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        Ok(answer)
    }
}
