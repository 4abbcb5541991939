//! Changes that users make to their own accounts, within the limits of the settings.

use std::sync::Arc;

use super::passwords::Spared;
use super::profile::{self, Edit};
use super::proof;
use super::two_factor::PresentedCode;
use super::users::remove;
use crate::app::{App, Settings};
use crate::auth::{Actor, Caller, PasswordDigest};
use crate::domain::{Duty, Email, Fault, SettingId, User};

/// Refuses changes of a user's own account that the settings forbid, in every operation and for administrators too. A
/// required change of the password is always allowed.
///
/// # Errors
/// [`Fault::NotAllowed`] if profiles cannot be changed, [`Fault::ActionNotAllowed`] if a field cannot,
/// [`Fault::DomainNotAllowed`] for an e-mail address of a domain that is not allowed.
pub(super) fn refuse_fixed(app: &App, caller: &Caller, edit: &Edit) -> Result<(), Fault> {
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
        return Err(Fault::NotAllowed { words: "Not allowed" });
    }
    for (wanted, setting, words) in rules {
        if wanted && !settings.flag(setting) {
            return Err(Fault::ActionNotAllowed {
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
/// [`Fault::DomainNotAllowed`].
pub(super) fn refuse_domain(settings: &Settings, email: &Email) -> Result<(), Fault> {
    let domains = settings.list(SettingId::AllowedDomains);
    if domains.is_empty() || domains.iter().any(|domain| email.is_of(domain)) {
        Ok(())
    } else {
        Err(Fault::DomainNotAllowed)
    }
}

/// Changes the caller's own account. A new address or password needs a fresh proof, or the current password (`api.md`
/// §5.4). If the request has the current password, it is always checked. A new password ends every token, including
/// the caller's own, unless the setting `keep_session_on_password_change` is on.
///
/// # Errors
/// The errors of `refuse_fixed`, of [`proof::of_password_or_code`] and of [`profile::update`];
/// [`Fault::PasswordChangeRequired`] if a new password is required and the request has none;
/// [`Fault::IdentityNotSaved`] for a username that is taken or blocked.
pub async fn update(
    app: &App,
    caller: &Caller,
    edit: Edit,
    current_password: Option<String>,
    code: Option<PresentedCode>,
) -> Result<Arc<User>, Fault> {
    if let Some(duty) = caller.duty.filter(|_| edit.password.is_none()) {
        duty.permit(&[])?;
    }
    refuse_fixed(app, caller, &edit)?;
    let settings = app.settings();
    let current_password = current_password.filter(|digest| !digest.is_empty());
    if edit.changes_login_of(&caller.user) {
        proof::of_password_or_code(app, caller, current_password.as_deref(), code).await?;
    } else if let Some(digest) = current_password {
        proof::current_password(app, caller, &PasswordDigest::presented(&digest)).await?;
    }
    let spared = if settings.flag(SettingId::KeepSessionOnPasswordChange) {
        Spared::SessionAndPersonal(caller.token.hash)
    } else {
        Spared::None
    };
    let actor = Actor::User(caller.clone());
    let saved = profile::apply(app, &actor, &caller.user, &edit, spared).await;
    saved.map_err(|fault| match fault {
        Fault::UsernameInvalid { .. } => Fault::IdentityNotSaved,
        other => other.of_identity(),
    })
}

/// Deletes the caller's own account.
///
/// # Errors
/// [`Fault::NotAllowed`] if the settings forbid it, [`Fault::PasswordWrong`], [`Fault::LastAdministrator`].
pub async fn delete(app: &App, caller: &Caller, password: PasswordDigest) -> Result<(), Fault> {
    if !app.settings().flag(SettingId::AllowDeleteOwnAccount) {
        return Err(Fault::NotAllowed { words: "Not allowed" });
    }
    proof::current_password(app, caller, &password).await?;
    remove(app, &Actor::User(caller.clone()), &caller.user.id).await
}
