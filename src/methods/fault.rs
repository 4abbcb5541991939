//! Faults as Meteor tells of them.

use serde_json::{Value, json};

use crate::domain::Fault;
use crate::domain::fault::Kind;

/// Why a method failed.
#[derive(Debug, Clone, PartialEq)]
pub enum MethodFault {
    /// No method has this name.
    Unknown(String),
    /// More calls than are let through; the next one is in so many milliseconds.
    TooMany(u64),
    /// What the method refuses.
    Refused(Fault),
}

impl MethodFault {
    /// Meteor's code: a text, or a number.
    fn code(&self) -> Value {
        match self {
            Self::Unknown(_) => json!(404),
            Self::TooMany(_) => json!("too-many-requests"),
            Self::Refused(Fault::WrongCredentials) => json!(403),
            Self::Refused(fault) => match (fault.code(), fault.kind()) {
                // Meteor's own faults have numbers.
                (Some("403"), _) => json!(403),
                (Some("400"), _) => json!(400),
                (Some(code), _) => json!(code),
                (None, Kind::Forbidden | Kind::Unauthenticated) => json!("error-not-allowed"),
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
            Self::Refused(Fault::WrongCredentials) => "User not found or incorrect password".into(),
            Self::Refused(fault) => fault.to_string(),
        }
    }

    /// The form in which clients get it (`api.md` §9).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (code, reason) = (self.code(), self.reason());
        let printed = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
        let message = if reason.is_empty() {
            format!("[{printed}]")
        } else {
            format!("{reason} [{printed}]")
        };
        let mut error = json!({"isClientSafe": true, "error": code, "reason": reason});
        let details = match self {
            Self::TooMany(wait) => Some(json!({"timeToReset": wait})),
            Self::Refused(fault) => fault.details(),
            Self::Unknown(_) => None,
        };
        if let Some(details) = details {
            error["details"] = details;
        }
        error["message"] = json!(message);
        error["errorType"] = json!("Meteor.Error");
        error
    }
}

impl From<Fault> for MethodFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooManyLogins { seconds } => Self::TooMany(seconds * 1000),
            fault => Self::Refused(fault),
        }
    }
}
