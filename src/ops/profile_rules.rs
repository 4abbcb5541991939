//! What the settings allow users to change of their own accounts.

use super::profile_edit::ProfileEdit;
use crate::app::{App, Settings};
use crate::auth::Caller;
use crate::domain::{Duty, Email, RequestError, SettingId};

/// Refuses changes of a user's own account that the settings forbid, in every operation and for administrators too. A
/// required change of the password is always allowed.
///
/// # Errors
/// [`RequestError::NotAllowed`] if profiles cannot be changed, [`RequestError::ActionNotAllowed`] if a field cannot,
/// [`RequestError::DomainNotAllowed`] for an e-mail address of a domain that is not allowed.
pub(super) fn refuse_fixed(app: &App, caller: &Caller, edit: &ProfileEdit) -> Result<(), RequestError> {
    use SettingId as Id;
    let (settings, user) = (app.settings(), &caller.user);
    let required = caller.duty == Some(Duty::ChangePassword);
    let new_password = edit.password.is_some() && !required;
    let new_name = edit.username.as_ref().is_some_and(|name| *name != user.username);
    let new_display_name = edit.name.is_some() && edit.name != user.name;
    let new_email = edit.changes_email_of(user);
    let other = edit.bio.is_some() || edit.nickname.is_some() || edit.custom_fields.is_some();
    let rules = [
        (new_name, Id::AllowUsernameChange, "Edit username is not allowed"),
        (
            edit.status_text.is_some(),
            Id::AllowUserStatusMessageChange,
            "Edit user status is not allowed",
        ),
        (
            new_display_name,
            Id::AllowRealNameChange,
            "Edit user real name is not allowed",
        ),
        (new_email, Id::AllowEmailChange, "Edit user email is not allowed"),
        (
            new_password,
            Id::AllowPasswordChange,
            "Edit user password is not allowed",
        ),
    ];
    if (other || rules.iter().any(|(wanted, ..)| *wanted)) && !settings.flag(Id::AllowUserProfileChange) {
        return Err(RequestError::NotAllowed { words: "Not allowed" });
    }
    for (wanted, setting, words) in rules {
        if wanted && !settings.flag(setting) {
            return Err(RequestError::ActionNotAllowed {
                words,
                action: "Update_user",
            });
        }
    }
    match &edit.email {
        Some(email) if new_email => refuse_domain(&settings, email),
        _ => Ok(()),
    }
}

/// Refuses an e-mail address whose domain is not allowed. An empty list allows all domains.
///
/// # Errors
/// [`RequestError::DomainNotAllowed`].
pub(super) fn refuse_domain(settings: &Settings, email: &Email) -> Result<(), RequestError> {
    let domains = settings.list(SettingId::AllowedDomains);
    if domains.is_empty() || domains.iter().any(|domain| email.is_of(domain)) {
        Ok(())
    } else {
        Err(RequestError::DomainNotAllowed)
    }
}
