//! The fields of a user that one request changes.

use crate::auth::WantedPassword;
use crate::domain::{CustomFieldChanges, DisplayName, Email, RoleId, StatusText, StatusType, User, Username};

/// The fields of a user to change. A field that is `None` is unchanged.
#[derive(Debug, Default, Clone)]
pub(crate) struct ProfileEdit {
    /// The new username.
    pub username: Option<Username>,
    /// The new e-mail address.
    pub email: Option<Email>,
    /// The new state of the address: verified or not.
    pub verified: Option<bool>,
    /// The new name that others see.
    pub name: Option<DisplayName>,
    /// The new password.
    pub password: Option<WantedPassword>,
    /// The new state of the duty to choose another password.
    pub require_password_change: Option<bool>,
    /// The new roles, all of them.
    pub roles: Option<Vec<RoleId>>,
    /// The new state of the account: active or deactivated.
    pub active: Option<bool>,
    /// The new text about the user.
    pub bio: Option<String>,
    /// The new nickname of the user.
    pub nickname: Option<String>,
    /// The new status type.
    pub status: Option<StatusType>,
    /// The new status text.
    pub status_text: Option<StatusText>,
    /// The changes of custom fields; other fields are unchanged.
    pub custom_fields: Option<CustomFieldChanges>,
}

impl ProfileEdit {
    /// Returns whether it changes the password or the e-mail address of this user.
    pub(super) fn changes_login_of(&self, user: &User) -> bool {
        self.password.is_some() || self.changes_email_of(user)
    }

    /// Returns whether it changes the e-mail address of this user.
    pub(super) fn changes_email_of(&self, user: &User) -> bool {
        let differs = |email: &Email| user.email.as_ref().is_none_or(|now| now.address != *email);
        self.email.as_ref().is_some_and(differs)
    }

    /// Returns the names of the fields to change, for the audit log.
    pub(super) fn fields(&self) -> String {
        let fields = [
            ("username", self.username.is_some()),
            ("email", self.email.is_some()),
            ("verified", self.verified.is_some()),
            ("name", self.name.is_some()),
            ("password", self.password.is_some()),
            ("requirePasswordChange", self.require_password_change.is_some()),
            ("roles", self.roles.is_some()),
            ("active", self.active.is_some()),
            ("bio", self.bio.is_some()),
            ("nickname", self.nickname.is_some()),
            ("status", self.status.is_some()),
            ("statusText", self.status_text.is_some()),
            ("customFields", self.custom_fields.is_some()),
        ];
        let given: Vec<_> = fields
            .into_iter()
            .filter_map(|(name, given)| given.then_some(name))
            .collect();
        given.join(", ")
    }
}
