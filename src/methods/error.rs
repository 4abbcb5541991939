//! Errors of methods in Meteor's form.

use serde_json::{Value, json};

use crate::domain::RequestError;
use crate::domain::error::ErrorKind;

/// The error of a method call.
#[derive(Debug, Clone, PartialEq)]
pub enum MethodError {
    /// There is no method with this name.
    Unknown(String),
    /// The rate limit was reached; the next call is allowed after this many milliseconds.
    TooMany(u64),
    /// The error of the operation, and the method's name.
    Refused(RequestError, &'static str),
}

impl MethodError {
    /// Returns the error of the method with this name.
    #[must_use]
    pub fn of(error: RequestError, called: &'static str) -> Self {
        match error {
            RequestError::TooManyLogins { seconds } => Self::TooMany(seconds * 1000),
            error => Self::Refused(error, called),
        }
    }

    /// Returns Meteor's code: a text or a number.
    fn code(&self) -> Value {
        match self {
            Self::Unknown(_) => json!(404),
            Self::TooMany(_) => json!("too-many-requests"),
            Self::Refused(RequestError::WrongCredentials, _) => json!(403),
            Self::Refused(error, _) => match (error.code(), error.kind()) {
                // Meteor's own errors have numeric codes.
                (Some("403"), _) => json!(403),
                (Some("400"), _) => json!(400),
                (Some(code), _) => json!(code),
                (None, ErrorKind::Forbidden | ErrorKind::Unauthenticated) => json!("error-not-allowed"),
                (None, _) => json!(400),
            },
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Unknown(name) => format!("Method '{name}' not found"),
            Self::TooMany(wait) => format!(
                "Error, too many requests. Please slow down. You must wait {} seconds before trying again.",
                wait.div_ceil(1000)
            ),
            Self::Refused(RequestError::WrongCredentials, _) => "User not found or incorrect password".into(),
            Self::Refused(error, _) => error.to_string(),
        }
    }

    /// Returns the JSON that clients get (`api.md` §9).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let details = match self {
            Self::TooMany(wait) => Some(json!({"timeToReset": wait})),
            Self::Refused(error, called) => error.details(called),
            Self::Unknown(_) => None,
        };
        meteor_error(&self.code(), &self.reason(), details)
    }
}

/// Returns the JSON of an error of Meteor, with which methods and subscriptions are refused.
#[must_use]
pub(crate) fn meteor_error(code: &Value, reason: &str, details: Option<Value>) -> Value {
    let printed = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
    let message = if reason.is_empty() {
        format!("[{printed}]")
    } else {
        format!("{reason} [{printed}]")
    };
    let mut error = json!({"isClientSafe": true, "error": code, "reason": reason});
    if let Some(details) = details {
        error["details"] = details;
    }
    error["message"] = json!(message);
    error["errorType"] = json!("Meteor.Error");
    error
}
