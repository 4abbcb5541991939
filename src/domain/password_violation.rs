//! A rule that a password violates, for the error that lists all of them.

use schemars::JsonSchema;
use serde::Serialize;

/// A rule that a password violates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PasswordViolation {
    /// The code of the rule, for example `error-password-policy-not-met-minLength`.
    pub error: String,
    /// The rule in words.
    pub message: String,
}

impl PasswordViolation {
    /// Creates the violation of the rule whose code has this ending.
    pub(super) fn new(suffix: &str, message: &str) -> Self {
        Self {
            error: format!("error-password-policy-not-met-{suffix}"),
            message: message.to_owned(),
        }
    }
}
