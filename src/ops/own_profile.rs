//! Changes that users make to their own accounts, within the limits of the settings.

use std::sync::Arc;

use super::passwords::TokensToKeep;
use super::profile_edit::ProfileEdit;
use super::profile_rules::refuse_fixed;
use super::two_factor::PresentedCode;
use super::users::remove;
use super::{profile, proof};
use crate::app::App;
use crate::auth::{Actor, Caller, PasswordDigest};
use crate::domain::{RequestError, SettingId, User};

/// Changes the caller's own account. A new address or password needs a fresh proof, or the current password (`api.md`
/// §5.4). If the request has the current password, it is always checked. A new password ends every token, including
/// the caller's own, unless the setting `keep_session_on_password_change` is on.
///
/// # Errors
/// The errors of `refuse_fixed`, of [`proof::of_password_or_code`] and of [`profile::update`];
/// [`RequestError::PasswordChangeRequired`] if a new password is required and the request has none;
/// [`RequestError::IdentityNotSaved`] for a username that is taken or blocked.
pub(crate) async fn update(
    app: &App,
    caller: &Caller,
    edit: ProfileEdit,
    current_password: Option<String>,
    code: Option<PresentedCode>,
) -> Result<Arc<User>, RequestError> {
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
        TokensToKeep::SessionAndPersonal(caller.token.hash)
    } else {
        TokensToKeep::None
    };
    let actor = Actor::User(caller.clone());
    let saved = profile::apply(app, &actor, &caller.user, &edit, spared).await;
    saved.map_err(|error| match error {
        RequestError::UsernameInvalid { .. } => RequestError::IdentityNotSaved,
        other => other.of_identity(),
    })
}

/// Deletes the caller's own account.
///
/// # Errors
/// [`RequestError::NotAllowed`] if the settings forbid it, [`RequestError::PasswordWrong`], [`RequestError::LastAdministrator`].
pub(crate) async fn delete(app: &App, caller: &Caller, password: PasswordDigest) -> Result<(), RequestError> {
    if !app.settings().flag(SettingId::AllowDeleteOwnAccount) {
        return Err(RequestError::NotAllowed { words: "Not allowed" });
    }
    proof::current_password(app, caller, &password).await?;
    remove(app, &Actor::User(caller.clone()), &caller.user.id).await
}
