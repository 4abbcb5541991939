//! What a caller tries to guess.

use crate::app::AccountKey;
use crate::domain::audit::claimed_name;
use crate::domain::{AuditParty, RequestError, User, UserId};

/// The account or secret that a caller tries to guess.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The guessed account. `None` for a secret of the server.
    pub account: Option<AccountKey>,
    /// The account as it appears in the audit log.
    pub party: Option<AuditParty>,
    /// The detail of the audit entry for a failure.
    pub detail: &'static str,
    /// The evidence that the caller has given before.
    pub shown: Evidence,
}

/// The evidence that a guessing caller has given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// The caller has given no evidence.
    Nothing,
    /// The caller has given the password or a token of the user. Failures of such callers are counted separately, so
    /// that strangers cannot lock the user out of proving their identity.
    Login,
}

impl Target {
    /// Returns the target for the password of a user who logs in.
    pub(super) fn user(user: &User) -> Self {
        Self {
            account: Some(AccountKey::Known(user.id.clone())),
            party: Some(user.party()),
            detail: "",
            shown: Evidence::Nothing,
        }
    }

    /// Returns the target for the password or a code of a logged-in user.
    pub(super) fn proof_of(user: &User) -> Self {
        Self {
            shown: Evidence::Login,
            ..Self::user(user)
        }
    }

    /// Returns the target for counting this error: a caller who reached the second factor has given the password.
    pub(super) fn after(self, error: &RequestError) -> Self {
        match error {
            RequestError::LoginCodeInvalid => Self {
                shown: Evidence::Login,
                ..self
            },
            _ => self,
        }
    }

    /// Returns the target for the password of an account that does not exist, by the folded form of its name.
    pub(super) fn unknown(folded: &str) -> Self {
        Self {
            account: Some(AccountKey::unknown(folded)),
            party: Some(AuditParty::new("unknown user", "", claimed_name(folded))),
            detail: "",
            shown: Evidence::Nothing,
        }
    }

    /// Returns the target for a secret of the server.
    pub(super) const fn secret(detail: &'static str) -> Self {
        Self {
            account: None,
            party: None,
            detail,
            shown: Evidence::Nothing,
        }
    }

    /// Returns the id of the user, if the account exists.
    pub(super) const fn user_id(&self) -> Option<&UserId> {
        match &self.account {
            Some(AccountKey::Known(id)) => Some(id),
            Some(AccountKey::Unknown(_)) | None => None,
        }
    }
}
