//! Duties: actions that a user has to do before any other call.

use super::{Access, RequestError, User};

/// An action that a user has to do before any other call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Duty {
    /// Choose a new password (`requirePasswordChange`).
    ChangePassword,
    /// Enable a second factor: one of the user's roles has `mandatory2fa`.
    EnableTwoFactor,
}

impl Duty {
    /// All duties, for a call that is always permitted.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the first duty of the user. `can_enable` returns whether the user can enable a second factor on this
    /// server; without one the user could never fulfil the duty.
    #[must_use]
    pub fn of(user: &User, access: &Access, can_enable: impl FnOnce() -> bool) -> Option<Self> {
        if user.require_password_change.is_some() {
            return Some(Self::ChangePassword);
        }
        let mandatory = |id: &super::RoleId| access.role(id.as_str()).is_some_and(|role| role.mandatory_two_factor);
        let due = user.two_factor.secret.is_none() && user.roles.iter().any(mandatory) && can_enable();
        due.then_some(Self::EnableTwoFactor)
    }

    /// Refuses a call while this duty is not fulfilled, unless the call helps to fulfil it (`serves`).
    ///
    /// # Errors
    /// [`RequestError::PasswordChangeRequired`] or [`RequestError::TwoFactorRequired`], depending on the duty.
    pub fn permit(self, serves: &[Self]) -> Result<(), RequestError> {
        match self {
            duty if serves.contains(&duty) => Ok(()),
            Self::ChangePassword => Err(RequestError::PasswordChangeRequired),
            Self::EnableTwoFactor => Err(RequestError::TwoFactorRequired),
        }
    }
}
