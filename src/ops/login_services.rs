//! How a user logs in, for the record of the user.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::User;

/// The methods of a user's login: they show only if the user has a password and a second factor.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct LoginServices {
    password: PasswordService,
    #[serde(skip_serializing_if = "Option::is_none")]
    totp: Option<TotpService>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct PasswordService {
    exists: bool,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct TotpService {
    enabled: bool,
}

impl LoginServices {
    /// Returns the methods of this user's login.
    #[must_use]
    pub(crate) fn of(user: &User) -> Self {
        Self {
            password: PasswordService {
                exists: user.password.is_some(),
            },
            totp: user
                .two_factor
                .secret
                .is_some()
                .then_some(TotpService { enabled: true }),
        }
    }
}
