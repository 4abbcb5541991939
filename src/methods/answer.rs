//! What a method answers, and what it means for the socket that it was called over.

use serde_json::Value;

use crate::ops::login::LoggedIn;

/// What a method answers.
#[derive(Debug, Default)]
pub struct Answer {
    /// The result, if the method has one.
    pub result: Option<Value>,
    /// Whose the socket is from now on, if that changes.
    pub login: Option<LoginChange>,
}

/// Who is logged in after a call.
#[derive(Debug)]
pub enum LoginChange {
    /// Somebody who was let in.
    Begun(LoggedIn),
    /// Nobody any more.
    Ended,
}

impl Answer {
    /// Without a result.
    pub(super) const NOTHING: Self = Self {
        result: None,
        login: None,
    };

    /// With this result.
    pub(super) const fn of(result: Value) -> Self {
        Self {
            result: Some(result),
            login: None,
        }
    }
}
