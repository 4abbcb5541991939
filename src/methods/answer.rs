//! The result of a method, and its effect on the login of the socket.

use serde_json::Value;

use crate::ops::login::LoggedIn;

/// The result of a method call.
#[derive(Debug, Default)]
pub struct MethodAnswer {
    /// The value for the client, if the method has one.
    pub result: Option<Value>,
    /// The new login state of the socket, if it changes.
    pub login: Option<LoginChange>,
}

/// A change of the login state of a socket.
#[derive(Debug)]
pub enum LoginChange {
    /// A user has logged in.
    Begun(LoggedIn),
    /// The user has logged out.
    Ended,
}

impl MethodAnswer {
    /// An answer without a result.
    pub(super) const NOTHING: Self = Self {
        result: None,
        login: None,
    };

    /// Returns an answer with this result.
    pub(super) const fn of(result: Value) -> Self {
        Self {
            result: Some(result),
            login: None,
        }
    }
}
